//! Places of their own for edges that a better place takes over as they are.
//!
//! A place that takes over from another one, and would come to the same edges, does not walk. It holds its children all
//! the same: what is found there counts for its project, which is not so where a place merely reads what another one
//! recorded. The same goes for all that it takes over further down.
//! How pnpm 12.21 behaves.

use rustc_hash::FxHashMap;

use super::model::{Children, NodeIndex, PackageIndex};
use super::owner::Owner;
use super::walk::Walk;
use crate::core::resolve::Resolver;

/// A place that takes over.
struct Heir {
    node: NodeIndex,
    package: PackageIndex,
    owner: Owner,
}

impl<R: Resolver> Walk<'_, R> {
    /// Gives a place that took over recorded edges children of its own, and so on below where it takes over as well.
    pub(super) fn adopt(&mut self, node: NodeIndex, package: PackageIndex, owner: &Owner) {
        let mut level = vec![Heir { node, package, owner: owner.clone() }];
        while !level.is_empty() {
            let mut places = Vec::new();
            for heir in level {
                self.adopt_children(&heir, &mut places);
            }
            let mut best: FxHashMap<PackageIndex, usize> = FxHashMap::default();
            for (position, place) in places.iter().enumerate() {
                let standing = best.entry(place.package).or_insert(position);
                if place.owner.wins_over(&places[*standing].owner, &self.tree) {
                    *standing = position;
                }
            }
            let mut winners = Vec::new();
            for (position, place) in places.into_iter().enumerate() {
                if best[&place.package] == position && self.inherits(&place) {
                    winners.push(place);
                }
            }
            level = winners;
        }
    }

    fn adopt_children(&mut self, heir: &Heir, places: &mut Vec<Heir>) {
        let edges = self.tree.package(heir.package).children.clone();
        let above = heir.owner.above.below(heir.package);
        let depth = heir.owner.depth + 1;
        let mut own = Vec::with_capacity(edges.len());
        for edge in edges.iter().filter(|edge| !above.repeats(edge.package)) {
            let child = self.tree.package(edge.package);
            let (is_leaf, is_link) = (child.is_leaf, child.is_link());
            let node = self.new_node(edge.package, is_leaf, depth);
            own.push((edge.alias.clone(), node));
            self.keep_node(node, Children::Recorded, depth);
            if is_leaf || is_link {
                continue;
            }
            let owner = Owner { depth, above: above.clone(), ..heir.owner.clone() };
            places.push(Heir { node, package: edge.package, owner });
        }
        self.keep_node(heir.node, Children::Own(own.into()), heir.owner.depth);
    }

    /// Lets a place decide about its package from now on, if it is better than the one that does.
    fn inherits(&mut self, place: &Heir) -> bool {
        let side = &mut self.sides[place.package.0 as usize];
        let Some((standing, _)) = &mut side.owner else { return false };
        if side.recorded.is_none() || !place.owner.wins_over(standing, &self.tree) {
            return false;
        }
        *standing = place.owner.clone();
        true
    }
}
