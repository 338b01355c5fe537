//! The outcome: packages with their peers, by dep path.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::resolve::tree::PackageIndex;

/// Dep path → node. A child that is no key is a link (`link:…`, from the lockfile's folder).
pub type Graph = BTreeMap<Arc<str>, GraphNode>;

/// A package together with the peers that it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphNode {
    /// The package, in the tree that was walked.
    pub package: PackageIndex,
    /// Name it is found under → dep path, or `link:` with the path from the lockfile's folder. Peers that it declares
    /// itself are among them.
    pub children: BTreeMap<Arc<str>, Arc<str>>,
    /// The names among `children` that come from `optionalDependencies`.
    pub optional_children: BTreeSet<Arc<str>>,
    /// Peers that something below it asks for and that it does not declare itself, found or missing.
    pub transitive_peers: BTreeSet<Arc<str>>,
    /// Peers that were found for it or for something below it: the names its suffix is made of.
    pub resolved_peers: BTreeSet<Arc<str>>,
    /// Its least distance from a project, 0 for direct dependencies.
    pub depth: u32,
    /// Every path to it has an optional edge.
    pub optional: bool,
}

/// What the peer pass found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerOutcome {
    /// The packages.
    pub graph: Graph,
    /// For each project, in the tree's order: alias → dep path, or `link:` with the path from the project's folder.
    pub direct: Vec<BTreeMap<Arc<str>, Arc<str>>>,
    /// The graph is not whole: the tree is deeper than [`DEPTH_LIMIT`](crate::core::resolve::tree::DEPTH_LIMIT).
    pub too_deep: bool,
}
