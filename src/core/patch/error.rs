//! What can be wrong with a patch.

use std::io;
use std::path::PathBuf;

use crate::core::lockfile;

/// An error of a patch.
#[derive(Debug, thiserror::Error)]
pub enum PatchError {
    /// Its file cannot be read.
    #[error("cannot read {}, the patch for {selector}: {source}", path.display())]
    Unreadable {
        /// What it is declared for.
        selector: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its file is no patch.
    #[error("{}, the patch for {selector}, is no patch that `git diff` would write: {reason}", path.display())]
    Invalid {
        /// What it is declared for.
        selector: String,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It does not fit the package, which the caller names.
    #[error("the patch {} cannot be applied: {reason}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// Which file of the package it does not fit, and why.
        reason: String,
    },
    /// The settings declare patches that contradict each other.
    #[error(transparent)]
    Declared(#[from] lockfile::PatchError),
    /// No package uses these patches.
    #[error("patches were not used, since no package fits: {}", selectors.join(", "))]
    Unused {
        /// What they are declared for.
        selectors: Vec<String>,
    },
}

impl PatchError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Unreadable { source, .. } => {
                (source.kind() == io::ErrorKind::NotFound).then_some("ERR_PNPM_PATCH_NOT_FOUND")
            }
            Self::Invalid { .. } => Some("ERR_PNPM_INVALID_PATCH"),
            Self::Failed { .. } => Some("ERR_PNPM_PATCH_FAILED"),
            Self::Declared(error) => error.code(),
            Self::Unused { .. } => Some("ERR_PNPM_UNUSED_PATCH"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => {
                Some("Correct patchedDependencies in pnpm-workspace.yaml, or restore the file.".into())
            }
            Self::Invalid { .. } => Some("Make the patch anew with `pnpm patch`.".into()),
            Self::Failed { .. } => Some(
                "The patch was made for other contents: make it anew with `pnpm patch` for this version.".into(),
            ),
            Self::Declared(error) => error.help(),
            Self::Unused { .. } => Some(
                "Remove them from patchedDependencies in pnpm-workspace.yaml, correct what they are for, or set \
                 allowUnusedPatches."
                    .into(),
            ),
        }
    }
}
