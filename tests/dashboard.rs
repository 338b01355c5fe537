//! The dashboard in a real pseudo-terminal: what is on screen, what keys and signals do, and that the terminal is
//! always given back as it was.
//!
//! Each test starts this very test program again in the pseudo-terminal, as the one test [`child`], which plays a
//! made-up run.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;
mod synthetic;

use std::time::{Duration, Instant};

use pacwatch::core::clock::Clock;
use pacwatch::core::control::{Controls, KnobValues};
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::{Event, EventKind, Knob, LaneCounts, LinkMode, Outcome};
use pacwatch::core::hub;
use pacwatch::core::report::summary::summary;
use pacwatch::tui::keymap::{BINDINGS, Key, Keymap};
use pacwatch::tui::theme::Theme;
use pacwatch::tui::{self, Options};
use rustix::process::Signal;

use support::tty::{Left, PATIENCE, Tty};
use synthetic::Script;

const SCENE: &str = "PACWATCH_TEST_SCENE";
const INLINE: &str = "PACWATCH_TEST_INLINE";

// ---------------------------------------------------------------------------------------------------------------
// The child.

#[test]
#[ignore = "runs inside the pseudo-terminals of the other tests"]
fn child() {
    let Ok(scene) = std::env::var(SCENE) else { return };
    let clock = Clock::start();
    let (emitter, receiver) = Emitter::new(clock);
    let (sink, events) = tui::channel();
    let hub = hub::start(receiver, vec![Box::new(sink)]).unwrap();
    let controls = Controls::new(KnobValues {
        network_concurrency: 16,
        extract_threads: 2,
        link_threads: 2,
        link_mode: LinkMode::Deferred,
    });
    let engine = {
        let controls = controls.clone();
        std::thread::spawn(move || play(&scene, &emitter, &controls))
    };
    let options = Options {
        clock,
        theme: Theme::dark(),
        keymap: Keymap::default(),
        mouse: true,
        inline: std::env::var_os(INLINE).is_some(),
        warnings: vec!["the viewer's file is wrong".to_owned()],
    };
    let closed = tui::run(events, controls, &options).unwrap();
    println!("left: {:?}", closed.leaving);
    let model = closed.settle();
    // One that panicked was reported already.
    let _ = engine.join();
    hub.join().unwrap();
    println!("{}", summary(&model, 80));
}

/// Plays a made-up run; `endless` stops before its last event until it is cancelled.
fn play(scene: &str, emitter: &Emitter, controls: &Controls) {
    let lanes = LaneCounts { network: 16, extract: 2, link: 2 };
    let events = synthetic::run(&Script { cold: 60, lanes, ..Script::default() });
    let knobs = controls.subscribe();
    let mut network = 16;
    let mut link = 2;
    let mut report = |emitter: &Emitter| {
        let values = knobs.borrow().knobs;
        for (knob, from, to) in [
            (Knob::NetworkConcurrency, &mut network, values.network_concurrency),
            (Knob::LinkThreads, &mut link, values.link_threads),
        ] {
            if *from != to {
                emitter.emit(EventKind::ConcurrencyChanged { knob, from: *from, to, by: "key".into() });
                *from = to;
            }
        }
    };
    let Some((Event { kind: EventKind::RunFinished(finished), .. }, events)) = events.split_last() else {
        return;
    };
    for event in events {
        if controls.cancelled().is_some() {
            break;
        }
        report(emitter);
        std::thread::sleep(Duration::from_micros(event.at.saturating_sub(emitter.now())));
        emitter.emit(event.kind.clone());
    }
    assert_ne!(scene, "panic", "the engine broke");
    while scene != "finish" && controls.cancelled().is_none() {
        report(emitter);
        std::thread::sleep(Duration::from_millis(5));
    }
    if let Some(by) = controls.cancelled() {
        emitter.emit(EventKind::CancelRequested { by: by.into() });
        if scene == "stubborn" {
            std::thread::sleep(Duration::from_millis(1_500));
        }
    }
    let mut finished = finished.clone();
    finished.wall_us = emitter.now();
    finished.outcome = if controls.cancelled().is_some() { Outcome::Cancelled } else { Outcome::Done };
    emitter.emit(EventKind::RunFinished(finished));
}

// ---------------------------------------------------------------------------------------------------------------
// The terminal around it.

fn child_command(scene: &str) -> Vec<String> {
    let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let arguments = ["--exact", "child", "--ignored", "--nocapture", "--quiet"];
    let mut command =
        vec!["env".to_owned(), format!("{SCENE}={scene}"), "RUST_BACKTRACE=0".to_owned(), program];
    command.extend(arguments.map(str::to_owned));
    command
}

/// A terminal on which the dashboard shows a run.
fn shown(scene: &str) -> Tty {
    let tty = Tty::spawn(&child_command(scene));
    // Some work is done, so that there is something to lose.
    tty.until("linked", |tty| tty.text().contains("100/100 linked") || tty.text().contains(" 100 linked"));
    assert!(tty.on_alternate_screen());
    tty
}

/// Leaves a run that is under way, or has ended.
fn leave(mut tty: Tty) -> Left {
    tty.keys("q");
    tty.until("asked or gone", |tty| tty.text().contains("cancel the run?") || !tty.on_alternate_screen());
    if tty.on_alternate_screen() {
        tty.keys("y");
    }
    tty.ended()
}

#[test]
fn a_run_stays_on_its_last_frame_until_a_key_and_leaves_its_summary() {
    let mut tty = shown("finish");
    tty.until_text("q leaves");
    assert!(tty.text().contains("✓ done"), "{}", tty.text());
    tty.keys("q");
    let text = tty.ended().text;
    assert!(text.contains("left: Ended"), "{text}");
    assert!(text.contains("Done in"), "{text}");
    assert!(text.contains("link_cold"), "{text}");
}

#[test]
fn a_finished_dashboard_draws_nothing_more() {
    let tty = shown("finish");
    tty.until_text("q leaves");
    let begin = Instant::now();
    loop {
        let written = tty.bytes().len();
        // Several ticks of a clock that goes on.
        std::thread::sleep(Duration::from_millis(900));
        if tty.bytes().len() == written {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "it draws on and on");
    }
    leave(tty);
}

#[test]
fn q_asks_once_and_y_cancels_the_run_and_leaves() {
    let mut tty = shown("endless");
    tty.keys("q");
    tty.until_text("cancel the run?");
    tty.keys("n");
    tty.until("the question is gone", |tty| !tty.text().contains("cancel the run?"));
    tty.keys("q");
    tty.until_text("cancel the run?");
    tty.keys("y");
    let text = tty.ended().text;
    assert!(text.contains("Cancelled after"), "{text}");
    assert!(text.contains("by key"), "{text}");
}

#[test]
fn a_second_control_c_does_not_wait_for_the_run() {
    let mut tty = shown("stubborn");
    tty.keys("\u{3}");
    tty.until_text("cancel the run?");
    tty.keys("\u{3}");
    let text = tty.ended().text;
    assert!(text.contains("left: Forced"), "{text}");
}

#[test]
fn keys_turn_the_knobs() {
    let mut tty = shown("endless");
    tty.keys("+");
    tty.until_text("network 24");
    tty.keys("--");
    tty.until_text("network 8");
    tty.keys("]");
    tty.until_text("link 3");
    leave(tty);
}

#[test]
fn help_opens_and_closes_and_the_picture_freezes() {
    let mut tty = shown("endless");
    tty.keys("?");
    tty.until_text("phases, lanes, downloads, log");
    tty.keys("?");
    tty.until("help closed", |tty| !tty.text().contains("phases, lanes, downloads, log"));
    assert!(tty.text().contains("q cancel"), "{}", tty.text());
    tty.keys(" ");
    tty.until_text("frozen, ");
    tty.keys(" ");
    tty.until("frozen no more", |tty| !tty.text().contains("frozen, "));
    leave(tty);
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let tty = shown("endless");
    tty.resize(40, 10);
    tty.until("compact", |tty| !tty.text().contains("throughput") && tty.text().contains("cancel"));
    tty.resize(1, 1);
    tty.resize(130, 40);
    tty.until_text("in use");
    tty.until_text("throughput");
    leave(tty);
}

#[test]
fn signals_that_end_a_program_give_the_terminal_back() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let tty = shown("endless");
        tty.signal(signal);
        let text = tty.ended().text;
        assert!(text.contains(&format!("left: Signal(\"{name}\")")), "{text}");
        assert!(text.contains(&format!("by {name}")), "{text}");
    }
}

#[test]
fn an_interrupt_from_outside_is_like_control_c() {
    let tty = shown("endless");
    tty.signal(Signal::INT);
    let text = tty.ended().text;
    assert!(text.contains("by SIGINT"), "{text}");
}

#[test]
fn a_panic_anywhere_gives_the_terminal_back_and_stays_readable() {
    let tty = Tty::spawn(&child_command("panic"));
    let text = tty.ended().text;
    assert!(text.contains("the engine broke"), "{text}");
    assert!(text.contains("left: Lost"), "{text}");
}

#[test]
fn control_z_gives_the_shell_its_terminal_and_fg_brings_the_dashboard_again() {
    let mut tty = Tty::spawn(&["sh".to_owned(), "-i".to_owned(), "-m".to_owned()]);
    let command =
        child_command("endless").iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    tty.keys(&format!("PS1=; {command}\n"));
    tty.until("on the alternate screen", Tty::on_alternate_screen);
    tty.until_text("link_cold");
    tty.keys("\u{1a}");
    tty.until("back at the shell", |tty| !tty.on_alternate_screen());
    // Only a shell that has its terminal back adds this up.
    tty.keys("echo sum $((40+2))\n");
    tty.until_text("sum 42");
    tty.keys("fg\n");
    tty.until("on the alternate screen again", Tty::on_alternate_screen);
    tty.until_text("link_cold");
    tty.keys("q");
    tty.until_text("cancel the run?");
    tty.keys("y");
    tty.until("left", |tty| tty.scrollback().contains("left: Ended"));
    tty.keys("exit\n");
    tty.until_exit();
}

#[test]
fn without_a_shell_to_go_back_to_control_z_changes_nothing() {
    let mut tty = shown("endless");
    tty.keys("\u{1a}");
    tty.keys("+");
    tty.until_text("network 24");
    assert!(tty.on_alternate_screen());
    leave(tty);
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let tty = shown("endless");
    tty.hang_up();
}

/// What a terminal sends for a key.
fn sent(key: Key) -> String {
    use crossterm::event::KeyCode;

    match key.code {
        KeyCode::Char(character) if key.control => {
            char::from(u8::try_from(character.to_ascii_uppercase()).unwrap() - b'@').to_string()
        }
        KeyCode::Char(character) => character.to_string(),
        KeyCode::Enter => "\r".to_owned(),
        KeyCode::Esc => "\u{1b}".to_owned(),
        KeyCode::Tab => "\t".to_owned(),
        KeyCode::BackTab => "\u{1b}[Z".to_owned(),
        KeyCode::Up => "\u{1b}[A".to_owned(),
        KeyCode::Down => "\u{1b}[B".to_owned(),
        KeyCode::PageUp => "\u{1b}[5~".to_owned(),
        KeyCode::PageDown => "\u{1b}[6~".to_owned(),
        KeyCode::Home => "\u{1b}[H".to_owned(),
        KeyCode::End => "\u{1b}[F".to_owned(),
        other => panic!("no bytes for {other:?}"),
    }
}

/// Every documented key that does not leave, each with its name.
fn documented_keys() -> Vec<(&'static str, String)> {
    let stays = BINDINGS.iter().filter(|binding| binding.name != "quit");
    stays
        .flat_map(|binding| binding.keys.iter())
        .map(|name| (*name, sent(Key::parse(name).unwrap())))
        .collect()
}

/// Presses every key in every pane, and sees that frames go on after each.
fn press_everything(tty: &mut Tty) {
    for pane in ["1", "2", "3", "4", "5", "6", "7"] {
        for (name, bytes) in documented_keys() {
            tty.keys(pane);
            let before = tty.bytes().len();
            tty.keys(&bytes);
            tty.until(&format!("a frame after {name} in pane {pane}"), |tty| tty.bytes().len() > before);
            // Suspending gives the terminal back until the system finds no shell to wait for.
            tty.until(&format!("on screen after {name} in pane {pane}"), Tty::on_alternate_screen);
            // Whatever it opened is closed: a filter, the help, a detail.
            tty.keys("\u{1b}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

#[test]
fn every_documented_key_in_every_pane_of_a_run_under_way() {
    let mut tty = shown("endless");
    press_everything(&mut tty);
    tty.keys("1");
    let text = leave(tty).text;
    assert!(text.contains("left: Ended"), "{text}");
}

#[test]
fn every_documented_key_in_every_pane_of_a_run_that_ended() {
    let mut tty = shown("finish");
    tty.until_text("q leaves");
    press_everything(&mut tty);
    let text = leave(tty).text;
    assert!(text.contains("left: Ended"), "{text}");
    assert!(text.contains("Done in"), "{text}");
}

#[test]
fn mouse_clicks_choose_panes_and_rows_and_the_wheel_goes_through_them() {
    let mut tty = shown("finish");
    tty.until_text("q leaves");
    let click = |column: u16, row: u16| format!("\u{1b}[<0;{column};{row}M\u{1b}[<0;{column};{row}m");
    // The tabs stand in the third row; the second of them is the packages'.
    let tabs = tty.text().lines().nth(2).unwrap().to_owned();
    let at = u16::try_from(tabs.find(" 2 ").unwrap()).unwrap();
    tty.keys(&click(at + 2, 3));
    tty.until_text("by work");
    // A package's row, twice: its detail.
    tty.keys(&click(5, 8));
    tty.until_still();
    tty.keys(&click(5, 8));
    tty.until_text("critical path");
    tty.keys("\u{1b}[<65;5;8M");
    tty.keys("\u{1b}");
    tty.until_text("by work");
    leave(tty);
}

#[test]
fn what_is_wrong_with_the_viewers_file_stands_in_the_log() {
    let mut tty = shown("endless");
    tty.keys("6");
    tty.until_text("warning: the viewer's file is wrong");
    leave(tty);
}

#[test]
fn a_storm_of_sizes_ends_in_a_right_picture() {
    let tty = shown("endless");
    for step in 0..200_u16 {
        tty.resize(20 + step * 7 % 180, 6 + step * 5 % 60);
    }
    tty.resize(120, 40);
    tty.until_text("throughput");
    tty.until("the footer in the last row", |tty| {
        tty.text().lines().last().is_some_and(|footer| footer.contains("q cancel"))
    });
    leave(tty);
}

/// A few rows at the end of a terminal in which something stands already.
fn inline(scene: &str) -> Tty {
    let mut command = child_command(scene);
    command.insert(1, format!("{INLINE}=1"));
    let words = command.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    Tty::spawn(&["sh".to_owned(), "-c".to_owned(), format!("echo before the run; {words}")])
}

#[test]
fn an_inline_run_keeps_the_scrollback_leaves_what_was_told_and_ends_by_itself() {
    let tty = inline("finish");
    let left = tty.ended();
    let at = |part: &str| left.text.find(part).unwrap_or_else(|| panic!("no {part:?} in\n{}", left.text));
    let order = [
        "before the run",
        "pacwatch 0.1.0 install",
        "resolve done in",
        "download done in",
        "left: Ended",
        "Done in",
    ];
    assert!(order.map(at).is_sorted(), "{}", left.text);
    // The rows themselves are gone.
    assert!(!left.text.contains("q leaves"), "{}", left.text);
    assert_eq!(left.text.matches("resolve done in").count(), 1, "{}", left.text);
}

#[test]
fn an_inline_run_shows_how_it_goes_without_the_alternate_screen() {
    let mut tty = inline("endless");
    for part in ["before the run", "running", "100/100 linked", "waiting", "verdict", "q cancel"] {
        tty.until_text(part);
    }
    assert!(!tty.on_alternate_screen());
    tty.keys("+");
    tty.until_text("network 24");
    for size in [(60, 20), (30, 8), (20, 6), (120, 40), (80, 24)] {
        tty.resize(size.0, size.1);
    }
    tty.until_text("q cancel");
    tty.keys("\u{3}");
    tty.until_text("cancel the run?");
    tty.keys("y");
    let left = tty.ended();
    assert!(left.text.contains("Cancelled after"), "{}", left.text);
    assert!(left.text.contains("by key"), "{}", left.text);
}
