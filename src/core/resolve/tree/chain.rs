//! The packages above a place of the tree, up to the project.

use std::cmp::Ordering;
use std::rc::Rc;

use super::model::{PackageIndex, Tree};

/// A chain of packages; chains share their upper part. It says what stands above a place, the place itself aside.
#[derive(Debug, Clone, Default)]
pub(super) struct Chain(Option<Rc<Link>>);

#[derive(Debug)]
struct Link {
    package: PackageIndex,
    above: Chain,
}

impl Chain {
    /// The chain of what hangs below `package`.
    pub(super) fn below(&self, package: PackageIndex) -> Self {
        Self(Some(Rc::new(Link { package, above: self.clone() })))
    }

    /// The packages, nearest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = PackageIndex> {
        let mut next = self.0.as_deref();
        std::iter::from_fn(move || {
            let link = next?;
            next = link.above.0.as_deref();
            Some(link.package)
        })
    }

    /// Whether `package`, found below this chain, is left out: it depends on itself, or the way from the nearest
    /// package to it was gone further up already. So the edge that closes a cycle is kept once.
    /// pnpm: `parent_ids_contain_sequence`.
    pub(super) fn repeats(&self, package: PackageIndex) -> bool {
        let mut above = self.iter();
        let Some(parent) = above.next() else { return false };
        if parent == package {
            return true;
        }
        // Nearest first, so: does `package` occur, and `parent` once more above its nearest occurrence?
        above.find(|found| *found == package).is_some() && above.any(|found| found == parent)
    }

    /// Orders two chains of equal length by the ids of their packages, from the project down.
    pub(super) fn compare(&self, other: &Self, tree: &Tree) -> Ordering {
        match (&self.0, &other.0) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) if Rc::ptr_eq(left, right) => Ordering::Equal,
            (Some(left), Some(right)) => left.above.compare(&right.above, tree).then_with(|| {
                if left.package == right.package {
                    Ordering::Equal
                } else {
                    tree.id(left.package).cmp(tree.id(right.package))
                }
            }),
        }
    }

    /// Whether two chains are of the same packages.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) if Rc::ptr_eq(left, right) => true,
            _ => self.iter().eq(other.iter()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(packages: &[u32]) -> Chain {
        packages.iter().fold(Chain::default(), |chain, package| chain.below(PackageIndex(*package)))
    }

    #[test]
    fn the_edge_that_closes_a_cycle_is_kept_once() {
        assert!(!chain(&[1, 2]).repeats(PackageIndex(1)), "first way back");
        assert!(chain(&[1, 2, 1]).repeats(PackageIndex(2)), "second lap");
        assert!(chain(&[1, 2, 3, 1]).repeats(PackageIndex(3)), "second lap on a shorter way");
        assert!(!chain(&[3, 1]).repeats(PackageIndex(3)), "way back");
        assert!(chain(&[1, 1]).repeats(PackageIndex(1)), "depends on itself");
        assert!(!chain(&[]).repeats(PackageIndex(1)));
    }

    #[test]
    fn chains_of_the_same_packages_are_the_same() {
        assert!(chain(&[1, 2]).same_as(&chain(&[1, 2])));
        assert!(!chain(&[1, 2]).same_as(&chain(&[1, 3])));
        assert_eq!(chain(&[1, 2]).iter().collect::<Vec<_>>(), [PackageIndex(2), PackageIndex(1)]);
    }
}
