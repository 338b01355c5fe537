//! The critical path of a run that ended: the chain of work, each piece waiting for the one before, that set its wall
//! time.
//!
//! It is read off backwards: the last phases, the slot that was complete last, what it had to wait for (in the deferred
//! pass: the download that ended last), that package's download, and what came before all downloads.

use crate::core::event::{LinkMode, LinkPass, PackageId, Phase};
use crate::core::model::fold::Model;
use crate::core::model::package::Package;

/// A piece of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// When it began, microseconds since the run began.
    pub from: u64,
    /// When it ended.
    pub to: u64,
    /// The phase it is part of.
    pub phase: Phase,
    /// What happened, such as `body`, `waits for a permit`.
    pub what: &'static str,
    /// The package it happened to.
    pub package: Option<PackageId>,
}

impl Step {
    /// How long it took, microseconds.
    #[must_use]
    pub fn duration_us(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }
}

impl Model {
    /// The chain that set the wall time, first piece first, pieces of no length left out; empty while the run is under
    /// way. Its pieces follow each other without overlap and cover the run up to short pauses between phases.
    #[must_use]
    pub fn critical_path(&self) -> Vec<Step> {
        if self.outcome.is_none() {
            return Vec::new();
        }
        let mut chain = Chain { steps: Vec::new(), until: self.wall_us() };
        for phase in [Phase::State, Phase::Build, Phase::Bins] {
            chain.phase(self, phase);
        }
        if let Some((id, package)) = self.lost() {
            let what = if package.retries > 0 { "attempts that failed" } else { "is asked for" };
            chain.up_to(package.timings.fetch_started, Phase::Download, what, Some(id));
        } else if self.verified_last() {
            chain.phase(self, Phase::Verify);
        } else if let Some((id, package)) = self.last_slot() {
            let timings = &package.timings;
            let phase = if package.pass == Some(LinkPass::Warm) { Phase::LinkWarm } else { Phase::LinkCold };
            chain.back(timings.imported, timings.link_us, phase, "links", Some(id));
            if phase == Phase::LinkWarm {
                let began = self.phase(phase).started;
                chain.up_to(began, phase, "waits for a link worker", None);
            } else {
                let gate = match self.knobs().link_mode {
                    Some(LinkMode::Deferred) | None => self.last_fetched(),
                    Some(LinkMode::Inline | LinkMode::Pipelined) => Some((id, package)),
                };
                if let Some((id, package)) = gate {
                    chain.up_to(package.timings.fetched, phase, "waits for a link worker", None);
                    chain.download(id, package);
                }
            }
        } else if let Some((id, package)) = self.last_fetched() {
            chain.download(id, package);
        }
        chain.phase(self, Phase::Resolve);
        chain.steps.reverse();
        chain.steps
    }

    /// The package that could not be fetched, for which the run failed.
    fn lost(&self) -> Option<(PackageId, &Package)> {
        let id = self.failure()?.package?;
        let package = self.package(id)?;
        (package.timings.fetched.is_none() && package.timings.fetch_started.is_some())
            .then_some((id, package))
    }

    /// The check of the lockfile, which runs beside downloads and links, ended after all of them.
    fn verified_last(&self) -> bool {
        let slot = self.last_slot().and_then(|(_, package)| package.timings.imported);
        let fetched = self.last_fetched().and_then(|(_, package)| package.timings.fetched);
        self.phase(Phase::Verify).finished.is_some_and(|ended| ended >= slot.max(fetched).unwrap_or(0))
    }

    fn last_slot(&self) -> Option<(PackageId, &Package)> {
        self.packages()
            .filter(|(_, package)| package.timings.imported.is_some())
            .max_by_key(|(id, package)| (package.timings.imported, *id))
    }

    fn last_fetched(&self) -> Option<(PackageId, &Package)> {
        self.packages()
            .filter(|(_, package)| package.timings.fetched.is_some())
            .max_by_key(|(id, package)| (package.timings.fetched, *id))
    }
}

/// The chain, built from its end.
struct Chain {
    steps: Vec<Step>,
    /// Where the part that is explained begins.
    until: u64,
}

impl Chain {
    /// A piece that ended at `to` (or where the explained part begins, if that is earlier) and took so long.
    fn back(
        &mut self,
        to: Option<u64>,
        took: u64,
        phase: Phase,
        what: &'static str,
        package: Option<PackageId>,
    ) {
        let to = to.unwrap_or(self.until).min(self.until);
        let from = to.saturating_sub(took);
        if to > from {
            self.steps.push(Step { from, to, phase, what, package });
        }
        self.until = from;
    }

    /// A wait from a moment up to the explained part.
    fn up_to(&mut self, from: Option<u64>, phase: Phase, what: &'static str, package: Option<PackageId>) {
        if let Some(from) = from.filter(|from| *from < self.until) {
            let to = self.until;
            self.steps.push(Step { from, to, phase, what, package });
            self.until = from;
        }
    }

    fn phase(&mut self, model: &Model, phase: Phase) {
        let state = model.phase(phase);
        if let (Some(started), Some(finished)) = (state.started, state.finished) {
            let finished = finished.min(self.until);
            self.back(Some(finished), finished.saturating_sub(started), phase, "runs", None);
        }
    }

    fn download(&mut self, id: PackageId, package: &Package) {
        let timings = &package.timings;
        let id = Some(id);
        self.back(timings.fetched, timings.extract_us, Phase::Extract, "is unpacked", id);
        self.back(None, timings.extract_queue_us, Phase::Extract, "waits for an extract worker", id);
        self.back(timings.downloaded, timings.body_us, Phase::Download, "body", id);
        self.back(None, timings.first_byte_us, Phase::Download, "first byte", id);
        // Attempts that failed, and the waits between them.
        let before = if package.retries > 0 { "attempts that failed" } else { "is asked for" };
        self.up_to(timings.fetch_started, Phase::Download, before, id);
        self.back(None, timings.queue_us, Phase::Download, "waits for a permit", id);
    }
}
