//! The dashboard in a real pseudo-terminal: what is on screen, what keys and signals do, and that the terminal is
//! always given back as it was.
//!
//! Each test starts this very test program again in the pseudo-terminal, as the one test [`child`], which plays a
//! made-up run.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod synthetic;

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pacwatch::core::clock::Clock;
use pacwatch::core::control::{Controls, KnobValues};
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::{Event, EventKind, Knob, LaneCounts, Outcome};
use pacwatch::core::hub;
use pacwatch::core::report::summary::summary;
use pacwatch::tui::theme::Theme;
use pacwatch::tui::{self, Options};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use synthetic::Script;

const SCENE: &str = "PACWATCH_TEST_SCENE";

/// Long enough for the slowest machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

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
    });
    let engine = {
        let controls = controls.clone();
        std::thread::spawn(move || play(&scene, &emitter, &controls))
    };
    let options = Options {
        clock,
        theme: Theme::dark(),
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
    let lanes = LaneCounts {
        network: 16,
        extract: 2,
        link: 2,
    };
    let events = synthetic::run(&Script {
        cold: 60,
        lanes,
        ..Script::default()
    });
    let knobs = controls.subscribe();
    let mut network = 16;
    let mut link = 2;
    let mut report = |emitter: &Emitter| {
        let (values, _) = *knobs.borrow();
        for (knob, from, to) in [
            (Knob::NetworkConcurrency, &mut network, values.network_concurrency),
            (Knob::LinkThreads, &mut link, values.link_threads),
        ] {
            if *from != to {
                emitter.emit(EventKind::ConcurrencyChanged {
                    knob,
                    from: *from,
                    to,
                    by: "key".into(),
                });
                *from = to;
            }
        }
    };
    let Some((
        Event {
            kind: EventKind::RunFinished(finished),
            ..
        },
        events,
    )) = events.split_last()
    else {
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
    finished.outcome = if controls.cancelled().is_some() {
        Outcome::Cancelled
    } else {
        Outcome::Done
    };
    emitter.emit(EventKind::RunFinished(finished));
}

// ---------------------------------------------------------------------------------------------------------------
// The terminal around it.

struct Tty {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Every byte that was written to the terminal.
    bytes: Arc<Mutex<Vec<u8>>>,
    /// The mode of the line discipline before anything ran.
    mode_before: String,
    /// Nobody reads from the terminal any more.
    hung_up: Arc<AtomicBool>,
}

fn child_command(scene: &str) -> Vec<String> {
    let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let arguments = ["--exact", "child", "--ignored", "--nocapture", "--quiet"];
    let mut command = vec![
        "env".to_owned(),
        format!("{SCENE}={scene}"),
        "RUST_BACKTRACE=0".to_owned(),
        program,
    ];
    command.extend(arguments.map(str::to_owned));
    command
}

/// The mode of the line discipline, as text so that two can be compared.
fn mode(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn columns(number: u16) -> NonZero<u16> {
    NonZero::new(number).unwrap()
}

impl Tty {
    fn start(scene: &str) -> Self {
        Self::spawn(&child_command(scene))
    }

    fn spawn(command: &[String]) -> Self {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        builder.env("TERM", "xterm-256color");
        let mode_before = mode(&*pair.master);
        let child = pair.slave.spawn_command(builder).unwrap();
        drop(pair.slave);
        let screen = Arc::new(Mutex::new(vt100::Parser::new(columns(24), columns(80), 200)));
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (to_screen, to_bytes) = (Arc::clone(&screen), Arc::clone(&bytes));
        let hung_up = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&hung_up);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = reader.read(&mut buffer) {
                if read == 0 || stop.load(Ordering::SeqCst) {
                    break;
                }
                to_screen.lock().unwrap().process(&buffer[..read]);
                to_bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self {
            master: pair.master,
            writer,
            child,
            screen,
            bytes,
            mode_before,
            hung_up,
        }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn on_alternate_screen(&self) -> bool {
        self.screen.lock().unwrap().screen().alternate_screen()
    }

    fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        while !condition(self) {
            assert!(begin.elapsed() < PATIENCE, "never {what}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn until_text(&self, text: &str) {
        self.until(text, |tty| tty.text().contains(text));
    }

    fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn resize(&self, rows: u16, cols: u16) {
        self.screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(columns(rows), columns(cols));
        self.master
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
    }

    /// Waits for the end and checks that the terminal is as it was.
    fn ended(mut self) -> String {
        let begin = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begin.elapsed() < PATIENCE, "never ended:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
        self.until("back on the main screen", |tty| !tty.on_alternate_screen());
        self.until("cursor shown", |tty| {
            !tty.screen.lock().unwrap().screen().hide_cursor()
        });
        assert_eq!(
            mode(&*self.master),
            self.mode_before,
            "the line discipline was changed"
        );
        self.text()
    }
}

/// A terminal on which the dashboard shows a run.
fn shown(scene: &str) -> Tty {
    let tty = Tty::start(scene);
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
    let text = tty.ended();
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
        let written = tty.bytes.lock().unwrap().len();
        // Several ticks of a clock that goes on.
        std::thread::sleep(Duration::from_millis(900));
        if tty.bytes.lock().unwrap().len() == written {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "it draws on and on");
    }
    tty.keys("q");
    tty.ended();
}

#[test]
fn q_cancels_the_run_and_then_leaves() {
    let mut tty = shown("endless");
    tty.keys("q");
    tty.until_text("cancelled");
    tty.keys("q");
    let text = tty.ended();
    assert!(text.contains("Cancelled after"), "{text}");
    assert!(text.contains("by key"), "{text}");
}

#[test]
fn a_second_control_c_does_not_wait_for_the_run() {
    let mut tty = shown("stubborn");
    tty.keys("\u{3}");
    tty.until_text("q again leaves at once");
    tty.keys("\u{3}");
    let text = tty.ended();
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
    tty.keys("qq");
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
    tty.keys("qq");
    tty.ended();
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let mut tty = shown("endless");
    tty.resize(10, 40);
    tty.until("compact", |tty| {
        !tty.text().contains("throughput") && tty.text().contains("cancel")
    });
    tty.resize(1, 1);
    tty.resize(40, 130);
    tty.until_text("in use");
    tty.until_text("throughput");
    tty.keys("qq");
    tty.ended();
}

#[test]
fn signals_that_end_a_program_give_the_terminal_back() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let tty = shown("endless");
        tty.signal(signal);
        let text = tty.ended();
        assert!(text.contains(&format!("left: Signal(\"{name}\")")), "{text}");
        assert!(text.contains(&format!("by {name}")), "{text}");
    }
}

#[test]
fn an_interrupt_from_outside_is_like_control_c() {
    let mut tty = shown("endless");
    tty.signal(Signal::INT);
    tty.until_text("cancelled");
    tty.keys("q");
    let text = tty.ended();
    assert!(text.contains("by SIGINT"), "{text}");
}

#[test]
fn a_panic_anywhere_gives_the_terminal_back_and_stays_readable() {
    let tty = Tty::start("panic");
    let text = tty.ended();
    assert!(text.contains("the engine broke"), "{text}");
    assert!(text.contains("left: Lost"), "{text}");
}

#[test]
fn control_z_gives_the_shell_its_terminal_and_fg_brings_the_dashboard_again() {
    let mut tty = Tty::spawn(&["sh".to_owned(), "-i".to_owned(), "-m".to_owned()]);
    let command = child_command("endless")
        .iter()
        .map(|word| format!("'{word}'"))
        .collect::<Vec<_>>()
        .join(" ");
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
    tty.until_text("cancelled");
    tty.keys("q");
    tty.until_text("left: Ended");
    tty.keys("exit\n");
    let begin = Instant::now();
    while tty.child.try_wait().unwrap().is_none() {
        assert!(
            begin.elapsed() < PATIENCE,
            "the shell never ended:\n{}",
            tty.text()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn without_a_shell_to_go_back_to_control_z_changes_nothing() {
    let mut tty = shown("endless");
    tty.keys("\u{1a}");
    tty.keys("+");
    tty.until_text("network 24");
    assert!(tty.on_alternate_screen());
    tty.keys("q");
    tty.until_text("cancelled");
    tty.keys("q");
    tty.ended();
}

#[test]
fn a_terminal_that_goes_away_ends_the_program() {
    let tty = shown("endless");
    let Tty {
        master,
        writer,
        mut child,
        hung_up,
        ..
    } = tty;
    // The reader lets go with the next frame.
    hung_up.store(true, Ordering::SeqCst);
    drop((master, writer));
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("still running without a terminal");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
