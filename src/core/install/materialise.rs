//! From a plan to slots: the warm pass beside the downloads, and the cold pass by strategy.
//!
//! One task drives everything here. What takes time runs elsewhere: requests on the runtime, tarballs on the
//! extract pool, slots on the link pool. The exception is the strategy `inline`, whose point is that it does not.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::InstallError;
use super::ahead::Download;
use super::link_jobs::{LinkJob, Report, checked, link_slots, tell_found};
use super::split::Split;
use super::work::{Origin, Source, Work};
use crate::core::control::Controls;
use crate::core::event::{EventKind, LinkMode, LinkPass, PackageId, Phase, SkipReason, Totals};
use crate::core::fetch::{FetchError, Fetcher, Tarball};
use crate::core::link::{Contents, Linker, Turn};
use crate::core::packlist::PackedFolder;
use crate::core::pool::LanePool;
use crate::core::store::row::StoredPackage;

/// What the driver works with.
pub struct Materialise {
    /// The work; slots that are in place already are not in `todo`.
    pub work: Arc<Work>,
    /// Downloads and extraction.
    pub fetcher: Arc<Fetcher>,
    /// Linking.
    pub linker: Arc<Linker>,
    /// Where linking is done.
    pub link_pool: LanePool,
    /// What the user asks for meanwhile.
    pub controls: Controls,
    /// Whether stored files are checked before they are linked.
    pub verify_store: bool,
}

/// What the driver did.
#[derive(Default)]
pub struct Done {
    /// The counts it knows.
    pub totals: Totals,
    /// Slots that were not made because their package is optional and could not be fetched.
    pub dropped: Vec<usize>,
    /// Slots whose packages ask for a build.
    pub wants_build: Vec<usize>,
}

/// State of the driver.
struct Driver<'a> {
    run: &'a Materialise,
    todo: Arc<[Vec<usize>]>,
    reports: UnboundedSender<Report>,
    /// Jobs of the link pool that have not reported.
    linking: usize,
    /// Those of them that are warm.
    checking: usize,
    /// Fetched packages that wait for the cold pass.
    fetched: Vec<(usize, Arc<StoredPackage>)>,
    done: &'a mut Done,
}

impl Materialise {
    /// Does the work, and counts in `done` what was done of it, also when it fails.
    ///
    /// # Errors
    /// The first failure of a package that is needed, or [`InstallError::Cancelled`]. Nothing runs any more then,
    /// and what is complete stays.
    pub async fn run(&self, split: Split, done: &mut Done) -> Result<(), InstallError> {
        let sampler = tokio::spawn({
            let fetcher = Arc::clone(&self.fetcher);
            async move {
                fetcher.progress.sample(fetcher.client.permits(), &fetcher.emitter).await;
            }
        });
        let outcome = self.drive(split, done).await;
        sampler.abort();
        if outcome.is_err() {
            self.fetcher.pool.stop();
            self.link_pool.stop();
        }
        if self.fetcher.meters.has_begun(Phase::Download) {
            self.fetcher.progress.tell(self.fetcher.client.permits(), &self.fetcher.emitter);
        }
        done.totals.bytes_downloaded = self.fetcher.progress.received();
        done.totals.retries = self.fetcher.retries();
        self.finish_fetching();
        self.finish(Phase::LinkWarm);
        self.finish(Phase::LinkCold);
        outcome
    }

    fn finish_fetching(&self) {
        let knobs = self.controls.knobs();
        self.fetcher.meters.finish(Phase::Download, Some(knobs.network_concurrency));
        self.fetcher.meters.finish(Phase::Extract, Some(knobs.extract_threads));
    }

    fn link_mode(&self) -> LinkMode {
        self.controls.knobs().link_mode
    }

    fn finish(&self, phase: Phase) {
        self.linker.meters.finish(phase, Some(self.controls.knobs().link_threads));
    }

    async fn drive(&self, mut split: Split, done: &mut Done) -> Result<(), InstallError> {
        let (reports, mut reported) = unbounded_channel();
        let todo: Arc<[Vec<usize>]> = split.todo.into();
        let mut driver = Driver {
            run: self,
            todo: Arc::clone(&todo),
            reports,
            linking: 0,
            checking: 0,
            fetched: Vec::new(),
            done,
        };
        let mut downloads = FuturesUnordered::new();
        for source in split.cold {
            downloads.push(self.fetch(source, &todo[source], split.under_way.remove(&source)));
        }
        for (source, row) in split.warm {
            driver.link_warm(source, row);
        }
        for (source, package) in split.local {
            driver.link_local(source, package);
        }
        let mut asked = self.controls.subscribe();
        asked.mark_unchanged();
        loop {
            if downloads.is_empty() {
                driver.link_fetched();
                if driver.linking == 0 {
                    break;
                }
                if driver.checking == 0 {
                    self.finish_fetching();
                    // The index is written to its end beside the links that are still to be made.
                    self.fetcher.index.close();
                }
            }
            if driver.checking == 0 {
                self.finish(Phase::LinkWarm);
            }
            tokio::select! {
                biased;
                by = self.controls.until_cancelled() => {
                    // Told before waiting for what is under way.
                    self.linker.emitter.emit(EventKind::CancelRequested { by: by.to_owned() });
                    return Err(InstallError::Cancelled(by));
                }
                // What waited for the end of the downloads waits no longer if the way of linking has changed.
                Ok(()) = asked.changed() => if self.link_mode() != LinkMode::Deferred {
                    driver.link_fetched();
                },
                Some(report) = reported.recv() => {
                    if let Some(source) = driver.take_report(report)? {
                        downloads.push(self.fetch(source, &todo[source], None));
                    }
                }
                Some((source, outcome)) = downloads.next() => driver.take_download(source, outcome)?,
            }
        }
        Ok(())
    }

    /// Fetches a source, or waits for its download that is under way; with the strategy `inline`, links its slots on
    /// this very task.
    async fn fetch(
        &self,
        position: usize,
        todo: &[usize],
        under_way: Option<Download>,
    ) -> (usize, Result<Downloaded, InstallError>) {
        let source = &self.work.sources[position];
        let ids: Vec<PackageId> = todo.iter().map(|slot| self.work.slots[*slot].slot.package).collect();
        let first = ids.first().copied().unwrap_or(PackageId(0));
        let (fetched_for, outcome) = match under_way {
            Some(download) => (download.package, download.end().await),
            None => (first, self.download(source, first, ids.clone()).await),
        };
        let package = match outcome {
            Ok(package) => package,
            Err(error) => return (position, Err(self.fetch_error(source, first, error))),
        };
        let mut found = 0;
        for &package in ids.iter().filter(|package| **package != fetched_for) {
            found += 1;
            self.linker.emitter.emit(EventKind::FoundInStore { package, shared_with: Some(fetched_for) });
        }
        let files = if self.link_mode() == LinkMode::Inline {
            self.controls.until_resumed().await;
            // Warm slots are linked by the pool meanwhile, each on a lane of its own.
            let lane = self.link_pool.lend_lane();
            match link_slots(
                &self.linker,
                &self.work,
                todo,
                Contents::Stored(&package),
                Turn { lane: lane.number(), pass: LinkPass::Cold, since: self.linker.emitter.now() },
            ) {
                Ok(files) => Some(files),
                Err(error) => return (position, Err(error)),
            }
        } else {
            None
        };
        (position, Ok(Downloaded { package, found, files }))
    }

    async fn download(
        &self,
        source: &Source,
        package: PackageId,
        unblocked: Vec<PackageId>,
    ) -> Result<Arc<StoredPackage>, FetchError> {
        let (url, integrity, part) = match &source.origin {
            Origin::Tarball { url, integrity } => (url, Some(integrity), None),
            Origin::Repository { url, integrity, part } => (url, integrity.as_ref(), Some(part)),
            Origin::Folder { .. } => {
                return Err(FetchError::Unsupported("a folder cannot be fetched".into()));
            }
        };
        let tarball = Tarball {
            package,
            unblocked,
            url: url.clone(),
            integrity: integrity.cloned(),
            key: source.key.clone(),
        };
        match part {
            None => self.fetcher.fetch(&tarball).await,
            Some(part) => self.fetcher.fetch_repository(&tarball, part).await,
        }
    }

    fn fetch_error(&self, source: &Source, package: PackageId, error: FetchError) -> InstallError {
        let name = source.slots.first().map_or_else(String::new, |slot| self.work.slots[*slot].label.clone());
        InstallError::Fetch { package, name, source: error }
    }
}

/// What a download brought.
struct Downloaded {
    package: Arc<StoredPackage>,
    /// Slots that were not the one it was fetched for.
    found: u64,
    /// Files placed, if its slots are linked already.
    files: Option<u64>,
}

impl Driver<'_> {
    /// A job of the link pool for a source; the driver waits for its report.
    fn job(&mut self, source: usize) -> LinkJob {
        self.linking += 1;
        LinkJob {
            linker: Arc::clone(&self.run.linker),
            work: Arc::clone(&self.run.work),
            todo: Arc::clone(&self.todo),
            source,
            reports: self.reports.clone(),
        }
    }

    /// Queues a source whose row is in the store: its files are checked and its slots linked.
    fn link_warm(&mut self, source: usize, row: Vec<u8>) {
        self.checking += 1;
        let job = self.job(source);
        let (fetcher, verify) = (Arc::clone(&self.run.fetcher), self.run.verify_store);
        self.run.link_pool.submit(move |lane| {
            let turn = Turn { lane, pass: LinkPass::Warm, since: job.linker.emitter.now() };
            job.linker.meters.begin(Phase::LinkWarm, turn.since);
            job.report(match checked(&fetcher, &job.work.sources[source], row, verify) {
                Err(error) => Report::Failed(Box::new(error)),
                Ok(None) => Report::Damaged { source },
                Ok(Some(package)) => {
                    tell_found(&job.linker, &job.work, job.slots());
                    job.link(Contents::Stored(&package), turn)
                }
            });
        });
    }

    /// Queues a folder of this machine: its slots are made the same. It counts as warm, for nothing is downloaded.
    fn link_local(&mut self, source: usize, package: PackedFolder) {
        self.checking += 1;
        let job = self.job(source);
        self.run.link_pool.submit(move |lane| {
            let turn = Turn { lane, pass: LinkPass::Warm, since: job.linker.emitter.now() };
            job.linker.meters.begin(Phase::LinkWarm, turn.since);
            tell_found(&job.linker, &job.work, job.slots());
            job.report(job.link(Contents::Folder(&package), turn));
        });
    }

    fn link_cold(&mut self, source: usize, package: Arc<StoredPackage>) {
        let job = self.job(source);
        self.run.link_pool.submit(move |lane| {
            let turn = Turn { lane, pass: LinkPass::Cold, since: job.linker.emitter.now() };
            job.report(job.link(Contents::Stored(&package), turn));
        });
    }

    /// The deferred pass: all that was fetched is linked at once.
    fn link_fetched(&mut self) {
        for (source, package) in std::mem::take(&mut self.fetched) {
            self.link_cold(source, package);
        }
    }

    fn take_download(
        &mut self,
        source: usize,
        outcome: Result<Downloaded, InstallError>,
    ) -> Result<(), InstallError> {
        let slots = &self.todo[source];
        let downloaded = match outcome {
            Ok(downloaded) => downloaded,
            Err(error @ InstallError::Fetch { .. }) if self.run.work.sources[source].optional => {
                for &slot in slots {
                    self.run.linker.emitter.emit(EventKind::Skipped {
                        package: self.run.work.slots[slot].slot.package,
                        reason: SkipReason::FetchFailure,
                        detail: error.to_string(),
                    });
                    self.done.totals.skipped += 1;
                    self.done.dropped.push(slot);
                }
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.done.totals.fetched += 1;
        self.done.totals.found_in_store += downloaded.found;
        self.done.totals.bytes_unpacked += downloaded.package.size();
        match (self.run.link_mode(), downloaded.files) {
            (_, Some(files)) => self.count_linked(source, files, downloaded.package.requires_build()),
            (LinkMode::Pipelined, None) => self.link_cold(source, downloaded.package),
            (_, None) => self.fetched.push((source, downloaded.package)),
        }
        Ok(())
    }

    /// Takes a report; the answer is a source that must be downloaded after all.
    fn take_report(&mut self, report: Report) -> Result<Option<usize>, InstallError> {
        self.linking -= 1;
        match report {
            Report::Linked { source, pass, files, requires_build } => {
                if pass == LinkPass::Warm {
                    self.checking -= 1;
                    self.done.totals.found_in_store += self.todo[source].len() as u64;
                }
                self.count_linked(source, files, requires_build);
                Ok(None)
            }
            Report::Damaged { source } => {
                self.checking -= 1;
                let label =
                    self.run.work.sources[source].slots.first().map(|slot| &self.run.work.slots[*slot].label);
                self.run.linker.emitter.emit(EventKind::Warning {
                    code: None,
                    message:
                        "files of the package in the store are missing or were changed; it is fetched again"
                            .into(),
                    package: label
                        .and(self.todo[source].first())
                        .map(|slot| self.run.work.slots[*slot].slot.package),
                });
                self.done.totals.warnings += 1;
                Ok(Some(source))
            }
            Report::Failed(error) => Err(*error),
        }
    }

    fn count_linked(&mut self, source: usize, files: u64, requires_build: bool) {
        let slots = &self.todo[source];
        self.done.totals.imported += slots.len() as u64;
        self.done.totals.files += files;
        if requires_build {
            self.done.wants_build.extend(slots.iter().copied());
        }
    }
}
