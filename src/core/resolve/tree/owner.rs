//! Which place of a package decides about its dependencies.
//!
//! A package that hangs in many places is walked once. What its dependencies are resolved to depends on what is
//! preferred at the place, so one place has to decide: the least deep one, then the one of the first project, then the
//! one whose ancestors sort first; never the one that happened to be reached first. A better place that is found later
//! takes over, and walks again only if it could come to another outcome.
//! pnpm: `resolve_dependency_tree/workspace_ctx.rs`.

use std::rc::Rc;
use std::sync::Arc;

use super::chain::Chain;
use super::locked::SnapshotIndex;
use super::model::{ChildEdge, Children, NodeIndex, PackageIndex, PeerNames, Tree};
use super::reading::{Dependency, Names};

/// The place that decides about a package's dependencies.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    /// It is of a project that an update moves.
    pub(super) updating: bool,
    /// Its distance from the project.
    pub(super) depth: u32,
    /// The project.
    pub(super) project: usize,
    /// What is above it.
    pub(super) above: Chain,
}

impl Owner {
    /// Whether it decides where `other` decided.
    pub(super) fn wins_over(&self, other: &Self, tree: &Tree) -> bool {
        if self.updating != other.updating {
            return self.updating;
        }
        let places = (self.depth, self.project).cmp(&(other.depth, other.project));
        places.then_with(|| self.above.compare(&other.above, tree)).is_lt()
    }

    /// Whether both are the same place.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        (self.updating, self.depth, self.project) == (other.updating, other.depth, other.project)
            && self.above.same_as(&other.above)
    }
}

/// What recorded edges depend on, beside the versions preferred at the place that recorded them: whoever comes later
/// takes the edges as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordedUnder {
    /// Dependencies that were left to be found as peers.
    pub(super) left: Names,
    /// The snapshot whose edges held the versions.
    pub(super) prior: Option<SnapshotIndex>,
    /// It was for a project that an update moves.
    pub(super) updating: bool,
}

impl RecordedUnder {
    /// Whether edges that the lockfile held here would be resolved again under `other`, for no reason.
    pub(super) fn holds_over(&self, other: &Self) -> bool {
        self.left == other.left && self.prior.is_some() && other.prior.is_none() && !other.updating
    }
}

/// What the walk keeps about a package beside the tree.
#[derive(Default)]
pub(super) struct Side {
    /// The place that decides about its dependencies, and what it leaves to be found as peers.
    pub(super) owner: Option<(Owner, Names)>,
    /// What its recorded edges depend on; `None` as long as none are recorded.
    pub(super) recorded: Option<RecordedUnder>,
    /// What the peers in the tree were read with.
    pub(super) peers_left: Option<Names>,
    /// Its manifest's dependencies, all of them.
    pub(super) dependencies: Option<Rc<[Dependency]>>,
    /// Its kept places.
    pub(super) nodes: Vec<NodeIndex>,
    /// What its children missed when they were first looked at.
    pub(super) missing: Option<FirstMissing>,
    /// It was only ever taken from the lockfile.
    pub(super) is_locked: bool,
}

/// What the children of a package missed in the first round that looked at them from the place that decides.
pub(super) struct FirstMissing {
    /// That place; `None` if only others were looked at so far.
    pub(super) seen_from: Option<Owner>,
    /// Names of peers.
    pub(super) names: PeerNames,
}

/// A place's claim to decide about its package.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    /// The place.
    pub(super) owner: Owner,
    /// It decides.
    pub(super) owns: bool,
    /// What is left to be found as peers: its own say if it decides, otherwise that of the place that does.
    pub(super) left: Names,
    /// It took over from a place that left the same to peers.
    pub(super) same_left: bool,
}

impl Side {
    /// Claims the package for a place.
    pub(super) fn claim(&mut self, owner: Owner, left: Names, tree: &Tree) -> Claim {
        match &self.owner {
            Some((standing, standing_left)) if !owner.wins_over(standing, tree) => {
                Claim { owner, owns: false, left: Rc::clone(standing_left), same_left: false }
            }
            standing => {
                let same_left = standing.as_ref().is_some_and(|(_, standing_left)| *standing_left == left);
                self.owner = Some((owner.clone(), Rc::clone(&left)));
                Claim { owner, owns: true, left, same_left }
            }
        }
    }

    /// Whether a place still decides.
    pub(super) fn is_owned_by(&self, owner: &Owner) -> bool {
        self.owner.as_ref().is_some_and(|(standing, _)| standing.same_as(owner))
    }
}

/// What became of edges that a place came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recording {
    /// Another place decides by now, or the lockfile held the edges that stand.
    Declined,
    /// They are recorded, and places with children of their own are still right.
    Recorded,
    /// They are recorded in place of other edges.
    Replaced,
}

/// Records the edges that a place came to.
pub(super) fn record(
    tree: &mut Tree,
    side: &mut Side,
    package: PackageIndex,
    claim: &Claim,
    edges: Vec<ChildEdge>,
    under: RecordedUnder,
) -> Recording {
    if !side.is_owned_by(&claim.owner) {
        return Recording::Declined;
    }
    let standing = &mut tree.packages[package.0 as usize].children;
    let recording = match &side.recorded {
        None => Recording::Recorded,
        Some(recorded) if recorded.holds_over(&under) => return Recording::Declined,
        Some(_) if **standing == *edges => Recording::Recorded,
        Some(_) => Recording::Replaced,
    };
    if side.recorded.is_none() || recording == Recording::Replaced {
        *standing = Arc::from(edges);
    }
    if recording == Recording::Replaced {
        tree.packages_rewritten += 1;
    }
    side.recorded = Some(under);
    recording
}

/// Turns all kept places of a package but one into places that read the recorded edges.
pub(super) fn forget_own_children(tree: &mut Tree, side: &Side, except: NodeIndex) {
    let mut any = false;
    for node in side.nodes.iter().filter(|node| **node != except) {
        let children = &mut tree.nodes[node.0 as usize].children;
        if *children != Children::Recorded {
            *children = Children::Recorded;
            any = true;
        }
    }
    if any {
        tree.nodes_rewritten += 1;
    }
}
