//! What can go wrong with a git repository.

use std::io;

use crate::core::resolve::url::UrlError;

/// Why a git repository cannot be a dependency. No text in here holds credentials.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git`.
    #[error("cannot run git: {0}")]
    NoGit(io::Error),
    /// `git` failed to do something.
    #[error("cannot resolve the git dependency {specifier:?}: git {operation} failed: {reason}")]
    Failed {
        /// The specifier.
        specifier: String,
        /// The repository.
        repository: String,
        /// `ls-remote`, `fetch`, `clone`.
        operation: &'static str,
        /// What git says.
        reason: String,
    },
    /// The repository has no such branch, tag or commit.
    #[error("could not resolve {reference} to a commit of {repository}")]
    UnknownReference {
        /// What was asked for.
        reference: String,
        /// The repository.
        repository: String,
    },
    /// No tag of the repository is a version of the range.
    #[error(
        "could not resolve {range} to a commit of {repository}. Available versions are: {}",
        versions.join(", ")
    )]
    UnknownRange {
        /// What was asked for.
        range: String,
        /// The repository.
        repository: String,
        /// Its tags that are versions.
        versions: Vec<String>,
    },
    /// What looks like the beginning of a commit is the name of something else.
    #[error("{reference} names commit {commit} of {repository}, which does not begin with it")]
    Ambiguous {
        /// What was asked for.
        reference: String,
        /// The commit that has it as a name.
        commit: String,
        /// The repository.
        repository: String,
    },
    /// `#path:` leads to no folder of the repository, or out of it.
    #[error("the path {path:?} is no folder of the repository {repository}")]
    Path {
        /// The path.
        path: String,
        /// The repository.
        repository: String,
    },
    /// The address may not be given to git.
    #[error("the repository {repository:?} has an address that git could take for something else")]
    Unsafe {
        /// The repository.
        repository: String,
    },
    /// The manifest is not JSON.
    #[error("package.json of the git repository {repository} at {commit} is no JSON: {reason}")]
    Manifest {
        /// The repository.
        repository: String,
        /// The commit.
        commit: String,
        /// What is wrong.
        reason: String,
    },
    /// It would have to be asked, and `--offline` forbids that.
    #[error("the git repository {repository} would have to be asked, and --offline allows no download")]
    Offline {
        /// The repository.
        repository: String,
    },
    /// There is no room for a temporary copy.
    #[error("cannot make a temporary folder for the git repository: {0}")]
    Temporary(io::Error),
    /// The archive of the host cannot be had.
    #[error(transparent)]
    Archive(#[from] UrlError),
}

impl GitError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Failed { operation: "ls-remote", .. } => Some("ERR_PNPM_GIT_RESOLVE_FAILED"),
            Self::Failed { .. } => Some("ERR_PNPM_GIT_FETCH_FAILED"),
            Self::Ambiguous { .. } => Some("ERR_PNPM_GIT_AMBIGUOUS_REF"),
            Self::Path { .. } => Some("ERR_PNPM_INVALID_PATH"),
            Self::Unsafe { .. } => Some("ERR_PNPM_INVALID_GIT_REPOSITORY"),
            Self::Archive(error) => error.code(),
            Self::NoGit(_)
            | Self::UnknownReference { .. }
            | Self::UnknownRange { .. }
            | Self::Manifest { .. }
            | Self::Offline { .. }
            | Self::Temporary(_) => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoGit(_) => Some("Install git, and see that it is found on the PATH.".to_owned()),
            Self::Failed { repository, .. } => {
                let host = repository.strip_prefix("https://")?.split('/').next()?;
                Some(format!(
                    "The repository is asked over HTTPS, whatever was written, so that the lockfile fits every \
                     machine. If git reaches {host} only over SSH here, tell git so: git config --global \
                     url.\"git@{host}:\".insteadOf \"https://{host}/\""
                ))
            }
            Self::Offline { .. } => Some("Run the command once without --offline.".to_owned()),
            Self::Archive(error) => error.help(),
            _ => None,
        }
    }
}
