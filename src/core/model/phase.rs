//! One phase of a run: live numbers while it runs, the engine's own totals once it ended.

use crate::core::event::{Phase, PhaseTotals};
use crate::core::model::format;
use crate::core::model::timeline::Timeline;

/// Where a phase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PhaseStatus {
    /// Not begun; it may never.
    #[default]
    Pending,
    /// Under way.
    Running,
    /// Ended.
    Done,
    /// The run ended before it did.
    Stopped,
}

/// A phase.
#[derive(Debug, Clone, Default)]
pub struct PhaseState {
    /// Where it stands.
    pub status: PhaseStatus,
    /// When it began, microseconds since the run began.
    pub started: Option<u64>,
    /// When it ended, microseconds since the run began.
    pub finished: Option<u64>,
    /// The engine's totals, once it ended.
    pub totals: Option<PhaseTotals>,
    pub(super) busy_us: u64,
    pub(super) count: u64,
    pub(super) timeline: Timeline,
}

impl PhaseState {
    pub(super) fn start(&mut self, at: u64) {
        if self.status == PhaseStatus::Pending {
            self.status = PhaseStatus::Running;
            self.started = Some(at);
        }
    }

    pub(super) fn finish(&mut self, totals: &PhaseTotals) {
        self.status = PhaseStatus::Done;
        self.started = Some(totals.started_us);
        self.finished = Some(totals.started_us.saturating_add(totals.wall_us));
        self.totals = Some(*totals);
    }

    /// The run was cancelled or failed: what had not done all its tasks was cut short. At most `most` were done well.
    pub(super) fn cut_short(&mut self, expected: Option<u64>, most: u64) {
        let done = self.totals.map_or(self.count, |totals| totals.count).min(most);
        if self.status == PhaseStatus::Done && done < expected.unwrap_or(1) {
            self.status = PhaseStatus::Stopped;
        }
        if let (Some(totals), Some(expected)) = (&mut self.totals, expected)
            && totals.count > expected
        {
            totals.count = done;
        }
    }

    pub(super) fn stop(&mut self, at: u64) {
        if self.status == PhaseStatus::Running {
            self.status = PhaseStatus::Stopped;
            self.finished = Some(at);
        }
    }

    pub(super) fn work(&mut self, from: u64, to: u64, busy_us: u64) {
        self.busy_us = self.busy_us.saturating_add(busy_us);
        self.timeline.add_span(from, to);
    }

    /// First start to last end, or to `now` while it runs.
    #[must_use]
    pub fn wall_us(&self, now: u64) -> u64 {
        match (&self.totals, self.started) {
            (Some(totals), _) => totals.wall_us,
            (None, Some(started)) => self.finished.unwrap_or(now).saturating_sub(started),
            (None, None) => 0,
        }
    }
}

/// The numbers of a phase at one moment. What cannot be known yet is absent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhaseNumbers {
    /// Which phase.
    pub phase: Phase,
    /// Where it stands.
    pub status: PhaseStatus,
    /// When it began, microseconds since the run began.
    pub started: Option<u64>,
    /// When it ended, microseconds since the run began.
    pub finished: Option<u64>,
    /// First start to last end, or to now.
    pub wall_us: u64,
    /// Sum of the time of its tasks; absent while a phase runs whose tasks are not told one by one.
    pub busy_us: Option<u64>,
    /// `busy / wall`.
    pub parallelism: Option<f64>,
    /// Tasks done.
    pub count: u64,
    /// Tasks there will be, once the plan is made.
    pub expected: Option<u64>,
    /// Workers of its pool.
    pub workers: Option<u32>,
    /// Share of its workers' time that was busy, 0 to 1.
    pub utilisation: Option<f64>,
}

impl PhaseNumbers {
    pub(super) fn of_totals(totals: &PhaseTotals, status: PhaseStatus, expected: Option<u64>) -> Self {
        Self {
            phase: totals.phase,
            status,
            started: Some(totals.started_us),
            finished: Some(totals.started_us.saturating_add(totals.wall_us)),
            wall_us: totals.wall_us,
            busy_us: Some(totals.busy_us),
            parallelism: Some(totals.parallelism)
                .filter(|value| value.is_finite() && *value >= 0.0)
                .or_else(|| format::ratio(totals.busy_us, totals.wall_us)),
            count: totals.count,
            expected,
            workers: totals.workers,
            utilisation: totals.utilisation.filter(|share| (0.0..=1.0).contains(share)),
        }
    }

    /// How a phase that has ended went.
    pub(super) fn sentence(&self) -> String {
        let (how, tasks) = match self.expected {
            Some(expected) if self.count < expected => {
                ("ended after", format!("{} of {} tasks", format::count(self.count), format::count(expected)))
            }
            None if self.count == 0 => ("ended after", "no task done".to_owned()),
            _ => ("done in", format::counted(self.count, "task", "tasks")),
        };
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        format!(
            "{} {how} {}, busy {}, {}, {tasks}",
            self.phase.name(),
            format::duration(self.wall_us),
            or_dash(self.busy_us.map(format::duration)),
            or_dash(self.parallelism.map(format::factor)),
        )
    }

    /// Share of its tasks that are done, 0 to 1.
    #[must_use]
    pub fn progress(&self) -> Option<f64> {
        self.expected.and_then(|expected| format::ratio(self.count.min(expected), expected))
    }
}
