//! The last things worth telling in words, bounded.

use std::collections::VecDeque;

/// Entries kept.
pub const LOG_CAPACITY: usize = 500;

const LONGEST_TEXT: usize = 2_000;

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// A step of the run, or a knob that was turned.
    Info,
    /// Something failed and is tried again, or is left out.
    Notice,
    /// A warning.
    Warning,
    /// What ended the run.
    Error,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Position in the log, from 0, without gaps.
    pub number: u64,
    /// Microseconds since the run began. Never less than the entry before has: what is told late stands where it
    /// was told.
    pub at: u64,
    /// How much it matters.
    pub level: LogLevel,
    /// The sentence, as it came: not yet [printable](super::format::printable).
    pub text: String,
}

/// The log of a run; the oldest entries give way.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    written: u64,
}

impl Log {
    pub(super) fn push(&mut self, at: u64, level: LogLevel, mut text: String) {
        if text.len() > LONGEST_TEXT {
            let end = (0..=LONGEST_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        let at = self.entries.back().map_or(at, |before| at.max(before.at));
        if self.entries.len() == LOG_CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(LogEntry { number: self.written, at, level, text });
        self.written += 1;
    }

    /// The entries that are kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// The entries from a number on, as far as they are kept.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &LogEntry> {
        self.entries.iter().filter(move |entry| entry.number >= number)
    }

    /// How many entries were ever written; also the number of the next one.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }
}
