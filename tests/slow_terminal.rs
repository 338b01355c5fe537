//! A terminal that takes nothing: the run and the model go on, the loop answers keys and signals, the picture is right
//! once the terminal goes on, and whatever ends the dashboard meanwhile gives the terminal back.
//!
//! Each test starts this very test program again in the pseudo-terminal, as the one test [`child`]. Its engine reports
//! through a queue that holds a few events only: a dashboard that waits for its terminal would stop it for good.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use pacwatch::core::clock::Clock;
use pacwatch::core::control::{Controls, KnobValues};
use pacwatch::core::event::{
    Event, EventKind, ImportMethod, Knobs, LinkMode, Outcome, Phase, RunFinished, Totals,
};
use pacwatch::tui::{self, Options};
use rustix::process::Signal;

use support::flood;
use support::tty::Tty;

const SCENE: &str = "PACWATCH_TEST_SCENE";
const FOLDER: &str = "PACWATCH_TEST_FOLDER";

/// Events that wait for the dashboard at most.
const QUEUE: usize = 1_000;

const PACKAGES: u32 = 2_000;
const FLOOD: u64 = 300_000;

// ---------------------------------------------------------------------------------------------------------------
// The child.

#[test]
#[ignore = "runs inside the pseudo-terminals of the other tests"]
#[expect(clippy::exit, reason = "what the test harness has to say does not fit into a full terminal")]
fn child() {
    let (Ok(scene), Ok(folder)) = (std::env::var(SCENE), std::env::var(FOLDER)) else { return };
    let clock = Clock::start();
    let (events, receiver) = sync_channel(QUEUE);
    let controls = Controls::new(KnobValues {
        network_concurrency: 16,
        extract_threads: 2,
        link_threads: 2,
        link_mode: LinkMode::Deferred,
    });
    let engine = Engine { clock, events };
    let (controls_of_engine, folder_of_engine) = (controls.clone(), PathBuf::from(&folder));
    std::thread::spawn(move || engine.play(&scene, &folder_of_engine, &controls_of_engine));
    let options = Options { mouse: true, ..Options::from_environment(clock) };
    let closed = tui::run(receiver, controls, &options).unwrap();
    let leaving = closed.leaving;
    // The engine's last events need somebody who takes them.
    let model = (leaving != tui::Leaving::Forced).then(|| closed.settle());
    let left = format!("{leaving:?}, {:?}", model.and_then(|model| model.outcome()));
    fs::write(Path::new(&folder).join("left"), left).unwrap();
    // Not one word more: the terminal may have no room for it.
    std::process::exit(0);
}

struct Engine {
    clock: Clock,
    events: SyncSender<Event>,
}

impl Engine {
    fn tell(&self, kind: EventKind) {
        // Nobody listens any more.
        let _ = self.events.send(Event { seq: 0, at: self.clock.now(), kind });
    }

    fn play(&self, scene: &str, folder: &Path, controls: &Controls) {
        let reach = |name: &str| fs::write(folder.join(name), "").unwrap();
        let until = |name: &str| {
            while !folder.join(name).exists() && controls.cancelled().is_none() {
                self.tell(EventKind::NetworkSample { received: 0, in_flight: 1, waiting: 0, permits: 16 });
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        for id in 0..PACKAGES {
            self.tell(flood::package(id));
        }
        self.tell(EventKind::PhaseStarted { phase: Phase::Download });
        until("go");
        for number in 0..FLOOD {
            self.tell(flood::event(number, PACKAGES));
            // As fast as a dashboard has to bear it.
            if number % 1_000 == 0 {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        reach("flooded");
        until("go on");
        assert_ne!(scene, "panic", "the engine broke");
        while scene == "endless" && controls.cancelled().is_none() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if scene == "stubborn" {
            while controls.cancelled().is_none() {
                std::thread::sleep(Duration::from_millis(5));
            }
            reach("cancelled");
            std::thread::sleep(Duration::from_secs(60));
        }
        let outcome = if controls.cancelled().is_some() { Outcome::Cancelled } else { Outcome::Done };
        self.tell(EventKind::RunFinished(Box::new(RunFinished {
            outcome,
            failure: None,
            wall_us: self.clock.now(),
            phases: Vec::new(),
            totals: Totals { packages: PACKAGES.into(), warnings: FLOOD / 5, ..Totals::default() },
            knobs: Knobs {
                network_concurrency: 16,
                extract_threads: 2,
                link_threads: 2,
                link_mode: LinkMode::Deferred,
                import_method: ImportMethod::Hardlink,
            },
        })));
    }
}

// ---------------------------------------------------------------------------------------------------------------
// The terminal around it.

/// A terminal that takes nothing any more while a flood of events goes by.
struct Blocked {
    tty: Tty,
    folder: tempfile::TempDir,
}

impl Blocked {
    fn new(scene: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
        let mut command = vec![
            "env".to_owned(),
            format!("{SCENE}={scene}"),
            format!("{FOLDER}={}", folder.path().display()),
            "LANG=C.UTF-8".to_owned(),
            "RUST_BACKTRACE=0".to_owned(),
            program,
        ];
        let arguments = ["--exact", "child", "--ignored", "--nocapture", "--quiet"];
        command.extend(arguments.map(str::to_owned));
        let tty = Tty::spawn(&command);
        tty.until_text("2,000 packages");
        tty.resize(200, 60);
        tty.until_text("in use");
        tty.block(true);
        let blocked = Self { tty, folder };
        blocked.mark("go");
        // Only a loop that takes events while its terminal takes nothing lets the engine get here.
        blocked.reached("flooded");
        blocked
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn mark(&self, name: &str) {
        fs::write(self.path(name), "").unwrap();
    }

    fn reached(&self, name: &str) {
        self.tty.until(name, |_| self.path(name).exists());
    }

    /// The program ends while nobody reads, and what is read of it then leaves the terminal as it was. Returns how the
    /// dashboard was left.
    fn ended(mut self) -> String {
        self.tty.until_exit();
        self.tty.block(false);
        self.tty.ended();
        fs::read_to_string(self.folder.path().join("left")).unwrap()
    }
}

#[test]
fn a_flood_is_folded_while_the_terminal_takes_nothing_and_the_picture_is_right_afterwards() {
    let mut blocked = Blocked::new("finish");
    blocked.mark("go on");
    blocked.tty.block(false);
    blocked.tty.until_text("q leaves");
    blocked.tty.until_still();
    let text = blocked.tty.text();
    assert!(text.contains("✓ done"), "{text}");
    assert!(text.contains("warning 299999"), "{text}");
    assert!(!text.contains("warning 100004"), "a frame that was left out is on screen:\n{text}");
    blocked.tty.keys("q");
    assert_eq!(blocked.ended(), "Ended, Some(Done)");
}

#[test]
fn keys_are_answered_while_the_terminal_takes_nothing() {
    let mut blocked = Blocked::new("endless");
    blocked.mark("go on");
    blocked.tty.keys("qy");
    assert_eq!(blocked.ended(), "Ended, Some(Cancelled)");
}

#[test]
fn signals_end_it_while_the_terminal_takes_nothing() {
    for (signal, name) in [(Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")] {
        let blocked = Blocked::new("endless");
        blocked.mark("go on");
        blocked.tty.signal(signal);
        assert_eq!(blocked.ended(), format!("Signal(\"{name}\"), Some(Cancelled)"));
    }
}

#[test]
fn a_second_interrupt_does_not_wait_for_the_run_nor_for_the_terminal() {
    let blocked = Blocked::new("stubborn");
    blocked.mark("go on");
    blocked.tty.signal(Signal::INT);
    blocked.reached("cancelled");
    blocked.tty.signal(Signal::INT);
    assert_eq!(blocked.ended(), "Forced, None");
}

#[test]
fn a_panic_gives_the_terminal_back_and_waits_with_its_words_until_they_can_be_read() {
    let blocked = Blocked::new("panic");
    blocked.mark("go on");
    // The thread that broke waits for somebody to read why; the dashboard does not wait for it.
    blocked.tty.until("the line discipline is back", Tty::mode_is_untouched);
    blocked.tty.block(false);
    blocked.tty.until("the words are there", |tty| tty.scrollback().contains("the engine broke"));
    assert_eq!(blocked.ended(), "Lost, None");
}
