//! Getting a package that is not in the store: download, verify, unpack, and the row that makes it warm next time.
//!
//! Requests run under the permits of the network; the work on what they bring runs on the extract pool, never on
//! the task that drives the downloads, and never on the link pool. Nothing here touches a project.

pub mod archive;
mod error;
pub mod extract;
mod inflate;
pub mod integrity;
mod progress;
mod repository;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use url::Url;

use crate::core::clock::micros;
use crate::core::emit::Emitter;
use crate::core::event::{EventKind, Fetched, PackageId, Phase};
use crate::core::git::{Commit, CommitError, Failure};
use crate::core::meter::Meters;
use crate::core::network::{Body, Client, Get, NetworkError, Permit};
use crate::core::pool::LanePool;
use crate::core::store::Store;
use crate::core::store::index::IndexWriter;
use crate::core::store::row::StoredPackage;

pub use error::FetchError;
pub use progress::Progress;
pub use repository::{RepositoryCommit, RepositoryPart, repository_key};

/// No tarball is larger; a body that is, is not read on.
const MAX_TARBALL: u64 = 1 << 30;
/// While so many bytes wait for the extract pool, no further download begins: memory stays bounded when the
/// network is faster than the disk.
const MAX_WAITING_BYTES: u64 = 8 << 20;

/// A package to be fetched.
#[derive(Debug, Clone)]
pub struct Tarball {
    /// The package.
    pub package: PackageId,
    /// It and all others whose slots need the same tarball.
    pub unblocked: Vec<PackageId>,
    /// Where it is.
    pub url: Url,
    /// What it must be; without it anything is taken.
    pub integrity: Option<String>,
    /// Key of its row.
    pub key: String,
}

/// Fetches packages. Shared by all downloads of a run.
#[derive(Debug)]
pub struct Fetcher {
    /// The way to registries.
    pub client: Client,
    /// Where files go.
    pub store: Arc<Store>,
    /// Where rows go.
    pub index: Arc<IndexWriter>,
    /// Where work on tarballs is done.
    pub pool: LanePool,
    /// Who is told.
    pub emitter: Emitter,
    /// The meters of the download and extract phases.
    pub meters: Meters,
    /// Counters of bytes.
    pub progress: Progress,
    /// Most bytes a tarball may unpack to.
    pub max_unpacked_size: u64,
    /// Downloads are forbidden.
    pub offline: bool,
    /// What waits for the extract pool.
    pub backlog: Arc<Backlog>,
    /// Attempts that failed and were made again.
    pub retried: AtomicU64,
}

/// Bytes that were downloaded and wait for the extract pool, or are in it.
#[derive(Debug, Default)]
pub struct Backlog {
    bytes: AtomicU64,
    shrunk: Notify,
}

impl Backlog {
    async fn has_room(&self) {
        loop {
            let shrunk = self.shrunk.notified();
            if self.bytes.load(Ordering::Acquire) < MAX_WAITING_BYTES {
                return;
            }
            shrunk.await;
        }
    }

    fn hold(self: &Arc<Self>, bytes: u64) -> Held {
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        Held { backlog: Arc::clone(self), bytes }
    }
}

struct Held {
    backlog: Arc<Backlog>,
    bytes: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.backlog.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.backlog.shrunk.notify_waiters();
    }
}

/// The times of a download, microseconds.
#[derive(Clone, Copy)]
struct Times {
    attempts: u32,
    queue_us: u64,
    first_byte_us: u64,
    body_us: u64,
    downloaded_at: u64,
}

impl Fetcher {
    /// Fetches a package, trying again as often as the retry policy says. Tells `fetch_started`, `downloaded`,
    /// `extract_started` and, in the end, `fetched`.
    ///
    /// # Errors
    /// When the last attempt failed, or one that no other can mend.
    pub async fn fetch(&self, tarball: &Tarball) -> Result<Arc<StoredPackage>, FetchError> {
        self.fetch_part(tarball, None).await
    }

    /// Fetches a package that is part of a repository, like [`Fetcher::fetch`]. The URL of the tarball is that of the
    /// archive; where there is none but a commit, it is that of the repository and only named in messages.
    ///
    /// # Errors
    /// As [`Fetcher::fetch`], and when git fails or the package would have to be built.
    pub async fn fetch_repository(
        &self,
        tarball: &Tarball,
        part: &RepositoryPart,
    ) -> Result<Arc<StoredPackage>, FetchError> {
        self.fetch_part(tarball, Some(part)).await
    }

    async fn fetch_part(
        &self,
        tarball: &Tarball,
        part: Option<&RepositoryPart>,
    ) -> Result<Arc<StoredPackage>, FetchError> {
        if self.offline && tarball.url.scheme() != "file" {
            return Err(FetchError::Offline);
        }
        let queued_at = self.emitter.now();
        let mut attempt = 1;
        loop {
            let error = match self.attempt(tarball, part, attempt, queued_at).await {
                Ok(package) => return Ok(package),
                Err(error) => error,
            };
            let network = if let FetchError::Network(error) = &error { Some(error) } else { None };
            let policy = self.client.retry_policy();
            let delay = policy.delay(attempt - 1, network.and_then(NetworkError::retry_after));
            let Some(delay) = delay.filter(|_| error.is_retryable()) else {
                return Err(error);
            };
            self.emitter.emit(EventKind::Retry {
                package: tarball.package,
                attempt,
                max_attempts: policy.retries + 1,
                delay_ms: micros(delay) / 1000,
                reason: error.to_string(),
                status: network.and_then(NetworkError::status),
            });
            tracing::debug!(url = shown(&tarball.url), attempt, %error, "attempt failed");
            self.retried.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    /// Attempts so far that failed and were made again.
    #[must_use]
    pub fn retries(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    async fn attempt(
        &self,
        tarball: &Tarball,
        part: Option<&RepositoryPart>,
        attempt: u32,
        queued_at: u64,
    ) -> Result<Arc<StoredPackage>, FetchError> {
        let permit = self.client.permits().acquire().await;
        // Asked only now: asked before the wait for a permit, the answer would be out of date.
        self.backlog.has_room().await;
        let started = self.emitter.now();
        self.meters.begin(Phase::Download, started);
        let lane = permit.lane();
        let package = tarball.package;
        let host = tarball.url.host_str().map(str::to_owned);
        self.emitter.emit_at(started, EventKind::FetchStarted { package, attempt, lane, size: None, host });
        let commit = part.and_then(|part| part.commit.as_ref());
        let body = match commit {
            Some(commit) => archive_of(commit, &tarball.url, permit).await,
            None => self.download(tarball, permit).await,
        };
        let ended = self.emitter.now();
        self.meters.task(Phase::Download, started, ended);
        let body = body?;
        let bytes = body.bytes.len() as u64;
        let answered_by = body.answered_by().map(Box::new);
        self.emitter.emit_at(ended, EventKind::Downloaded { package, lane, bytes, answered_by });
        let times = Times {
            attempts: attempt,
            queue_us: started.saturating_sub(queued_at),
            first_byte_us: micros(body.first_byte),
            body_us: micros(body.body),
            downloaded_at: ended,
        };
        self.extract(tarball, part, body.bytes, times).await
    }

    async fn download(&self, tarball: &Tarball, _permit: Permit) -> Result<Body, FetchError> {
        if tarball.url.scheme() == "file" {
            return read_local(&tarball.url).await;
        }
        let counter = self.progress.count(tarball.package);
        let mut request = Get::new(&tarball.url, MAX_TARBALL);
        request.observer = &counter;
        Ok(self.client.get(request).await?)
    }

    async fn extract(
        &self,
        tarball: &Tarball,
        part: Option<&RepositoryPart>,
        body: Bytes,
        times: Times,
    ) -> Result<Arc<StoredPackage>, FetchError> {
        let (answer, answered) = oneshot::channel();
        let held = self.backlog.hold(body.len() as u64);
        let job = ExtractJob {
            store: Arc::clone(&self.store),
            index: Arc::clone(&self.index),
            emitter: self.emitter.clone(),
            meters: self.meters.clone(),
            limit: self.max_unpacked_size,
            tarball: tarball.clone(),
            part: part.cloned(),
            times,
        };
        self.pool.submit(move |lane| {
            let outcome = job.run(lane, &body);
            drop((body, held));
            // Whoever waited was cancelled: the package is in the store all the same.
            let _ = answer.send(outcome);
        });
        answered.await.map_err(|_| FetchError::Lost)?
    }
}

/// A commit as an archive, as if a server had answered with it.
async fn archive_of(commit: &RepositoryCommit, url: &Url, _permit: Permit) -> Result<Body, FetchError> {
    let started = Instant::now();
    let RepositoryCommit { repository, digits, is_shallow } = commit;
    let whole = Commit { repository, digits, is_shallow: *is_shallow };
    let bytes = whole.archive().await.map_err(|error| FetchError::Git {
        repository: shown(url),
        commit: digits.clone(),
        reason: match error {
            CommitError::Git(_, Failure::NotRun(error)) | CommitError::Temporary(error) => error.to_string(),
            CommitError::Git(operation, Failure::Refused(complaint)) => {
                // git repeats the address as it was given, and that may hold credentials.
                let complaint = complaint.replace(repository.as_str(), &shown(url));
                let plain = |character: char| if character.is_control() { ' ' } else { character };
                format!("git {operation}: {}", complaint.trim().chars().map(plain).collect::<String>())
            }
            CommitError::Unsafe => "its address or commit is not fit for git".to_owned(),
        },
    })?;
    Ok(whole_body(bytes, started, url))
}

/// A tarball on this machine, as if a server had answered with it.
async fn read_local(url: &Url) -> Result<Body, FetchError> {
    let started = Instant::now();
    let fail = |source| FetchError::Local { path: PathBuf::from(url.path()), source };
    let path = url.to_file_path().map_err(|()| fail(std::io::ErrorKind::InvalidFilename.into()))?;
    let bytes = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<u8>> {
        let file = std::fs::File::open(path)?;
        let mut bytes = Vec::new();
        file.take(MAX_TARBALL).read_to_end(&mut bytes)?;
        Ok(bytes)
    })
    .await
    .map_err(|_| FetchError::Lost)?
    .map_err(fail)?;
    Ok(whole_body(bytes, started, url))
}

fn whole_body(bytes: Vec<u8>, started: Instant, url: &Url) -> Body {
    Body {
        bytes: bytes.into(),
        status: 200,
        http_version: "",
        first_byte: Duration::ZERO,
        body: started.elapsed(),
        url: url.clone(),
        etag: None,
        last_modified: None,
        content_encoding: None,
    }
}

/// What the extract pool does with a tarball.
struct ExtractJob {
    store: Arc<Store>,
    index: Arc<IndexWriter>,
    emitter: Emitter,
    meters: Meters,
    limit: u64,
    tarball: Tarball,
    part: Option<RepositoryPart>,
    times: Times,
}

impl ExtractJob {
    fn run(self, lane: u16, body: &Bytes) -> Result<Arc<StoredPackage>, FetchError> {
        let started = self.emitter.now();
        let Tarball { package, url, integrity, unblocked, key } = self.tarball;
        self.meters.begin(Phase::Extract, started);
        self.emitter.emit_at(started, EventKind::ExtractStarted { package, lane });
        let (store, wanted) = (&self.store, integrity.as_deref());
        let row = match &self.part {
            None => extract::extract(store, body, wanted, self.limit).map(|row| row.encode()),
            Some(part) => {
                repository::pack(store, body, wanted, self.limit, part).map(|row| row.encode_unprepared())
            }
        };
        let unpacked = row.and_then(|row| {
            let stored = StoredPackage::decode(row.clone())
                .map_err(|error| extract::ExtractError::Unusable(error.to_string()))?;
            Ok((row, stored))
        });
        let ended = self.emitter.now();
        self.meters.task(Phase::Extract, started, ended);
        let (row, stored) = unpacked.map_err(|source| FetchError::Extract { url: shown(&url), source })?;
        self.index.write(key, row);
        let times = self.times;
        self.emitter.emit_at(
            ended,
            EventKind::Fetched(Fetched {
                package,
                lane,
                attempts: times.attempts,
                queue_us: times.queue_us,
                first_byte_us: times.first_byte_us,
                body_us: times.body_us,
                extract_queue_us: started.saturating_sub(times.downloaded_at),
                extract_us: ended.saturating_sub(started),
                bytes_in: body.len() as u64,
                bytes_out: stored.size(),
                files: stored.file_count(),
                unblocked,
            }),
        );
        Ok(Arc::new(stored))
    }
}

/// A URL without the secrets that may stand in it.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that have no host, and so no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}
