//! What can be wrong with a workspace.

use std::path::PathBuf;

use crate::core::manifest::ManifestError;

/// Why the projects of a workspace, or those that a command is about, cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// A manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A folder cannot be looked through.
    #[error("cannot look for projects in {}: {source}", folder.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A pattern of `packages` has a syntax that pnpm 12 does not take either.
    #[error("packages in pnpm-workspace.yaml has a pattern that cannot be read: {pattern}")]
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// A selector of `--filter` of a kind that this version does not know.
    #[error("--filter {selector}: {what}")]
    Selector {
        /// The selector.
        selector: String,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl WorkspaceError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Manifest(error) => error.code(),
            Self::Pattern { .. } => Some("ERR_PNPM_WORKSPACE_INVALID_GLOB"),
            Self::Read { .. } => Some("ERR_PNPM_WORKSPACE_WALK_ERROR"),
            Self::Selector { .. } => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Manifest(error) => error.help(),
            Self::Pattern { .. } => {
                Some("Write it with *, **, ?, [...] and {a,b}; ! at its start takes folders out.".to_owned())
            }
            Self::Selector { .. } => Some(
                "Select by name (web, @scope/*), by folder (./apps/*, {packages/**}), with ... before or after \
                 for dependents and dependencies, or take out with ! in front."
                    .to_owned(),
            ),
            Self::Read { .. } => None,
        }
    }
}
