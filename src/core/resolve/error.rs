//! What can go wrong while resolving.

use super::git::GitError;
use super::local::LocalError;
use super::url::UrlError;

/// Why a project cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No way of resolving knows the specifier.
    #[error("{specifier:?} isn't supported by any available resolver")]
    NotSupported {
        /// The specifier, with its alias.
        specifier: String,
    },
    /// The specifier has a prefix that nobody knows.
    #[error("{specifier:?} has the prefix {prefix:?}, which is not supported")]
    UnsupportedProtocol {
        /// The prefix, with its colon.
        prefix: String,
        /// The specifier, with its alias.
        specifier: String,
    },
    /// The specifier asks for a JavaScript runtime.
    #[error("{specifier:?} asks for a JavaScript runtime, which this version of pacwatch does not install")]
    Runtime {
        /// The specifier, with its alias.
        specifier: String,
    },
    /// A package outside of a registry does not say its name.
    #[error("{specifier:?} cannot be installed: its package.json has no name")]
    MissingName {
        /// The specifier.
        specifier: String,
    },
    /// A package outside of a registry has a name that cannot be a folder of `node_modules`.
    #[error("{specifier:?} cannot be installed: {name:?} is no valid package name")]
    InvalidName {
        /// The specifier.
        specifier: String,
        /// The name that its manifest has.
        name: String,
    },
    /// A folder or tarball on this machine.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// A tarball at a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// A git repository.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl ResolveError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotSupported { .. } => Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"),
            Self::UnsupportedProtocol { .. } => Some("ERR_PNPM_UNSUPPORTED_PROTOCOL"),
            Self::MissingName { .. } => Some("ERR_PNPM_MISSING_PACKAGE_NAME"),
            Self::InvalidName { .. } => Some("ERR_PNPM_INVALID_DEPENDENCY_NAME"),
            Self::Runtime { .. } => None,
            Self::Local(error) => error.code(),
            Self::Url(error) => error.code(),
            Self::Git(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotSupported { .. } => None,
            Self::UnsupportedProtocol { .. } => Some(
                "If the package.json of another package has it, put another specifier in its place with \
                 `overrides`."
                    .to_owned(),
            ),
            Self::Runtime { .. } => Some("Install the runtime by other means, or use pnpm.".to_owned()),
            Self::MissingName { .. } | Self::InvalidName { .. } => {
                Some("Correct the `name` in the package.json of that package.".to_owned())
            }
            Self::Local(error) => error.help(),
            Self::Url(error) => error.help(),
            Self::Git(error) => error.help(),
        }
    }
}
