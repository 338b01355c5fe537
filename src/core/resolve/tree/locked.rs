//! The lockfile that the walk starts from, made ready for questions: which snapshot stands behind an edge, does it
//! still fit, and what would resolving it again have brought.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use node_semver::{Range, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use super::specifier::fits_with_prereleases;
use crate::core::lockfile::{
    Importer, ImporterDependency, Lockfile, PackageMetadata, Reference, Resolution, Snapshot, reference,
    split,
};
use crate::core::resolve::{PackageManifest, PeerMeta, Resolved, Source, Via};

/// A snapshot of the lockfile, by its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SnapshotIndex(pub(super) u32);

/// The lockfile, made ready for questions.
pub(super) struct LockedIndex<'a> {
    /// The lockfile itself.
    pub(super) lockfile: &'a Lockfile,
    entries: Vec<OnceCell<Entry<'a>>>,
    synthesized: RefCell<FxHashMap<&'a str, Option<Arc<Resolved>>>>,
}

/// A snapshot with what its key says.
pub(super) struct Entry<'a> {
    /// Key of `packages`.
    pub(super) package_id: &'a str,
    /// Package name.
    pub(super) name: &'a str,
    /// Its version, if it is one of a registry.
    pub(super) version: Option<Version>,
    /// The prefix of the registry it comes from, if its key names one (`name@prefix:1.0.0`).
    registry: Option<&'a str>,
    /// What is known of the package.
    metadata: Option<&'a PackageMetadata>,
    /// Its edges.
    pub(super) snapshot: &'a Snapshot,
    /// Its peers, parentheses included.
    peers: &'a str,
}

impl Entry<'_> {
    /// Its version, if its key is `name@version` with nothing before the version.
    pub(super) fn plain_version(&self) -> Option<&Version> {
        self.version.as_ref().filter(|_| self.registry.is_none())
    }
}

/// What stands behind an alias of a snapshot.
pub(super) enum Child {
    /// A snapshot.
    Snapshot(SnapshotIndex),
    /// A link, or a snapshot that the lockfile does not have.
    Other,
}

impl<'a> LockedIndex<'a> {
    /// Makes a lockfile ready. Nothing is read off it yet.
    pub(super) fn new(lockfile: &'a Lockfile) -> Self {
        let entries = std::iter::repeat_with(OnceCell::new).take(lockfile.snapshots.len()).collect();
        Self { lockfile, entries, synthesized: RefCell::default() }
    }

    /// A snapshot.
    pub(super) fn entry(&self, index: SnapshotIndex) -> &Entry<'a> {
        let position = index.0 as usize;
        self.entries[position].get_or_init(|| {
            let (key, snapshot) = self.at(position);
            let parts = split(key);
            let (registry, version) = match Version::parse(parts.version) {
                Ok(version) => (None, Some(version)),
                Err(_) => match parts.version.split_once(':') {
                    Some((prefix, version)) => match Version::parse(version) {
                        Ok(version) => (Some(prefix), Some(version)),
                        Err(_) => (None, None),
                    },
                    None => (None, None),
                },
            };
            Entry {
                package_id: parts.package_id,
                name: parts.name,
                version,
                registry,
                metadata: self.lockfile.packages.get(parts.package_id),
                snapshot,
                peers: parts.peers,
            }
        })
    }

    fn at(&self, position: usize) -> (&'a str, &'a Snapshot) {
        match self.lockfile.snapshots.get_index(position) {
            Some((key, snapshot)) => (key, snapshot),
            None => panic!("snapshot {position} is of another lockfile"),
        }
    }

    fn find(&self, alias: &str, value: &str) -> Child {
        match reference(alias, value) {
            Reference::Package(dep_path) => match self.lockfile.snapshots.get_index_of(dep_path.as_ref()) {
                Some(position) => Child::Snapshot(SnapshotIndex(u32::try_from(position).unwrap_or(u32::MAX))),
                None => Child::Other,
            },
            Reference::Link(_) => Child::Other,
        }
    }

    /// The snapshots behind the edges of one, by alias, each edge once for each group it stands in.
    pub(super) fn children(&self, index: SnapshotIndex) -> impl Iterator<Item = (&'a str, Child)> {
        let snapshot = self.entry(index).snapshot;
        let edges = snapshot.dependencies.iter().chain(&snapshot.optional_dependencies);
        edges.map(|(alias, value)| (alias.as_str(), self.find(alias, value)))
    }

    /// The snapshot behind an edge of one, if it still fits what the manifest asks for there now.
    pub(super) fn fitting_child(
        &self,
        index: SnapshotIndex,
        alias: &str,
        specifier: &str,
    ) -> Option<SnapshotIndex> {
        let snapshot = self.entry(index).snapshot;
        let value = snapshot.dependencies.get(alias).or_else(|| snapshot.optional_dependencies.get(alias))?;
        let Child::Snapshot(child) = self.find(alias, value) else { return None };
        self.fits(child, specifier).then_some(child)
    }

    /// The snapshot behind a direct dependency, if it still fits what the project asks for now. What comes from git
    /// fits if it is asked for in the same words.
    pub(super) fn fitting_direct(
        &self,
        project: &str,
        alias: &str,
        specifier: &str,
    ) -> Option<SnapshotIndex> {
        let dependency = direct(self.lockfile.importers.get(project)?, alias)?;
        let Child::Snapshot(index) = self.find(alias, &dependency.version) else { return None };
        let from_git = match &self.entry(index).metadata?.resolution {
            Resolution::Git { .. } => true,
            Resolution::Tarball { git_hosted, .. } => *git_hosted,
            _ => false,
        };
        ((from_git && dependency.specifier == specifier) || self.fits(index, specifier)).then_some(index)
    }

    fn fits(&self, index: SnapshotIndex, specifier: &str) -> bool {
        let entry = self.entry(index);
        let Some(version) = &entry.version else { return false };
        let range = match entry.registry {
            None => Some(specifier),
            Some(prefix) => {
                let body = specifier.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(':'));
                body.and_then(|body| match body.rfind('@').filter(|position| *position > 0) {
                    None => Some(body),
                    Some(position) => (&body[..position] == entry.name).then_some(&body[position + 1..]),
                })
            }
        };
        let range = range.and_then(|range| Range::parse(range).ok());
        range.is_some_and(|range| fits_with_prereleases(&range, version))
    }

    /// Whether the lockfile has a version of a package that fits a dependency, wherever it hangs.
    pub(super) fn has_fitting(&self, name: &str, range: &str) -> bool {
        let Ok(range) = Range::parse(range) else { return false };
        self.lockfile.packages.keys().any(|id| {
            let parts = split(id);
            parts.name == name && Version::parse(parts.version).is_ok_and(|version| range.satisfies(&version))
        })
    }

    /// What resolving a snapshot's package again would have brought, without its dependencies: those are the edges of
    /// the snapshot. `None` for what the lockfile does not know enough about: folders, tarballs at URLs, archives.
    pub(super) fn synthesize(&self, index: SnapshotIndex) -> Option<Arc<Resolved>> {
        let entry = self.entry(index);
        let mut known = self.synthesized.borrow_mut();
        known.entry(entry.package_id).or_insert_with(|| synthesize(entry).map(Arc::new)).clone()
    }

    /// Whether a snapshot's package asks for peers. A name may be a dependency and a peer at once; which of them it is
    /// depends on what is around, and of the dependency the lockfile then says nothing. Only the manifest tells.
    pub(super) fn asks_for_peers(&self, index: SnapshotIndex) -> bool {
        self.entry(index).metadata.is_some_and(|metadata| !metadata.peer_dependencies.is_empty())
    }

    /// Versions of peers that the lockfile recorded behind the direct dependencies of a project, by name. Of a project
    /// that the lockfile does not have, those of all snapshots.
    pub(super) fn peer_context(&self, project: &str) -> LockedPeers<'a> {
        let mut context = LockedPeers::default();
        let mut note = |index: SnapshotIndex| {
            for (name, version) in self.peer_versions(index) {
                context.versions.entry(name).or_default().insert(version);
            }
        };
        let Some(importer) = self.lockfile.importers.get(project) else {
            for position in 0..self.lockfile.snapshots.len() {
                note(SnapshotIndex(u32::try_from(position).unwrap_or(u32::MAX)));
            }
            return context;
        };
        let groups = [&importer.dependencies, &importer.optional_dependencies, &importer.dev_dependencies];
        for (alias, dependency) in groups.into_iter().flatten() {
            if let Child::Snapshot(index) = self.find(alias, &dependency.version) {
                note(index);
            }
        }
        context
    }

    /// Peers in a snapshot's suffix, at any depth of it. A suffix that is a hash does not tell them; then they are the
    /// declared peers among the snapshot's edges.
    fn peer_versions(&self, index: SnapshotIndex) -> Vec<(&'a str, &'a str)> {
        let entry = self.entry(index);
        let segments = entry.peers.match_indices('(').filter_map(|(start, _)| {
            let segment = entry.peers[start + 1..].split(['(', ')']).next()?;
            segment.rsplit_once('@').filter(|(name, _)| !name.is_empty())
        });
        let found: Vec<(&str, &str)> = segments.collect();
        if !found.is_empty() || !is_hashed(entry.peers) {
            return found;
        }
        let Some(metadata) = entry.metadata else { return Vec::new() };
        let edges = entry.snapshot.dependencies.iter().chain(&entry.snapshot.optional_dependencies);
        edges
            .filter(|(name, value)| {
                metadata.peer_dependencies.contains_key(*name) && !value.starts_with("link:")
            })
            .map(|(name, value)| {
                let version = value.split_once('(').map_or(value.as_str(), |(version, _)| version);
                let after_name =
                    version.bytes().skip(1).position(|byte| byte == b'@').map(|position| position + 2);
                (name.as_str(), after_name.map_or(version, |start| &version[start..]))
            })
            .collect()
    }
}

/// Peers that the lockfile recorded for a project.
#[derive(Default)]
pub(super) struct LockedPeers<'a> {
    /// Peer name → versions.
    pub(super) versions: FxHashMap<&'a str, FxHashSet<&'a str>>,
}

/// A direct dependency of a project, in whichever group it stands.
pub(super) fn direct<'a>(importer: &'a Importer, alias: &str) -> Option<&'a ImporterDependency> {
    let groups = [&importer.dependencies, &importer.optional_dependencies, &importer.dev_dependencies];
    groups.into_iter().find_map(|group| group.get(alias))
}

fn is_hashed(peers: &str) -> bool {
    let inner = peers.rsplit_once('(').and_then(|(_, tail)| tail.strip_suffix(')'));
    inner.is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn synthesize(entry: &Entry<'_>) -> Option<Resolved> {
    let metadata = entry.metadata?;
    let via = match &metadata.resolution {
        Resolution::Tarball { git_hosted: true, .. } | Resolution::Git { .. } => Via::Git,
        Resolution::Registry { .. } | Resolution::Tarball { integrity: Some(_), .. } => {
            entry.version.as_ref()?;
            if entry.registry.is_some() { Via::NamedRegistry } else { Via::Registry }
        }
        _ => return None,
    };
    let version: Option<Arc<str>> = match (&metadata.version, &entry.version) {
        (Some(version), _) => Some(Arc::from(version.as_str())),
        (None, Some(version)) => Some(Arc::from(version.to_string())),
        (None, None) => None,
    };
    let name: Arc<str> = Arc::from(entry.name);
    let text = |(key, value): (&String, &String)| (Arc::from(key.as_str()), Arc::from(value.as_str()));
    let peers_meta = metadata.peer_dependencies_meta.iter();
    let manifest = PackageManifest {
        name: Arc::clone(&name),
        version: version.clone().unwrap_or_default(),
        peer_dependencies: metadata.peer_dependencies.iter().map(text).collect(),
        peer_dependencies_meta: peers_meta
            .map(|(name, meta)| (Arc::from(name.as_str()), PeerMeta { optional: meta.optional }))
            .collect(),
        engines: metadata.engines.iter().map(text).collect(),
        cpu: metadata.cpu.clone(),
        os: metadata.os.clone(),
        libc: metadata.libc.clone(),
        deprecated: metadata.deprecated.as_deref().map(Arc::from),
        has_bin: metadata.has_bin,
        bundled_dependencies: metadata.bundled_dependencies.clone(),
        ..PackageManifest::default()
    };
    Some(Resolved {
        id: Arc::from(entry.package_id),
        name,
        version,
        source: Source::Package { resolution: metadata.resolution.clone(), tarball: None },
        manifest: Arc::new(manifest),
        via,
        latest: None,
        published_at: None,
        normalized_specifier: None,
        alias: None,
        violation: None,
        unpacked_size: None,
        file_count: None,
    })
}
