//! What can go wrong with state.

use std::io;
use std::path::{Path, PathBuf};

/// An error of reading or writing state, or of making room for a new tree.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A system call failed.
    #[error("cannot {action} {path}: {source}", path = path.display())]
    Io {
        /// What was tried, such as `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl StateError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_path_buf(), source }
    }

    /// pnpm's code for it: it has none.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        None
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let Self::Io { source, .. } = self;
        match source.kind() {
            io::ErrorKind::StorageFull => {
                Some("The disk is full: free some space and run the install again.".into())
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Some("node_modules and all in it must be writable for this user.".into())
            }
            _ => None,
        }
    }
}
