//! The conductor: an install from its first event to its last, phase by phase.
//!
//! It decides the order of things and nothing else; what a phase does stands in the modules it calls.

mod ahead;
mod announce;
mod bins;
mod changing;
mod course;
mod damage;
mod deciding;
mod dedupe;
mod direct;
mod drafts;
mod each;
mod error;
mod existing;
mod importers;
mod inputs;
mod last_links;
mod leftover;
mod link_jobs;
mod local;
mod materialise;
mod numbers;
mod others;
mod repeat;
mod resolving;
mod reuse;
mod rewriting;
mod selection;
mod settings_record;
mod setup;
mod side_effects;
mod split;
mod state;
mod telling;
mod turning;
mod verifying;
mod work;
mod young;

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;

use crate::core::change::Changes;
use crate::core::clock::unix_millis;
use crate::core::config::Config;
use crate::core::control::Controls;
use crate::core::emit::Emitter;
use crate::core::event::{EventKind, ImportMethod, Outcome, Phase, Planned, Totals};
use crate::core::fetch::Fetcher;
use crate::core::link::Linker;
use crate::core::lockfile::{Draft, Lockfile};
use crate::core::meter::Meters;
use crate::core::plan::{Graph, Selection};
use crate::core::pool::LanePool;
use crate::core::resolve::peers::PeerIssuesError;
use crate::core::state::HoistedDependencies;
use crate::core::verify::Verification;

use ahead::UnderWay;
pub use changing::{Change, Place};
use deciding::Decided;
use dedupe::Deduped;
use drafts::Drafts;
pub use error::InstallError;
use existing::{Existing, Verdict};
use inputs::Inputs;
use materialise::{Done, Materialise};
use numbers::Numbers;
use selection::Selector;
use setup::{Setup, Tools};
use split::Split;
pub use telling::tell_refusal;
use work::Work;

/// An install that is about to run.
pub struct Install {
    /// The settings.
    pub config: Config,
    /// What listeners may ask of it.
    pub controls: Controls,
    /// Who is told.
    pub emitter: Emitter,
    /// What is to be changed in manifests first.
    pub change: Option<Change>,
}

/// How a run went: what its last event tells, and the error itself.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it ended well.
    pub error: Option<InstallError>,
}

/// What was found out about an install, and the tools for it.
struct Plan<'a> {
    graph: Graph<'a>,
    selection: Selection,
    work: Arc<Work>,
    /// The part of the lockfile that the install is about.
    installed: Cow<'a, Lockfile>,
    existing: Existing,
    /// What becomes of each slot, by its position.
    verdicts: Vec<Verdict>,
    is_unchanged: bool,
    fetcher: Arc<Fetcher>,
    linker: Arc<Linker>,
    link_pool: LanePool,
}

/// What resolution has told and begun already.
#[derive(Default)]
struct Known {
    numbers: Numbers,
    under_way: UnderWay,
    /// Optional dependencies that could not be resolved.
    unresolved: u64,
    /// Versions were taken that the policies would not accept in a lockfile.
    violates_policies: bool,
    /// Issues with peers that are to be an error, once everything is in place.
    issues: Option<PeerIssuesError>,
}

/// What a run has gathered so far, whether it ends well or not.
struct Gathered {
    totals: Totals,
    method: ImportMethod,
    /// When the project that is under way was begun, microseconds since the run began.
    since: u64,
    /// Numbers that were given to packages.
    numbered: u32,
    planned: Planned,
    /// Versions that were taken though they are too young.
    excluded: Vec<String>,
}

impl Install {
    /// Runs the install to its end. Tells `run_started` first and `run_finished` last, whatever happens between.
    #[must_use]
    pub fn run(self) -> Finished {
        let meters = Meters::new(self.emitter.clone());
        let mut gathered = Gathered::new(*self.config.import_method);
        self.tell_start();
        let result = if self.config.lockfile_per_project {
            self.install_each(&meters, &mut gathered)
        } else {
            self.install(&meters, &mut gathered)
        };
        meters.release();
        let (outcome, error) = match result {
            Ok(outcome) => (outcome, None),
            Err(error) => {
                let now = self.emitter.now();
                for phase in Phase::ALL {
                    meters.cut_short(phase, now);
                }
                let cancelled = matches!(error, InstallError::Cancelled(_));
                (if cancelled { Outcome::Cancelled } else { Outcome::Failed }, Some(error))
            }
        };
        self.tell_end(&meters, &gathered, outcome, error.as_ref());
        Finished { outcome, error }
    }

    /// Finds out what is to be in place, and puts it there, phase by phase.
    fn install(&self, meters: &Meters, gathered: &mut Gathered) -> Result<Outcome, InstallError> {
        meters.begin(Phase::Resolve, gathered.since);
        let read_at_ms = unix_millis();
        if self.has_nothing_to_do(meters, gathered)? {
            return Ok(Outcome::UpToDate);
        }
        let setup = Setup::start(&self.config, &self.emitter, meters)?;
        let mut selector = Selector::start(&self.config);
        let mut decided = self.decide(setup, &mut selector, meters, gathered)?;
        let issues = decided.known.issues.take();
        if self.config.lockfile_only {
            gathered.numbered = decided.known.numbers.next();
            let is_written = self.write_decided(decided, meters)?;
            meters.task(Phase::Resolve, gathered.since, self.emitter.now());
            meters.finish(Phase::Resolve, None);
            issues.map_or(Ok(()), Err)?;
            return Ok(if is_written { Outcome::Done } else { Outcome::UpToDate });
        }
        let Decided { inputs, is_new, setup, known, changes, verification } = decided;
        let inputs = &inputs;
        let keeps_policies = !known.violates_policies;
        let (plan, split, tools) = self.plan(inputs, !is_new, &mut selector, setup, known, gathered)?;
        let mut verification = verification.unwrap_or_else(|| self.verify(&inputs.lockfile, &tools, meters));
        meters.task(Phase::Resolve, gathered.since, self.emitter.now());
        meters.finish(Phase::Resolve, None);

        let path = is_new.then(|| self.lockfile_path());
        let compose = || Drafts::compose(path.as_deref(), &inputs.lockfile, &plan.existing.expected);
        let (done, hoisted, drafts) = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("drafts".into());
            let composing = thread.spawn_scoped(scope, compose).map_err(InstallError::Runtime)?;
            self.clear(inputs, &plan)?;
            let done = self.materialise(&plan, split, tools.runtime, &mut verification, gathered)?;
            let hoisted = self.link_last(inputs, &plan, &done, meters, gathered)?;
            let drafts = composing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok::<_, InstallError>((done, hoisted, drafts))
        })?;

        let started = self.emitter.now();
        meters.begin(Phase::State, started);
        plan.fetcher.index.finish()?;
        self.save_side_effects(&plan.work, &plan.linker, &mut selector)?;
        // Only now: a lockfile must not speak of what could not be installed.
        let Drafts { lockfile: draft, current: expected } = drafts?;
        let is_written = self.write_lockfile(inputs, draft, keeps_policies)?;
        let is_changed = changes.as_ref().map_or(Ok(false), Changes::save)?;
        let state = state::Outcome {
            config: &self.config,
            inputs,
            installed: &plan.installed,
            selection: &plan.selection,
            work: &plan.work,
            done: &done,
            existing: &plan.existing,
            hoisted,
            read_at_ms,
            expected: &expected,
            lockfile_written: is_written || is_changed,
        };
        state.save()?;
        if let Some(late) = selector.select_late(&inputs.lockfile, &plan.graph, &inputs.importers)? {
            self.warn_of_checks(&late, &plan.work, &mut gathered.totals);
        }
        self.tell_builds(&plan.work, &done, &mut gathered.totals);
        meters.task(Phase::State, started, self.emitter.now());
        meters.finish(Phase::State, None);
        issues.map_or(Ok(()), Err)?;
        Ok(if plan.is_unchanged && !is_written && !is_changed { Outcome::UpToDate } else { Outcome::Done })
    }

    fn lockfile_path(&self) -> PathBuf {
        self.config.lockfile_dir.join(Lockfile::FILE_NAME)
    }

    /// Puts the lockfile in place, if it is a new one, and tells of it. Says whether it was another before.
    fn write_lockfile(
        &self,
        inputs: &Inputs,
        draft: Option<Draft>,
        keeps_policies: bool,
    ) -> Result<bool, InstallError> {
        let Some(draft) = draft else { return Ok(false) };
        let is_written = draft.put()?;
        if is_written {
            let packages = u32::try_from(inputs.lockfile.packages.len()).unwrap_or(u32::MAX);
            let path = self.lockfile_path().display().to_string();
            self.emitter.emit(EventKind::LockfileWritten { path, packages });
        }
        if keeps_policies {
            self.remember(&inputs.lockfile);
        }
        Ok(is_written)
    }

    /// Whether the install is about nothing, or nothing has changed since the last one. The phase is over then.
    fn has_nothing_to_do(&self, meters: &Meters, gathered: &mut Gathered) -> Result<bool, InstallError> {
        let nothing = inputs::selects_nothing(&self.config)?;
        // What is to be changed is not on disk yet, so that nothing looks changed.
        let is_repeat = self.change.is_none() && repeat::is_up_to_date(&self.config);
        let is_over = nothing.is_some() || is_repeat;
        if let Some(why) = nothing {
            self.warn(why, None, &mut gathered.totals);
        }
        if is_over {
            meters.task(Phase::Resolve, gathered.since, self.emitter.now());
            meters.finish(Phase::Resolve, None);
        }
        Ok(is_over)
    }

    /// What there is to do.
    fn plan<'a>(
        &self,
        inputs: &'a Inputs,
        is_on_disk: bool,
        selector: &mut Selector<'_>,
        setup: Setup,
        known: Known,
        gathered: &mut Gathered,
    ) -> Result<(Plan<'a>, Split, Tools), InstallError> {
        let Known { mut numbers, under_way, unresolved, .. } = known;
        let (config, lockfile) = (&self.config, &inputs.lockfile);
        let mut graph = Graph::new(lockfile)?;
        graph.keep_importers(lockfile, &inputs.importers);
        let selection = selector.select(lockfile, &graph, &inputs.importers)?;
        let work = Arc::new(Work::plan(config, lockfile, &graph, &selection, &inputs.patches, &mut numbers)?);
        work.announcements(lockfile, &selection).for_each(|event| self.emitter.emit(event));
        let unplaced = self.tell_unplaced(&mut numbers);
        gathered.numbered = numbers.next();
        self.emitter.emit(importers::announcement(config, inputs, &graph, &work));
        self.emitter.emit(importers::dependencies(&graph, &selection, &work));
        self.warn_of_settings(inputs, &mut gathered.totals);
        self.warn_of_checks(&selection, &work, &mut gathered.totals);
        let installed = inputs.installed();
        let mut existing =
            Existing::read(config, &installed, is_on_disk && matches!(installed, Cow::Borrowed(_)));
        self.make_room(&mut existing, &mut gathered.totals)?;
        let tools = setup.finish(config, &self.controls)?;
        let linker = tools.linker(config)?;
        let (fetcher, link_pool) = (Arc::clone(&tools.fetcher), tools.link_pool.clone());
        let folders = local::look(&work, lockfile, &selection)?;
        let mut verdicts = existing.judge(config, lockfile, &graph, &selection, &work, &linker, &folders);
        if repeat::asks_to_look(config) {
            for position in damage::find(&work, &linker, &verdicts, self.controls.knobs().link_threads)? {
                verdicts[position] = Verdict::Replaced;
            }
        }
        let skipped = selection.skipped.len();
        let split = Split::of(&fetcher, &work, &verdicts, skipped, folders, under_way, gathered)?;
        gathered.totals.skipped += unresolved + unplaced;
        let is_unchanged = existing.is_unchanged(config, &verdicts);
        tracing::debug!(
            slots = work.slots.len(),
            sources = work.sources.len(),
            warm = split.warm.len(),
            cold = split.cold.len(),
            is_unchanged,
            "planned"
        );
        let plan = Plan {
            graph,
            selection,
            work,
            installed,
            existing,
            verdicts,
            is_unchanged,
            fetcher,
            linker,
            link_pool,
        };
        Ok((plan, split, tools))
    }

    /// What is not as it should be goes, and with it what says that all is well.
    fn clear(&self, inputs: &Inputs, plan: &Plan<'_>) -> Result<(), InstallError> {
        if !plan.is_unchanged {
            existing::forget(&self.config)?;
            leftover::remove_links(&self.config, &plan.existing, &plan.installed, &inputs.lockfile)?;
        }
        plan.existing.mend(&plan.work, &plan.linker, &plan.verdicts)
    }

    /// Warm link, download, extract, cold link.
    fn materialise(
        &self,
        plan: &Plan<'_>,
        split: Split,
        runtime: tokio::runtime::Runtime,
        verification: &mut Verification,
        gathered: &mut Gathered,
    ) -> Result<Done, InstallError> {
        let materialise = Materialise {
            work: Arc::clone(&plan.work),
            fetcher: Arc::clone(&plan.fetcher),
            linker: Arc::clone(&plan.linker),
            link_pool: plan.link_pool.clone(),
            controls: self.controls.clone(),
            verify_store: *self.config.verify_store_integrity,
        };
        let mut done = Done::default();
        let outcome =
            runtime.block_on(self.materialise_and_verify(materialise, split, &mut done, verification));
        // Waits for nothing: a name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        gathered.method = plan.linker.placement.method();
        gathered.take(&done);
        outcome.map(|()| done)
    }

    /// Direct dependencies, hoisting, executables. Gives what is hoisted, as it is recorded.
    fn link_last(
        &self,
        inputs: &Inputs,
        plan: &Plan<'_>,
        done: &Done,
        meters: &Meters,
        gathered: &mut Gathered,
    ) -> Result<HoistedDependencies, InstallError> {
        let started = self.emitter.now();
        meters.begin(Phase::Bins, started);
        let mut bins = bins::Bins {
            config: &self.config,
            lockfile: &inputs.lockfile,
            importers: &inputs.importers,
            selected: &inputs.selected,
            workspace: &inputs.workspace,
            graph: &plan.graph,
            work: &plan.work,
            linker: &plan.linker,
            dropped: &done.dropped,
            deduped: Deduped::default(),
        };
        let hoisting = bins.hoisting();
        let (config, graph, work) = (&self.config, &plan.graph, &plan.work);
        bins.deduped = Deduped::find(config, inputs, graph, work, &hoisting, &done.dropped);
        let moved = direct::link(config, inputs, graph, work, &plan.linker, &done.dropped, &bins.deduped)?;
        self.warn_of_moves(&moved, &mut gathered.totals);
        meters.task(Phase::Bins, started, self.emitter.now());
        let lanes = self.controls.knobs().link_threads;
        let linked = bins.link(hoisting, &plan.link_pool, lanes, meters)?;
        let mut hoisted = state::hoisted(&linked.hoisting, &inputs.lockfile);
        leftover::remove_hoisted_executables(&self.config, &plan.existing, &hoisted, &linked.plan)?;
        for message in linked.warnings {
            self.warn(message, None, &mut gathered.totals);
        }
        if inputs.selected.len() < inputs.importers.len() {
            plan.existing.keep_hoisted(&mut hoisted);
        }
        meters.finish(Phase::Bins, Some(lanes));
        Ok(hoisted)
    }

    /// Takes away a tree that was made in another way.
    fn make_room(&self, existing: &mut Existing, totals: &mut Totals) -> Result<(), InstallError> {
        if let Some(difference) = existing.make_room(&self.config)? {
            let message = format!("node_modules was made with another {difference}; it is made anew");
            self.warn(message, None, totals);
        }
        Ok(())
    }
}

impl Gathered {
    fn new(method: ImportMethod) -> Self {
        Self {
            totals: Totals::default(),
            method,
            since: 0,
            numbered: 0,
            planned: Planned::default(),
            excluded: Vec::new(),
        }
    }

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
        totals.fetched += fetched;
        totals.found_in_store += found_in_store;
        totals.imported += imported;
        totals.skipped += skipped;
        totals.files += files;
        totals.bytes_downloaded += bytes_downloaded;
        totals.bytes_unpacked += bytes_unpacked;
        totals.retries += retries;
        totals.warnings += warnings;
    }
}
