//! Places that take over a package together with the edges that are recorded for it.
//!
//! Nothing is asked again for them, but what is below them hangs at places of its own, as if they had walked: so what is
//! found there can be offered to the project; the place that decided before has no such places any more. That is how
//! pnpm 12.21 behaves.

use std::rc::Rc;
use std::sync::Arc;

use super::edge::{Placed, Siblings};
use super::model::{Children, PackageIndex};
use super::owner::forget_own_children;
use super::questions::Answer;
use super::seed::{Open, Seed};
use super::walk::Walk;
use crate::core::resolve::Resolver;

impl<R: Resolver> Walk<'_, R> {
    /// The recorded children of a package at new places below a place that takes over.
    pub(super) fn seeds_as_recorded(&mut self, package: PackageIndex, siblings: &Siblings) -> Vec<Seed> {
        let children = Arc::clone(&self.tree.package(package).children);
        let seeds = children.iter().map(|child| {
            if siblings.above.repeats(child.package) {
                return Seed::Dropped;
            }
            let depth = siblings.depth;
            let optional = siblings.optional || child.optional;
            let entry = &mut self.tree.packages[child.package.0 as usize];
            entry.optional &= optional;
            let is_leaf = entry.is_leaf;
            let answer = Rc::new(Answer {
                resolved: Arc::clone(&entry.resolved),
                manifest: Arc::clone(&entry.manifest),
            });
            let left = self.left_to_peers(&answer, &siblings.aliases);
            let recorded = self.sides[child.package.0 as usize].recorded.as_ref();
            let prior = recorded.and_then(|recorded| recorded.prior);
            let node = self.new_node(child.package, is_leaf, depth);
            Seed::Open(Box::new(Open {
                placed: Placed { alias: Arc::clone(&child.alias), package: child.package, node },
                answer,
                above: siblings.above.clone(),
                depth,
                optional,
                left,
                prior,
                claim: None,
            }))
        });
        seeds.collect()
    }

    /// Gives a place that took over its children, and takes theirs from all others of the package.
    pub(super) fn keep_as_recorded(&mut self, open: &Open, seeds: &[Seed]) {
        let placed = seeds.iter().filter_map(Seed::placed);
        let own = placed.map(|placed| (Arc::clone(&placed.alias), placed.node));
        self.keep_node(open.placed.node, Children::Own(own.collect()), open.depth);
        let side = &self.sides[open.placed.package.0 as usize];
        forget_own_children(&mut self.tree, side, open.placed.node);
    }
}
