//! The shape of the tree that the walk makes and the peer pass reads.
//!
//! The same package hangs in many places of a project's tree. What is the same in all of them is kept once
//! ([`TreePackage`], with its edges); the places themselves are not kept: the peer pass unfolds them as it walks, and
//! breaks cycles by the chain of ancestors.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::core::resolve::{PackageManifest, Resolved};

/// A package of the tree, by its position in [`Tree::packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageIndex(pub u32);

/// What the walk of all projects found.
#[derive(Debug, Default)]
pub struct Tree {
    /// The packages by their id with the hash of their patch (`name@1.0.0(patch_hash=…)`), in the order they were
    /// found. Positions are [`PackageIndex`].
    pub packages: IndexMap<Arc<str>, TreePackage, FxBuildHasher>,
    /// The projects, in the order of their ids.
    pub importers: Vec<Importer>,
    /// Every name that some package declares as a peer.
    pub peer_names: FxHashSet<Arc<str>>,
}

/// A project.
#[derive(Debug, Clone, Default)]
pub struct Importer {
    /// Its path from the lockfile's folder; `.` for that folder itself.
    pub id: String,
    /// Absolute path of its folder.
    pub folder: PathBuf,
    /// Its direct dependencies, peers that were installed for it included.
    pub direct: Vec<DirectDependency>,
}

/// A direct dependency of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectDependency {
    /// The name it is installed under.
    pub alias: Arc<str>,
    /// The package.
    pub package: PackageIndex,
    /// It was added because a package misses it as a peer; the project does not ask for it itself.
    pub hoisted_peer: bool,
    /// It was added for an optional peer.
    pub hoisted_optional_peer: bool,
}

/// A package, once for all places where it hangs.
#[derive(Debug, Clone)]
pub struct TreePackage {
    /// What its specifier was resolved to. A link has no edges.
    pub resolved: Arc<Resolved>,
    /// Its manifest after extensions, overrides and the leaving out of optional dependencies.
    pub manifest: Arc<PackageManifest>,
    /// Peers it asks for, without names that it brings itself.
    pub peers: BTreeMap<Arc<str>, PeerRequirement>,
    /// Its dependencies, as the first walk of it resolved them.
    pub children: Arc<[ChildEdge]>,
    /// Every path to it has an optional edge.
    pub optional: bool,
    /// Its distance from a project where it was found first, 0 for direct dependencies.
    pub depth: u32,
    /// It declares no dependencies and no peers: all its places are one.
    pub is_leaf: bool,
}

/// An edge of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildEdge {
    /// The name it is installed under.
    pub alias: Arc<str>,
    /// The package.
    pub package: PackageIndex,
    /// The edge comes from `optionalDependencies`.
    pub optional: bool,
}

/// A peer that a package asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerRequirement {
    /// The range, as the manifest has it.
    pub range: Arc<str>,
    /// It may be absent.
    pub optional: bool,
}
