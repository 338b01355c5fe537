//! Whether a better place of a package could leave other dependencies to peers somewhere below it.
//!
//! What a package leaves to be found as peers depends on the names in sight. So recorded edges are only good for a place
//! that takes over if every package that it would take over with them leaves the same to peers there. Packages that a
//! better place still decides about do not matter: nothing would change for them.
//! That a place walks again for this reason alone is how pnpm 12.21 behaves.

use rustc_hash::{FxHashMap, FxHashSet};

use super::aliases::Aliases;
use super::model::{ChildEdge, PackageIndex};
use super::owner::{Owner, RecordedUnder};
use super::reading::left_to_peers;
use super::walk::Walk;
use crate::core::resolve::Resolver;

/// Packages for which what is in sight matters.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// They have a dependency that is a peer as well, where what is in sight decides which it is.
    decided: FxHashSet<PackageIndex>,
    /// These, and all that such a package was ever recorded below.
    leading: FxHashSet<PackageIndex>,
    /// Package → what it was ever recorded below.
    parents: FxHashMap<PackageIndex, Vec<PackageIndex>>,
}

impl Sight {
    /// Notes that what is in sight decides about a package.
    pub(super) fn note_decided(&mut self, package: PackageIndex) {
        if self.decided.insert(package) {
            self.note_leading(package);
        }
    }

    /// Notes edges that were recorded.
    pub(super) fn note_children(&mut self, package: PackageIndex, children: &[ChildEdge]) {
        for child in children {
            self.parents.entry(child.package).or_default().push(package);
            if self.leading.contains(&child.package) {
                self.note_leading(package);
            }
        }
    }

    fn note_leading(&mut self, package: PackageIndex) {
        let mut open = vec![package];
        while let Some(package) = open.pop() {
            if self.leading.insert(package) {
                open.extend(self.parents.get(&package).into_iter().flatten());
            }
        }
    }
}

/// A place that would be taken over, with the names in sight of its children.
struct Below {
    owner: Owner,
    package: PackageIndex,
    aliases: Aliases,
}

impl<R: Resolver> Walk<'_, R> {
    /// Whether a place that takes over may take the recorded edges instead of walking. `aliases` are in sight of its
    /// children.
    pub(super) fn is_recorded_for(
        &self,
        package: PackageIndex,
        owner: &Owner,
        under: &RecordedUnder,
        aliases: &Aliases,
    ) -> bool {
        let Some(recorded) = &self.sides[package.0 as usize].recorded else { return false };
        recorded.holds_over(under)
            || (recorded == under && !self.leaves_otherwise_below(package, owner, aliases))
    }

    /// Whether the lockfile holds the recorded edges for a place that takes over.
    pub(super) fn is_held_for(&self, package: PackageIndex, under: &RecordedUnder) -> bool {
        let recorded = &self.sides[package.0 as usize].recorded;
        recorded.as_ref().is_some_and(|recorded| recorded.holds_over(under))
    }

    /// Whether something below a package would leave other names to peers if the package hung at `owner`, with `aliases`
    /// in sight of its children. It follows the recorded edges, level by level.
    fn leaves_otherwise_below(&self, package: PackageIndex, owner: &Owner, aliases: &Aliases) -> bool {
        if !self.sight.leading.contains(&package) {
            return false;
        }
        let mut visited = FxHashSet::from_iter([package]);
        let mut level = vec![Below { owner: owner.clone(), package, aliases: aliases.clone() }];
        while !level.is_empty() {
            let mut best: FxHashMap<PackageIndex, Below> = FxHashMap::default();
            for parent in level {
                let children = &self.tree.package(parent.package).children;
                let aliases = parent.aliases.below(children.iter().map(|child| &child.alias));
                let above = parent.owner.above.below(parent.package);
                for child in children.iter() {
                    let package = child.package;
                    let entry = self.tree.package(package);
                    if !self.sight.leading.contains(&package)
                        || visited.contains(&package)
                        || entry.is_link()
                        || above.repeats(package)
                    {
                        continue;
                    }
                    let owner =
                        Owner { depth: parent.owner.depth + 1, above: above.clone(), ..parent.owner.clone() };
                    let Some((standing, standing_left)) = &self.sides[package.0 as usize].owner else {
                        continue;
                    };
                    let is_better = best.get(&package).map_or(standing, |best| &best.owner);
                    if !owner.wins_over(is_better, &self.tree) {
                        continue;
                    }
                    if self.sight.decided.contains(&package) {
                        let auto_install_peers = self.input.settings.auto_install_peers;
                        let in_sight = |name: &str| parent.aliases.contains(name);
                        if left_to_peers(&entry.manifest, auto_install_peers, in_sight) != *standing_left {
                            return true;
                        }
                    }
                    best.insert(package, Below { owner, package, aliases: aliases.clone() });
                }
            }
            visited.extend(best.keys().copied());
            level = best.into_values().collect();
        }
        false
    }
}
