//! The lanes of the pools: what each worker does now, and how busy it was over the run.

use std::collections::BTreeMap;

use crate::core::event::{PackageId, Phase};
use crate::core::model::timeline::Timeline;

/// Lanes of a pool that have a row of their own; work of lanes beyond counts for the pool only.
pub const LANES_KEPT: u16 = 1024;

/// A set of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pool {
    /// The permits for requests.
    Network,
    /// The extract workers.
    Extract,
    /// The link workers.
    Link,
}

impl Pool {
    /// All pools.
    pub const ALL: [Self; 3] = [Self::Network, Self::Extract, Self::Link];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Extract => "extract",
            Self::Link => "link",
        }
    }
}

/// What a lane does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneTask {
    /// The package it works on.
    pub package: PackageId,
    /// The phase the work belongs to.
    pub phase: Phase,
    /// When it began, microseconds since the run began.
    pub since: u64,
}

/// A worker.
#[derive(Debug, Clone, Default)]
pub struct Lane {
    /// What it does now.
    pub task: Option<LaneTask>,
    /// Time of the tasks it ended.
    pub busy_us: u64,
    /// Tasks it ended.
    pub tasks: u64,
    history: Timeline,
}

impl Lane {
    /// How busy it was from the run's beginning to `now`, in equal columns, each between 0 and 1; what it does
    /// now counts.
    #[must_use]
    pub fn history(&self, now: u64, columns: usize) -> Vec<f64> {
        match self.task {
            None => self.history.shares(now, columns, 1.0),
            Some(task) => {
                let mut history = self.history.clone();
                history.add_span(task.since, now);
                history.shares(now, columns, 1.0)
            }
        }
    }

    /// Time of its tasks up to `now`, the present one included.
    #[must_use]
    pub fn busy_until(&self, now: u64) -> u64 {
        let present = self.task.map_or(0, |task| now.saturating_sub(task.since));
        self.busy_us.saturating_add(present)
    }

    fn end(&mut self, package: PackageId, from: u64, to: u64, busy_us: u64) {
        if self.task.is_some_and(|task| task.package == package) {
            self.task = None;
        }
        self.tasks += 1;
        self.busy_us = self.busy_us.saturating_add(busy_us);
        self.history.add_span(from, to);
    }
}

/// A stretch of work that ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    pub from: u64,
    pub to: u64,
    pub busy_us: u64,
}

/// The lanes of one pool.
#[derive(Debug, Clone, Default)]
pub(super) struct Lanes {
    pub lanes: BTreeMap<u16, Lane>,
}

impl Lanes {
    /// Makes rows for the workers a pool begins with.
    pub fn prepare(&mut self, workers: u16) {
        for index in 0..workers.min(LANES_KEPT) {
            self.lanes.entry(index).or_default();
        }
    }

    /// A lane takes a task up. One that it had before is no longer shown; its end, which carries its time, may still
    /// come (inline linking shares the first lane with the warm pass).
    pub fn begin(&mut self, index: u16, task: LaneTask) {
        if index < LANES_KEPT {
            self.lanes.entry(index).or_default().task = Some(task);
        }
    }

    /// A lane ended its task. Its time is what was measured, or what passed since the task began.
    pub fn end(&mut self, index: u16, package: PackageId, at: u64, measured: Option<u64>) -> Ended {
        let lane = self.lanes.get_mut(&index);
        let since = lane
            .as_ref()
            .and_then(|lane| lane.task)
            .filter(|task| task.package == package)
            .map(|task| task.since);
        let from = match (measured, since) {
            (Some(measured), _) => at.saturating_sub(measured),
            (None, Some(since)) => since.min(at),
            (None, None) => at,
        };
        let busy_us = measured.unwrap_or(at - from);
        match lane {
            Some(lane) => lane.end(package, from, at, busy_us),
            None if index < LANES_KEPT => {
                self.lanes.entry(index).or_default().end(package, from, at, busy_us);
            }
            None => {}
        }
        Ended { from, to: at, busy_us }
    }

    /// Counts a stretch of work that was no package's.
    pub fn note(&mut self, index: u16, from: u64, to: u64) {
        if index < LANES_KEPT {
            let lane = self.lanes.entry(index).or_default();
            lane.tasks += 1;
            lane.busy_us = lane.busy_us.saturating_add(to.saturating_sub(from));
            lane.history.add_span(from, to);
        }
    }

    /// Forgets a task without an end of its own, because the package went elsewhere.
    pub fn abandon(&mut self, index: u16, package: PackageId) {
        if let Some(lane) = self.lanes.get_mut(&index)
            && lane.task.is_some_and(|task| task.package == package)
        {
            lane.task = None;
        }
    }

    /// The run is over: nobody works any more.
    pub fn stop(&mut self, at: u64) {
        for lane in self.lanes.values_mut() {
            if let Some(task) = lane.task {
                let to = at.max(task.since);
                lane.end(task.package, task.since, to, to - task.since);
            }
        }
    }
}
