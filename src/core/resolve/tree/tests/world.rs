//! A registry in memory that answers when it likes, and what is needed around it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use node_semver::{Range, Version};

use crate::core::lockfile::{
    ImporterDependency, Lockfile, PackageMetadata, Patches, PeerDependencyMeta, Resolution, Snapshot,
};
use crate::core::resolve::peers::{self, PeerSettings};
use crate::core::resolve::tree::{
    Listener, Locked, PeerOverride, Project, ResolutionMode, Rewrite, SkippedOptional, Tree, TreeInput,
    TreeSettings, UpdateScope, Walked, preferred_versions, walk,
};
use crate::core::resolve::{
    Asked, PackageManifest, PeerMeta, ResolveError, Resolved, Resolver, SelectorKind, Source, Specifiers,
    Via, Wanted,
};
use crate::core::version_range::parse_range;

/// Everything that a walk needs.
#[derive(Debug)]
pub(super) struct World {
    packages: BTreeMap<String, BTreeMap<Version, Arc<Resolved>>>,
    latest: BTreeMap<String, Version>,
    projects: Vec<Project>,
    pub(super) settings: TreeSettings,
    pub(super) lockfile: Option<Lockfile>,
    pub(super) update: UpdateScope,
    pub(super) reuse_subtrees: bool,
    pub(super) holds_versions: bool,
    pub(super) patches: Vec<(&'static str, &'static str)>,
    /// Peers that are overridden.
    pub(super) overridden: BTreeMap<&'static str, PeerOverride>,
    /// Decides how long each answer takes.
    pub(super) shuffle: u64,
    /// Questions as `alias@specifier`, each once.
    pub(super) asked: RefCell<BTreeSet<String>>,
    /// What the listener heard.
    pub(super) heard: RefCell<Vec<String>>,
    count: Cell<u64>,
}

/// A package while it is described: `dependencies`, `optional`, `peers`.
#[derive(Default)]
pub(super) struct About<'a> {
    pub(super) dependencies: &'a [(&'a str, &'a str)],
    pub(super) optional: &'a [(&'a str, &'a str)],
    pub(super) peers: &'a [(&'a str, &'a str)],
    /// Peers that may be absent.
    pub(super) may_lack: &'a [&'a str],
    pub(super) deprecated: Option<&'a str>,
    pub(super) published: Option<&'a str>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            packages: BTreeMap::new(),
            latest: BTreeMap::new(),
            projects: Vec::new(),
            settings: TreeSettings::default(),
            lockfile: None,
            update: UpdateScope::Nothing,
            reuse_subtrees: true,
            holds_versions: true,
            patches: Vec::new(),
            overridden: BTreeMap::new(),
            shuffle: 0,
            asked: RefCell::default(),
            heard: RefCell::default(),
            count: Cell::default(),
        }
    }

    /// Publishes a version with plain dependencies.
    pub(super) fn package(&mut self, id: &str, dependencies: &[(&str, &str)]) -> &mut Self {
        self.publish(id, &About { dependencies, ..About::default() })
    }

    /// Publishes a version.
    pub(super) fn publish(&mut self, id: &str, about: &About<'_>) -> &mut Self {
        let (name, version) = id.rsplit_once('@').unwrap();
        let manifest = PackageManifest {
            name: Arc::from(name),
            version: Arc::from(version),
            dependencies: specifiers(about.dependencies),
            optional_dependencies: specifiers(about.optional),
            peer_dependencies: specifiers(about.peers),
            peer_dependencies_meta: about
                .may_lack
                .iter()
                .map(|name| (Arc::from(*name), PeerMeta { optional: true }))
                .collect(),
            deprecated: about.deprecated.map(Arc::from),
            ..PackageManifest::default()
        };
        let resolved = Resolved {
            id: Arc::from(id),
            name: Arc::from(name),
            version: Some(Arc::from(version)),
            source: Source::Package {
                resolution: Resolution::Registry { integrity: format!("sha512-{id}"), other: Vec::new() },
                tarball: None,
            },
            manifest: Arc::new(manifest),
            via: Via::Registry,
            latest: None,
            published_at: about.published.map(Arc::from),
            normalized_specifier: None,
            alias: None,
            violation: None,
            unpacked_size: None,
            file_count: None,
        };
        let version = Version::parse(version).unwrap();
        let latest = self.latest.entry(name.to_owned()).or_insert_with(|| version.clone());
        *latest = version.clone().max(latest.clone());
        self.packages.entry(name.to_owned()).or_default().insert(version, Arc::new(resolved));
        self
    }

    /// Adds a project with plain dependencies.
    pub(super) fn project(&mut self, id: &str, dependencies: &[(&str, &str)]) -> &mut Self {
        let manifest =
            PackageManifest { dependencies: specifiers(dependencies), ..PackageManifest::default() };
        self.project_of(id, manifest)
    }

    pub(super) fn project_of(&mut self, id: &str, manifest: PackageManifest) -> &mut Self {
        let folder = if id == "." { PathBuf::from("/ws") } else { Path::new("/ws").join(id) };
        self.projects.push(Project { id: id.to_owned(), folder, manifest: Arc::new(manifest) });
        self
    }

    /// Forgets the projects.
    pub(super) fn without_projects(&mut self) -> &mut Self {
        self.projects.clear();
        self
    }

    pub(super) fn walk(&self) -> Result<Walked, ResolveError> {
        let moved = match &self.update {
            UpdateScope::Names(names) => names.clone(),
            UpdateScope::Nothing | UpdateScope::Everything => BTreeSet::new(),
        };
        let seed = self.lockfile.as_ref().filter(|_| self.update != UpdateScope::Everything);
        let preferred = preferred_versions(seed, &moved);
        let patches =
            self.patches.iter().map(|(selector, hash)| ((*selector).into(), (*hash).into())).collect();
        let input = TreeInput {
            lockfile_dir: Path::new("/ws"),
            projects: self.projects.clone(),
            settings: self.settings.clone(),
            locked: self.lockfile.as_ref().map(|lockfile| Locked {
                lockfile,
                reuse_subtrees: self.reuse_subtrees,
                holds_versions: self.holds_versions,
                update: self.update.clone(),
                update_by_project: BTreeMap::new(),
                update_depth: None,
            }),
            preferred: &preferred,
            preferred_by_project: &BTreeMap::new(),
            patches: &Patches::new(&patches).unwrap(),
            rewrite: self,
            listener: self,
        };
        let settings = PeerSettings { lockfile_dir: PathBuf::from("/ws"), ..PeerSettings::default() };
        let mut discovery = peers::Discovery::new(settings);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(walk(input, self, &mut discovery))
    }

    pub(super) fn tree(&self) -> Tree {
        self.walk().unwrap().tree
    }

    /// What the tree would be written down as, as far as a walk reads it again.
    pub(super) fn lock(&self) -> Lockfile {
        let tree = self.tree();
        let settings = PeerSettings { lockfile_dir: PathBuf::from("/ws"), ..PeerSettings::default() };
        let outcome = peers::resolve(&tree, &settings);
        let mut lockfile = Lockfile::default();
        for (importer, direct) in tree.importers.iter().zip(&outcome.direct) {
            let project = self.projects.iter().find(|project| project.id == importer.id).unwrap();
            let entry = lockfile.importers.entry(importer.id.clone()).or_default();
            for (alias, specifier) in &project.manifest.dependencies {
                let specifier = specifier.to_string();
                let version = reference(alias, &direct[alias]);
                let dependency = ImporterDependency { specifier, version, other: Vec::new() };
                entry.dependencies.insert(alias.to_string(), dependency);
            }
        }
        for (dep_path, node) in &outcome.graph {
            let package = tree.package(node.package);
            let (optional, plain): (Vec<_>, Vec<_>) =
                node.children.iter().partition(|(alias, _)| node.optional_children.contains(*alias));
            let edges = |edges: Vec<(&Arc<str>, &Arc<str>)>| {
                edges.into_iter().map(|(alias, to)| (alias.to_string(), reference(alias, to))).collect()
            };
            let snapshot = Snapshot {
                dependencies: edges(plain),
                optional_dependencies: edges(optional),
                transitive_peer_dependencies: node.transitive_peers.iter().map(ToString::to_string).collect(),
                ..Snapshot::default()
            };
            lockfile.snapshots.insert(dep_path.to_string(), snapshot);
            let Source::Package { resolution, .. } = &package.resolved.source else { continue };
            let peers = package.peers.iter();
            let metadata = PackageMetadata {
                resolution: resolution.clone(),
                peer_dependencies: peers
                    .clone()
                    .map(|(name, peer)| (name.to_string(), peer.range.to_string()))
                    .collect(),
                peer_dependencies_meta: peers
                    .filter(|(_, peer)| peer.optional)
                    .map(|(name, _)| {
                        (name.to_string(), PeerDependencyMeta { optional: true, other: Vec::new() })
                    })
                    .collect(),
                ..PackageMetadata::default()
            };
            lockfile.packages.insert(package.resolved.id.to_string(), metadata);
        }
        lockfile
    }

    fn pick(&self, wanted: &Wanted, asked: &Asked<'_>) -> Option<Arc<Resolved>> {
        let alias = wanted.alias.as_deref().unwrap_or_default();
        let (name, range) = match wanted.specifier.strip_prefix("npm:") {
            Some(inner) => inner.rsplit_once('@').unwrap(),
            None => (alias, &*wanted.specifier),
        };
        let versions = self.packages.get(name)?;
        if range == "latest" {
            return versions.get(&self.latest[name]).cloned();
        }
        let range = parse_range(range).ok()?;
        let fitting = || versions.iter().filter(|(version, _)| range.satisfies(version));
        if asked.pick_lowest {
            return fitting().next().map(|(_, resolved)| Arc::clone(resolved));
        }
        let mut groups: BTreeMap<u32, Vec<Range>> = BTreeMap::new();
        for (text, selector) in asked.preferred.get(name).into_iter().flatten() {
            if **text != *wanted.specifier && selector.kind != SelectorKind::Tag {
                groups.entry(selector.weight).or_default().extend(parse_range(text).ok());
            }
        }
        let above = asked.overlay.map(|overlay| overlay.versions(name)).unwrap_or_default();
        groups.entry(1).or_default().extend(above.iter().filter_map(|text| parse_range(text).ok()));
        for ranges in groups.values().rev() {
            let mut preferred =
                fitting().filter(|(version, _)| ranges.iter().any(|range| range.satisfies(version)));
            if let Some((_, resolved)) = preferred.next_back() {
                return Some(Arc::clone(resolved));
            }
        }
        fitting().next_back().map(|(_, resolved)| Arc::clone(resolved))
    }
}

impl Resolver for World {
    async fn resolve(&self, wanted: &Wanted, asked: &Asked<'_>) -> Result<Arc<Resolved>, ResolveError> {
        let question = format!("{}@{}", wanted.alias.as_deref().unwrap_or_default(), wanted.specifier);
        // Some step of a well-known generator, so that delays look like chance but repeat.
        let count = self.count.replace(self.count.get() + 1);
        let chance = (self.shuffle ^ count).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        for _ in 0..if self.shuffle == 0 { 0 } else { chance } {
            Yield(false).await;
        }
        self.asked.borrow_mut().insert(question.clone());
        if wanted.specifier.starts_with("link:") {
            return Ok(Arc::new(link(wanted)));
        }
        self.pick(wanted, asked).ok_or(ResolveError::NotSupported { specifier: question })
    }
}

fn link(wanted: &Wanted) -> Resolved {
    let name = wanted.alias.clone().unwrap();
    let manifest = PackageManifest {
        name: Arc::clone(&name),
        version: Arc::from("1.0.0"),
        ..PackageManifest::default()
    };
    Resolved {
        id: Arc::clone(&wanted.specifier),
        name,
        version: Some(Arc::from("1.0.0")),
        source: Source::Link { directory: Arc::from(&wanted.specifier[5..]) },
        manifest: Arc::new(manifest),
        via: Via::Workspace,
        latest: None,
        published_at: None,
        normalized_specifier: None,
        alias: None,
        violation: None,
        unpacked_size: None,
        file_count: None,
    }
}

impl Rewrite for World {
    fn manifest(&self, manifest: &Arc<PackageManifest>) -> Arc<PackageManifest> {
        Arc::clone(manifest)
    }

    fn catalog(&self, _: &str, specifier: &str) -> Result<Option<Arc<str>>, ResolveError> {
        Ok(specifier.strip_prefix("catalog:").map(Arc::from))
    }

    fn missing_peer(&self, name: &str, _: &str, _: &Path) -> PeerOverride {
        self.overridden.get(name).cloned().unwrap_or(PeerOverride::None)
    }
}

impl Listener for World {
    fn resolved(&self, resolved: &Arc<Resolved>) {
        self.heard.borrow_mut().push(format!("resolved {}", resolved.id));
    }

    fn likely(&self, _: &Arc<Resolved>) {}

    fn deprecated(&self, resolved: &Arc<Resolved>, reason: &str, depth: u32, _: &Path) {
        self.heard.borrow_mut().push(format!("deprecated {} {depth}: {reason}", resolved.id));
    }

    fn skipped(&self, skipped: &SkippedOptional<'_>) {
        let parents = skipped.parents.join(" > ");
        self.heard.borrow_mut().push(format!("skipped {} below [{parents}]", skipped.specifier));
    }
}

/// Lets others go first, once.
struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

pub(super) fn specifiers(entries: &[(&str, &str)]) -> Specifiers {
    entries.iter().map(|(name, specifier)| (Arc::from(*name), Arc::from(*specifier))).collect()
}

fn reference(alias: &str, dep_path: &str) -> String {
    match dep_path.strip_prefix(alias).and_then(|rest| rest.strip_prefix('@')) {
        Some(version) => version.to_owned(),
        None => dep_path.to_owned(),
    }
}

/// The edges of a package, as `alias → id`.
pub(super) fn edges(tree: &Tree, id: &str) -> Vec<String> {
    let package = tree.packages.get(id).unwrap_or_else(|| panic!("{id} is not in the tree"));
    package.children.iter().map(|child| format!("{} → {}", child.alias, tree.id(child.package))).collect()
}

/// The direct dependencies of a project, as `alias → id`.
pub(super) fn direct(tree: &Tree, project: &str) -> Vec<String> {
    let importer = tree.importers.iter().find(|importer| importer.id == project).unwrap();
    importer.direct.iter().map(|direct| format!("{} → {}", direct.alias, tree.id(direct.package))).collect()
}

pub(super) fn time_based(settings: &mut TreeSettings) {
    settings.mode = ResolutionMode::TimeBased;
}
