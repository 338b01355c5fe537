//! What became of a dependency of a level: the steps between a question and a place in the tree.

use std::rc::Rc;
use std::sync::Arc;

use super::aliases::Aliases;
use super::chain::Chain;
use super::edge::Placed;
use super::locked::SnapshotIndex;
use super::owner::Claim;
use super::questions::Answer;
use super::reading::Names;
use crate::core::resolve::PreferredOverlay;

/// A dependency that was resolved.
pub(super) enum Seed {
    /// It was left out: it closes a cycle a second time, or is optional and cannot be resolved.
    Dropped,
    /// It was taken from the lockfile with all that is below it.
    Done(Placed),
    /// What is below it has to be looked at.
    Open(Box<Open>),
}

impl Seed {
    pub(super) fn placed(&self) -> Option<&Placed> {
        match self {
            Self::Dropped => None,
            Self::Done(placed) => Some(placed),
            Self::Open(open) => Some(&open.placed),
        }
    }
}

/// A place whose children have to be looked at.
pub(super) struct Open {
    pub(super) placed: Placed,
    pub(super) answer: Rc<Answer>,
    pub(super) above: Chain,
    pub(super) depth: u32,
    pub(super) optional: bool,
    pub(super) left: Names,
    pub(super) prior: Option<SnapshotIndex>,
    pub(super) claim: Option<Claim>,
}

/// A place that decides about its package and has children to be looked at.
pub(super) struct Frontier {
    pub(super) open: Box<Open>,
    pub(super) claim: Claim,
    /// Its children are resolved. Otherwise they are those that are recorded, at places of their own.
    pub(super) walks: bool,
    pub(super) overlay: Option<Arc<PreferredOverlay>>,
    pub(super) aliases: Aliases,
}
