//! The program itself, in a real terminal and away from one: what a user sees from the first screen to the summary in
//! the scrollback, what keys and signals do, how it exits, and that the terminal is always given back as it was.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use pacwatch::core::event::{Event, EventKind, Outcome};
use rustix::process::Signal;

use support::answer::Answer;
use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::tty::Tty;

/// Exit code of a run that the user ended.
const INTERRUPTED: u32 = 130;

/// A project on its registry.
struct Stage {
    registry: Registry,
    site: Site,
}

/// Packages of the project.
const PACKAGES: usize = 24;

fn package(number: usize) -> Package {
    Package::new(&format!("package-{number:02}"), "1.0.0")
        .file("index.js", format!("module.exports = {number}\n"))
}

impl Stage {
    /// A project of [`PACKAGES`] packages.
    fn new() -> Self {
        let registry = Registry::start();
        let project = (0..PACKAGES).fold(Project::new(), |project, number| project.direct(&package(number)));
        let site = project.write(&registry);
        Self { registry, site }
    }

    /// Likewise, and the last package never comes.
    fn endless() -> Self {
        let stage = Self::new();
        stage
            .registry
            .script_tarball(&package(PACKAGES - 1), [Answer::Silence]);
        stage
    }

    /// Likewise, and the last package is missing.
    fn broken() -> Self {
        let stage = Self::new();
        stage
            .registry
            .script_tarball(&package(PACKAGES - 1), [Answer::Status(404)]);
        stage
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment: Vec<_> = self
            .site
            .environment()
            .into_iter()
            .map(|(name, value)| (name, value.to_str().unwrap().to_owned()))
            .collect();
        environment.extend([
            ("PATH", std::env::var("PATH").unwrap()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]);
        environment
    }

    /// Starts an install in a terminal, with variables of its own.
    fn terminal_with(&self, arguments: &[&str], variables: &[(&'static str, &str)]) -> Tty {
        let mut environment = self.environment();
        for (name, value) in variables {
            environment.retain(|(other, _)| other != name);
            environment.push((name, (*value).to_owned()));
        }
        let command: Vec<String> = [env!("CARGO_BIN_EXE_pacwatch"), "install"]
            .iter()
            .chain(arguments)
            .map(|&word| word.to_owned())
            .collect();
        Tty::spawn_in(&self.site.project, &command, environment)
    }

    /// Starts an install in a terminal.
    fn terminal(&self) -> Tty {
        self.terminal_with(&[], &[])
    }

    /// Starts an install in a terminal and waits until the dashboard shows that the last package is awaited.
    fn waiting_terminal(&self) -> Tty {
        let tty = self.terminal();
        tty.until_text("23/24 fetched");
        tty
    }

    /// A command away from any terminal.
    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pacwatch"));
        command
            .args(arguments)
            .current_dir(&self.site.project)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs an install away from any terminal.
    fn install(&self, arguments: &[&str]) -> Output {
        self.command(["install"].iter().chain(arguments))
            .output()
            .unwrap()
    }

    fn installed(&self, number: usize) -> PathBuf {
        self.site.modules().join(format!("package-{number:02}/index.js"))
    }

    /// The packages that were installed: all of them.
    fn assert_installed(&self) {
        for number in 0..PACKAGES {
            let content = fs::read_to_string(self.installed(number)).unwrap();
            assert_eq!(content, format!("module.exports = {number}\n"));
        }
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

// ---------------------------------------------------------------------------------------------------------------
// The dashboard.

#[test]
fn an_install_shows_its_phases_stays_until_a_key_and_leaves_its_summary() {
    let stage = Stage::new();
    stage.registry.script_tarball(
        &package(3),
        [Answer::After(Duration::from_secs(2), Box::new(Answer::Content))],
    );
    let mut tty = stage.terminal();
    tty.until_text("▶ download  running");
    assert!(tty.on_alternate_screen());
    assert!(!tty.mode_is_untouched(), "keys come one by one only in raw mode");
    tty.until_text("any key leaves");
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
    tty.keys("x");
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
    tty.until_text("any key leaves");
    tty.keys("\r");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 0);
    assert!(left.text.contains("Already up to date"), "{}", left.text);
}

#[test]
fn it_follows_the_terminal_to_a_small_size_and_back() {
    let stage = Stage::endless();
    let mut tty = stage.waiting_terminal();
    tty.resize(40, 10);
    tty.until("compact", |tty| {
        let text = tty.text();
        !text.contains("throughput") && text.contains("▶ download") && text.contains("q cancel")
    });
    tty.resize(80, 24);
    tty.until_text("throughput");
    tty.until_text("24 packages");
    tty.until_text("package-23@1.0.0");
    tty.keys("q");
    assert_eq!(tty.ended().status.exit_code(), INTERRUPTED);
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
        tty.until(shown, |tty| {
            tty.text()
                .lines()
                .last()
                .is_some_and(|footer| footer.contains(shown))
        });
    }
    tty.keys("q");
    assert_eq!(tty.ended().status.exit_code(), INTERRUPTED);
}

#[test]
fn the_picture_freezes_and_goes_on_and_help_opens_and_closes() {
    let stage = Stage::endless();
    let mut tty = stage.waiting_terminal();
    tty.keys("p");
    tty.until_text("frozen at");
    tty.keys("p");
    tty.until("frozen no more", |tty| !tty.text().contains("frozen at"));
    tty.keys("?");
    tty.until_text("one more link worker");
    tty.keys("?");
    tty.until("help closed", |tty| !tty.text().contains("one more link worker"));
    tty.until_text("▶ download  running");
    tty.keys("q");
    assert_eq!(tty.ended().status.exit_code(), INTERRUPTED);
}

#[test]
fn q_and_control_c_cancel_the_install() {
    for key in ["q", "\u{3}"] {
        let stage = Stage::endless();
        let mut tty = stage.waiting_terminal();
        tty.keys(key);
        let left = tty.ended();
        assert_eq!(left.status.exit_code(), INTERRUPTED);
        assert!(left.text.contains("Cancelled after"), "{}", left.text);
        assert!(left.text.contains("(by key)"), "{}", left.text);
        // The next run begins where this one ended.
        stage
            .registry
            .script_tarball(&package(PACKAGES - 1), [Answer::Content]);
        assert!(stage.install(&[]).status.success());
        stage.assert_installed();
    }
}

#[test]
fn signals_cancel_the_install_and_give_the_terminal_back() {
    for (signal, name) in [
        (Signal::INT, "SIGINT"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
    ] {
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
    tty.until_text("any key leaves");
    let screen = tty.text();
    assert!(screen.contains("✗ failed"), "{screen}");
    assert!(screen.contains("why it failed"), "{screen}");
    assert!(
        screen.contains("package-23") && screen.contains("404"),
        "{screen}"
    );
    tty.keys("q");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 1);
    assert!(left.text.contains("Failed after"), "{}", left.text);
    assert!(
        left.text.contains("package-23") && left.text.contains("404"),
        "{}",
        left.text
    );
}

#[test]
fn a_project_without_a_lockfile_is_explained_on_screen() {
    let stage = Stage::new();
    fs::remove_file(stage.site.project.join("pnpm-lock.yaml")).unwrap();
    let mut tty = stage.terminal_with(&["--frozen-lockfile"], &[]);
    tty.until_text("any key leaves");
    assert!(tty.text().contains("ERR_PNPM_NO_LOCKFILE"), "{}", tty.text());
    tty.keys(" ");
    let left = tty.ended();
    assert_eq!(left.status.exit_code(), 1);
    assert!(left.text.contains("ERR_PNPM_NO_LOCKFILE"), "{}", left.text);
}

// ---------------------------------------------------------------------------------------------------------------
// Lines, in a terminal and away from one.

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
fn plain_lines_have_no_escape_codes_and_their_times_never_go_back() {
    let stage = Stage::new();
    let output = stage.install(&["--link-mode", "pipelined"]);
    assert!(output.status.success());
    assert!(!output.stdout.contains(&0x1b));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    assert!(
        lines[0].contains("pacwatch") && lines[0].contains("install in"),
        "{lines:?}"
    );
    let times: Vec<f64> = lines
        .iter()
        .filter_map(|line| line.strip_prefix('[')?.split_once(']')?.0.trim().parse().ok())
        .collect();
    assert!(times.len() > 5, "{lines:?}");
    assert!(times.is_sorted(), "{lines:?}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    stage.assert_installed();
}

#[test]
fn a_failed_install_without_a_terminal_says_why() {
    let stage = Stage::broken();
    let output = stage.install(&[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = text(&output.stdout);
    assert!(lines.contains("Failed after"), "{lines}");
    assert!(lines.contains("package-23") && lines.contains("404"), "{lines}");
}

#[test]
fn a_signal_cancels_an_install_without_a_terminal() {
    for (signal, name) in [
        (Signal::INT, "SIGINT"),
        (Signal::TERM, "SIGTERM"),
        (Signal::HUP, "SIGHUP"),
    ] {
        let stage = Stage::endless();
        let mut child = stage.command(["install"]).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("extract started") {
            assert!(output.read_line(&mut lines).unwrap() > 0, "{lines}");
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, signal).unwrap();
        output.read_to_string(&mut lines).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{lines}");
        assert!(lines.contains(&format!("(by {name})")), "{lines}");
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Events.

fn events(lines: &str) -> Vec<Event> {
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn json_and_a_recording_are_the_same_lines() {
    let stage = Stage::new();
    let recording = stage.site.root.path().join("run.ndjson");
    let output = stage.install(&["--json", "--record", recording.to_str().unwrap()]);
    assert!(output.status.success());
    let lines = text(&output.stdout);
    assert_eq!(lines, fs::read_to_string(&recording).unwrap());
    let events = events(lines);
    assert!(matches!(events.first().unwrap().kind, EventKind::RunStarted(_)));
    let EventKind::RunFinished(finished) = &events.last().unwrap().kind else {
        panic!("{:?}", events.last())
    };
    assert_eq!(finished.outcome, Outcome::Done);
    assert_eq!(finished.totals.fetched, PACKAGES as u64);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

#[test]
fn the_dashboard_and_a_recording_go_together() {
    let stage = Stage::new();
    let recording = stage.site.root.path().join("run.ndjson");
    let mut tty = stage.terminal_with(&["--record", recording.to_str().unwrap()], &[]);
    tty.until_text("any key leaves");
    tty.keys("x");
    assert_eq!(tty.ended().status.exit_code(), 0);
    let events = events(&fs::read_to_string(&recording).unwrap());
    assert!(matches!(events.last().unwrap().kind, EventKind::RunFinished(_)));
}

#[test]
fn a_reader_that_takes_one_line_ends_nothing() {
    let stage = Stage::new();
    let mut child = stage.command(["install", "--json"]).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    output.read_line(&mut first).unwrap();
    drop(output);
    assert!(matches!(events(&first)[0].kind, EventKind::RunStarted(_)));
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    stage.assert_installed();
}

#[test]
fn a_recording_that_cannot_be_written_is_told_before_anything_happens() {
    let stage = Stage::new();
    let output = stage.install(&["--record", "no/such/folder/run.ndjson"]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(error.contains("cannot write the recording"), "{error}");
    assert!(error.contains("no/such/folder/run.ndjson"), "{error}");
    assert!(stage.registry.requests().is_empty());
    assert!(!stage.site.modules().exists());
}

#[test]
fn a_failure_is_the_last_event_and_stands_on_standard_error() {
    let stage = Stage::broken();
    let output = stage.install(&["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let events = events(text(&output.stdout));
    let EventKind::RunFinished(finished) = &events.last().unwrap().kind else {
        panic!("{:?}", events.last())
    };
    assert_eq!(finished.outcome, Outcome::Failed);
    assert!(text(&output.stderr).contains("404"), "{}", text(&output.stderr));
}

// ---------------------------------------------------------------------------------------------------------------
// The other commands.

#[test]
fn the_path_of_the_store_is_one_line_for_scripts() {
    let stage = Stage::new();
    let output = stage.command(["store", "path"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(
        text(&output.stdout),
        format!("{}\n", stage.site.store_v11().display())
    );
}

#[test]
fn wrong_usage_exits_with_two() {
    let stage = Stage::new();
    for arguments in [&["install", "--link-mode", "fast"][..], &["instal"], &[]] {
        let output = stage.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_wrong_setting_exits_with_one_and_names_file_and_key() {
    let stage = Stage::new();
    let file = stage.site.project.join("pnpm-workspace.yaml");
    let settings = fs::read_to_string(&file).unwrap() + "linkThreads: many\n";
    fs::write(&file, settings).unwrap();
    let output = stage.install(&[]);
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("pnpm-workspace.yaml") && error.contains("linkThreads"),
        "{error}"
    );
}
