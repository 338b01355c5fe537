//! What can go wrong with a tarball at a URL.

use crate::core::fetch::FetchError;
use crate::core::network::NetworkError;

/// Why a tarball at a URL cannot be a dependency.
#[derive(Debug, thiserror::Error)]
pub enum UrlError {
    /// The specifier is no URL.
    #[error("{specifier:?} is no address: {reason}")]
    Invalid {
        /// The specifier.
        specifier: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It cannot be downloaded or unpacked.
    #[error("cannot get the tarball {url}: {source}")]
    Fetch {
        /// The URL, without credentials.
        url: String,
        /// Why.
        source: FetchError,
    },
}

impl UrlError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Invalid { .. } => None,
            Self::Fetch { source, .. } => source.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Invalid { .. } => None,
            Self::Fetch { source, .. } => source.help(),
        }
    }

    /// It cannot be downloaded.
    pub(super) fn network(url: &url::Url, error: NetworkError) -> Self {
        Self::Fetch { url: shown(url), source: FetchError::Network(error) }
    }
}

/// A URL without the secrets that may stand in it.
pub(super) fn shown(url: &url::Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that have no host, and so no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}
