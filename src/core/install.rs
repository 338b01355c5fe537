//! The conductor: an install from its first event to its last, phase by phase.
//!
//! It decides the order of things and nothing else; what a phase does stands in the modules it calls.

mod bins;
mod direct;
mod error;
mod existing;
mod importers;
mod inputs;
mod last_links;
mod leftover;
mod link_jobs;
mod local;
mod materialise;
mod refusal;
mod repeat;
mod selection;
mod settings_record;
mod setup;
mod state;
mod work;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::core::clock::unix_millis;
use crate::core::config::Config;
use crate::core::control::Controls;
use crate::core::emit::Emitter;
use crate::core::event::{
    EVENT_VERSION, EventKind, ImportMethod, Knobs, LaneCounts, Outcome, PackageId, Phase, Planned,
    RunFinished, RunStarted, Totals,
};
use crate::core::fetch::Fetcher;
use crate::core::manifest::Manifest;
use crate::core::meter::Meters;
use crate::core::packlist::PackedFolder;
use crate::core::plan::{Graph, Selection};
use crate::core::store::index;

pub use error::InstallError;
use existing::{Existing, Verdict};
use inputs::Inputs;
use materialise::{Done, Materialise, Split};
pub use refusal::tell_refusal;
use selection::Selector;
use setup::{Setup, Tools};
use work::{Origin, Work};

/// An install that is about to run.
pub struct Install {
    /// The settings.
    pub config: Config,
    /// What listeners may ask of it.
    pub controls: Controls,
    /// Who is told.
    pub emitter: Emitter,
}

/// How a run went: what its last event tells, and the error itself.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it ended well.
    pub error: Option<InstallError>,
}

fn processors() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX))
}

/// What a run has gathered so far, whether it ends well or not.
struct Gathered {
    totals: Totals,
    method: ImportMethod,
}

impl Install {
    /// Runs the install to its end. Tells `run_started` first and `run_finished` last, whatever happens between.
    #[must_use]
    pub fn run(self) -> Finished {
        let meters = Meters::new(self.emitter.clone());
        let mut gathered = Gathered {
            totals: Totals::default(),
            method: *self.config.import_method,
        };
        self.tell_start();
        let result = self.restore(&meters, &mut gathered);
        let (outcome, error) = match result {
            Ok(outcome) => (outcome, None),
            Err(error) => {
                let now = self.emitter.now();
                for phase in Phase::ALL {
                    meters.cut_short(phase, now);
                }
                let cancelled = matches!(error, InstallError::Cancelled(_));
                (
                    if cancelled {
                        Outcome::Cancelled
                    } else {
                        Outcome::Failed
                    },
                    Some(error),
                )
            }
        };
        self.tell_end(&meters, &gathered, outcome, error.as_ref());
        Finished { outcome, error }
    }

    /// Restores what the lockfile says.
    #[expect(
        clippy::too_many_lines,
        reason = "the phases of a run read best one after the other"
    )]
    fn restore(&self, meters: &Meters, gathered: &mut Gathered) -> Result<Outcome, InstallError> {
        // Resolve: what there is to do.
        meters.begin(Phase::Resolve, 0);
        if let Some(nothing) = inputs::selects_nothing(&self.config)? {
            self.warn(nothing, None, &mut gathered.totals);
            meters.task(Phase::Resolve, 0, self.emitter.now());
            meters.finish(Phase::Resolve, None);
            return Ok(Outcome::UpToDate);
        }
        let read_at_ms = unix_millis();
        if self.is_repeat(meters) {
            return Ok(Outcome::UpToDate);
        }
        let setup = Setup::start(&self.config, &self.emitter, meters)?;
        let mut selector = Selector::start(&self.config);
        let inputs = inputs::read(&self.config)?;
        let mut graph = Graph::new(&inputs.lockfile)?;
        graph.keep_importers(&inputs.lockfile, &inputs.importers);
        let selection = selector.select(&inputs.lockfile, &graph, &inputs.importers)?;
        let work = Arc::new(Work::plan(&self.config, &inputs.lockfile, &graph, &selection)?);
        work.announcements(&inputs.lockfile, &selection)
            .for_each(|event| self.emitter.emit(event));
        self.emitter.emit(importers::announcement(&inputs, &graph, &work));
        self.warn_of_settings(&inputs, &mut gathered.totals);
        self.warn_of_checks(&selection, &work, &mut gathered.totals);
        let installed = inputs.installed();
        let mut existing = Existing::read(&self.config, &installed, matches!(installed, Cow::Borrowed(_)));
        self.make_room(&mut existing, &mut gathered.totals)?;
        let Tools {
            runtime,
            fetcher,
            linker,
            link_pool,
        } = setup.finish(&self.config)?;
        let folders = local::look(&work, &inputs.lockfile, &selection)?;
        let verdicts = existing.judge(
            &self.config,
            &inputs.lockfile,
            &graph,
            &selection,
            &work,
            &linker,
            &folders,
        );
        let split = self.split(
            &fetcher,
            &work,
            &verdicts,
            &selection,
            folders,
            &mut gathered.totals,
        )?;
        let is_unchanged = existing.is_unchanged(&self.config, &verdicts);
        meters.task(Phase::Resolve, 0, self.emitter.now());
        meters.finish(Phase::Resolve, None);

        // What is not as it should be goes, and with it what says that all is well.
        if !is_unchanged {
            existing::forget(&self.config)?;
            leftover::remove_links(&self.config, &existing, &installed, &inputs.lockfile)?;
        }
        existing.mend(&work, &linker, &verdicts)?;

        // Warm link, download, extract, cold link.
        let materialise = Materialise {
            work: Arc::clone(&work),
            fetcher: Arc::clone(&fetcher),
            linker: Arc::clone(&linker),
            link_pool: link_pool.clone(),
            controls: self.controls.clone(),
            link_mode: *self.config.link_mode,
            verify_store: *self.config.verify_store_integrity,
        };
        let mut done = Done::default();
        let outcome = runtime.block_on(materialise.run(split, &mut done));
        // Waits for nothing: a name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        gathered.method = linker.placement.method();
        gathered.take(&done);
        outcome?;

        // Direct dependencies, hoisting, executables.
        let started = self.emitter.now();
        meters.begin(Phase::Bins, started);
        let moved = direct::link(&self.config, &inputs, &graph, &work, &linker, &done.dropped)?;
        self.warn_of_moves(&moved, &mut gathered.totals);
        meters.task(Phase::Bins, started, self.emitter.now());
        let bins = bins::Bins {
            config: &self.config,
            lockfile: &inputs.lockfile,
            importers: &inputs.importers,
            selected: &inputs.selected,
            workspace: &inputs.workspace,
            graph: &graph,
            work: &work,
            linker: &linker,
            dropped: &done.dropped,
        };
        let lanes = self.controls.knobs().link_threads;
        let linked = bins.link(&link_pool, lanes, meters)?;
        let hoisted = state::hoisted(&linked.hoisting, &inputs.lockfile);
        leftover::remove_hoisted_executables(&self.config, &existing, &hoisted, &linked.plan)?;
        let warnings = linked.warnings.into_iter();
        warnings.for_each(|message| self.warn(message, None, &mut gathered.totals));
        meters.finish(Phase::Bins, Some(lanes));

        // State: what the next install reads.
        let mut hoisted = state::hoisted(&linked.hoisting, &inputs.lockfile);
        if inputs.selected.len() < inputs.importers.len() {
            existing.keep_hoisted(&mut hoisted);
        }
        let started = self.emitter.now();
        meters.begin(Phase::State, started);
        fetcher.index.finish()?;
        let outcome = state::Outcome {
            config: &self.config,
            inputs: &inputs,
            installed: &installed,
            selection: &selection,
            work: &work,
            done: &done,
            existing: &existing,
            hoisted,
            read_at_ms,
        };
        outcome.save()?;
        if let Some(late) = selector.select_late(&inputs.lockfile, &graph, &inputs.importers)? {
            self.warn_of_checks(&late, &work, &mut gathered.totals);
        }
        self.tell_builds(&work, &done, &mut gathered.totals);
        meters.task(Phase::State, started, self.emitter.now());
        meters.finish(Phase::State, None);
        Ok(if is_unchanged {
            Outcome::UpToDate
        } else {
            Outcome::Done
        })
    }

    /// Whether nothing has changed since the last install.
    fn is_repeat(&self, meters: &Meters) -> bool {
        let is_up_to_date = repeat::is_up_to_date(&self.config);
        if is_up_to_date {
            meters.task(Phase::Resolve, 0, self.emitter.now());
            meters.finish(Phase::Resolve, None);
        }
        is_up_to_date
    }

    /// Takes away a tree that was made in another way.
    fn make_room(&self, existing: &mut Existing, totals: &mut Totals) -> Result<(), InstallError> {
        if let Some(difference) = existing.make_room(&self.config)? {
            let message = format!("node_modules was made with another {difference}; it is made anew");
            self.warn(message, None, totals);
        }
        Ok(())
    }

    fn warn_of_moves(&self, moved: &[PathBuf], totals: &mut Totals) {
        for path in moved {
            let message = format!(
                "a folder stood where a dependency goes; it was moved to {}",
                path.display()
            );
            self.warn(message, None, totals);
        }
    }

    /// Splits the work: in place already, in the store, to be downloaded.
    fn split(
        &self,
        fetcher: &Fetcher,
        work: &Work,
        verdicts: &[Verdict],
        selection: &Selection,
        folders: Vec<Option<PackedFolder>>,
        totals: &mut Totals,
    ) -> Result<Split, InstallError> {
        let mut todo: Vec<Vec<usize>> = vec![Vec::new(); work.sources.len()];
        for ((position, planned), verdict) in work.slots.iter().enumerate().zip(verdicts) {
            match verdict {
                Verdict::Stays | Verdict::Relinked(_) => totals.in_place += 1,
                Verdict::Replaced | Verdict::Filled => todo[planned.source].push(position),
            }
        }
        let wanted = || {
            work.sources.iter().zip(&todo).filter(|(source, slots)| {
                !slots.is_empty() && matches!(source.origin, Origin::Tarball { .. })
            })
        };
        let keys: Vec<&str> = wanted().map(|(source, _)| source.key.as_str()).collect();
        let mut rows = index::read(&fetcher.store.index_path(), &keys)?;
        let (mut warm, mut local, mut cold) = (Vec::new(), Vec::new(), Vec::new());
        let mut planned = Planned::default();
        let listed = todo.iter().zip(folders).enumerate();
        for (position, (slots, folder)) in listed.filter(|(_, (slots, _))| !slots.is_empty()) {
            let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
            if let Some(folder) = folder {
                planned.warm += count;
                local.push((position, folder));
            } else if let Some(row) = rows.remove(work.sources[position].key.as_str()) {
                planned.warm += count;
                warm.push((position, row));
            } else {
                planned.cold += count;
                planned.downloads += 1;
                cold.push(position);
            }
        }
        planned.skipped = u32::try_from(selection.skipped.len()).unwrap_or(u32::MAX);
        planned.in_place = u32::try_from(totals.in_place).unwrap_or(u32::MAX);
        planned.packages = u32::try_from(work.slots.len())
            .unwrap_or(u32::MAX)
            .saturating_add(planned.skipped);
        totals.packages = planned.packages.into();
        totals.skipped = planned.skipped.into();
        self.emitter.emit(EventKind::Planned(planned));
        Ok(Split {
            warm,
            local,
            cold,
            todo,
        })
    }

    fn warn_of_settings(&self, inputs: &Inputs, totals: &mut Totals) {
        let of_projects = inputs.workspace.warnings.iter().chain(&inputs.warnings);
        for message in self.config.warnings.iter().chain(of_projects) {
            self.warn(message.clone(), None, totals);
        }
    }

    /// Warns of packages that are installed though they do not fit this machine.
    fn warn_of_checks(&self, selection: &Selection, work: &Work, totals: &mut Totals) {
        for check in &selection.warnings {
            self.warn(
                check.message.clone(),
                work.slot_of(check.index).map(|slot| slot.package),
                totals,
            );
        }
    }

    fn warn(&self, message: String, package: Option<PackageId>, totals: &mut Totals) {
        self.emitter.emit(EventKind::Warning {
            code: None,
            message,
            package,
        });
        totals.warnings += 1;
    }

    /// Says which packages ask for a build: scripts are not run by this version.
    fn tell_builds(&self, work: &Work, done: &Done, totals: &mut Totals) {
        if *self.config.ignore_scripts || done.wants_build.is_empty() {
            return;
        }
        let mut names: Vec<&str> = done
            .wants_build
            .iter()
            .map(|package| work.slots[package.index()].label.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        let message = format!(
            "build scripts are not run by this version of pacwatch; these packages have some: {}",
            names.join(", ")
        );
        self.warn(message, None, totals);
    }

    fn tell_start(&self) {
        let knobs = self.controls.knobs();
        let narrow = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let host = crate::core::plan::host();
        let name = Manifest::read(&self.config.project_dir)
            .ok()
            .and_then(|manifest| manifest.name);
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
            link_mode: *self.config.link_mode,
            settings: self.config.settings(),
        }));
        self.emitter.emit_at(0, started);
    }

    fn tell_end(&self, meters: &Meters, gathered: &Gathered, outcome: Outcome, error: Option<&InstallError>) {
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
                failure: error
                    .filter(|_| outcome == Outcome::Failed)
                    .map(InstallError::failure),
                wall_us,
                phases,
                totals: gathered.totals,
                knobs: Knobs {
                    network_concurrency: knobs.network_concurrency,
                    extract_threads: knobs.extract_threads,
                    link_threads: knobs.link_threads,
                    link_mode: *self.config.link_mode,
                    import_method: gathered.method,
                },
            })),
        );
    }
}

impl Gathered {
    fn take(&mut self, done: &Done) {
        let Totals {
            fetched,
            found_in_store,
            imported,
            skipped,
            files,
            bytes_downloaded,
            bytes_unpacked,
            retries,
            warnings,
            ..
        } = done.totals;
        let totals = &mut self.totals;
        totals.fetched = fetched;
        totals.found_in_store = found_in_store;
        totals.imported = imported;
        totals.skipped += skipped;
        totals.files = files;
        totals.bytes_downloaded = bytes_downloaded;
        totals.bytes_unpacked = bytes_unpacked;
        totals.retries = retries;
        totals.warnings += warnings;
    }
}
