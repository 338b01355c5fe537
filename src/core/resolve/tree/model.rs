//! The shape of the tree that the walk makes and the peer pass reads.
//!
//! The same package hangs in many places of a project's tree. What is the same in all of them is kept once
//! ([`TreePackage`], with its edges). Of the places ([`Node`]) only those are kept that the walk itself went through:
//! each direct dependency, and each child of the one place of a package that decides about its edges. All other places
//! follow from the edges of the packages; the peer pass unfolds them as it goes. Which places are kept matters: a peer
//! that was found at a kept place can be made a direct dependency of the project, one that was found elsewhere cannot.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use crate::core::resolve::{PackageManifest, Resolved, Source};

/// A package of the tree, by its position in [`Tree::packages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageIndex(pub u32);

/// A kept place, by its position in [`Tree::nodes`]. Leaves have one place for all parents, everything else has one for
/// each parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeIndex(pub u32);

/// Names of peers.
pub type PeerNames = FxHashSet<Arc<str>>;

/// What the walk of all projects found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tree {
    /// The packages by their id with the hash of their patch (`name@1.0.0(patch_hash=…)`), in the order they were
    /// found. Positions are [`PackageIndex`].
    pub packages: IndexMap<Arc<str>, TreePackage, FxBuildHasher>,
    /// The kept places. Positions are [`NodeIndex`], and grow in the order of the walk.
    pub nodes: Vec<Node>,
    /// The projects, in the order of their ids.
    pub importers: Vec<Importer>,
    /// Every name that some package declares as a peer.
    pub peer_names: PeerNames,
    /// How often the tree has grown. What was derived from it stays true as long as the two numbers below stand.
    pub revision: u64,
    /// How often places that had children of their own were turned into [`Children::Recorded`].
    pub nodes_rewritten: u64,
    /// How often edges or peers of a package that was known already were replaced by others.
    pub packages_rewritten: u64,
}

impl Tree {
    /// The package of an index that came from this tree.
    #[must_use]
    pub fn package(&self, index: PackageIndex) -> &TreePackage {
        &self.packages[index.0 as usize]
    }

    /// The id of a package of this tree.
    ///
    /// # Panics
    /// When the index is of another tree.
    #[must_use]
    pub fn id(&self, index: PackageIndex) -> &Arc<str> {
        match self.packages.get_index(index.0 as usize) {
            Some((id, _)) => id,
            None => panic!("package {} is of another tree", index.0),
        }
    }

    /// The place of an index that came from this tree.
    #[must_use]
    pub fn node(&self, index: NodeIndex) -> &Node {
        &self.nodes[index.0 as usize]
    }
}

/// A project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Importer {
    /// Its path from the lockfile's folder; `.` for that folder itself.
    pub id: String,
    /// Absolute path of its folder.
    pub folder: PathBuf,
    /// Its direct dependencies: those it asks for in the order of its manifest (peers first, when they are installed,
    /// then development, production, optional), then what was added.
    pub direct: Vec<DirectDependency>,
}

/// A direct dependency of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectDependency {
    /// The name it is installed under.
    pub alias: Arc<str>,
    /// The package.
    pub package: PackageIndex,
    /// Its place.
    pub node: NodeIndex,
    /// Why it is there.
    pub origin: Origin,
}

/// Why a project has a direct dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its manifest asks for it.
    Declared,
    /// A package below it misses it as a peer.
    MissingPeer,
    /// A package below it misses it as an optional peer, and a fitting version is there anyway.
    MissingOptionalPeer,
    /// It provides a peer deeper in this project's tree, at that very place, and is offered to the whole project.
    Provider,
}

/// A kept place of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What hangs there.
    pub package: PackageIndex,
    /// Distance from the project, 0 for direct dependencies; the least one for a leaf. A link has -1.
    pub depth: i32,
    /// What hangs below.
    pub children: Children,
}

/// What hangs below a kept place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Children {
    /// Places of its own, by alias, sorted.
    Own(Arc<[(Arc<str>, NodeIndex)]>),
    /// What the package's edges say, at places that are not kept.
    Recorded,
}

/// A package, once for all places where it hangs.
#[derive(Debug, Clone, PartialEq)]
pub struct TreePackage {
    /// What its specifier was resolved to. A link has no edges.
    pub resolved: Arc<Resolved>,
    /// Its manifest after extensions, overrides and the leaving out of optional dependencies. Where the lockfile was
    /// reused, it has no dependencies.
    pub manifest: Arc<PackageManifest>,
    /// Peers it asks for, without names that it brings itself.
    pub peers: Arc<BTreeMap<Arc<str>, PeerRequirement>>,
    /// Its dependencies as the place that decides about them resolved them, sorted by alias. Edges that close a cycle
    /// are kept once.
    pub children: Arc<[ChildEdge]>,
    /// Every path to it that was walked has an optional edge.
    pub optional: bool,
    /// It declares no dependencies and no peers: all its places are one.
    pub is_leaf: bool,
    /// That one place.
    pub leaf_node: Option<NodeIndex>,
}

impl TreePackage {
    /// It is a folder that is only linked.
    #[must_use]
    pub fn is_link(&self) -> bool {
        matches!(self.resolved.source, Source::Link { .. })
    }
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
