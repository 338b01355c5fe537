//! Recording what a place that decides about its package came to.

use std::rc::Rc;
use std::sync::Arc;

use super::edge::{Edge, Placed};
use super::model::{ChildEdge, Children};
use super::owner::{Claim, RecordedUnder, Recording, forget_own_children, record};
use super::project::Circumstances;
use super::seed::{Frontier, Open, Seed};
use super::walk::Walk;
use crate::core::resolve::Resolver;

impl<R: Resolver> Walk<'_, R> {
    /// Records what a place came to, and gives it its children.
    pub(super) fn record_children(
        &mut self,
        circumstances: &Circumstances,
        place: &Frontier,
        edges: &[Edge],
        seeds: &[Seed],
    ) {
        let Frontier { open, claim, .. } = place;
        let under = recorded_under(circumstances, open, claim);
        let children = edges.iter().zip(seeds).map(|(edge, seed)| (seed.placed(), edge.optional));
        let children = children.filter_map(|(placed, optional)| placed.map(|placed| (placed, optional)));
        self.publish(&open.placed, open.depth, claim, children, under);
    }

    /// Records the children that a place came to, and keeps the place.
    pub(super) fn publish<'p>(
        &mut self,
        placed: &Placed,
        depth: u32,
        claim: &Claim,
        children: impl Iterator<Item = (&'p Placed, bool)>,
        under: RecordedUnder,
    ) {
        let package = placed.package;
        let (mut edges, mut own) = (Vec::new(), Vec::new());
        for (child, optional) in children {
            edges.push(ChildEdge { alias: Arc::clone(&child.alias), package: child.package, optional });
            own.push((Arc::clone(&child.alias), child.node));
        }
        let side = &mut self.sides[package.0 as usize];
        let recording = record(&mut self.tree, side, package, claim, edges, under);
        if recording != Recording::Declined {
            self.sight.note_children(package, &self.tree.package(package).children);
        }
        let children = match recording {
            Recording::Declined => Children::Recorded,
            Recording::Recorded | Recording::Replaced => Children::Own(own.into()),
        };
        self.keep_node(placed.node, children, depth);
        let side = &self.sides[package.0 as usize];
        if (recording == Recording::Replaced || !claim.same_left) && side.is_owned_by(&claim.owner) {
            forget_own_children(&mut self.tree, side, placed.node);
        }
    }
}

/// What the edges that a place comes to depend on.
pub(super) fn recorded_under(circumstances: &Circumstances, open: &Open, claim: &Claim) -> RecordedUnder {
    let updating = circumstances.update_key.is_some();
    RecordedUnder { left: Rc::clone(&claim.left), prior: open.prior, updating }
}
