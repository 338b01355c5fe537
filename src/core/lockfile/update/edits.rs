//! What edits leave behind, put right once for all of them: packages that nothing reaches go, `optional` is told anew,
//! catalog entries that nothing uses go.

use super::references::{all_edges, dependencies, peer_id, position};
use crate::core::lockfile::model::Lockfile;
use crate::core::lockfile::{Reference, catalog_name, package_id, reference, split};
use rustc_hash::FxHashSet;

/// What was done to the graph so far.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// What the edges that were cut pointed at, as peer suffixes name it.
    dropped: FxHashSet<String>,
    /// The dep paths they pointed at.
    targets: Vec<String>,
    /// An edge was added, or moved between optional and other dependencies.
    pub optional_is_stale: bool,
}

impl Edits {
    /// Notes an edge that was cut.
    pub fn drop_edge(&mut self, alias: &str, value: &str) {
        self.dropped.insert(peer_id(alias, value));
        if let Reference::Package(dep_path) = reference(alias, value) {
            self.targets.push(dep_path.into_owned());
        }
    }

    /// Puts the lockfile right. `None` when a package that stays has a dropped one in its peer suffix, so that its key
    /// would have to change.
    #[must_use]
    pub fn settle(mut self, lockfile: &mut Lockfile) -> Option<()> {
        if !self.dropped.is_empty() {
            let below = self.drop_what_hangs_below(lockfile);
            prune_unreachable(lockfile);
            let stays_with_peers = |dep_path: &String| {
                lockfile.snapshots.contains_key(dep_path) && declares_peers(lockfile, dep_path)
            };
            if below.iter().any(stays_with_peers) {
                return None;
            }
            if !lockfile.snapshots.keys().all(|key| self.are_absent_from(split(key).peers)) {
                return None;
            }
            prune_catalogs(lockfile);
        }
        if !self.dropped.is_empty() || self.optional_is_stale {
            recompute_optional(lockfile);
        }
        prune_time(lockfile);
        Some(())
    }

    /// All that hangs below a package that lost a dependent counts as dropped too, even where it stays: which provider
    /// of a peer is taken can depend on it. Returns these packages.
    fn drop_what_hangs_below(&mut self, lockfile: &Lockfile) -> Vec<String> {
        let targets = std::mem::take(&mut self.targets);
        let below =
            closure(lockfile, targets.iter().filter_map(|target| lockfile.snapshots.get_index_of(target)));
        let mut dep_paths = Vec::with_capacity(below.len());
        for (dep_path, snapshot) in below.into_iter().filter_map(|place| lockfile.snapshots.get_index(place))
        {
            self.dropped.extend(all_edges(snapshot).map(|(alias, value, _)| peer_id(alias, value)));
            dep_paths.push(dep_path.clone());
        }
        dep_paths
    }

    /// Whether a peer suffix names none of the dropped packages, however deep. A suffix that was shortened to a hash
    /// may name anything.
    fn are_absent_from(&self, peers: &str) -> bool {
        let ids = peers.split(['(', ')']).filter(|id| !id.is_empty() && !id.starts_with("patch_hash="));
        ids.into_iter().all(|id| match id.bytes().skip(1).position(|byte| byte == b'@') {
            // The position counts from the second byte, so one more is the `@` itself.
            Some(position) => !self.dropped.contains(id) && !self.dropped.contains(&id[..position + 2]),
            None => false,
        })
    }
}

/// Removes the snapshots that no importer reaches, and the packages that no snapshot is left of.
pub fn prune_unreachable(lockfile: &mut Lockfile) {
    let (required, optional) = reachable(lockfile);
    let is_reachable: Vec<bool> = required.iter().zip(&optional).map(|(one, other)| *one || *other).collect();
    let ids: FxHashSet<String> = lockfile
        .snapshots
        .keys()
        .zip(&is_reachable)
        .filter(|(_, reachable)| **reachable)
        .map(|(key, _)| package_id(key).to_owned())
        .collect();
    let mut position = 0;
    lockfile.snapshots.retain(|_, _| {
        position += 1;
        is_reachable[position - 1]
    });
    lockfile.packages.retain(|id, _| ids.contains(id));
}

/// Tells anew which snapshots are reached through optional dependencies only.
pub fn recompute_optional(lockfile: &mut Lockfile) {
    let (required, optional) = reachable(lockfile);
    for (position, snapshot) in lockfile.snapshots.values_mut().enumerate() {
        snapshot.optional = optional[position] && !required[position];
    }
}

/// Whether a package or anything below it declares peers.
pub(super) fn meets_peers(lockfile: &Lockfile, dep_path: &str) -> bool {
    closure(lockfile, lockfile.snapshots.get_index_of(dep_path))
        .into_iter()
        .filter_map(|place| lockfile.snapshots.get_index(place))
        .any(|(dep_path, _)| declares_peers(lockfile, dep_path))
}

fn declares_peers(lockfile: &Lockfile, dep_path: &str) -> bool {
    lockfile.metadata(dep_path).is_some_and(|metadata| {
        !metadata.peer_dependencies.is_empty() || !metadata.peer_dependencies_meta.is_empty()
    })
}

/// The positions of snapshots and of all that hangs below them.
fn closure(lockfile: &Lockfile, from: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut seen = vec![false; lockfile.snapshots.len()];
    let mut waiting: Vec<usize> = from.into_iter().collect();
    let mut found = Vec::new();
    while let Some(place) = waiting.pop() {
        if std::mem::replace(&mut seen[place], true) {
            continue;
        }
        found.push(place);
        let snapshot = lockfile.snapshots.get_index(place).map(|(_, snapshot)| snapshot);
        let edges = snapshot.into_iter().flat_map(all_edges);
        waiting.extend(edges.filter_map(|(alias, value, _)| position(lockfile, alias, value)));
    }
    found
}

/// For each snapshot, whether a path without an optional edge leads to it, and whether one with such an edge does.
fn reachable(lockfile: &Lockfile) -> (Vec<bool>, Vec<bool>) {
    let mut seen = [vec![false; lockfile.snapshots.len()], vec![false; lockfile.snapshots.len()]];
    let mut waiting: Vec<(usize, bool)> = lockfile
        .importers
        .values()
        .flat_map(dependencies)
        .filter_map(|(alias, dependency, optional)| {
            Some((position(lockfile, alias, &dependency.version)?, optional))
        })
        .collect();
    while let Some((place, optional)) = waiting.pop() {
        if std::mem::replace(&mut seen[usize::from(optional)][place], true) {
            continue;
        }
        let Some((_, snapshot)) = lockfile.snapshots.get_index(place) else {
            continue;
        };
        waiting.extend(all_edges(snapshot).filter_map(|(alias, value, edge_optional)| {
            Some((position(lockfile, alias, value)?, optional || edge_optional))
        }));
    }
    let [required, optional] = seen;
    (required, optional)
}

/// Removes the catalog entries that no importer uses.
fn prune_catalogs(lockfile: &mut Lockfile) {
    let used: FxHashSet<(String, String)> = lockfile
        .importers
        .values()
        .flat_map(dependencies)
        .filter_map(|(alias, dependency, _)| {
            Some((catalog_name(&dependency.specifier)?.to_owned(), alias.clone()))
        })
        .collect();
    lockfile.catalogs.retain(|catalog, entries| {
        entries.retain(|alias, _| used.contains(&(catalog.clone(), alias.clone())));
        !entries.is_empty()
    });
}

/// Removes the times of packages that are not direct dependencies; only those have one.
fn prune_time(lockfile: &mut Lockfile) {
    if lockfile.time.is_empty() {
        return;
    }
    let direct: FxHashSet<String> = lockfile
        .importers
        .values()
        .flat_map(dependencies)
        .filter_map(|(alias, dependency, _)| match reference(alias, &dependency.version) {
            Reference::Package(dep_path) => Some(package_id(&dep_path).to_owned()),
            Reference::Link(_) => None,
        })
        .collect();
    lockfile.time.retain(|id, _| direct.contains(id));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(dropped: &[(&str, &str)]) -> Edits {
        let mut edits = Edits::default();
        for (alias, value) in dropped {
            edits.drop_edge(alias, value);
        }
        edits
    }

    #[test]
    fn a_suffix_names_a_dropped_package_at_any_depth() {
        let one = edits(&[("a", "1.0.0")]);
        assert!(one.are_absent_from(""));
        assert!(one.are_absent_from("(b@1.0.0)(a@2.0.0)"));
        assert!(!one.are_absent_from("(a@1.0.0)"));
        assert!(!one.are_absent_from("(b@1.0.0(a@1.0.0))"));
        assert!(one.are_absent_from("(b@1.0.0(patch_hash=aa))"));
    }

    #[test]
    fn a_dropped_link_makes_every_suffix_with_its_name_suspect() {
        let link = edits(&[("@s/a", "link:../a")]);
        assert!(!link.are_absent_from("(@s/a@1.0.0)"));
        assert!(link.are_absent_from("(@s/ab@1.0.0)"));
    }

    #[test]
    fn a_suffix_that_is_a_hash_may_name_anything() {
        assert!(!edits(&[("a", "1.0.0")]).are_absent_from("(0a1b2c)"));
    }
}
