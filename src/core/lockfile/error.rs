//! What can be wrong with a lockfile.

use super::specifiers::{ExtensionError, OverrideError};
use std::path::PathBuf;

/// What can be wrong with a lockfile.
#[derive(Debug, thiserror::Error)]
pub enum LockfileError {
    /// The file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A symlink stands where the file goes: what it points at may be anything.
    #[error("{} is a symlink, and a lockfile is not written through one", path.display())]
    Symlink {
        /// The file.
        path: PathBuf,
    },
    /// There is no lockfile where one is needed.
    #[error("an install with a frozen lockfile needs {}, which does not exist", path.display())]
    Absent {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is not YAML, or not the shape of a lockfile.
    #[error("{}{} is broken: {reason}", path.display(), place(*line, *column))]
    Broken {
        /// The file.
        path: PathBuf,
        /// Line from 1, where it is known.
        line: Option<u64>,
        /// Column from 1, where it is known.
        column: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// A merge left its markers in the file.
    #[error("{}:{line}: the file holds the markers of an unfinished git merge", path.display())]
    Conflict {
        /// The file.
        path: PathBuf,
        /// Line of the first marker, from 1.
        line: u64,
    },
    /// The version is not one this program reads.
    #[error("{}{} has lockfile version {version}, and only version 9 can be read", path.display(), place(*line, None))]
    BreakingChange {
        /// The file.
        path: PathBuf,
        /// Line of `lockfileVersion`, from 1.
        line: Option<u64>,
        /// The version it has.
        version: String,
    },
    /// A name in the file would not be safe as the name of a folder.
    #[error("the lockfile names {what} {name:?} in {entry}, which is not a valid package name")]
    InvalidName {
        /// What kind of name: `a dependency`, `a package`.
        what: &'static str,
        /// The name.
        name: String,
        /// Where it stands, such as `snapshots["a@1.0.0"].dependencies`.
        entry: String,
    },
    /// A path in the file leads where it must not, or an entry is not what it should be.
    #[error("{entry} of the lockfile is {value:?}, {problem}")]
    InvalidEntry {
        /// Where it stands.
        entry: String,
        /// What stands there.
        value: String,
        /// Why that is refused.
        problem: String,
    },
    /// A setting is not what the lockfile was made under.
    #[error("the lockfile was made with other {setting} than the project has now")]
    ConfigMismatch {
        /// The setting, such as `overrides` or `settings.autoInstallPeers`.
        setting: &'static str,
    },
    /// A manifest is not what the lockfile was made for.
    #[error("the lockfile is not up to date with {}\n\nReason:\n{reason}", manifest_of(importer))]
    Outdated {
        /// The importer whose manifest it is.
        importer: String,
        /// What differs, one bullet a line.
        reason: String,
    },
    /// Something depends on a package that the lockfile does not have.
    #[error("the lockfile has no entry for {dep_path:?}, which {wanted_by} depends on")]
    MissingDependency {
        /// What is missing.
        dep_path: String,
        /// Who wants it.
        wanted_by: String,
    },
    /// The overrides of the project cannot be read.
    #[error(transparent)]
    Overrides(#[from] OverrideError),
    /// The package extensions of the project cannot be read.
    #[error(transparent)]
    Extensions(#[from] ExtensionError),
}

fn place(line: Option<u64>, column: Option<u64>) -> String {
    match (line, column) {
        (Some(line), Some(column)) => format!(":{line}:{column}"),
        (Some(line), None) => format!(":{line}"),
        _ => String::new(),
    }
}

fn manifest_of(importer: &str) -> String {
    if importer == "." { "package.json".to_owned() } else { format!("{importer}/package.json") }
}

impl LockfileError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Read { .. } => return None,
            Self::Write { .. } | Self::Symlink { .. } => "ERR_PNPM_LOCKFILE_WRITE_FILE",
            Self::Overrides(error) => return error.code(),
            Self::Extensions(error) => return error.code(),
            Self::Absent { .. } => "ERR_PNPM_NO_LOCKFILE",
            Self::Broken { .. } | Self::Conflict { .. } | Self::InvalidEntry { .. } => {
                "ERR_PNPM_BROKEN_LOCKFILE"
            }
            Self::BreakingChange { .. } => "ERR_PNPM_LOCKFILE_BREAKING_CHANGE",
            Self::InvalidName { .. } => "ERR_PNPM_INVALID_DEPENDENCY_NAME",
            Self::ConfigMismatch { .. } => "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH",
            Self::Outdated { .. } => "ERR_PNPM_OUTDATED_LOCKFILE",
            Self::MissingDependency { .. } => "ERR_PNPM_LOCKFILE_MISSING_DEPENDENCY",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let text = match self {
            Self::Read { .. } | Self::Write { .. } => return None,
            Self::Symlink { .. } => "Put the file itself in its place, or install with --frozen-lockfile.",
            Self::Overrides(error) => return error.help(),
            Self::Extensions(error) => return error.help(),
            Self::Absent { .. } => "Run `pnpm install --lockfile-only` once to make it, and commit it.",
            Self::Broken { .. } | Self::InvalidEntry { .. } | Self::MissingDependency { .. } => {
                "Restore the file from version control, or make it anew with `pnpm install --lockfile-only`."
            }
            Self::Conflict { .. } => {
                "Run `pnpm install --no-frozen-lockfile`, which merges both sides, and commit the result."
            }
            Self::BreakingChange { .. } => {
                "Make the file anew with pnpm 9 or later: `pnpm install --lockfile-only`."
            }
            Self::InvalidName { .. } => {
                "Do not install from this file: such a name can write outside of node_modules. Find out who made it."
            }
            Self::ConfigMismatch { .. } => {
                "Run `pnpm install --no-frozen-lockfile` to bring the lockfile up to date with pnpm-workspace.yaml."
            }
            Self::Outdated { .. } => {
                "Run `pnpm install --no-frozen-lockfile` to bring the lockfile up to date, and commit it. \
                 In CI the lockfile is frozen unless that flag says otherwise."
            }
        };
        Some(text.to_owned())
    }
}
