//! What the walk asks the peer pass between its rounds: which peers are missing below a project.
//!
//! Types only. The peer pass implements [`Discovery`]; the walk decides what to do about the answer.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::model::{NodeIndex, PackageIndex, PeerNames, Tree};

/// Finds missing peers. One value serves all rounds of a walk and may keep what it learned, as long as the counters of
/// the [`Tree`] say that it still holds.
pub trait Discovery {
    /// Walks a part of a project's tree and tells which peers are missing there.
    ///
    /// It walks exactly as the final peer pass would, records nothing of the outcome, and reports every miss: the
    /// caller leaves out those that another project answers for.
    fn discover(&mut self, tree: &Tree, request: DiscoveryRequest) -> Discovered;
}

/// What is to be walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscoveryRequest {
    /// Position of the project in [`Tree::importers`]. All its direct dependencies provide peers to what is below them.
    pub importer: usize,
    /// Only direct dependencies from this position on are walked; the others were in an earlier round.
    pub walk_from: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Peers that some place misses, one entry for each time a miss was met, in the order of the walk. A subtree that
    /// was answered from memory reports its misses once, with itself as the last ancestor.
    pub missing: BTreeMap<Arc<str>, Vec<MissingPeer>>,
    /// Peers that were found, by the name they were asked for: where the last provider of that name hangs, if that is a
    /// kept place of the tree. Names whose last provider hangs elsewhere are absent. Only walks that first resolved a
    /// subtree report; what was answered from memory does not.
    pub providers: BTreeMap<Arc<str>, NodeIndex>,
    /// What the children of each package miss, for packages at any place that was walked or answered from memory.
    pub below: Vec<Rc<MissingBelow>>,
    /// The walk did not reach everything: some of it is deeper than [`DEPTH_LIMIT`](super::DEPTH_LIMIT).
    pub too_deep: bool,
}

/// A miss.
#[derive(Debug, Clone)]
pub struct MissingPeer {
    /// The range to compare versions with: without `workspace:`, the version of an `npm:` or named-registry specifier,
    /// `*` for what is no range. pnpm: `get_peer_version_range`.
    pub range: Arc<str>,
    /// The range to install with: as declared, without `workspace:`.
    pub specifier: Arc<str>,
    /// It may be absent.
    pub optional: bool,
    /// The packages above the place that declares it, nearest first; the declaring package itself is not among them.
    /// pnpm: `missing_ancestor_pkg_ids`.
    pub ancestors: Ancestors,
}

/// A chain of packages up to a direct dependency, nearest first, that shares its upper part with other chains.
pub type Ancestors = Option<Rc<Ancestor>>;

/// A link of [`Ancestors`].
#[derive(Debug)]
pub struct Ancestor {
    /// The package.
    pub package: PackageIndex,
    /// What is above it.
    pub above: Ancestors,
}

/// What the children of a package at some place miss, and what was found below them.
#[derive(Debug)]
pub struct MissingBelow {
    /// The package and the names that its children miss, those that they pass on from deeper included.
    pub own: Option<(PackageIndex, PeerNames)>,
    /// The same of its children, where they have any.
    pub children: Vec<Rc<MissingBelow>>,
}
