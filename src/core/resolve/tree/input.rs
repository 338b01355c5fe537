//! What the walk is given, and what it gives back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::model::Tree;
use crate::core::lockfile::{Lockfile, Patches};
use crate::core::resolve::{PackageManifest, PolicyViolation, PreferredVersions, ResolveError, Resolved};

/// Everything that decides about the outcome, beside what the resolver knows.
pub struct TreeInput<'a> {
    /// Absolute path of the lockfile's folder, without `.` and `..`.
    pub lockfile_dir: &'a Path,
    /// The projects, in any order.
    pub projects: Vec<Project>,
    /// Settings.
    pub settings: TreeSettings,
    /// The lockfile to start from, and what of it may be reused.
    pub locked: Option<Locked<'a>>,
    /// Versions that are preferred.
    pub preferred: &'a PreferredVersions,
    /// The same for projects that an update treats otherwise, by their id.
    pub preferred_by_project: &'a BTreeMap<String, PreferredVersions>,
    /// Patches, by the packages they are for.
    pub patches: &'a Patches,
    /// Changes to manifests and specifiers.
    pub rewrite: &'a dyn Rewrite,
    /// Whoever wants to know what is found while the walk runs.
    pub listener: &'a dyn Listener,
}

/// A project to resolve.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its path from the lockfile's folder; `.` for that folder itself.
    pub id: String,
    /// Absolute path of its folder.
    pub folder: PathBuf,
    /// Its manifest, with overrides and extensions applied; `catalog:` specifiers still in it. Groups that are not to
    /// be resolved are empty.
    pub manifest: Arc<PackageManifest>,
}

/// Settings that the walk reads.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct TreeSettings {
    /// `autoInstallPeers`.
    pub auto_install_peers: bool,
    /// `autoInstallPeersFromHighestMatch`.
    pub auto_install_peers_from_highest_match: bool,
    /// `dedupePeerDependents`: with it, a missing peer is taken from what is there, even when peers are not installed.
    pub dedupe_peer_dependents: bool,
    /// `resolvePeersFromWorkspaceRoot`.
    pub resolve_peers_from_workspace_root: bool,
    /// `blockExoticSubdeps`.
    pub block_exotic_subdeps: bool,
    /// `resolutionMode`.
    pub mode: ResolutionMode,
    /// Milliseconds since 1970: no version that was published later (`minimumReleaseAge`).
    pub published_by: Option<i64>,
    /// `allowedDeprecatedVersions`: package name → range.
    pub allowed_deprecated_versions: BTreeMap<String, String>,
}

impl Default for TreeSettings {
    fn default() -> Self {
        Self {
            auto_install_peers: true,
            auto_install_peers_from_highest_match: false,
            dedupe_peer_dependents: true,
            resolve_peers_from_workspace_root: true,
            block_exotic_subdeps: true,
            mode: ResolutionMode::Highest,
            published_by: None,
            allowed_deprecated_versions: BTreeMap::new(),
        }
    }
}

/// `resolutionMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResolutionMode {
    /// The highest version that fits.
    #[default]
    Highest,
    /// Direct dependencies take the lowest that fits, and nothing below may be much newer than the newest of them.
    TimeBased,
    /// Direct dependencies take the lowest that fits.
    LowestDirect,
}

/// The lockfile to start from.
#[derive(Debug, Clone)]
pub struct Locked<'a> {
    /// The lockfile, as it was read.
    pub lockfile: &'a Lockfile,
    /// Whether whole subtrees may be taken from it. Otherwise (extensions, overrides or catalogs have changed) every
    /// manifest is looked at again, and the lockfile only holds edges that still fit at their version.
    pub reuse_subtrees: bool,
    /// Whether edges that still fit are held at their version. Otherwise (`dedupe`) the versions of the lockfile are
    /// only preferred, so that edges can come together at one of them.
    pub holds_versions: bool,
    /// What the command updates.
    pub update: UpdateScope,
    /// The same for single projects, by their id.
    pub update_by_project: BTreeMap<String, UpdateScope>,
    /// Greatest distance from a project at which the update still moves versions; `None` for all.
    pub update_depth: Option<u32>,
}

/// What a command moves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UpdateScope {
    /// Nothing: what fits stays (`install`, `add`).
    #[default]
    Nothing,
    /// Everything (`update`, `dedupe`).
    Everything,
    /// Packages of these real names, aliases aside (`update <name>`).
    Names(BTreeSet<String>),
}

impl UpdateScope {
    /// The scope with these packages added.
    #[must_use]
    pub fn and(self, names: &BTreeSet<String>) -> Self {
        match self {
            Self::Everything => Self::Everything,
            scope if names.is_empty() => scope,
            Self::Nothing => Self::Names(names.clone()),
            Self::Names(all) => Self::Names(&all | names),
        }
    }
}

/// Changes to manifests and specifiers, by settings.
pub trait Rewrite {
    /// Applies extensions and overrides to the manifest of a package that was resolved; the same manifest comes back
    /// if there is nothing to do.
    fn manifest(&self, manifest: &Arc<PackageManifest>) -> Arc<PackageManifest>;

    /// The specifier behind a `catalog:` one; `None` for all others.
    ///
    /// # Errors
    /// When the catalog has no such entry, or one that is not allowed.
    fn catalog(&self, alias: &str, specifier: &str) -> Result<Option<Arc<str>>, ResolveError>;

    /// What overrides say about a peer that is going to be installed for a project without anyone having declared it
    /// as a dependency.
    fn missing_peer(&self, name: &str, range: &str, project_dir: &Path) -> PeerOverride;
}

/// What overrides say about a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerOverride {
    /// Nothing.
    None,
    /// It is not installed (`-`).
    Drop,
    /// It is installed by this specifier.
    Specifier(Arc<str>),
}

/// Hears what is found while the walk runs.
pub trait Listener {
    /// A package will be needed. Called once for each, in an order that does not depend on answers.
    fn resolved(&self, resolved: &Arc<Resolved>);

    /// A package will very likely be needed: it was resolved ahead of the walk. Called at most once for each, in the
    /// order of answers, and never after [`Listener::resolved`].
    fn likely(&self, resolved: &Arc<Resolved>);

    /// A package that was resolved is deprecated, and the settings do not allow that.
    fn deprecated(&self, resolved: &Arc<Resolved>, reason: &str, depth: u32, project_dir: &Path);

    /// An optional dependency cannot be resolved and is left out.
    fn skipped(&self, skipped: &SkippedOptional<'_>);
}

/// An optional dependency that cannot be resolved.
#[derive(Debug)]
pub struct SkippedOptional<'a> {
    /// The name it would be installed under.
    pub alias: Option<&'a Arc<str>>,
    /// What was asked for.
    pub specifier: &'a Arc<str>,
    /// Why it cannot be resolved.
    pub error: &'a ResolveError,
    /// Ids of the packages from the project down to the one that asks; empty for a direct dependency.
    pub parents: Vec<Arc<str>>,
    /// Folder of the project.
    pub project_dir: &'a Path,
}

/// What the walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// The tree.
    pub tree: Tree,
    /// When direct dependencies were published, by id; only with [`ResolutionMode::TimeBased`].
    pub time: BTreeMap<Arc<str>, Arc<str>>,
    /// Selectors of patches that were applied.
    pub applied_patches: FxHashSet<Arc<str>>,
    /// Packages that violate a policy and were taken all the same, in the order of the tree; the caller decides.
    pub violations: Vec<(Arc<Resolved>, PolicyViolation)>,
}
