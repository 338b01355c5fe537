//! Downloading a tarball to learn what is in it: nothing but the archive itself tells name, version and integrity.
//!
//! What was downloaded goes into the store at once, so that the install finds it there. Work on archives is done on the
//! extract pool, never on the task that resolves.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot;
use url::Url;

use super::error::{UrlError, shown};
use crate::core::fetch::extract::{ExtractError, extract};
use crate::core::fetch::{FetchError, Fetcher, integrity};
use crate::core::network::{Get, NetworkError};
use crate::core::resolve::tarball_manifest;
use crate::core::resolve::{PackageManifest, found};
use crate::core::store::index;

/// No tarball is larger; a body that is, is not read on.
const MAX_TARBALL: u64 = 1 << 30;

/// Downloads tarballs for those who resolve.
#[derive(Debug)]
pub struct Downloads {
    /// The way to servers and the store.
    pub(in crate::core::resolve) fetcher: Arc<Fetcher>,
    taken_in: Mutex<Vec<TakenIn>>,
}

/// A tarball that was downloaded while resolving and is in the store now.
#[derive(Debug, Clone)]
pub struct TakenIn {
    /// Key of its row in the store's index.
    pub key: String,
    /// Its row.
    pub row: Vec<u8>,
}

/// What was learned of a tarball.
#[derive(Debug, Clone)]
pub(in crate::core::resolve) struct Learned {
    /// `sha512-…`
    pub integrity: String,
    /// Its manifest, if it has one that can be read.
    pub manifest: Option<Arc<PackageManifest>>,
}

/// What becomes of a tarball once it is here.
#[derive(Debug, Clone)]
pub(in crate::core::resolve) enum Purpose {
    /// It is a package. It goes into the store, under this id.
    Package(String),
    /// It is the archive of a repository: only the manifest in this folder of it is wanted.
    Archive(String),
}

impl Downloads {
    /// Downloads with these tools.
    #[must_use]
    pub fn new(fetcher: Arc<Fetcher>) -> Self {
        Self { fetcher, taken_in: Mutex::default() }
    }

    /// The tarballs that were put into the store since this was asked last. Their rows are on their way into the
    /// index, so a reader of the index may not see them yet.
    #[must_use]
    pub fn taken_in(&self) -> Vec<TakenIn> {
        std::mem::take(&mut self.taken_in.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Downloads a tarball and learns what it is.
    pub(in crate::core::resolve) async fn learn(
        &self,
        url: &Url,
        purpose: Purpose,
    ) -> Result<Learned, UrlError> {
        let failed = |source| UrlError::Fetch { url: shown(url), source };
        if self.fetcher.offline {
            return Err(failed(FetchError::Offline));
        }
        let mut attempt = 0;
        loop {
            let error = match self.attempt(url, purpose.clone()).await {
                Ok(learned) => return Ok(learned),
                Err(error) => error,
            };
            let network = if let FetchError::Network(error) = &error { Some(error) } else { None };
            let delay = self.fetcher.client.retry_policy();
            let delay = delay.delay(attempt, network.and_then(NetworkError::retry_after));
            let Some(delay) = delay.filter(|_| error.is_retryable()) else {
                return Err(failed(error));
            };
            tracing::debug!(url = shown(url), attempt, %error, "attempt failed");
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, url: &Url, purpose: Purpose) -> Result<Learned, FetchError> {
        let permit = self.fetcher.client.permits().acquire().await;
        let body = self.fetcher.client.get(Get::new(url, MAX_TARBALL)).await?;
        drop(permit);
        let (answer, answered) = oneshot::channel();
        let (fetcher, url) = (Arc::clone(&self.fetcher), shown(url));
        self.fetcher.pool.submit(move |_lane| {
            let learned = look(&fetcher, &body.bytes, purpose);
            // Whoever waited was cancelled: then nobody misses it.
            let _ = answer.send(learned.map_err(|source| FetchError::Extract { url, source }));
        });
        let (learned, taken_in) = answered.await.map_err(|_| FetchError::Lost)??;
        self.taken_in.lock().unwrap_or_else(PoisonError::into_inner).extend(taken_in);
        Ok(learned)
    }
}

/// Looks into a tarball, and takes it into the store if it is a package.
fn look(
    fetcher: &Fetcher,
    body: &Bytes,
    purpose: Purpose,
) -> Result<(Learned, Option<TakenIn>), ExtractError> {
    let limit = fetcher.max_unpacked_size;
    let integrity = integrity::sha512(body);
    let id = match purpose {
        Purpose::Package(id) => id,
        Purpose::Archive(folder) => {
            let manifest = match tarball_manifest::read(body, limit, &folder) {
                Ok(manifest) => manifest,
                Err(tarball_manifest::TarballManifestError::Archive(error)) => return Err(error.into()),
                // pnpm takes a manifest that it cannot read for none.
                Err(_) => None,
            };
            return Ok((Learned { integrity, manifest }, None));
        }
    };
    let row = extract(&fetcher.store, body, None, limit)?;
    let manifest = row.manifest.as_ref().and_then(Value::as_object).map(found::with_version).map(Arc::new);
    let row = row.encode();
    let key = index::key(&integrity, &id);
    fetcher.index.write(key.clone(), row.clone());
    let taken_in = TakenIn { key, row };
    Ok((Learned { integrity, manifest }, Some(taken_in)))
}
