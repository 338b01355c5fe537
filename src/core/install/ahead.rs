//! Downloads that run ahead of the plan: while resolution goes on, what it has decided on is looked up in the store and,
//! if it is not there, fetched.
//!
//! Whether a package will have a slot, and which, is not known here. Nothing is linked, and nothing is told of packages
//! that are in the store: that is left to the plan, which takes over what is under way.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::core::event::{PackageId, Phase};
use crate::core::fetch::{FetchError, Fetcher, Tarball};
use crate::core::store::StoreError;
use crate::core::store::index::IndexReader;
use crate::core::store::row::StoredPackage;

/// Most packages that are looked up at one time.
const BATCH: usize = 512;

/// Takes packages in while resolution runs.
pub struct Ahead {
    wanted: UnboundedSender<Tarball>,
    lookups: JoinHandle<Result<UnderWay, StoreError>>,
    sampler: JoinHandle<()>,
    fetcher: Arc<Fetcher>,
}

/// What was done ahead of the plan.
#[derive(Default)]
pub struct UnderWay {
    /// Rows of packages that are in the store, by key.
    pub rows: FxHashMap<String, Vec<u8>>,
    /// Downloads that run or are over, by the key of their row.
    pub downloads: FxHashMap<String, Download>,
}

/// A download that runs or is over.
pub struct Download {
    /// The package it was begun for.
    pub package: PackageId,
    task: JoinHandle<Result<Arc<StoredPackage>, FetchError>>,
}

impl Ahead {
    /// Begins to listen for packages.
    #[must_use]
    pub fn start(runtime: &Handle, fetcher: &Arc<Fetcher>) -> Self {
        let (wanted, packages) = unbounded_channel();
        let lookups = runtime.spawn(look_up(Arc::clone(fetcher), packages));
        let sampler = runtime.spawn({
            let fetcher = Arc::clone(fetcher);
            async move { fetcher.progress.sample(fetcher.client.permits(), &fetcher.emitter).await }
        });
        Self { wanted, lookups, sampler, fetcher: Arc::clone(fetcher) }
    }

    /// Gets a package into the store, unless it is there. Each key is to be given once.
    pub fn want(&self, tarball: Tarball) {
        // The receiver goes only when looking up has failed, which `finish` reports.
        let _ = self.wanted.send(tarball);
    }

    /// No further package comes. Waits until all are looked up, not until they are downloaded.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn finish(self) -> Result<UnderWay, StoreError> {
        drop(self.wanted);
        self.sampler.abort();
        match self.lookups.await {
            Ok(outcome) => outcome,
            Err(lost) => match lost.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime goes down: then nobody waits for what was found.
                Err(_) => Ok(UnderWay::default()),
            },
        }
    }

    /// Ends everything: resolution failed.
    pub fn abandon(self) {
        self.sampler.abort();
        self.lookups.abort();
        self.fetcher.pool.stop();
        if self.fetcher.meters.has_begun(Phase::Download) {
            self.fetcher.progress.tell(self.fetcher.client.permits(), &self.fetcher.emitter);
        }
    }
}

impl Download {
    /// Waits for its end.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`].
    pub async fn end(self) -> Result<Arc<StoredPackage>, FetchError> {
        self.task.await.map_err(|_| FetchError::Lost)?
    }

    /// Ends it, where nobody needs the package after all. Says whether the package is in the store all the same.
    pub fn drop_unneeded(self) -> bool {
        let is_over = self.task.is_finished();
        self.task.abort();
        is_over
    }
}

/// Looks up what comes: while one batch is being read, the next gathers.
async fn look_up(
    fetcher: Arc<Fetcher>,
    mut packages: UnboundedReceiver<Tarball>,
) -> Result<UnderWay, StoreError> {
    let mut under_way = UnderWay::default();
    let mut reader = IndexReader::new(&fetcher.store.index_path());
    let mut batch = Vec::new();
    while packages.recv_many(&mut batch, BATCH).await > 0 {
        let tarballs = std::mem::take(&mut batch);
        let Some((read_on, tarballs, mut rows)) = read(reader, tarballs).await? else { break };
        reader = read_on;
        for tarball in tarballs {
            if let Some(row) = rows.remove(&tarball.key) {
                under_way.rows.insert(tarball.key, row);
                continue;
            }
            let (key, package, fetcher) = (tarball.key.clone(), tarball.package, Arc::clone(&fetcher));
            let task = tokio::spawn(async move { fetcher.fetch(&tarball).await });
            under_way.downloads.insert(key, Download { package, task });
        }
    }
    Ok(under_way)
}

type Rows = FxHashMap<String, Vec<u8>>;

/// Reads the rows of these packages, on a thread that may block; `None` when the runtime goes down.
async fn read(
    mut reader: IndexReader,
    tarballs: Vec<Tarball>,
) -> Result<Option<(IndexReader, Vec<Tarball>, Rows)>, StoreError> {
    let reading = tokio::task::spawn_blocking(move || {
        let keys: Vec<&str> = tarballs.iter().map(|tarball| tarball.key.as_str()).collect();
        let rows = reader.read(&keys)?;
        let rows = rows.into_iter().map(|(key, row)| (key.to_owned(), row)).collect();
        Ok(Some((reader, tarballs, rows)))
    });
    match reading.await {
        Ok(outcome) => outcome,
        Err(lost) => match lost.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Ok(None),
        },
    }
}
