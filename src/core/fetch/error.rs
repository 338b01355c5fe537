//! What can go wrong while fetching a package.

use super::extract::ExtractError;
use super::integrity::IntegrityError;
use crate::core::network::NetworkError;

/// Why a package could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The registry, or the way to it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A tarball on this machine.
    #[error("cannot read the tarball {}: {source}", path.display())]
    Local {
        /// Where it is.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What came cannot be used.
    #[error("the tarball {url} cannot be used: {source}")]
    Extract {
        /// Where it came from, without credentials.
        url: String,
        /// Why.
        source: ExtractError,
    },
    /// A git repository.
    #[error("cannot get {commit} of the git repository {repository}: {reason}")]
    Git {
        /// The repository, without credentials.
        repository: String,
        /// The commit.
        commit: String,
        /// What git says.
        reason: String,
    },
    /// It would have to be downloaded, and `--offline` forbids that.
    #[error("it is not in the store, and --offline allows no download")]
    Offline,
    /// A kind of package that this version cannot fetch.
    #[error("{0}")]
    Unsupported(String),
    /// The pool that extracts lost it.
    #[error("extracting it failed without a word; this is a bug in pacwatch")]
    Lost,
}

impl FetchError {
    /// Whether another attempt may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Network(error) => error.is_retryable(),
            // A proxy or cache on the way may have broken it; the store's own troubles stay.
            Self::Extract { source: ExtractError::Integrity(IntegrityError::Mismatch { .. }), .. } => true,
            Self::Extract { source: ExtractError::Archive(error), .. } => error.may_be_broken_on_the_way(),
            _ => false,
        }
    }

    /// pnpm's code for it. Tarballs have codes of their own; those built from the status are for metadata.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Network(NetworkError::Status { .. }) => Some("ERR_PNPM_TARBALL_HTTP_STATUS"),
            Self::Network(_) => Some("ERR_PNPM_TARBALL_FETCH_TARBALL"),
            Self::Extract { source, .. } => source.code(),
            Self::Offline => Some("ERR_PNPM_NO_OFFLINE_TARBALL"),
            Self::Git { .. } => Some("ERR_PNPM_GIT_FETCH_FAILED"),
            Self::Local { .. } | Self::Unsupported(_) | Self::Lost => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Network(error) => error.help(),
            Self::Extract { source, .. } => source.help(),
            Self::Offline => Some("Run the install once without --offline.".into()),
            Self::Git { .. } => Some("See that git can reach the repository from here.".into()),
            Self::Local { .. } | Self::Unsupported(_) | Self::Lost => None,
        }
    }
}
