//! What a run is waiting for: its unfinished work, the oldest first.

use std::sync::Arc;

use crate::core::event::{EventKind, PackageId, Phase};
use crate::core::model::fold::Model;
use crate::core::model::lane::Pool;
use crate::core::model::package::PackageState;
use crate::core::model::phase::PhaseStatus;

/// Work that began and has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The package, unless it is a phase as a whole or metadata.
    pub package: Option<PackageId>,
    /// The name of the package whose metadata it is, not yet printable.
    pub metadata: Option<String>,
    /// The host that is to answer, where it is told.
    pub host: Option<Arc<str>>,
    /// The phase it is part of.
    pub phase: Phase,
    /// When this stage of it began, microseconds since the run began.
    pub since: u64,
    /// What happens to it, such as `waits for an extract worker`.
    pub stage: &'static str,
    /// Attempts that failed.
    pub retries: u32,
}

impl Model {
    /// The oldest unfinished work, at most `most` of it. Empty when nothing is under way.
    ///
    /// A package that is being worked on counts before one that only waits for a worker; a phase counts where none of
    /// its packages does.
    #[must_use]
    pub fn unfinished(&self, most: usize) -> Vec<Unfinished> {
        if self.outcome.is_some() || self.events == 0 {
            return Vec::new();
        }
        let mut work: Vec<Unfinished> = self
            .in_flight()
            .into_iter()
            .map(|(id, since, package)| {
                let stage = match (package.state, package.bytes) {
                    (PackageState::Retrying, _) => "waits to try again",
                    (_, 0) => "waits for the first byte",
                    _ => "downloads",
                };
                Unfinished {
                    package: Some(id),
                    metadata: None,
                    host: package.host.clone(),
                    phase: Phase::Download,
                    since,
                    stage,
                    retries: package.retries,
                }
            })
            .collect();
        for (pool, stage) in [(Pool::Extract, "is unpacked"), (Pool::Link, "is linked")] {
            work.extend(self.lanes(pool).filter_map(|(_, lane)| lane.task).map(|task| Unfinished {
                package: Some(task.package),
                metadata: None,
                host: None,
                phase: task.phase,
                since: task.since,
                stage,
                retries: self.package(task.package).map_or(0, |package| package.retries),
            }));
        }
        work.extend(self.metadata().under_way().map(|(name, request)| Unfinished {
            package: None,
            metadata: Some(name.to_owned()),
            host: request.host.clone(),
            phase: Phase::Resolve,
            since: request.since,
            stage: "has no answer",
            retries: request.attempt.saturating_sub(1),
        }));
        if work.is_empty() {
            work.extend(Phase::ALL.into_iter().filter_map(|phase| {
                let state = self.phase(phase);
                let since = state.started.filter(|_| state.status == PhaseStatus::Running)?;
                Some(Unfinished {
                    package: None,
                    metadata: None,
                    host: None,
                    phase,
                    since,
                    stage: "is under way",
                    retries: 0,
                })
            }));
        }
        work.sort_by_key(|unfinished| (unfinished.since, unfinished.package));
        work.truncate(most);
        work
    }

    /// A sample that says that nothing came is no news.
    pub(super) fn is_news(&self, kind: &EventKind) -> bool {
        let EventKind::NetworkSample { received, .. } = kind else { return true };
        self.network().latest().is_none_or(|before| *received > before.received)
    }

    /// How long nothing happened in the run at `now`, microseconds.
    #[must_use]
    pub fn silence_us(&self, now: u64) -> u64 {
        if self.outcome.is_some() { 0 } else { now.saturating_sub(self.news_at) }
    }
}
