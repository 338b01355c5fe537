//! One document asked for at a registry, with as many attempts as the retry policy allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cache;
use super::error::RegistryError;
use super::location::Form;
use super::packument::Packument;
use super::packuments::{Entry, Shared, Warm};
use super::split::split;
use super::timestamp::http_date;
use crate::core::event::{AnsweredBy, EventKind, MetadataCache, MetadataReceived};
use crate::core::network::{Body, Get, NetworkError};

/// Largest answer that is taken, as it comes and inflated.
const MAX_ANSWER: u64 = 256 << 20;
const MAX_DOCUMENT: u64 = 512 << 20;

/// Larger documents are read from the cache again, so that they need not be held in memory.
const LARGE: usize = 128 << 10;

/// What came of a request.
pub(super) enum Outcome {
    /// The document that is known is current.
    Current,
    /// Another document.
    New(Arc<Packument>),
}

/// A request for a document.
pub(super) struct Request {
    pub(super) shared: Arc<Shared>,
    pub(super) entry: Arc<Entry>,
    pub(super) form: Form,
    /// What the cache has, whose validators are sent.
    pub(super) known: Option<Arc<Packument>>,
    pub(super) warm: Option<Warm>,
    /// All others go first.
    pub(super) is_patient: bool,
}

/// The times of an attempt.
#[derive(Default, Clone, Copy)]
struct Times {
    lane: u16,
    queue: Duration,
    first_byte: Duration,
    body: Duration,
    read: Duration,
    bytes: u64,
}

impl Request {
    /// Makes it, trying again where that may help.
    pub(super) async fn make(self) -> Result<Outcome, RegistryError> {
        let mut attempt = 1;
        let mut past_caches = false;
        loop {
            let error = match self.attempt(attempt, past_caches).await {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if let RegistryError::Network { source: NetworkError::Status { status: 304, .. }, .. } = &error {
                // A cache on the way answered a question that was not asked.
                if past_caches {
                    return Err(RegistryError::NotModifiedWithoutCache { name: self.entry.name.to_string() });
                }
                past_caches = true;
                continue;
            }
            let retry_after = match &error {
                RegistryError::Network { source, .. } => source.retry_after(),
                _ => None,
            };
            let delay = self.shared.client.retry_policy().delay(attempt - 1, retry_after);
            let Some(delay) = delay.filter(|_| error.is_retryable()) else { return Err(error) };
            tracing::debug!(name = &*self.entry.name, attempt, %error, "metadata is asked for again");
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, attempt: u32, past_caches: bool) -> Result<Outcome, RegistryError> {
        let name = &self.entry.name;
        let url = self.entry.place.packument_url(name).ok_or_else(|| RegistryError::InvalidRegistry {
            name: name.to_string(),
            registry: self.entry.place.registry.to_string(),
        })?;
        let since = self.known.as_deref().and_then(Packument::modified).and_then(http_date);
        let queued = Instant::now();
        let permits = self.shared.client.permits();
        let permit =
            if self.is_patient { permits.acquire_patiently().await } else { permits.acquire_urgent().await };
        let mut times = Times { lane: permit.lane(), queue: queued.elapsed(), ..Times::default() };
        self.shared.emitter.emit(EventKind::MetadataRequested {
            name: name.to_string(),
            attempt,
            lane: times.lane,
            host: url.host_str().map(str::to_owned),
        });
        let get = Get {
            accept: self.form.accept(),
            compressed: true,
            etag: self.known.as_deref().and_then(|known| known.etag.as_deref()).filter(|_| !past_caches),
            modified_since: since.as_deref().filter(|_| !past_caches),
            past_caches,
            package: Some(name),
            ..Get::new(&url, MAX_ANSWER)
        };
        let answer = self.shared.client.get(get).await;
        drop(permit);
        let mut answered_by = None;
        let outcome = match answer {
            Err(source) => Err(RegistryError::Network { name: name.to_string(), source }),
            Ok(body) => {
                times.first_byte = body.first_byte;
                times.body = body.body;
                times.bytes = body.bytes.len() as u64;
                answered_by = body.answered_by();
                self.take(body, &mut times).await
            }
        };
        self.tell(&outcome, times, answered_by);
        outcome
    }

    async fn take(&self, body: Body, times: &mut Times) -> Result<Outcome, RegistryError> {
        if body.status == 304 {
            if let Some(file) = self.entry.file.clone() {
                self.shared.workers.run_behind(move || {
                    if let Err(error) = cache::confirm(&file) {
                        tracing::debug!(file = %file.display(), %error, "cannot note that metadata is current");
                    }
                });
            }
            return Ok(Outcome::Current);
        }
        let reading = Reading { entry: Arc::clone(&self.entry), warm: self.warm.clone() };
        let lost = || RegistryError::Lost { name: self.entry.name.to_string() };
        let read = self.shared.workers.run(move || {
            let started = Instant::now();
            (reading.read(&body), started.elapsed())
        });
        let (packument, took) = read.await.ok_or_else(lost)?;
        times.read = took;
        let packument = packument?;
        if let (Some(file), true) = (self.entry.file.clone(), packument.is_in_memory()) {
            let packument = Arc::clone(&packument);
            self.shared.workers.run_behind(move || store(&file, &packument));
        }
        Ok(Outcome::New(packument))
    }

    fn tell(&self, outcome: &Result<Outcome, RegistryError>, times: Times, answered_by: Option<AnsweredBy>) {
        let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.shared.emitter.emit(EventKind::MetadataReceived(Box::new(MetadataReceived {
            name: self.entry.name.to_string(),
            cache: match outcome {
                Ok(Outcome::Current) => MetadataCache::Revalidated,
                Ok(Outcome::New(_)) => MetadataCache::Miss,
                Err(_) => MetadataCache::Failed,
            },
            lane: Some(times.lane),
            bytes: times.bytes,
            queue_us: micros(times.queue),
            first_byte_us: micros(times.first_byte),
            body_us: micros(times.body),
            read_us: micros(times.read),
            answered_by,
        })));
    }
}

/// What a worker needs to read an answer.
struct Reading {
    entry: Arc<Entry>,
    warm: Option<Warm>,
}

impl Reading {
    fn read(&self, body: &Body) -> Result<Arc<Packument>, RegistryError> {
        let name = &self.entry.name;
        let bytes = body
            .decoded(MAX_DOCUMENT)
            .map_err(|source| RegistryError::Network { name: name.to_string(), source })?;
        let mut packument = split(&bytes, body.etag.as_deref())
            .map_err(|reason| RegistryError::Decode { url: shown(&body.url), reason })?;
        if packument.name() != name {
            let answered = packument.name().to_string();
            return Err(RegistryError::NameMismatch { name: name.to_string(), answered });
        }
        let size = bytes.len();
        drop(bytes);
        if let Some(file) = self.entry.file.as_deref().filter(|_| size > LARGE) {
            store(file, &packument);
            if let Some(cached) = cache::read(file, name) {
                packument = cached.packument;
            }
        }
        let packument = Arc::new(packument);
        if let Some(warm) = &self.warm {
            warm(&packument);
        }
        Ok(packument)
    }
}

/// Puts a document into the cache. That it cannot be is no reason to fail: it only has to be asked for again.
fn store(file: &std::path::Path, packument: &Packument) {
    if let Err(error) = cache::write(file, packument) {
        tracing::debug!(file = %file.display(), %error, "cannot cache metadata");
    }
}

/// An address without the secrets that may stand in it.
fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that have no host, and so no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}
