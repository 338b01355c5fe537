//! What the dashboard does under a flood: 100,000 events a second for some seconds, in a terminal of 200 columns and 50
//! rows: once while somebody reads all the time, once while nobody reads from the third second to the eighth. Tells frames
//! a second, the longest pauses between two frames, and the memory of the process over time.
//!
//!     cargo bench --bench dashboard_burst

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on fails, and it tells"
)]

#[path = "../support/flood.rs"]
mod flood;

use std::io::Read;
use std::ops::Range;
use std::time::{Duration, Instant};

use pacwatch::core::clock::Clock;
use pacwatch::core::control::{Controls, KnobValues};
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::{EventKind, LinkMode, Phase};
use pacwatch::core::hub;
use pacwatch::tui::{self, Options};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const CHILD: &str = "PACWATCH_BURST";
const SECONDS: u64 = 10;
const A_SECOND: u64 = 100_000;
const PACKAGES: u32 = 5_000;

/// Seconds in which nobody reads, when that is what is looked at.
const BLOCKED: Range<u64> = 3..8;

fn main() {
    if std::env::var_os(CHILD).is_some() {
        return engine();
    }
    println!("{A_SECOND} events a second for {SECONDS} s, {PACKAGES} packages, 200x50");
    println!("somebody reads");
    watch(None);
    println!("nobody reads from second {} to {}", BLOCKED.start, BLOCKED.end);
    watch(Some(BLOCKED));
}

/// The dashboard, and an engine that never stops talking.
fn engine() {
    let clock = Clock::start();
    let (emitter, receiver) = Emitter::new(clock);
    let (sink, events) = tui::channel();
    let hub = hub::start(receiver, vec![Box::new(sink)]).unwrap();
    let controls = Controls::new(KnobValues {
        network_concurrency: 64,
        extract_threads: 2,
        link_threads: 2,
        link_mode: LinkMode::Deferred,
    });
    let asked = controls.clone();
    let engine = std::thread::spawn(move || {
        for id in 0..PACKAGES {
            emitter.emit(flood::package(id));
        }
        emitter.emit(EventKind::PhaseStarted { phase: Phase::Download });
        let begin = Instant::now();
        for number in 0..SECONDS * A_SECOND {
            emitter.emit(flood::event(number, PACKAGES));
            if number % 1_000 == 0 {
                let due = Duration::from_micros(number * 1_000_000 / A_SECOND);
                std::thread::sleep(due.saturating_sub(begin.elapsed()));
            }
        }
        asked.cancel("SIGTERM");
    });
    let waits = controls.clone();
    std::thread::spawn(move || {
        while waits.cancelled().is_none() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::TERM).unwrap();
    });
    tui::run(events, controls, &Options::from_environment(clock)).unwrap();
    engine.join().unwrap();
    hub.join().unwrap();
}

/// The terminal around it.
fn watch(blocked: Option<Range<u64>>) {
    let size = PtySize { rows: 50, cols: 200, pixel_width: 0, pixel_height: 0 };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.env(CHILD, "1");
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let pid = child.process_id().unwrap();
    let mut output = pair.master.try_clone_reader().unwrap();
    let reader = std::thread::spawn(move || {
        let mut frames = Vec::new();
        let mut buffer = vec![0; 65_536];
        let mut tail = Vec::new();
        let begin = Instant::now();
        while let Ok(read @ 1..) = output.read(&mut buffer) {
            while blocked.as_ref().is_some_and(|seconds| seconds.contains(&begin.elapsed().as_secs())) {
                std::thread::sleep(Duration::from_millis(5));
            }
            tail.extend_from_slice(&buffer[..read]);
            let begins = tail.windows(8).filter(|bytes| *bytes == b"\x1b[?2026h").count();
            frames.extend(std::iter::repeat_n(Instant::now(), begins));
            // What may be the beginning of a mark is looked at again.
            tail.drain(..tail.len().saturating_sub(7));
        }
        frames
    });
    let mut memory = Vec::new();
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        memory.extend(resident.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok()));
        std::thread::sleep(Duration::from_millis(500));
    }
    let frames = reader.join().unwrap();
    let span = frames.last().unwrap().duration_since(frames[0]);
    let mut pauses: Vec<_> = frames.windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
    pauses.sort_unstable_by(|left, right| right.cmp(left));
    pauses.truncate(3);
    println!("{} frames in {span:.1?}, the longest pauses {pauses:.1?}", frames.len());
    let megabytes: Vec<String> = memory.iter().map(|kilobytes| (kilobytes / 1024).to_string()).collect();
    println!("resident memory every 0.5 s, MiB: {}", megabytes.join(" "));
}
