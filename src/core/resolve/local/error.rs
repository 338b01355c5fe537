//! What can be wrong with a folder or tarball on this machine.

use std::io;
use std::path::PathBuf;

use crate::core::fetch::archive::ArchiveError;

/// Why a folder or tarball on this machine cannot be a dependency.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// Nothing is there.
    #[error("{} does not exist, so {specifier:?} cannot be installed from it", path.display())]
    Absent {
        /// The specifier.
        specifier: String,
        /// Where it leads.
        path: PathBuf,
    },
    /// Something else than a folder is there.
    #[error("{} is not a folder, so {specifier:?} cannot be installed from it", path.display())]
    NotFolder {
        /// The specifier.
        specifier: String,
        /// Where it leads.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest is not JSON.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The manifest, or the tarball that has it.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// A tarball cannot be unpacked.
    #[error("the tarball {} cannot be used: {source}", path.display())]
    Archive {
        /// The tarball.
        path: PathBuf,
        /// Why.
        source: ArchiveError,
    },
    /// The folder is the lockfile's own: no package can be a copy of what holds it.
    #[error("{specifier:?} would copy the project into itself")]
    Itself {
        /// The specifier.
        specifier: String,
    },
    /// `path:`, which never came to be.
    #[error("{specifier:?} has the prefix `path:`, which no resolver knows")]
    PathPrefix {
        /// The specifier.
        specifier: String,
    },
}

impl LocalError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Absent { .. } => Some("ERR_PNPM_LINKED_PKG_DIR_NOT_FOUND"),
            Self::NotFolder { .. } => Some("ERR_PNPM_NOT_PACKAGE_DIRECTORY"),
            Self::Manifest { .. } => Some("ERR_PNPM_JSON_PARSE"),
            Self::Archive { source, .. } => Some(source.code()),
            Self::PathPrefix { .. } => Some("ERR_PNPM_PATH_IS_UNSUPPORTED_PROTOCOL"),
            Self::Read { .. } | Self::Itself { .. } => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Absent { .. } => {
                Some("Relative paths start at the folder of the package.json that has them.".to_owned())
            }
            Self::NotFolder { .. } => {
                Some("`link:` is for folders; use `file:` for a tarball that ends in .tgz.".to_owned())
            }
            Self::PathPrefix { .. } => {
                Some("Use `link:` to link a folder, `file:` for a copy of a folder or a tarball.".to_owned())
            }
            Self::Itself { .. } => Some("Use `link:` to link the project itself.".to_owned()),
            Self::Archive { .. } => Some("Make the tarball anew, with `npm pack`.".to_owned()),
            Self::Read { .. } | Self::Manifest { .. } => None,
        }
    }
}
