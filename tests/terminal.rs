//! The program itself in a real terminal: what a user sees from the first screen to the summary in the scrollback,
//! what keys and signals do, how it exits, and that the terminal is always given back as it was.

#![cfg(unix)]

mod support;

use std::fs;
use std::time::Duration;

use pacwatch::core::event::{Event, EventKind};
use rustix::process::Signal;

use support::answer::Answer;
use support::stage::{PACKAGES, Stage, package};
use support::tty::{Left, Tty};

/// Exit code of a run that the user ended.
const INTERRUPTED: u32 = 130;

/// Cancels the run with `q`, and says yes.
fn cancelled(mut tty: Tty) -> Left {
    tty.keys("q");
    tty.until_text("cancel the run?");
    tty.keys("y");
    tty.ended()
}

#[test]
fn an_install_shows_its_phases_stays_until_a_key_and_leaves_its_summary() {
    let stage = Stage::new();
    stage
        .registry
        .script_tarball(&package(3), [Answer::After(Duration::from_secs(2), Box::new(Answer::Content))]);
    let mut tty = stage.terminal();
    tty.until_text("▶ download  running");
    assert!(tty.on_alternate_screen());
    assert!(!tty.mode_is_untouched(), "keys come one by one only in raw mode");
    tty.until_text("q leaves");
    tty.until_still();
    let screen = tty.text();
    for part in [
        "✓ done",
        "24 packages",
        "24 fetched",
        "24 linked",
        "✓ resolve   done",
        "✓ download  done",
        "✓ extract   done",
        "✓ link_cold done",
        "✓ state     done",
        "link 0",
        "extract 0",
    ] {
        assert!(screen.contains(part), "no {part:?} in\n{screen}");
    }
    // It waits for the viewer.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(tty.text(), screen);
    tty.keys("q");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 0);
    assert!(left.text.contains("Done in"), "{}", left.text);
    assert!(left.text.contains("24 packages: 24 fetched"), "{}", left.text);
    assert!(left.text.contains("link_cold"), "{}", left.text);
    stage.assert_installed();
}

#[test]
fn what_is_installed_already_is_up_to_date() {
    let stage = Stage::new();
    assert!(stage.install(&[]).status.success());
    let mut tty = stage.terminal();
    tty.until_text("already up to date");
    tty.until_text("q leaves");
    tty.keys("q");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 0);
    assert!(left.text.contains("Already up to date"), "{}", left.text);
}

#[test]
fn it_follows_the_terminal_to_a_small_size_and_back() {
    let stage = Stage::endless();
    let tty = stage.waiting_terminal();
    tty.resize(40, 10);
    tty.until("compact", |tty| {
        let text = tty.text();
        !text.contains("throughput") && text.contains("▶ download") && text.contains("q cancel")
    });
    tty.resize(80, 24);
    tty.until_text("throughput");
    tty.until_text("24 packages");
    tty.until_text("package-23@1.0.0");
    assert_eq!(cancelled(tty).status.exit_code(), INTERRUPTED);
}

#[test]
fn keys_turn_the_knobs_of_the_engine() {
    let stage = Stage::endless();
    let mut tty = stage.terminal_with(&["--network-concurrency", "32", "--link-threads", "2"], &[]);
    tty.until_text("23/24 fetched");
    // The footer shows what the engine said it does, not what was asked.
    for (key, shown) in [
        ("+", "network 40"),
        ("-", "network 32"),
        ("-", "network 24"),
        ("]", "link 3"),
        ("[", "link 2"),
        ("[", "link 1"),
    ] {
        tty.keys(key);
        tty.until(shown, |tty| tty.text().lines().last().is_some_and(|footer| footer.contains(shown)));
    }
    assert_eq!(cancelled(tty).status.exit_code(), INTERRUPTED);
}

#[test]
fn the_picture_freezes_and_goes_on_and_help_opens_and_closes() {
    let stage = Stage::endless();
    let mut tty = stage.waiting_terminal();
    tty.keys(" ");
    tty.until_text("frozen, ");
    tty.keys(" ");
    tty.until("frozen no more", |tty| !tty.text().contains("frozen, "));
    tty.keys("?");
    tty.until_text("phases, lanes, downloads, log");
    tty.keys("?");
    tty.until("help closed", |tty| !tty.text().contains("phases, lanes, downloads, log"));
    tty.until_text("▶ download  running");
    assert_eq!(cancelled(tty).status.exit_code(), INTERRUPTED);
}

#[test]
fn q_and_control_c_cancel_the_install() {
    for key in ["q", "\u{3}"] {
        let stage = Stage::endless();
        let mut tty = stage.waiting_terminal();
        tty.keys(key);
        tty.until_text("cancel the run?");
        tty.keys("y");
        let left = tty.ended();
        assert_eq!(left.status.exit_code(), INTERRUPTED);
        assert!(left.text.contains("Cancelled after"), "{}", left.text);
        assert!(left.text.contains("(by key)"), "{}", left.text);
        // The next run begins where this one ended.
        stage.registry.script_tarball(&package(PACKAGES - 1), [Answer::Content]);
        assert!(stage.install(&[]).status.success());
        stage.assert_installed();
    }
}

#[test]
fn signals_cancel_the_install_and_give_the_terminal_back() {
    for (signal, name) in [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let stage = Stage::endless();
        let tty = stage.waiting_terminal();
        tty.signal(signal);
        let left = tty.ended();
        assert_eq!(left.status.exit_code(), INTERRUPTED, "{name}");
        assert!(left.text.contains(&format!("(by {name})")), "{}", left.text);
    }
}

#[test]
fn a_terminal_that_goes_away_ends_the_install() {
    let stage = Stage::endless();
    stage.waiting_terminal().hang_up();
}

#[test]
fn a_missing_package_is_explained_on_screen_and_in_the_scrollback() {
    let stage = Stage::broken();
    let mut tty = stage.terminal();
    tty.until_text("q leaves");
    tty.until_still();
    let screen = tty.text();
    assert!(screen.contains("✗ failed"), "{screen}");
    assert!(screen.contains("why it failed"), "{screen}");
    assert!(screen.contains("package-23") && screen.contains("404"), "{screen}");
    tty.keys("q");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 1);
    assert!(left.text.contains("Failed after"), "{}", left.text);
    assert!(left.text.contains("package-23") && left.text.contains("404"), "{}", left.text);
}

#[test]
fn a_project_without_a_lockfile_is_explained_on_screen() {
    let stage = Stage::new();
    fs::remove_file(stage.site.project.join("pnpm-lock.yaml")).unwrap();
    let mut tty = stage.terminal_with(&["--frozen-lockfile"], &[]);
    tty.until_text("q leaves");
    tty.until_text("ERR_PNPM_NO_LOCKFILE");
    tty.keys("q");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 1);
    assert!(left.text.contains("ERR_PNPM_NO_LOCKFILE"), "{}", left.text);
}

#[test]
fn a_terminal_for_which_no_dashboard_is_meant_gets_plain_lines() {
    for (why, arguments, variables) in [
        ("asked for", &["--headless"][..], &[][..]),
        ("continuous integration", &[], &[("CI", "true")]),
        ("a dumb terminal", &[], &[("TERM", "dumb")]),
    ] {
        let stage = Stage::new();
        let left = stage.terminal_with(arguments, variables).ended();
        assert_eq!(left.status.exit_code(), 0, "{why}");
        assert!(left.text.contains("] resolve started"), "{why}: {}", left.text);
        assert!(left.text.contains("Done in"), "{why}: {}", left.text);
        stage.assert_installed();
    }
}

#[test]
fn the_dashboard_and_a_recording_go_together() {
    let stage = Stage::new();
    let recording = stage.site.root.path().join("run.ndjson");
    let mut tty = stage.terminal_with(&["--record", recording.to_str().unwrap()], &[]);
    tty.until_text("q leaves");
    tty.keys("q");
    assert_eq!(tty.ended().status.exit_code(), 0);
    let recording = fs::read_to_string(&recording).unwrap();
    let last: Event = serde_json::from_str(recording.lines().last().unwrap()).unwrap();
    assert!(matches!(last.kind, EventKind::RunFinished(_)));
}

#[test]
fn a_terminal_that_takes_nothing_does_not_hold_the_install_up() {
    let stage = Stage::new();
    stage
        .registry
        .script_tarball(&package(3), [Answer::After(Duration::from_secs(2), Box::new(Answer::Content))]);
    let recording = stage.site.root.path().join("run.ndjson");
    let mut tty = stage.terminal_with(&["--record", recording.to_str().unwrap()], &[]);
    tty.until_text("23/24 fetched");
    tty.block(true);
    // Frames enough to fill whatever lies between the program and the terminal.
    for step in 0..100 {
        tty.resize(200 + step, 90);
        std::thread::sleep(Duration::from_millis(5));
    }
    let has_ended = |_: &Tty| fs::read_to_string(&recording).unwrap().contains("\"run_finished\"");
    tty.until("the engine at its end", has_ended);
    tty.block(false);
    tty.resize(80, 24);
    tty.until_text("q leaves");
    tty.keys("q");
    assert_eq!(tty.ended().status.exit_code(), 0);
    stage.assert_installed();
}

#[test]
fn an_inline_install_leaves_its_lines_and_its_summary_in_the_scrollback() {
    let stage = Stage::new();
    let left = stage.terminal_with(&["--inline"], &[]).ended();
    assert_eq!(left.status.exit_code(), 0);
    for part in ["plan: 24 packages", "download done in", "Done in", "slowest: ", "held back by "] {
        assert!(left.text.contains(part), "no {part:?} in {}", left.text);
    }
    stage.assert_installed();
}

#[test]
fn the_viewers_file_changes_keys_and_theme_and_what_is_wrong_in_it_is_told() {
    let stage = Stage::endless();
    let config = stage.site.root.path().join("config/pacwatch");
    fs::create_dir_all(&config).unwrap();
    let folder = stage.site.root.path().join("config");
    let variables = [("XDG_CONFIG_HOME", folder.to_str().unwrap())];
    fs::write(config.join("dashboard.yaml"), "theme: light\nkeys: {quit: [Q], settings: [S]}\n").unwrap();
    let mut tty = stage.terminal_with(&[], &variables);
    tty.until_text("23/24 fetched");
    tty.keys("qS");
    tty.until_text("theme light");
    tty.keys("Q");
    tty.until_text("cancel the run?");
    tty.keys("y");
    assert_eq!(tty.ended().status.exit_code(), INTERRUPTED);

    fs::write(config.join("dashboard.yaml"), "theme: pink\n").unwrap();
    let mut tty = stage.terminal_with(&[], &variables);
    // A line that names the file in full.
    tty.resize(220, 24);
    tty.until_text("23/24 linked");
    tty.keys("6");
    tty.until_text("dashboard.yaml: theme: there is no");
    tty.until_text("1 warning");
    assert_eq!(cancelled(tty).status.exit_code(), INTERRUPTED);
}
