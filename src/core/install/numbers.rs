//! The numbers by which events name packages.
//!
//! A package that is resolved gets its number before its peers are known. Once they are, it is the first of the slots
//! that the package has become; the others get numbers of their own.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::core::event::{PackageId, Why};
use crate::core::lockfile::package_id;

/// The numbers given so far.
#[derive(Debug, Default)]
pub struct Numbers {
    next: u32,
    /// Packages that have a number and no slot yet, by their id.
    unplaced: FxHashMap<Arc<str>, (PackageId, Told)>,
}

/// What listeners were told of a package when it became known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its id; its dep path if it has no peers.
    pub dep_path: Arc<str>,
    /// Why it is wanted.
    pub why: Why,
    /// Reached only through optional dependencies, as far as was known.
    pub optional: bool,
}

impl Numbers {
    /// None is given yet; the first will be `first`.
    #[must_use]
    pub fn after(first: u32) -> Self {
        Self { next: first, ..Self::default() }
    }

    /// The number that would be given next.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.next
    }

    /// The number of a package that is resolved, unless it has one already.
    pub fn give(&mut self, told: Told) -> Option<PackageId> {
        if self.unplaced.contains_key(&told.dep_path) {
            return None;
        }
        let package = self.fresh();
        self.unplaced.insert(Arc::clone(&told.dep_path), (package, told));
        Some(package)
    }

    /// A number for something that has no place in the lockfile.
    pub fn fresh(&mut self) -> PackageId {
        let package = PackageId(self.next);
        self.next = self.next.saturating_add(1);
        package
    }

    /// The number of a slot, and what was told of it already.
    pub fn of(&mut self, dep_path: &str) -> (PackageId, Option<Told>) {
        match self.unplaced.remove(package_id(dep_path)) {
            Some((package, told)) => (package, Some(told)),
            None => (self.fresh(), None),
        }
    }

    /// Packages that were resolved and have not become a slot, by number.
    pub fn take_unplaced(&mut self) -> Vec<PackageId> {
        let mut packages: Vec<_> = self.unplaced.drain().map(|(_, (package, _))| package).collect();
        packages.sort_unstable();
        packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(dep_path: &str) -> Told {
        Told { dep_path: dep_path.into(), why: Why::Direct, optional: false }
    }

    #[test]
    fn a_resolved_package_is_the_first_of_its_slots() {
        let mut numbers = Numbers::default();
        let a = numbers.give(told("a@1.0.0")).unwrap();
        assert_eq!(numbers.give(told("a@1.0.0")), None);
        let patched = numbers.give(told("b@1.0.0")).unwrap();
        let gone = numbers.give(told("c@1.0.0")).unwrap();
        assert_eq!(numbers.of("a@1.0.0(p@1.0.0)"), (a, Some(told("a@1.0.0"))));
        assert_eq!(numbers.of("a@1.0.0(p@2.0.0)"), (PackageId(3), None));
        assert_eq!(numbers.of("b@1.0.0(patch_hash=00)(p@1.0.0)").0, patched);
        assert_eq!(numbers.take_unplaced(), [gone]);
    }

    #[test]
    fn without_resolution_numbers_count_up() {
        let mut numbers = Numbers::default();
        let given: Vec<_> = ["a@1.0.0", "b@1.0.0"].map(|dep_path| numbers.of(dep_path).0.0).into();
        assert_eq!(given, [0, 1]);
    }
}
