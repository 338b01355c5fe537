//! What a view asks a model.

use crate::core::event::{Failure, ImporterKnown, Outcome, PackageId, Phase, Planned, RunStarted, Totals};
use crate::core::model::asked::KnobState;
use crate::core::model::fold::Model;
use crate::core::model::format;
use crate::core::model::lane::{Lane, LaneTask, Pool};
use crate::core::model::log::Log;
use crate::core::model::network::NetworkState;
use crate::core::model::package::{Package, PackageState};
use crate::core::model::phase::{PhaseNumbers, PhaseState, PhaseStatus};

/// The run in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headline {
    /// No event yet.
    Waiting,
    /// Under way.
    Running,
    /// Asked to stop, and not stopped yet.
    Cancelling,
    /// It ended.
    Ended(Outcome),
}

impl Model {
    /// The latest time an event carried, microseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// How the run stands.
    #[must_use]
    pub fn headline(&self) -> Headline {
        match (self.outcome, &self.cancelled_by, self.events) {
            (Some(outcome), _, _) => Headline::Ended(outcome),
            (None, Some(_), _) => Headline::Cancelling,
            (None, None, 0) => Headline::Waiting,
            (None, None, _) => Headline::Running,
        }
    }

    /// What the run began with; absent when the stream's head is missing.
    #[must_use]
    pub fn run(&self) -> Option<&RunStarted> {
        self.run.as_deref()
    }

    /// How the run ended.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Why it did not end well.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// Time from the run's beginning to its end, or to the latest event.
    #[must_use]
    pub fn wall_us(&self) -> u64 {
        self.wall_us.unwrap_or(self.now)
    }

    /// Name of the project, or the last part of its path; not yet printable.
    #[must_use]
    pub fn project(&self) -> &str {
        self.run().map_or("", |run| {
            run.project_name.as_deref().filter(|name| !name.is_empty()).unwrap_or_else(|| {
                let path = run.project_dir.trim_end_matches(['/', '\\']);
                path.rsplit(['/', '\\']).next().unwrap_or(path)
            })
        })
    }

    /// The projects that the run is about, once they are known.
    #[must_use]
    pub fn importers(&self) -> &[ImporterKnown] {
        self.importers.as_ref().map_or(&[], |known| &known.importers)
    }

    /// Projects of the workspace that were left out because others were selected.
    #[must_use]
    pub fn projects_left_out(&self) -> u32 {
        self.importers.as_ref().map_or(0, |known| known.left_out)
    }

    /// The plan, once it is made.
    #[must_use]
    pub fn planned(&self) -> Option<&Planned> {
        self.planned.as_ref()
    }

    /// The knobs as they stand.
    #[must_use]
    pub fn knobs(&self) -> &KnobState {
        &self.knobs
    }

    /// Counts so far; the engine's own once the run ended.
    #[must_use]
    pub fn totals(&self) -> Totals {
        if let Some(totals) = self.final_totals {
            return totals;
        }
        let mut totals = self.counts;
        let planned = self.planned.unwrap_or_default();
        totals.packages =
            if planned.packages > 0 { planned.packages.into() } else { self.packages.len() as u64 };
        totals.in_place = planned.in_place.into();
        totals.skipped = totals.skipped.max(planned.skipped.into());
        totals
    }

    /// Bytes received so far, those of downloads under way included.
    #[must_use]
    pub fn received(&self) -> u64 {
        let sampled = self.network.latest().map_or(0, |sample| sample.received);
        sampled.max(self.totals().bytes_downloaded)
    }

    /// Bytes a second: over the last second before `now` while downloads run, over all of the download phase once
    /// it ended.
    #[must_use]
    pub fn download_rate(&self, now: u64) -> u64 {
        let phase = self.phase(Phase::Download);
        if phase.status == PhaseStatus::Running {
            return self.network.rate(now);
        }
        let bytes = u128::from(self.received()) * 1_000_000;
        bytes.checked_div(phase.wall_us(now).into()).map_or(0, |rate| u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Nothing is being downloaded and nothing will be any more.
    #[must_use]
    pub fn downloads_over(&self) -> bool {
        let status = self.phase(Phase::Download).status;
        self.downloads.is_empty()
            && (self.outcome.is_some() || matches!(status, PhaseStatus::Done | PhaseStatus::Stopped))
    }

    /// A phase as it was told.
    #[must_use]
    pub fn phase(&self, phase: Phase) -> &PhaseState {
        &self.phases[phase.index()]
    }

    /// The numbers of a phase at a moment: live ones while it runs, the engine's totals after.
    #[must_use]
    pub fn phase_numbers(&self, phase: Phase, now: u64) -> PhaseNumbers {
        let state = self.phase(phase);
        let expected = self.expected(phase);
        if let Some(totals) = &state.totals {
            return PhaseNumbers::of_totals(totals, state.status, expected);
        }
        let wall_us = state.wall_us(now);
        let present =
            self.tasks(phase).fold(0_u64, |sum, task| sum.saturating_add(now.saturating_sub(task.since)));
        let busy_us = pool_of(phase).map(|_| state.busy_us.saturating_add(present));
        let workers = pool_of(phase).map(|pool| self.workers(pool));
        let parallelism = busy_us.and_then(|busy| format::ratio(busy, wall_us));
        PhaseNumbers {
            phase,
            status: state.status,
            started: state.started,
            finished: state.finished,
            wall_us,
            busy_us,
            parallelism,
            count: state.count,
            expected,
            workers,
            utilisation: parallelism
                .zip(workers)
                .filter(|(_, workers)| *workers > 0)
                .map(|(parallelism, workers)| (parallelism / f64::from(workers)).clamp(0.0, 1.0)),
        }
    }

    /// How busy a phase was from the run's beginning to `now`, in equal columns: share of its pool, 0 to 1, or 1
    /// all along for a phase whose tasks are not told one by one. Absent in columns where it did not run.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "drawn with a few levels")]
    pub fn phase_history(&self, phase: Phase, now: u64, columns: usize) -> Vec<Option<f64>> {
        let state = self.phase(phase);
        let Some(started) = state.started else {
            return vec![None; columns];
        };
        let finished = state.finished.unwrap_or(now) as f64;
        let column_span = now as f64 / columns.max(1) as f64;
        let shares = pool_of(phase).map(|pool| {
            let mut timeline = state.timeline.clone();
            for task in self.tasks(phase) {
                timeline.add_span(task.since, now);
            }
            timeline.shares(now, columns, f64::from(self.workers(pool).max(1)))
        });
        (0..columns)
            .map(|column| {
                let (start, end) = (column_span * column as f64, column_span * (column + 1) as f64);
                let runs = start <= finished && end > started as f64;
                runs.then(|| shares.as_ref().map_or(1.0, |shares| shares[column]))
            })
            .collect()
    }

    /// The lanes of a pool with their numbers, in order.
    #[must_use]
    pub fn lanes(&self, pool: Pool) -> impl ExactSizeIterator<Item = (u16, &Lane)> {
        self.pools[pool as usize].lanes.iter().map(|(index, lane)| (*index, lane))
    }

    /// Lanes of a pool that do something now.
    #[must_use]
    pub fn busy_lanes(&self, pool: Pool) -> usize {
        self.lanes(pool).filter(|(_, lane)| lane.task.is_some()).count()
    }

    /// Workers of a pool as its knob stands.
    #[must_use]
    pub fn workers(&self, pool: Pool) -> u32 {
        match pool {
            Pool::Network => self.knobs.network_concurrency,
            Pool::Extract => self.knobs.extract_threads,
            Pool::Link => self.knobs.link_threads,
        }
    }

    /// A package, if any event ever named it.
    #[must_use]
    pub fn package(&self, id: PackageId) -> Option<&Package> {
        self.packages.get(&id)
    }

    /// All packages, in no order.
    #[must_use]
    pub fn packages(&self) -> impl ExactSizeIterator<Item = (PackageId, &Package)> {
        self.packages.iter().map(|(id, package)| (*id, package))
    }

    /// `name@version` of a package; not yet printable.
    #[must_use]
    pub fn label(&self, id: PackageId) -> String {
        self.package(id).map_or_else(|| Package::default().label(id), |package| package.label(id))
    }

    /// The package that a failure is about, unless its message names that package already.
    #[must_use]
    pub fn about(&self, failure: &Failure) -> Option<String> {
        let label = failure.package.map(|package| self.label(package))?;
        (!failure.message.contains(&label)).then_some(label)
    }

    /// Downloads under way, those that wait for their next attempt included, the oldest first, each with the time
    /// it first began.
    #[must_use]
    pub fn in_flight(&self) -> Vec<(PackageId, u64, &Package)> {
        let mut downloads: Vec<_> = self
            .downloads
            .iter()
            .filter_map(|(id, since)| self.packages.get(id).map(|package| (*id, *since, package)))
            .collect();
        downloads.sort_unstable_by_key(|(id, since, _)| (*since, *id));
        downloads
    }

    /// Requests that hold a permit now, and that wait for one. What was sampled may be over by now: no more can wait
    /// than are planned and not begun.
    #[must_use]
    pub fn requests(&self) -> (u64, u64) {
        let downloads = self.downloads.keys().filter_map(|id| self.packages.get(id));
        let retrying = downloads.filter(|package| package.state == PackageState::Retrying).count();
        let under_way = self.downloads.len() - retrying + self.metadata.under_way().count();
        let sampled = self.network.latest().map_or(0, |sample| u64::from(sample.waiting));
        let waiting = match self.expected(Phase::Download) {
            Some(expected) if !self.asks_for_metadata() => {
                let begun = self.phase(Phase::Download).count.saturating_add(self.downloads.len() as u64);
                sampled.min(expected.saturating_sub(begun))
            }
            _ => sampled,
        };
        (under_way as u64, waiting)
    }

    /// The network's samples.
    #[must_use]
    pub fn network(&self) -> &NetworkState {
        &self.network
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Who asked the run to stop.
    #[must_use]
    pub fn cancelled_by(&self) -> Option<&str> {
        self.cancelled_by.as_deref()
    }

    /// A phase that began, in order of beginning.
    #[must_use]
    pub fn phases_begun(&self) -> Vec<Phase> {
        let mut begun: Vec<Phase> = Phase::ALL
            .into_iter()
            .filter(|phase| self.phase(*phase).status != PhaseStatus::Pending)
            .collect();
        begun.sort_by_key(|phase| self.phase(*phase).started);
        begun
    }

    fn tasks(&self, phase: Phase) -> impl Iterator<Item = &LaneTask> {
        pool_of(phase)
            .into_iter()
            .flat_map(|pool| self.pools[pool as usize].lanes.values())
            .filter_map(|lane| lane.task.as_ref())
            .filter(move |task| task.phase == phase)
    }

    pub(super) fn expected(&self, phase: Phase) -> Option<u64> {
        let planned = self.planned?;
        match phase {
            Phase::Download | Phase::Extract => Some(planned.downloads.into()),
            Phase::LinkWarm => Some(planned.warm.into()),
            Phase::LinkCold => Some(planned.cold.into()),
            _ => None,
        }
    }
}

/// The pool that works for a phase.
#[must_use]
pub(super) fn pool_of(phase: Phase) -> Option<Pool> {
    match phase {
        Phase::Download => Some(Pool::Network),
        Phase::Extract => Some(Pool::Extract),
        Phase::LinkWarm | Phase::LinkCold => Some(Pool::Link),
        Phase::Resolve | Phase::Verify | Phase::Bins | Phase::Build | Phase::State => None,
    }
}
