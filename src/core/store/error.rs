//! What can go wrong in the store.

use std::io;
use std::path::{Path, PathBuf};

use crate::core::folder::has_too_many_open_files;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A system call failed.
    #[error("cannot {action} {path} in the store: {source}", path = path.display())]
    Io {
        /// What was tried, such as `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `index.db` cannot be used.
    #[error("cannot {action} the store's index {path}: {source}", path = path.display())]
    Index {
        /// What was tried, such as `open`.
        action: &'static str,
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The thread that writes rows is gone.
    #[error("the writer of the store's index stopped: {0}")]
    WriterStopped(String),
}

impl StoreError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    pub(super) fn index(action: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        Self::Index { action, path: path.to_path_buf(), source }
    }

    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        None
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if has_too_many_open_files(source) => {
                Some("Too many open files: raise the limit (ulimit -n) and run the install again.".into())
            }
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull => {
                    Some("The disk is full: free some space and run the install again.".into())
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Some(
                    "The store must be writable: check its permissions or name another with --store-dir.".into(),
                ),
                _ => None,
            },
            Self::Index { .. } => Some(
                "If the database is damaged, delete index.db (packages are downloaded again; files are kept)."
                    .into(),
            ),
            Self::WriterStopped(_) => None,
        }
    }
}
