//! What can go wrong while linking.

use std::io;
use std::path::{Path, PathBuf};

use crate::core::patch::PatchError;
use crate::core::store::StoreError;

/// An error of linking.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// A system call failed.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, such as `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The patch of the package does not fit.
    #[error(transparent)]
    Patch(#[from] PatchError),
}

impl LinkError {
    pub(super) fn io(action: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Io { action, path: path.to_path_buf(), source: source.into() }
    }

    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => None,
            Self::Store(error) => error.code(),
            Self::Patch(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Store(error) => error.help(),
            Self::Patch(error) => error.help(),
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => {
                    Some("The disk is full: free some space and run the install again.".into())
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    Some("The project's folder must be writable for this user.".into())
                }
                io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Some(
                    "Something else stands where a folder or file must go: remove it, or the whole node_modules."
                        .into(),
                ),
                _ => None,
            },
        }
    }
}
