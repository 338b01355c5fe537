//! A project while it is walked: what decides about questions that are asked for it, and what it asks for itself.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use node_semver::Version;

use super::input::{Project, Rewrite, UpdateScope};
use super::locked::{self, LockedIndex};
use super::questions::{AskedForBy, FolderIndex, Question};
use super::specifier::{is_relative, real_name};
use crate::core::lockfile::is_valid_package_name;
use crate::core::resolve::{PreferredVersions, ResolveError};
use crate::core::version_range::parse_range;

/// What decides about questions that are asked for a project, and stays the same in a walk.
#[derive(Debug, Clone)]
pub(super) struct Circumstances {
    /// The project, by its position.
    pub(super) project: usize,
    /// Its folder.
    pub(super) folder: FolderIndex,
    /// The project, if an update treats it otherwise than others.
    pub(super) update_key: Option<usize>,
    /// What the update moves here.
    pub(super) scope: UpdateScope,
    /// Greatest distance at which it does.
    pub(super) update_depth: Option<u32>,
    /// Direct dependencies take the lowest version that fits.
    pub(super) pick_lowest_direct: bool,
    /// Latest time of publishing for direct dependencies.
    pub(super) published_by_direct: Option<i64>,
    /// Latest time of publishing for everything below.
    pub(super) published_by_below: Option<i64>,
    /// It is for what is added later.
    pub(super) is_added: bool,
    /// What the project asks for itself, which is preferred below it.
    pub(super) own: Rc<PreferredVersions>,
    /// What all projects ask for, which is preferred for their peers.
    pub(super) of_all: Rc<PreferredVersions>,
}

impl Circumstances {
    /// The same for what is added later: it is not what the project asks for, so it is resolved like what is below.
    pub(super) fn added(&self) -> Self {
        Self {
            pick_lowest_direct: false,
            published_by_direct: self.published_by_below,
            is_added: true,
            ..self.clone()
        }
    }

    fn asks_for(&self, alias: &str, specifier: &str) -> bool {
        concerns(&self.own, alias, specifier)
    }

    /// Whether some project asks for a package itself.
    pub(super) fn someone_asks_for(&self, alias: &str, specifier: &str) -> bool {
        concerns(&self.of_all, alias, specifier)
    }

    /// Whether an update reaches a distance.
    pub(super) fn update_reaches(&self, depth: u32) -> bool {
        self.update_depth.is_none_or(|limit| depth <= limit)
    }

    /// Whether the command names a package to update.
    pub(super) fn is_update_target(&self, alias: &str, specifier: &str, depth: u32) -> bool {
        let UpdateScope::Names(names) = &self.scope else { return false };
        self.update_reaches(depth)
            && real_name(Some(alias), specifier).is_some_and(|name| names.contains(name.as_ref()))
    }

    /// Whether an update moves a dependency, so that the lockfile does not hold it at its version.
    pub(super) fn is_moved(&self, alias: &str, specifier: &str, depth: u32) -> bool {
        match &self.scope {
            UpdateScope::Nothing => false,
            UpdateScope::Everything => self.update_reaches(depth),
            UpdateScope::Names(_) => self.is_update_target(alias, specifier, depth),
        }
    }

    /// The question for a dependency at a distance, where nothing is preferred: not optional, not injected.
    pub(super) fn question(&self, alias: &Arc<str>, specifier: &Arc<str>, depth: u32) -> Question {
        let direct = depth == 0;
        Question {
            alias: Arc::clone(alias),
            specifier: Arc::clone(specifier),
            optional: false,
            injected: false,
            direct,
            pick_lowest: direct && self.pick_lowest_direct,
            published_by: if direct { self.published_by_direct } else { self.published_by_below },
            folder: is_relative(specifier).then_some(self.folder),
            preferred: Vec::new(),
            project: self.update_key,
            asked_for_by: self.asks_for(alias, specifier).then_some(AskedForBy::Project(self.project)),
            update_target: self.is_update_target(alias, specifier, depth),
        }
    }
}

fn concerns(preferred: &PreferredVersions, alias: &str, specifier: &str) -> bool {
    let real = || real_name(Some(alias), specifier).is_some_and(|name| preferred.contains_key(name.as_ref()));
    preferred.contains_key(alias) || real()
}

/// A direct dependency that a project asks for.
#[derive(Debug, Clone)]
pub(super) struct DirectWanted {
    pub(super) alias: Arc<str>,
    /// The specifier behind `catalog:`, where it was one.
    pub(super) specifier: Arc<str>,
    pub(super) optional: bool,
    pub(super) injected: bool,
    /// It is a peer: of the project, or of something below it.
    pub(super) is_peer: bool,
}

/// What a project asks for: its peers, when missing peers are installed, then development, production and optional
/// dependencies. A name that stands in several groups keeps its first position and takes its last specifier.
///
/// # Errors
/// When a name cannot become a folder below `node_modules`, or a catalog lacks an entry.
pub(super) fn direct_wanted(
    project: &Project,
    auto_install_peers: bool,
    rewrite: &dyn Rewrite,
) -> Result<Vec<DirectWanted>, ResolveError> {
    let manifest = &project.manifest;
    let peers = auto_install_peers.then_some(&manifest.peer_dependencies);
    let groups = [&manifest.dev_dependencies, &manifest.dependencies, &manifest.optional_dependencies];
    let mut wanted: IndexMap<&Arc<str>, &Arc<str>, FxBuildHasher> = IndexMap::default();
    for (alias, specifier) in peers.into_iter().chain(groups).flatten() {
        if !is_valid_package_name(alias) {
            let parent = format!("the manifest of {}", project.folder.display());
            return Err(ResolveError::InvalidDependencyName { parent, alias: alias.to_string() });
        }
        wanted.insert(alias, specifier);
    }
    let with_catalogs = wanted.into_iter().map(|(alias, specifier)| {
        let specifier = rewrite.catalog(alias, specifier)?.unwrap_or_else(|| Arc::clone(specifier));
        let optional = manifest.optional_dependencies.contains_key(alias);
        let injected = manifest.injected.get(alias).copied().unwrap_or(false);
        let is_peer = !groups.iter().any(|group| group.contains_key(alias));
        Ok(DirectWanted { alias: Arc::clone(alias), specifier, optional, injected, is_peer })
    });
    with_catalogs.collect()
}

/// What the walk keeps about a project.
pub(super) struct ProjectState {
    /// What decides about its questions.
    pub(super) circumstances: Rc<Circumstances>,
    /// The same once its own dependencies are in: what is added then is not its wish, so it is resolved like what is
    /// below it.
    pub(super) circumstances_added: Rc<Circumstances>,
    /// Aliases of its direct dependencies whose specifier is not the one that the lockfile has.
    pub(super) changed: FxHashSet<Arc<str>>,
    /// Package name → versions, of its direct dependencies.
    pub(super) direct_versions: FxHashMap<Arc<str>, Vec<Version>>,
}

impl ProjectState {
    /// The highest version among the direct dependencies, and among those of all projects that changed, that is above
    /// `pinned` and fits as well.
    pub(super) fn higher_direct_version<'v>(
        &'v self,
        changed: &'v FxHashMap<Arc<str>, Vec<Version>>,
        name: &str,
        pinned: &Version,
        range: &str,
    ) -> Option<&'v Version> {
        let mut versions =
            [self.direct_versions.get(name), changed.get(name)].into_iter().flatten().peekable();
        versions.peek()?;
        let range = parse_range(range).ok()?;
        versions.flatten().filter(|version| *version > pinned && range.satisfies(version)).max()
    }
}

/// The aliases that the lockfile has under another specifier, or not at all. A `catalog:` that stands in the lockfile is
/// what the lockfile's own catalogs say.
pub(super) fn changed(
    locked: &LockedIndex<'_>,
    project: &str,
    wanted: &[DirectWanted],
) -> FxHashSet<Arc<str>> {
    let lockfile = locked.lockfile;
    let importer = lockfile.importers.get(project);
    let unchanged = |wanted: &DirectWanted| {
        let Some(recorded) = importer.and_then(|importer| locked::direct(importer, &wanted.alias)) else {
            return false;
        };
        if *recorded.specifier == *wanted.specifier {
            return true;
        }
        let Some(catalog) = recorded.specifier.strip_prefix("catalog:") else { return false };
        let catalog = lockfile.catalogs.get(if catalog.is_empty() { "default" } else { catalog });
        let entry = catalog.and_then(|catalog| catalog.get(&*wanted.alias));
        entry.is_some_and(|entry| *entry.specifier == *wanted.specifier)
    };
    wanted.iter().filter(|wanted| !unchanged(wanted)).map(|wanted| Arc::clone(&wanted.alias)).collect()
}
