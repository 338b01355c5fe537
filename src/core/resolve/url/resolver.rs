//! From the URL of a tarball to a package.

use std::sync::Arc;

use url::Url;

use super::download::{Downloads, Learned, Purpose};
use super::error::UrlError;
use crate::core::fetch::FetchError;
use crate::core::lockfile::Resolution;
use crate::core::network::{Head, NetworkError};
use crate::core::resolve::chain::Way;
use crate::core::resolve::found::Found;
use crate::core::resolve::memo::Memo;
use crate::core::resolve::{Asked, ResolveError, Resolved, Source, Via, Wanted};

/// Resolves tarballs at URLs.
#[derive(Debug)]
pub struct UrlResolver {
    downloads: Arc<Downloads>,
    known: Memo<Located>,
}

/// A tarball and where it is.
#[derive(Debug, Clone)]
struct Located {
    learned: Learned,
    /// Where it is to be downloaded from.
    tarball: Url,
}

impl Way for UrlResolver {
    async fn resolve(
        &self,
        wanted: &Wanted,
        _asked: &Asked<'_>,
    ) -> Result<Option<Arc<Resolved>>, ResolveError> {
        let specifier = &*wanted.specifier;
        if !specifier.starts_with("http:") && !specifier.starts_with("https:") {
            return Ok(None);
        }
        let asked = Url::parse(specifier).map_err(|error| UrlError::Invalid {
            specifier: specifier.to_owned(),
            reason: error.to_string(),
        })?;
        let located = self.known.answer(asked.as_str(), async || self.locate(&asked).await).await?;
        let Located { learned: Learned { integrity, manifest }, tarball } = located;
        let resolution = Resolution::Tarball {
            integrity: Some(integrity),
            tarball: tarball.to_string(),
            git_hosted: false,
            path: None,
            other: Vec::new(),
        };
        let found = Found {
            manifest,
            place: asked.to_string(),
            source: Source::Package { resolution, tarball: Some(tarball.as_str().into()) },
            via: Via::Url,
            normalized: asked.to_string(),
        };
        found.resolved(wanted).map(Some)
    }
}

impl UrlResolver {
    /// Resolves with these downloads.
    #[must_use]
    pub fn new(downloads: Arc<Downloads>) -> Self {
        Self { downloads, known: Memo::default() }
    }

    /// Where a server says that its answer never changes, the address that it redirects to is as good for ever, so
    /// that one is kept. A refusal of the question says nothing of the tarball.
    async fn locate(&self, asked: &Url) -> Result<Located, UrlError> {
        let head = self.head(asked).await?;
        let is_immutable = head.cache_control.is_some_and(|control| control.contains("immutable"));
        let tarball = if is_immutable { head.url } else { asked.clone() };
        let learned = self.downloads.learn(&tarball, Purpose::Package(asked.to_string())).await?;
        Ok(Located { learned, tarball })
    }

    async fn head(&self, url: &Url) -> Result<Head, UrlError> {
        let fetcher = &self.downloads.fetcher;
        if fetcher.offline {
            return Err(UrlError::Fetch { url: super::error::shown(url), source: FetchError::Offline });
        }
        let client = &fetcher.client;
        let mut attempt = 0;
        loop {
            let permit = client.permits().acquire().await;
            let answer = client.head(url, false, client.fetch_timeout()).await;
            drop(permit);
            let error = match answer {
                Ok(head) => return Ok(head),
                Err(error) => error,
            };
            let delay = client.retry_policy().delay(attempt, error.retry_after());
            let Some(delay) = delay.filter(|_| NetworkError::is_retryable(&error)) else {
                return Err(UrlError::network(url, error));
            };
            tokio::time::sleep(delay).await;
            attempt += 1;
        }
    }
}
