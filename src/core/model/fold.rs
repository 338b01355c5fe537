//! The fold: one event in, the model as it is then.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::core::event::{
    AnsweredBy, Event, EventKind, Failure, Fetched, ImportMethod, Imported, ImportersKnown, LinkPass,
    Outcome, PackageId, Phase, PhaseTotals, Planned, RunFinished, RunStarted, SkipReason, Totals,
};
use crate::core::model::asked::{ColdSoFar, KnobState, Mark};
use crate::core::model::format;
use crate::core::model::lane::{LaneTask, Lanes, Pool};
use crate::core::model::log::{Log, LogLevel};
use crate::core::model::metadata::{MetadataRequest, MetadataState};
use crate::core::model::network::{NetworkSample, NetworkState};
use crate::core::model::package::{Package, PackageState};
use crate::core::model::phase::PhaseState;

/// A run, as far as its events tell. See the [module](super).
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub(super) now: u64,
    /// When something last happened.
    pub(super) news_at: u64,
    pub(super) events: u64,
    pub(super) run: Option<Box<RunStarted>>,
    pub(super) importers: Option<Box<ImportersKnown>>,
    pub(super) planned: Option<Planned>,
    pub(super) resolved: u64,
    pub(super) outcome: Option<Outcome>,
    pub(super) failure: Option<Failure>,
    pub(super) wall_us: Option<u64>,
    pub(super) final_totals: Option<Totals>,
    pub(super) counts: Totals,
    pub(super) knobs: KnobState,
    pub(super) phases: [PhaseState; Phase::ALL.len()],
    pub(super) packages: FxHashMap<PackageId, Package>,
    pub(super) downloads: BTreeMap<PackageId, u64>,
    pub(super) pools: [Lanes; Pool::ALL.len()],
    pub(super) network: NetworkState,
    pub(super) log: Log,
    pub(super) cancelled_by: Option<String>,
    pub(super) paused_since: Option<u64>,
    pub(super) pauses: Vec<(u64, u64)>,
    /// What was linked before `inline` was chosen in the middle of the run.
    pub(super) inline_since: Option<ColdSoFar>,
    pub(super) marks: Vec<Mark>,
    pub(super) metadata: MetadataState,
    pub(super) dependencies: Vec<Vec<PackageId>>,
    pub(super) hosts: Vec<Arc<str>>,
}

impl Model {
    /// Takes the next event in.
    pub fn apply(&mut self, event: &Event) {
        let at = event.at;
        self.now = self.now.max(at);
        if self.is_news(&event.kind) {
            self.news_at = self.news_at.max(at);
        }
        self.events = self.events.saturating_add(1);
        match &event.kind {
            EventKind::RunStarted(run) => self.run_started(at, run),
            EventKind::RunFinished(finished) => self.run_finished(at, finished),
            EventKind::PhaseStarted { phase } => self.phases[phase.index()].start(at),
            EventKind::PhaseFinished(totals) => self.phase_finished(at, totals),
            EventKind::PackageSeen(seen) => self.packages.entry(seen.package).or_default().announce(seen),
            EventKind::Resolved { .. } => self.resolved += 1,
            EventKind::Deprecated { package, message } => {
                let text = format!("{} is deprecated: {message}", self.label(*package));
                self.log.push(at, LogLevel::Notice, text);
            }
            EventKind::PackagePlaced(placed) => {
                self.packages.entry(placed.package).or_default().place(placed);
            }
            EventKind::LockfileWritten { path, packages } => {
                let text = format!("wrote {path} with {} packages", format::count((*packages).into()));
                self.log.push(at, LogLevel::Info, text);
            }
            EventKind::ImportersKnown(known) => self.know_importers(known),
            EventKind::DependenciesKnown { dependencies } => self.know_dependencies(dependencies),
            EventKind::Planned(planned) => self.plan(at, *planned),
            EventKind::FetchStarted { package, attempt, lane, size, host } => {
                self.fetch_started(at, *package, *attempt, *lane, *size);
                self.asked_of(*package, host.as_deref());
            }
            EventKind::FetchProgress { package, bytes, size } => self.fetch_progress(*package, *bytes, *size),
            EventKind::Downloaded { package, lane, bytes, answered_by } => {
                self.downloaded(at, *package, *lane, *bytes, answered_by.as_deref());
            }
            EventKind::ExtractStarted { package, lane } => {
                self.begin(at, *package, Pool::Extract, *lane, Phase::Extract, PackageState::Extracting);
            }
            EventKind::Fetched(fetched) => self.fetched(at, fetched),
            EventKind::FoundInStore { package, .. } => self.found_in_store(at, *package),
            EventKind::LinkStarted { package, lane, pass } => self.link_started(at, *package, *lane, *pass),
            EventKind::Imported(imported) => self.imported(at, imported),
            EventKind::Retry { package, attempt, max_attempts, delay_ms, reason, status } => {
                self.retry(at, *package);
                let status =
                    status.map(|status| status.to_string()).filter(|status| !reason.contains(status));
                let status = status.map_or(String::new(), |status| format!(" (status {status})"));
                let text = format!(
                    "{}: attempt {attempt} of {max_attempts} failed: {reason}{status}; again in {}",
                    self.label(*package),
                    format::duration(delay_ms.saturating_mul(1000)),
                );
                self.log.push(at, LogLevel::Notice, text);
            }
            EventKind::Warning { code, message, package } => {
                self.counts.warnings += 1;
                let code = code.as_deref().map_or(String::new(), |code| format!("[{code}] "));
                let about = package.map_or(String::new(), |package| format!("{}: ", self.label(package)));
                self.log.push(at, LogLevel::Warning, format!("{code}{about}{message}"));
            }
            EventKind::PeerIssue { importer, peer, wanted, found, parents, issue: _ } => {
                let found = found.as_deref().map_or("missing".to_owned(), |found| format!("found {found}"));
                let asker = parents.last().map_or(importer, |parent| parent);
                self.log.push(
                    at,
                    LogLevel::Notice,
                    format!("peer {peer} of {asker}: wanted {wanted}, {found}"),
                );
            }
            EventKind::Skipped { package, reason, detail } => self.skipped(at, *package, *reason, detail),
            EventKind::ConcurrencyChanged { knob, from, to, by } => self.turn(at, *knob, *from, *to, by),
            EventKind::LinkModeChanged { from, to, by } => self.change_link_mode(at, *from, *to, by),
            EventKind::Paused { by } => self.pause(at, true, by),
            EventKind::Resumed { by } => self.pause(at, false, by),
            EventKind::NetworkSample { received, in_flight, waiting, permits } => {
                self.network.sample(NetworkSample {
                    at,
                    received: *received,
                    in_flight: *in_flight,
                    waiting: *waiting,
                    permits: *permits,
                });
            }
            EventKind::CancelRequested { by } => {
                if self.cancelled_by.is_none() {
                    self.cancelled_by = Some(by.clone());
                    self.log.push(at, LogLevel::Notice, format!("asked to stop (by {by})"));
                }
            }
            EventKind::ImportMethodChosen { method, tried, .. } => self.method_chosen(at, *method, tried),
            EventKind::MetadataRequested { name, attempt, lane, host } => {
                let host = host.as_deref().map(|host| self.shared_host(host));
                let (lane, attempt) = (*lane, *attempt);
                let request = MetadataRequest { since: at, attempt_since: at, lane, attempt, host };
                self.metadata_requested(name, request);
            }
            EventKind::MetadataReceived(received) => self.metadata_received(at, received),
            EventKind::Unknown => {}
        }
    }

    fn method_chosen(&mut self, at: u64, method: ImportMethod, tried: &[String]) {
        self.knobs.import_method = Some(method);
        let why = if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) };
        let text = format!("files are placed by {}{why}", method.name());
        self.log.push(at, LogLevel::Info, text);
    }

    fn run_started(&mut self, at: u64, run: &RunStarted) {
        self.knobs = KnobState {
            network_concurrency: run.lanes.network.into(),
            extract_threads: run.lanes.extract.into(),
            link_threads: run.lanes.link.into(),
            link_mode: Some(run.link_mode),
            import_method: None,
        };
        self.pools[Pool::Extract as usize].prepare(run.lanes.extract);
        self.pools[Pool::Link as usize].prepare(run.lanes.link);
        let text = format!("pacwatch {} {} in {}", run.pacwatch, run.command, run.project_dir);
        self.run = Some(Box::new(run.clone()));
        self.log.push(at, LogLevel::Info, text);
    }

    fn run_finished(&mut self, at: u64, finished: &RunFinished) {
        for totals in &finished.phases {
            self.phases[totals.phase.index()].finish(totals);
        }
        let is_cut_short = matches!(finished.outcome, Outcome::Failed | Outcome::Cancelled);
        for phase in Phase::ALL {
            let expected = self.expected(phase);
            // Attempts that failed are tasks too.
            let most = match phase {
                Phase::Download | Phase::Extract => finished.totals.fetched,
                _ => u64::MAX,
            };
            let state = &mut self.phases[phase.index()];
            state.stop(at);
            if is_cut_short {
                state.cut_short(expected, most);
            }
        }
        for pool in &mut self.pools {
            pool.stop(at);
        }
        self.downloads.clear();
        self.forget_metadata_under_way();
        self.end_pause(finished.wall_us);
        self.outcome = Some(finished.outcome);
        self.failure.clone_from(&finished.failure);
        self.wall_us = Some(finished.wall_us);
        self.final_totals = Some(finished.totals);
        self.knobs = KnobState {
            network_concurrency: finished.knobs.network_concurrency,
            extract_threads: finished.knobs.extract_threads,
            link_threads: finished.knobs.link_threads,
            link_mode: Some(finished.knobs.link_mode),
            import_method: Some(finished.knobs.import_method),
        };
        let wall = format::duration(finished.wall_us);
        let (level, text) = match (finished.outcome, &finished.failure) {
            (Outcome::Done, _) => (LogLevel::Info, format!("done in {wall}")),
            (Outcome::UpToDate, _) => (LogLevel::Info, format!("already up to date, {wall}")),
            (Outcome::Cancelled, _) => (LogLevel::Notice, format!("cancelled after {wall}")),
            (Outcome::Failed, None) => (LogLevel::Error, format!("failed after {wall}")),
            (Outcome::Failed, Some(failure)) => {
                let code = failure.code.as_deref().map_or(String::new(), |code| format!("[{code}] "));
                (LogLevel::Error, format!("failed after {wall}: {code}{}", failure.message))
            }
        };
        self.log.push(at, level, text);
    }

    fn phase_finished(&mut self, at: u64, totals: &PhaseTotals) {
        let state = &mut self.phases[totals.phase.index()];
        let first = state.totals.is_none();
        state.finish(totals);
        if first {
            let numbers = self.phase_numbers(totals.phase, at);
            self.log.push(at, LogLevel::Info, numbers.sentence());
        }
    }

    fn plan(&mut self, at: u64, planned: Planned) {
        self.planned = Some(planned);
        let parts = [
            (planned.downloads, "to download"),
            (planned.warm, "in the store"),
            (planned.in_place, "in place"),
            (planned.skipped, "left out for their platform"),
        ];
        let parts = parts.iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> =
            parts.map(|(number, what)| format!("{} {what}", format::count((*number).into()))).collect();
        let packages = format::counted(planned.packages.into(), "package", "packages");
        let text = format!("plan: {packages}: {}", parts.join(", "));
        let text = text.trim_end_matches([':', ' ']).to_owned();
        self.log.push(at, LogLevel::Info, text);
    }

    fn begin(&mut self, at: u64, id: PackageId, pool: Pool, lane: u16, phase: Phase, state: PackageState) {
        let package = self.packages.entry(id).or_default();
        let too_late = match pool {
            Pool::Network => package.timings.downloaded.is_some(),
            Pool::Extract => package.timings.fetched.is_some(),
            Pool::Link => false,
        };
        if too_late || package.state.is_final() || self.outcome.is_some() {
            return;
        }
        package.enter(state);
        self.leave_lane(id);
        self.packages.entry(id).or_default().lane = Some((pool, lane));
        self.pools[pool as usize].begin(lane, LaneTask { package: id, phase, since: at });
    }

    /// A package that shows up elsewhere is no longer where it was.
    fn leave_lane(&mut self, id: PackageId) {
        let held = self.packages.get_mut(&id).and_then(|package| package.lane.take());
        if let Some((pool, lane)) = held {
            self.pools[pool as usize].abandon(lane, id);
        }
    }

    fn fetch_started(&mut self, at: u64, id: PackageId, attempt: u32, lane: u16, size: Option<u64>) {
        self.begin(at, id, Pool::Network, lane, Phase::Download, PackageState::Downloading);
        let package = self.packages.entry(id).or_default();
        if package.lane != Some((Pool::Network, lane)) {
            return;
        }
        package.attempt = attempt;
        package.bytes = 0;
        package.body_size = size;
        package.timings.attempt_started = Some(at);
        let first = *package.timings.fetch_started.get_or_insert(at);
        self.downloads.insert(id, first);
    }

    fn fetch_progress(&mut self, id: PackageId, bytes: u64, size: Option<u64>) {
        if let Some(package) = self.packages.get_mut(&id)
            && package.state == PackageState::Downloading
        {
            package.bytes = bytes;
            package.body_size = size.or(package.body_size);
        }
    }

    fn downloaded(
        &mut self,
        at: u64,
        id: PackageId,
        lane: u16,
        bytes: u64,
        answered_by: Option<&AnsweredBy>,
    ) {
        self.downloads.remove(&id);
        let package = self.packages.entry(id).or_default();
        if package.timings.downloaded.is_some() {
            return;
        }
        package.timings.downloaded = Some(at);
        package.bytes = bytes;
        if let Some(by) = answered_by {
            self.network.answered(by);
        }
        package.enter(PackageState::Downloaded);
        if package.lane == Some((Pool::Network, lane)) {
            package.lane = None;
        }
        let work = self.pools[Pool::Network as usize].end(lane, id, at, None);
        let phase = &mut self.phases[Phase::Download.index()];
        phase.work(work.from, work.to, work.busy_us);
        phase.count += 1;
        self.counts.bytes_downloaded = self.counts.bytes_downloaded.saturating_add(bytes);
    }

    fn fetched(&mut self, at: u64, fetched: &Fetched) {
        let id = fetched.package;
        self.downloads.remove(&id);
        let package = self.packages.entry(id).or_default();
        if package.timings.fetched.is_some() {
            return;
        }
        self.network.permit_wait.add(fetched.queue_us);
        self.network.first_byte.add(fetched.first_byte_us);
        self.network.body.add(fetched.body_us);
        // A stream that lost the line before still tells the bytes.
        let missed_download = package.timings.downloaded.is_none();
        let timings = &mut package.timings;
        timings.fetched = Some(at);
        timings.downloaded.get_or_insert(at);
        timings.queue_us = fetched.queue_us;
        timings.first_byte_us = fetched.first_byte_us;
        timings.body_us = fetched.body_us;
        timings.extract_queue_us = fetched.extract_queue_us;
        timings.extract_us = fetched.extract_us;
        package.attempt = fetched.attempts;
        package.bytes = fetched.bytes_in;
        package.unpacked = Some(fetched.bytes_out);
        package.files = fetched.files;
        package.enter(PackageState::Stored);
        if package.lane == Some((Pool::Extract, fetched.lane)) {
            package.lane = None;
        }
        let work = self.pools[Pool::Extract as usize].end(fetched.lane, id, at, Some(fetched.extract_us));
        let phase = &mut self.phases[Phase::Extract.index()];
        phase.work(work.from, work.to, work.busy_us);
        phase.count += 1;
        if missed_download {
            self.leave_lane(id);
            self.phases[Phase::Download.index()].count += 1;
            self.counts.bytes_downloaded = self.counts.bytes_downloaded.saturating_add(fetched.bytes_in);
        }
        self.counts.fetched += 1;
        self.counts.bytes_unpacked = self.counts.bytes_unpacked.saturating_add(fetched.bytes_out);
    }

    fn found_in_store(&mut self, at: u64, id: PackageId) {
        let package = self.packages.entry(id).or_default();
        if package.timings.found_in_store.is_none() {
            package.timings.found_in_store = Some(at);
            if matches!(package.state, PackageState::Seen) {
                package.state = PackageState::Stored;
            }
            self.counts.found_in_store += 1;
        }
    }

    fn link_started(&mut self, at: u64, id: PackageId, lane: u16, pass: LinkPass) {
        self.begin(at, id, Pool::Link, lane, phase_of(pass), PackageState::Linking);
        let package = self.packages.entry(id).or_default();
        package.pass = Some(pass);
        package.timings.link_started.get_or_insert(at);
    }

    fn imported(&mut self, at: u64, imported: &Imported) {
        let id = imported.package;
        let package = self.packages.entry(id).or_default();
        if package.timings.imported.is_some() {
            return;
        }
        package.timings.imported = Some(at);
        package.timings.link_us = imported.link_us;
        package.method = Some(imported.method);
        package.linked_files = imported.files;
        package.pass = Some(imported.pass);
        package.state = PackageState::Imported;
        if package.lane == Some((Pool::Link, imported.lane)) {
            package.lane = None;
        }
        let work = self.pools[Pool::Link as usize].end(imported.lane, id, at, Some(imported.link_us));
        self.leave_lane(id);
        self.downloads.remove(&id);
        let phase = &mut self.phases[phase_of(imported.pass).index()];
        phase.work(work.from, work.to, work.busy_us);
        phase.count += 1;
        self.counts.imported += 1;
        self.counts.files = self.counts.files.saturating_add(imported.files.into());
        self.knobs.import_method = Some(imported.method);
    }

    fn retry(&mut self, at: u64, id: PackageId) {
        self.counts.retries += 1;
        let package = self.packages.entry(id).or_default();
        package.retries = package.retries.saturating_add(1);
        package.enter(PackageState::Retrying);
        // A body that came and was not what it should be is asked for again.
        if package.timings.fetched.is_none() && !package.state.is_final() && self.outcome.is_none() {
            if package.timings.downloaded.take().is_some() {
                let download = &mut self.phases[Phase::Download.index()];
                download.count = download.count.saturating_sub(1);
            }
            self.downloads.insert(id, package.timings.fetch_started.unwrap_or(at));
        }
        if let Some((Pool::Network, lane)) = package.lane {
            package.lane = None;
            let work = self.pools[Pool::Network as usize].end(lane, id, at, None);
            self.phases[Phase::Download.index()].work(work.from, work.to, work.busy_us);
        }
    }

    fn skipped(&mut self, at: u64, id: PackageId, reason: SkipReason, detail: &str) {
        let package = self.packages.entry(id).or_default();
        if package.timings.skipped.is_some() {
            return;
        }
        package.timings.skipped = Some(at);
        package.enter(PackageState::Skipped);
        self.leave_lane(id);
        self.downloads.remove(&id);
        self.counts.skipped += 1;
        // What this platform cannot use is business as usual: counted, not told.
        if matches!(reason, SkipReason::FetchFailure | SkipReason::ResolutionFailure) {
            let text = format!("{}: left out, it is optional: {detail}", self.label(id));
            self.log.push(at, LogLevel::Notice, text);
        }
    }
}

fn phase_of(pass: LinkPass) -> Phase {
    match pass {
        LinkPass::Warm => Phase::LinkWarm,
        LinkPass::Cold => Phase::LinkCold,
    }
}
