//! What can go wrong on the way to a package's metadata.

use std::path::PathBuf;

use crate::core::network::{NetworkError, Stage};

/// Why a package's metadata cannot be had. Nothing in here holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The name cannot be asked for.
    #[error("Package name {name} is invalid, so no registry can be asked for it")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The registry's address is none.
    #[error("The registry of {name} cannot be asked: {registry:?} is no web address")]
    InvalidRegistry {
        /// The package.
        name: String,
        /// What is configured.
        registry: String,
    },
    /// No request may be made, and the cache has nothing.
    #[error("Failed to resolve {name} in package mirror {}: nothing is cached and no request may be made", path.display())]
    Offline {
        /// The package.
        name: String,
        /// Where it would lie.
        path: PathBuf,
    },
    /// The registry answered with something other than success, or not at all.
    #[error("{}", network(source))]
    Network {
        /// The package.
        name: String,
        /// What failed.
        source: NetworkError,
    },
    /// The answer is no metadata.
    #[error("Failed to decode metadata from {url}: {reason}")]
    Decode {
        /// The address, safe to show.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The answer is about another package.
    #[error("The registry returned metadata for {answered:?} when {name:?} was requested")]
    NameMismatch {
        /// The package.
        name: String,
        /// The name in the answer.
        answered: String,
    },
    /// The registry says that nothing changed, but there is nothing that could have.
    #[error("Registry returned 304 for {name} without an existing cache to refresh.")]
    NotModifiedWithoutCache {
        /// The package.
        name: String,
    },
    /// Whoever worked on it went away; only at the end of a run that was given up.
    #[error("reading the metadata of {name} was given up")]
    Lost {
        /// The package.
        name: String,
    },
}

fn network(error: &NetworkError) -> String {
    match (error, error.url()) {
        // pnpm shows these alone.
        (NetworkError::Status { .. }, _) | (_, None) => error.to_string(),
        (_, Some(url)) => format!("Failed to fetch metadata from {url}: {error}"),
    }
}

impl RegistryError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidName { .. } => "ERR_PNPM_INVALID_PACKAGE_NAME",
            Self::InvalidRegistry { .. } | Self::Lost { .. } => return None,
            Self::Offline { .. } => "ERR_PNPM_NO_OFFLINE_META",
            Self::Network { source, .. } => match source {
                NetworkError::Status { .. } => return source.code(),
                NetworkError::Incomplete { .. }
                | NetworkError::TooLarge { .. }
                | NetworkError::TimedOut { stage: Stage::Body, .. } => {
                    "ERR_PNPM_RESOLVING_NPM_RESOLVER_BODY_READ_ERROR"
                }
                NetworkError::Encoding { .. } => "ERR_PNPM_RESOLVING_NPM_RESOLVER_DECODE_ERROR",
                _ => "ERR_PNPM_RESOLVING_NPM_RESOLVER_NETWORK_ERROR",
            },
            Self::Decode { .. } => "ERR_PNPM_RESOLVING_NPM_RESOLVER_DECODE_ERROR",
            Self::NameMismatch { .. } => "ERR_PNPM_REGISTRY_NAME_MISMATCH",
            Self::NotModifiedWithoutCache { .. } => "ERR_PNPM_META_NOT_MODIFIED_WITHOUT_CACHE",
        })
    }

    /// The code that pnpm has for it when the metadata was wanted to verify a lockfile.
    #[must_use]
    pub fn code_of_verification(&self) -> &'static str {
        "ERR_PNPM_META_FETCH_FAIL"
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Network { name, source } => {
                let own = source.help();
                match source.status() {
                    Some(404) => {
                        let known = format!(
                            "{name} is not in the npm registry, or you have no permission to fetch it."
                        );
                        Some(own.map_or(known.clone(), |own| format!("{known} {own}")))
                    }
                    _ => own,
                }
            }
            Self::Offline { .. } => {
                Some("Run once without --offline, so that the metadata is cached.".to_owned())
            }
            Self::Decode { .. } | Self::NameMismatch { .. } => {
                Some("Check that the registry's address leads to an npm registry.".to_owned())
            }
            _ => None,
        }
    }

    /// Whether the registry said that there is no such package.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Network { source, .. } if source.status() == Some(404))
    }

    /// Whether another attempt may end better.
    pub(super) fn is_retryable(&self) -> bool {
        match self {
            Self::Network { source, .. } => source.is_retryable_for_metadata(),
            // What is cut off or garbled on its way may come whole the next time.
            Self::Decode { .. } => true,
            _ => false,
        }
    }
}
