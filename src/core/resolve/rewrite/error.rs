//! What can be wrong with settings that change manifests.

use std::path::PathBuf;

use crate::core::lockfile::{CatalogError, ExtensionError, OverrideError};

/// Why manifests cannot be changed as the settings want it.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// An override cannot be read.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// A `catalog:` specifier stands for nothing.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// An extension cannot be read.
    #[error(transparent)]
    Extension(#[from] ExtensionError),
    /// An entry of `peerDependencyRules` has a value of the wrong kind.
    #[error("{setting} must be {expected}")]
    Setting {
        /// The setting, such as `peerDependencyRules.allowAny`.
        setting: String,
        /// What it should be, such as `a list of patterns`.
        expected: &'static str,
    },
    /// There is a pnpmfile, which only a JavaScript engine can run.
    #[error("{} is not supported: this program runs no JavaScript, so its hooks cannot change what is resolved", path.display())]
    Pnpmfile {
        /// The file.
        path: PathBuf,
    },
}

impl RewriteError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Override(error) => error.code(),
            Self::Catalog(error) => error.code(),
            Self::Extension(error) => error.code(),
            Self::Setting { .. } | Self::Pnpmfile { .. } => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Override(error) => error.help(),
            Self::Catalog(error) => error.help(),
            Self::Extension(error) => error.help(),
            Self::Setting { .. } => Some("Change the entry in pnpm-workspace.yaml.".to_owned()),
            Self::Pnpmfile { .. } => Some(
                "Resolve with pnpm, then install from its lockfile; or leave the file out with --ignore-pnpmfile."
                    .to_owned(),
            ),
        }
    }
}
