//! Meters of the phases: when a phase ran, and how much work was in it.
//!
//! Any thread may add to a meter; adding is two or three atomic operations. Starting and ending a phase tells of
//! it, once each.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, Phase, PhaseTotals};

/// The meters of a run. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Meters {
    emitter: Emitter,
    phases: Arc<[Meter; Phase::ALL.len()]>,
    /// No phase is over yet: each will be gone through again.
    held: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Meter {
    started: AtomicBool,
    finished: AtomicBool,
    first_start: AtomicU64,
    last_end: AtomicU64,
    busy: AtomicU64,
    count: AtomicU64,
}

impl Meters {
    /// Meters that stand at nothing.
    #[must_use]
    pub fn new(emitter: Emitter) -> Self {
        Self { emitter, phases: Arc::default(), held: Arc::default() }
    }

    /// Phases that end from now on may begin again, so that their end is not told before [`Self::release`].
    pub fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// Phases that end from now on are over.
    pub fn release(&self) {
        self.held.store(false, Ordering::Release);
    }

    /// The phase begins at `at` (microseconds since the run began), unless it has begun already.
    pub fn begin(&self, phase: Phase, at: u64) {
        let meter = &self.phases[phase.index()];
        if !meter.started.swap(true, Ordering::AcqRel) {
            meter.first_start.store(at, Ordering::Release);
            meter.last_end.fetch_max(at, Ordering::AcqRel);
            self.emitter.emit_at(at, EventKind::PhaseStarted { phase });
        }
    }

    /// A task of the phase ran from `start` to `end`.
    pub fn task(&self, phase: Phase, start: u64, end: u64) {
        let meter = &self.phases[phase.index()];
        meter.busy.fetch_add(end.saturating_sub(start), Ordering::Relaxed);
        meter.count.fetch_add(1, Ordering::Relaxed);
        meter.last_end.fetch_max(end, Ordering::AcqRel);
    }

    /// The run fails at `at`. A phase that is under way as one single task ran until then; its task does not count.
    pub fn cut_short(&self, phase: Phase, at: u64) {
        let meter = &self.phases[phase.index()];
        let under_way = meter.started.load(Ordering::Acquire) && !meter.finished.load(Ordering::Acquire);
        if under_way && meter.count.load(Ordering::Relaxed) == 0 {
            let started = meter.first_start.load(Ordering::Acquire);
            meter.busy.fetch_add(at.saturating_sub(started), Ordering::Relaxed);
            meter.last_end.fetch_max(at, Ordering::AcqRel);
        }
    }

    /// The phase is over: nothing is added any more. Does nothing for one that never began.
    pub fn finish(&self, phase: Phase, workers: Option<u32>) {
        let meter = &self.phases[phase.index()];
        if self.held.load(Ordering::Acquire) {
            return;
        }
        if meter.started.load(Ordering::Acquire) && !meter.finished.swap(true, Ordering::AcqRel) {
            let totals = self.totals(phase, workers);
            self.emitter.emit_at(totals.started_us + totals.wall_us, EventKind::PhaseFinished(totals));
        }
    }

    /// The numbers of a phase as they stand.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a run fit a float's 53 bits")]
    pub fn totals(&self, phase: Phase, workers: Option<u32>) -> PhaseTotals {
        let meter = &self.phases[phase.index()];
        let started_us = meter.first_start.load(Ordering::Acquire);
        let wall_us = meter.last_end.load(Ordering::Acquire).saturating_sub(started_us);
        let busy_us = meter.busy.load(Ordering::Relaxed);
        let parallelism = if wall_us == 0 { 0.0 } else { busy_us as f64 / wall_us as f64 };
        PhaseTotals {
            phase,
            started_us,
            wall_us,
            busy_us,
            parallelism,
            count: meter.count.load(Ordering::Relaxed),
            workers,
            utilisation: workers.map(|workers| (parallelism / f64::from(workers.max(1))).min(1.0)),
        }
    }

    /// Whether the phase has begun.
    #[must_use]
    pub fn has_begun(&self, phase: Phase) -> bool {
        self.phases[phase.index()].started.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::clock::Clock;

    #[test]
    fn a_phase_that_is_cut_short_ran_until_then() {
        let (emitter, _receiver) = Emitter::new(Clock::start());
        let meters = Meters::new(emitter);
        meters.begin(Phase::Resolve, 100);
        meters.cut_short(Phase::Resolve, 300);
        meters.cut_short(Phase::State, 300);
        let totals = meters.totals(Phase::Resolve, None);
        assert_eq!((totals.wall_us, totals.busy_us, totals.count), (200, 200, 0));
        assert!(!meters.has_begun(Phase::State));
    }

    #[test]
    fn a_phase_that_is_gone_through_several_times_ends_once() {
        let (emitter, receiver) = Emitter::new(Clock::start());
        let meters = Meters::new(emitter);
        meters.hold();
        for start in [100, 300] {
            meters.begin(Phase::Bins, start);
            meters.task(Phase::Bins, start, start + 50);
            meters.finish(Phase::Bins, None);
        }
        meters.release();
        meters.finish(Phase::Bins, None);
        drop(meters);
        let at: Vec<u64> = receiver.iter().map(|stamped| stamped.at).collect();
        assert_eq!(at, [100, 350]);
    }

    #[test]
    fn a_phase_is_told_once_and_spans_its_tasks() {
        let (emitter, receiver) = Emitter::new(Clock::start());
        let meters = Meters::new(emitter);
        meters.begin(Phase::Download, 100);
        meters.begin(Phase::Download, 200);
        meters.task(Phase::Download, 100, 400);
        meters.task(Phase::Download, 200, 300);
        meters.finish(Phase::Download, Some(2));
        meters.finish(Phase::Download, Some(2));
        meters.finish(Phase::Build, None);
        drop(meters);
        let events: Vec<_> = receiver.iter().map(|stamped| (stamped.at, stamped.kind)).collect();
        let totals = PhaseTotals {
            phase: Phase::Download,
            started_us: 100,
            wall_us: 300,
            busy_us: 400,
            parallelism: 400.0 / 300.0,
            count: 2,
            workers: Some(2),
            utilisation: Some(200.0 / 300.0),
        };
        assert_eq!(
            events,
            [
                (100, EventKind::PhaseStarted { phase: Phase::Download }),
                (400, EventKind::PhaseFinished(totals)),
            ]
        );
    }
}
