//! Lines for people and CI logs: appended one below the other, no escape codes, nothing redrawn.
//!
//! What the log of the model holds is printed at once; progress at most once a second of the run's own time, and
//! only when it changed. The last lines are the summary. Times never go back from one line to the next.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::core::event::{Event, EventKind, Phase};
use crate::core::hub::Sink;
use crate::core::model::format::{bytes, count, printable, rate};
use crate::core::model::{LogLevel, Model, PhaseStatus};
use crate::core::report::queue::{Format, Queue, WriteOutcome};
use crate::core::report::summary::summary;

const PROGRESS_EVERY_US: u64 = 1_000_000;

/// Columns the summary may take; CI logs do not tell theirs.
const SUMMARY_WIDTH: usize = 100;

/// A sink that writes lines for people, on its own thread.
#[derive(Debug)]
pub struct PlainLines {
    queue: Queue,
}

impl PlainLines {
    /// Starts writing. The outcome is complete once [`Sink::finish`] has returned.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start<W: Write + Send + 'static>(writer: W) -> io::Result<(Self, WriteOutcome)> {
        let (queue, outcome) = Queue::start("plain lines", Lines::default(), writer)?;
        Ok((Self { queue }, outcome))
    }
}

impl Sink for PlainLines {
    fn event(&mut self, event: &Event) {
        self.queue.event(event);
    }

    fn finish(&mut self) {
        self.queue.finish();
    }
}

/// The lines of a whole stream at once, for a recording.
///
/// # Errors
/// When the writer fails.
pub fn write_all<'a>(events: impl IntoIterator<Item = &'a Event>, out: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::default();
    for event in events {
        lines.event(event, out)?;
    }
    lines.finish(out)
}

#[derive(Default)]
struct Lines {
    model: Model,
    log_printed: u64,
    /// Time of the latest line.
    printed_at: u64,
    progress_at: u64,
    progress: [u64; 3],
}

impl Lines {
    fn log(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let printed = self.log_printed;
        self.log_printed = self.model.log().written();
        for entry in self.model.log().since(printed) {
            let word = match entry.level {
                LogLevel::Info => "",
                LogLevel::Notice => "note: ",
                LogLevel::Warning => "warning: ",
                LogLevel::Error => "error: ",
            };
            let text = format!("{word}{}", printable(&entry.text));
            line(out, &mut self.printed_at, entry.at, &text)?;
        }
        Ok(())
    }

    fn progress(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let now = self.model.now();
        if now < self.progress_at.saturating_add(PROGRESS_EVERY_US) {
            return Ok(());
        }
        let totals = self.model.totals();
        let received = self.model.received();
        let progress = [totals.fetched, totals.imported, received];
        if progress == self.progress {
            return Ok(());
        }
        self.progress = progress;
        self.progress_at = now;
        let of = |done: u64, all: u64| {
            if all > 0 { format!("{}/{}", count(done), count(all)) } else { count(done) }
        };
        let planned = self.model.planned().copied().unwrap_or_default();
        let running = |phase| self.model.phase(phase).status == PhaseStatus::Running;
        let mut text = format!(
            "progress: fetched {}, linked {}, {} received",
            of(totals.fetched, planned.downloads.into()),
            of(totals.imported, u64::from(planned.warm) + u64::from(planned.cold)),
            bytes(received),
        );
        if running(Phase::Download) {
            let _ = write!(text, " at {}", rate(self.model.download_rate(now)));
        }
        line(out, &mut self.printed_at, now, &text)
    }
}

impl Format for Lines {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        self.model.apply(event);
        if let EventKind::PhaseStarted { phase } = event.kind {
            let text = format!("{} started", phase.name());
            line(out, &mut self.printed_at, event.at, &text)?;
        }
        self.log(out)?;
        if matches!(event.kind, EventKind::RunFinished(_)) { Ok(()) } else { self.progress(out) }
    }

    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(summary(&self.model, SUMMARY_WIDTH).as_bytes())
    }
}

/// Writes a line; one that comes late stands at the time of the line before it.
fn line(out: &mut dyn Write, printed_at: &mut u64, at: u64, text: &str) -> io::Result<()> {
    let at = at.max(*printed_at);
    *printed_at = at;
    writeln!(out, "[{:>4}.{:03}] {text}", at / 1_000_000, at / 1000 % 1000)
}
