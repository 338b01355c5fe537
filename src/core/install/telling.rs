//! What a run tells besides its work: its beginning and end, and warnings.

use std::path::{Path, PathBuf};

use super::inputs::Inputs;
use super::materialise::Done;
use super::numbers::Numbers;
use super::work::Work;
use super::{Gathered, Install, InstallError};
use crate::core::clock::unix_millis;
use crate::core::emit::Emitter;
use crate::core::event::{
    EVENT_VERSION, EventKind, Failure, ImportMethod, Knobs, LaneCounts, LinkMode, Outcome, PackageId, Phase,
    RunFinished, RunStarted, SkipReason, Totals,
};
use crate::core::manifest::Manifest;
use crate::core::meter::Meters;
use crate::core::plan::Selection;

/// Tells of a run that ended before it began, because its settings cannot be used.
pub fn tell_refusal(emitter: &Emitter, project_dir: &Path, failure: Failure) {
    let host = crate::core::plan::host();
    let started = EventKind::RunStarted(Box::new(RunStarted {
        v: EVENT_VERSION,
        pacwatch: env!("CARGO_PKG_VERSION").to_owned(),
        command: "install".to_owned(),
        project_dir: project_dir.display().to_string(),
        project_name: None,
        started_at_ms: unix_millis().saturating_sub(emitter.now() / 1000),
        platform: format!("{} {}", host.os, host.cpu),
        processors: processors(),
        lanes: LaneCounts::default(),
        link_mode: LinkMode::Deferred,
        settings: Vec::new(),
    }));
    emitter.emit_at(0, started);
    emitter.emit(EventKind::RunFinished(Box::new(RunFinished {
        outcome: Outcome::Failed,
        failure: Some(failure),
        wall_us: emitter.now(),
        phases: Vec::new(),
        totals: Totals::default(),
        knobs: Knobs {
            network_concurrency: 0,
            extract_threads: 0,
            link_threads: 0,
            link_mode: LinkMode::Deferred,
            import_method: ImportMethod::Auto,
        },
    })));
}

fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

impl Install {
    pub(super) fn warn_of_moves(&self, moved: &[PathBuf], totals: &mut Totals) {
        for path in moved {
            let message =
                format!("a folder stood where a dependency goes; it was moved to {}", path.display());
            self.warn(message, None, totals);
        }
    }

    pub(super) fn warn_of_settings(&self, inputs: &Inputs, totals: &mut Totals) {
        let of_projects = inputs.workspace.warnings.iter().chain(&inputs.warnings);
        for message in self.config.warnings.iter().chain(of_projects) {
            self.warn(message.clone(), None, totals);
        }
    }

    /// Tells of packages that were resolved and are not needed after all. Gives their number.
    pub(super) fn tell_unplaced(&self, numbers: &mut Numbers) -> u64 {
        let unplaced = numbers.take_unplaced();
        let count = unplaced.len() as u64;
        for package in unplaced {
            self.emitter.emit(EventKind::Skipped {
                package,
                reason: SkipReason::Unreachable,
                detail: "nothing depends on it in the end".to_owned(),
            });
        }
        count
    }

    /// Warns of packages that are installed though they do not fit this machine.
    pub(super) fn warn_of_checks(&self, selection: &Selection, work: &Work, totals: &mut Totals) {
        for check in &selection.warnings {
            self.warn(check.message.clone(), work.slot_of(check.index).map(|slot| slot.package), totals);
        }
    }

    pub(super) fn warn(&self, message: String, package: Option<PackageId>, totals: &mut Totals) {
        self.emitter.emit(EventKind::Warning { code: None, message, package });
        totals.warnings += 1;
    }

    /// Says which packages ask for a build: scripts are not run by this version.
    pub(super) fn tell_builds(&self, work: &Work, done: &Done, totals: &mut Totals) {
        if *self.config.ignore_scripts || done.wants_build.is_empty() {
            return;
        }
        let mut names: Vec<&str> =
            done.wants_build.iter().map(|slot| work.slots[*slot].label.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let message = format!(
            "build scripts are not run by this version of pacwatch; these packages have some: {}",
            names.join(", ")
        );
        self.warn(message, None, totals);
    }

    pub(super) fn tell_start(&self) {
        let knobs = self.controls.knobs();
        let narrow = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let host = crate::core::plan::host();
        let name = Manifest::read(&self.config.project_dir).ok().and_then(|manifest| manifest.name);
        // The run began when its clock did, and so does its first phase.
        let started = EventKind::RunStarted(Box::new(RunStarted {
            v: EVENT_VERSION,
            pacwatch: env!("CARGO_PKG_VERSION").to_owned(),
            command: "install".to_owned(),
            project_dir: self.config.project_dir.display().to_string(),
            project_name: name,
            started_at_ms: unix_millis().saturating_sub(self.emitter.now() / 1000),
            platform: format!("{} {}", host.os, host.cpu),
            processors: processors(),
            lanes: LaneCounts {
                network: narrow(knobs.network_concurrency),
                extract: narrow(knobs.extract_threads),
                link: narrow(knobs.link_threads),
            },
            link_mode: knobs.link_mode,
            settings: self.config.settings(),
        }));
        self.emitter.emit_at(0, started);
    }

    pub(super) fn tell_end(
        &self,
        meters: &Meters,
        gathered: &Gathered,
        outcome: Outcome,
        error: Option<&InstallError>,
    ) {
        let knobs = self.controls.knobs();
        let workers = |phase: Phase| match phase {
            Phase::Download => Some(knobs.network_concurrency),
            Phase::Extract => Some(knobs.extract_threads),
            Phase::LinkWarm | Phase::LinkCold | Phase::Bins => Some(knobs.link_threads),
            _ => None,
        };
        let mut phases: Vec<_> = Phase::ALL
            .into_iter()
            .filter(|phase| meters.has_begun(*phase))
            .map(|phase| {
                // A phase that an error cut short is over too.
                meters.finish(phase, workers(phase));
                meters.totals(phase, workers(phase))
            })
            .collect();
        phases.sort_by_key(|totals| totals.started_us);
        let wall_us = self.emitter.now();
        self.emitter.emit_at(
            wall_us,
            EventKind::RunFinished(Box::new(RunFinished {
                outcome,
                // Who asked a run to stop need not be told why it did.
                failure: error.filter(|_| outcome == Outcome::Failed).map(InstallError::failure),
                wall_us,
                phases,
                totals: gathered.totals,
                knobs: Knobs {
                    network_concurrency: knobs.network_concurrency,
                    extract_threads: knobs.extract_threads,
                    link_threads: knobs.link_threads,
                    link_mode: knobs.link_mode,
                    import_method: gathered.method,
                },
            })),
        );
    }
}
