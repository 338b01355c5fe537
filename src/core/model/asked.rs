//! What was asked of a run while it was under way: knobs that were turned, pauses.

use crate::core::event::{ImportMethod, Knob, LinkMode, Phase};
use crate::core::model::fold::Model;
use crate::core::model::lane::Pool;
use crate::core::model::log::LogLevel;

/// Marks kept; a viewer who turns more knobs than that sees the first ones.
const MARKS: usize = 256;

/// The knobs as far as they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KnobState {
    /// Permits for requests at one time.
    pub network_concurrency: u32,
    /// Workers of the extract pool.
    pub extract_threads: u32,
    /// Workers of the link pool.
    pub link_threads: u32,
    /// How cold slots are linked.
    pub link_mode: Option<LinkMode>,
    /// How the latest slot's files were placed.
    pub import_method: Option<ImportMethod>,
}

/// A moment at which somebody changed how the run goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Microseconds since the run began.
    pub at: u64,
    /// What changed, such as `linkThreads 2 -> 4`.
    pub text: String,
}

/// Cold slots that were linked before a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ColdSoFar {
    pub slots: u64,
    pub busy_us: u64,
}

impl Model {
    /// The moments at which somebody changed how the run goes, in the order they were told.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Since when new work is held back, if it is.
    #[must_use]
    pub fn paused_since(&self) -> Option<u64> {
        self.paused_since
    }

    /// The spans in which new work was held back up to `now`, in microseconds since the run began.
    pub fn pauses(&self, now: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let present = self.paused_since.map(|since| (since, now.max(since)));
        self.pauses.iter().copied().chain(present)
    }

    pub(super) fn turn(&mut self, at: u64, knob: Knob, from: u32, to: u32, by: &str) {
        match knob {
            Knob::NetworkConcurrency => self.knobs.network_concurrency = to,
            Knob::ExtractThreads => {
                self.knobs.extract_threads = to;
                self.pools[Pool::Extract as usize].prepare(u16::try_from(to).unwrap_or(u16::MAX));
            }
            Knob::LinkThreads => {
                self.knobs.link_threads = to;
                self.pools[Pool::Link as usize].prepare(u16::try_from(to).unwrap_or(u16::MAX));
            }
        }
        self.mark(at, format!("{} {from} -> {to}", knob.name()), by);
    }

    pub(super) fn change_link_mode(&mut self, at: u64, from: LinkMode, to: LinkMode, by: &str) {
        let cold = self.phase_numbers(Phase::LinkCold, at);
        self.inline_since = (to == LinkMode::Inline)
            .then(|| ColdSoFar { slots: cold.count, busy_us: cold.busy_us.unwrap_or(0) });
        self.knobs.link_mode = Some(to);
        self.mark(at, format!("linkMode {} -> {}", from.name(), to.name()), by);
    }

    pub(super) fn pause(&mut self, at: u64, paused: bool, by: &str) {
        self.end_pause(at);
        self.paused_since = paused.then_some(at).filter(|_| self.outcome.is_none());
        self.mark(at, if paused { "paused" } else { "resumed" }.to_owned(), by);
    }

    pub(super) fn end_pause(&mut self, at: u64) {
        if let Some(since) = self.paused_since.take()
            && self.pauses.len() < MARKS
        {
            self.pauses.push((since, at.max(since)));
        }
    }

    fn mark(&mut self, at: u64, text: String, by: &str) {
        self.log.push(at, LogLevel::Info, format!("{text} (by {by})"));
        if self.marks.len() < MARKS {
            self.marks.push(Mark { at, text });
        }
    }
}
