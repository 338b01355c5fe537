//! The ways of resolving, one after the other: the first that knows a specifier decides.
//!
//! The order is pnpm's: registries, git, tarballs at URLs, folders and tarballs on this machine. Whether a dependency
//! may ask for any of them is for the walk to say ([`Resolved::is_exotic`]).

use std::path::PathBuf;
use std::sync::Arc;

use super::error::ResolveError;
use super::git::GitResolver;
use super::local::LocalResolver;
use super::npm::NpmResolver;
use super::resolved::Resolved;
use super::resolver::{Asked, Resolver};
use super::url::{Downloads, TakenIn, UrlResolver};
use super::wanted::Wanted;
use crate::core::fetch::Fetcher;

/// A way of resolving. It knows some specifiers and passes on others.
pub trait Way {
    /// Resolves a specifier, or passes it on with `None`.
    ///
    /// # Errors
    /// When the specifier is of this way, but nothing fits it or what is needed cannot be had.
    fn resolve(
        &self,
        wanted: &Wanted,
        asked: &Asked<'_>,
    ) -> impl Future<Output = Result<Option<Arc<Resolved>>, ResolveError>>;
}

/// What the ways beside the registry need.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Downloads tarballs and has the store.
    pub fetcher: Arc<Fetcher>,
    /// Absolute path of the folder of the lockfile.
    pub lockfile_dir: PathBuf,
    /// The user's folder, which `~/` stands for.
    pub home: Option<PathBuf>,
    /// Hosts that are asked for single commits (`gitShallowHosts`).
    pub git_shallow_hosts: Vec<String>,
    /// `injectWorkspacePackages`.
    pub inject_workspace_packages: bool,
}

/// All ways of resolving, that of the registry (`N`) first.
#[derive(Debug)]
pub struct Chain<N> {
    npm: N,
    git: GitResolver,
    url: UrlResolver,
    local: LocalResolver,
    downloads: Arc<Downloads>,
}

impl<N: Way> Chain<N> {
    /// Puts the ways one behind the other.
    #[must_use]
    pub fn new(npm: N, surroundings: Surroundings) -> Self {
        let Surroundings { fetcher, lockfile_dir, home, git_shallow_hosts, inject_workspace_packages } =
            surroundings;
        let limit = fetcher.max_unpacked_size;
        let downloads = Arc::new(Downloads::new(fetcher));
        Self {
            npm,
            git: GitResolver::new(Arc::clone(&downloads), git_shallow_hosts),
            url: UrlResolver::new(Arc::clone(&downloads)),
            local: LocalResolver::new(lockfile_dir, home, limit, inject_workspace_packages),
            downloads,
        }
    }

    /// The tarballs that were put into the store while resolving, since this was asked last ([`Downloads::taken_in`]).
    #[must_use]
    pub fn taken_in(&self) -> Vec<TakenIn> {
        self.downloads.taken_in()
    }

    /// The way of the registry.
    #[must_use]
    pub fn npm(&self) -> &N {
        &self.npm
    }
}

impl<N: Way> Resolver for Chain<N> {
    async fn resolve(&self, wanted: &Wanted, asked: &Asked<'_>) -> Result<Arc<Resolved>, ResolveError> {
        if let Some(found) = self.npm.resolve(wanted, asked).await? {
            return Ok(found);
        }
        if let Some(found) = self.git.resolve(wanted, asked).await? {
            return Ok(found);
        }
        if let Some(found) = self.url.resolve(wanted, asked).await? {
            return Ok(found);
        }
        if is_runtime(wanted) {
            return Err(ResolveError::Runtime { specifier: described(wanted) });
        }
        if let Some(found) = self.local.resolve(wanted, asked).await? {
            return Ok(found);
        }
        Err(ResolveError::NotSupported { specifier: described(wanted) })
    }
}

impl Way for NpmResolver {
    fn resolve(
        &self,
        wanted: &Wanted,
        asked: &Asked<'_>,
    ) -> impl Future<Output = Result<Option<Arc<Resolved>>, ResolveError>> {
        Self::resolve(self, wanted, asked)
    }
}

/// A JavaScript runtime, which pnpm installs like a package under these names.
fn is_runtime(wanted: &Wanted) -> bool {
    wanted.specifier.starts_with("runtime:")
        && matches!(wanted.alias.as_deref(), Some("node" | "deno" | "bun" | "yarn"))
}

/// `alias@specifier`.
pub(super) fn described(wanted: &Wanted) -> String {
    match wanted.alias.as_deref() {
        None | Some("") => wanted.specifier.to_string(),
        Some(alias) if wanted.specifier.is_empty() => alias.to_owned(),
        Some(alias) => format!("{alias}@{}", wanted.specifier),
    }
}
