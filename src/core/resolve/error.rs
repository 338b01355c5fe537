//! What can go wrong while resolving.

use super::git::GitError;
use super::local::LocalError;
use super::rewrite::RewriteError;
use super::tree::DEPTH_LIMIT;
use super::url::UrlError;
use crate::core::lockfile::PatchError;

/// Why a project cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No way of resolving knows the specifier.
    #[error("{specifier:?} isn't supported by any available resolver")]
    NotSupported {
        /// The specifier, with its alias.
        specifier: String,
    },
    /// A manifest gives a dependency a name that is none.
    #[error("{parent} contains a dependency with an invalid name: {alias:?}")]
    InvalidDependencyName {
        /// Whose manifest.
        parent: String,
        /// The name.
        alias: String,
    },
    /// A dependency of a dependency comes from a place that the settings forbid.
    #[error(
        "the dependency {alias:?} comes from {from}, which blockExoticSubdeps does not allow for dependencies of dependencies"
    )]
    ExoticSubdependency {
        /// Its alias, or its specifier.
        alias: String,
        /// What kind of place.
        from: &'static str,
    },
    /// Which patch is for a package cannot be told.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// An optional dependency cannot be resolved although the lockfile has it.
    #[error("{0}")]
    LockedOptional(#[source] Box<ResolveError>),
    /// The walk ended before an answer was there; another error says why.
    #[error("resolution was given up")]
    Interrupted,
    /// Packages depend on each other in a longer row than any walk goes down.
    #[error("some dependencies are nested more than {DEPTH_LIMIT} levels deep")]
    TooDeep,
    /// A package of a registry or of the workspace.
    #[error(transparent)]
    Npm(#[from] Box<super::npm::NpmError>),
    /// The manifest behind a local dependency of the root project cannot be read.
    #[error(transparent)]
    LocalManifest(#[from] crate::core::manifest::ManifestError),
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
    /// A `catalog:` specifier stands for nothing, or another setting cannot be applied.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
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
            Self::InvalidDependencyName { .. } | Self::InvalidName { .. } => {
                Some("ERR_PNPM_INVALID_DEPENDENCY_NAME")
            }
            Self::ExoticSubdependency { .. } => Some("ERR_PNPM_EXOTIC_SUBDEP"),
            Self::Patch(error) => error.code(),
            Self::LockedOptional(inner) => inner.code(),
            Self::Interrupted | Self::TooDeep | Self::LocalManifest(_) | Self::Runtime { .. } => None,
            Self::Npm(error) => error.code(),
            Self::UnsupportedProtocol { .. } => Some("ERR_PNPM_UNSUPPORTED_PROTOCOL"),
            Self::MissingName { .. } => Some("ERR_PNPM_MISSING_PACKAGE_NAME"),
            Self::Rewrite(error) => error.code(),
            Self::Local(error) => error.code(),
            Self::Url(error) => error.code(),
            Self::Git(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::InvalidDependencyName { .. } => {
                Some("a name is `name` or `@scope/name`, without path separators or leading dots".to_owned())
            }
            Self::ExoticSubdependency { .. } => {
                Some("set blockExoticSubdeps to false, or override the dependency".to_owned())
            }
            Self::Patch(error) => error.help(),
            Self::LockedOptional(_) => Some(
                "it is not left out, since the lockfile has it: leaving it out would make the lockfile depend on where \
                 it was made. If the version is gone for good, update the package that asks for it, or delete the entry"
                    .to_owned(),
            ),
            Self::NotSupported { .. }
            | Self::Interrupted
            | Self::LocalManifest(_) => None,
            Self::TooDeep => Some("no real project needs that: look for a dependency that was made to do harm".to_owned()),
            Self::Npm(error) => error.help(),
            Self::UnsupportedProtocol { .. } => Some(
                "If the package.json of another package has it, put another specifier in its place with \
                 `overrides`."
                    .to_owned(),
            ),
            Self::Runtime { .. } => Some("Install the runtime by other means, or use pnpm.".to_owned()),
            Self::MissingName { .. } | Self::InvalidName { .. } => {
                Some("Correct the `name` in the package.json of that package.".to_owned())
            }
            Self::Rewrite(error) => error.help(),
            Self::Local(error) => error.help(),
            Self::Url(error) => error.help(),
            Self::Git(error) => error.help(),
        }
    }
}
