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
use pacwatch::tui::theme::Theme;
use pacwatch::tui::{self, Options};
use rustix::process::Signal;

use support::tty::{PATIENCE, Tty};
use synthetic::Script;

const SCENE: &str = "PACWATCH_TEST_SCENE";

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
    let options = Options { clock, theme: Theme::dark() };
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
    tty.until_text("link_cold");
    assert!(tty.on_alternate_screen());
    tty
}

#[test]
fn a_run_stays_on_its_last_frame_until_a_key_and_leaves_its_summary() {
    let mut tty = shown("finish");
    tty.until_text("any key leaves");
    assert!(tty.text().contains("✓ done"), "{}", tty.text());
    tty.keys("x");
    let text = tty.ended().text;
    assert!(text.contains("left: Ended"), "{text}");
    assert!(text.contains("Done in"), "{text}");
    assert!(text.contains("link_cold"), "{text}");
}

#[test]
fn a_finished_dashboard_draws_nothing_more() {
    let mut tty = shown("finish");
    tty.until_text("any key leaves");
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
    tty.keys("q");
    tty.ended();
}

#[test]
fn q_cancels_the_run_and_leaves() {
    let mut tty = shown("endless");
    tty.keys("q");
    let text = tty.ended().text;
    assert!(text.contains("Cancelled after"), "{text}");
    assert!(text.contains("by key"), "{text}");
}

#[test]
fn a_second_control_c_does_not_wait_for_the_run() {
    let mut tty = shown("stubborn");
    tty.keys("\u{3}");
    tty.until_text("q again leaves at once");
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
    tty.keys("q");
    tty.ended();
}

#[test]
fn help_opens_and_closes_and_the_picture_freezes() {
    let mut tty = shown("endless");
    tty.keys("?");
    tty.until_text("help");
    tty.until_text("one more link worker");
    tty.keys("q");
    tty.until("help closed", |tty| !tty.text().contains("one more link worker"));
    assert!(tty.text().contains("q cancel"), "{}", tty.text());
    tty.keys("p");
    tty.until_text("frozen at");
    tty.keys("p");
    tty.until("frozen no more", |tty| !tty.text().contains("frozen at"));
    tty.keys("q");
    tty.ended();
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut tty = shown("endless");
    tty.resize(40, 10);
    tty.until("compact", |tty| !tty.text().contains("throughput") && tty.text().contains("cancel"));
    tty.resize(1, 1);
    tty.resize(130, 40);
    tty.until_text("in use");
    tty.until_text("throughput");
    tty.keys("q");
    tty.ended();
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
    tty.until_text("left: Ended");
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
    tty.keys("q");
    tty.ended();
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let tty = shown("endless");
    tty.hang_up();
}
