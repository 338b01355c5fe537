//! Why an install ended without everything in place.

use std::path::PathBuf;

use crate::core::change::ChangeError;
use crate::core::event::{Failure, PackageId};
use crate::core::fetch::FetchError;
use crate::core::link::LinkError;
use crate::core::lockfile::LockfileError;
use crate::core::manifest::ManifestError;
use crate::core::network::NetworkError;
use crate::core::patch::PatchError;
use crate::core::plan::PlanError;
use crate::core::pool::PoolError;
use crate::core::resolve::ResolveError;
use crate::core::resolve::peers::PeerIssuesError;
use crate::core::resolve::rewrite::RewriteError;
use crate::core::state::StateError;
use crate::core::store::StoreError;
use crate::core::verify::VerifyError;
use crate::core::workspace::WorkspaceError;

/// Why an install ended.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The lockfile.
    #[error(transparent)]
    Lockfile(#[from] LockfileError),
    /// A manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The projects of the workspace.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// The lockfile is not accepted.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// Manifests cannot be changed as asked.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The HTTP client could not be set up.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// State could not be read or written, or an old tree not be taken away.
    #[error(transparent)]
    State(#[from] StateError),
    /// Folders and links of the project.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Threads.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The asynchronous runtime.
    #[error("cannot start the runtime that drives downloads: {0}")]
    Runtime(std::io::Error),
    /// A package could not be fetched.
    #[error("cannot fetch {name}: {source}")]
    Fetch {
        /// The package.
        package: PackageId,
        /// Its name and version.
        name: String,
        /// Why.
        source: FetchError,
    },
    /// A package could not be linked.
    #[error("cannot link {name}: {source}")]
    LinkPackage {
        /// The package.
        package: PackageId,
        /// Its name and version.
        name: String,
        /// Why.
        source: LinkError,
    },
    /// Something this version does not do.
    #[error("{what}")]
    Unsupported {
        /// What was asked for.
        what: String,
        /// What to do instead.
        help: String,
    },
    /// An entry of the lockfile that nothing can be fetched by.
    #[error("{message}")]
    Unfetchable {
        /// pnpm's code.
        code: Option<&'static str>,
        /// Which, and why.
        message: String,
    },
    /// A patch cannot be used.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// Manifests cannot be changed as the settings ask for.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// A dependency cannot be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// Peers are missing or wrong, and the settings make that an error.
    #[error(transparent)]
    Peers(#[from] PeerIssuesError),
    /// What was resolved violates a policy of the settings.
    #[error("{message}")]
    Policy {
        /// pnpm's code.
        code: &'static str,
        /// Which packages, and why.
        message: String,
    },
    /// Selectors came to nothing, and the settings make that an error.
    #[error("{0}")]
    NothingSelected(String),
    /// The tree was made in another way, and the run is about a part of it only.
    #[error("{} was made with another {what}", folder.display())]
    Layout {
        /// pnpm's code.
        code: &'static str,
        /// The setting.
        what: &'static str,
        /// The folder of modules.
        folder: PathBuf,
    },
    /// The user asked the run to stop.
    #[error("stopped by {0}")]
    Cancelled(&'static str),
}

impl InstallError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Lockfile(error) => error.code(),
            Self::Manifest(error) => error.code(),
            Self::Workspace(error) => error.code(),
            Self::Verify(error) => error.code(),
            Self::Change(error) => error.code(),
            Self::Plan(error) => error.code(),
            Self::Network(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::State(error) => error.code(),
            Self::Link(error) | Self::LinkPackage { source: error, .. } => error.code(),
            Self::Fetch { source, .. } => source.code(),
            Self::Unfetchable { code, .. } => *code,
            Self::Patch(error) => error.code(),
            Self::Rewrite(error) => error.code(),
            Self::Peers(error) => error.code(),
            Self::Resolve(error) => error.code(),
            Self::Policy { code, .. } | Self::Layout { code, .. } => Some(code),
            Self::Pool(_)
            | Self::Runtime(_)
            | Self::Unsupported { .. }
            | Self::NothingSelected(_)
            | Self::Cancelled(_) => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Lockfile(error) => error.help(),
            Self::Manifest(error) => error.help(),
            Self::Workspace(error) => error.help(),
            Self::Verify(error) => error.help(),
            Self::Change(error) => error.help(),
            Self::Plan(error) => error.help(),
            Self::Network(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::State(error) => error.help(),
            Self::Link(error) | Self::LinkPackage { source: error, .. } => error.help(),
            Self::Fetch { source, .. } => source.help(),
            Self::Unsupported { help, .. } => Some(help.clone()),
            Self::Unfetchable { .. } => Some(
                "Make the entry of pnpm-lock.yaml anew, for example with `pnpm install --fix-lockfile`."
                    .into(),
            ),
            Self::Rewrite(error) => error.help(),
            Self::Peers(error) => error.help(),
            Self::Resolve(error) => error.help(),
            Self::Policy { .. } => Some(
                "Wait until the versions are older, or name them in minimumReleaseAgeExclude of \
                 pnpm-workspace.yaml."
                    .into(),
            ),
            Self::Patch(error) => error.help(),
            Self::Layout { .. } => Some(
                "Run `pacwatch install` first: it makes the whole tree anew with the settings as they are."
                    .into(),
            ),
            Self::Pool(_) | Self::Runtime(_) | Self::NothingSelected(_) | Self::Cancelled(_) => None,
        }
    }

    /// The error as the event stream has it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let package = match self {
            Self::Fetch { package, .. } | Self::LinkPackage { package, .. } => Some(*package),
            _ => None,
        };
        Failure {
            code: self.code().map(str::to_owned),
            message: self.to_string(),
            help: self.help(),
            package,
        }
    }
}
