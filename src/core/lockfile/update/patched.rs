//! Patches that changed: the keys of patched snapshots carry the hash of the patch.

use super::references::{VersionText, position};
use crate::core::lockfile::model::Lockfile;
use crate::core::lockfile::{Patches, split};
use indexmap::IndexMap;
use rustc_hash::FxHashSet;

/// Gives the snapshots the keys they have with these patches, and records the patches. `None` when a key that changes
/// stands in the peer suffix of another, or patches cannot be matched by what the lockfile tells.
#[must_use]
pub(super) fn apply(
    lockfile: &mut Lockfile,
    patches: &Patches,
    hashes: &IndexMap<String, String>,
) -> Option<()> {
    let keys = new_keys(lockfile, patches)?;
    let moved: Vec<&str> = lockfile
        .snapshots
        .keys()
        .zip(&keys)
        .filter(|(before, now)| before != now)
        .map(|(before, _)| split(before).package_id)
        .collect();
    if !moved.is_empty() && !lockfile.snapshots.keys().all(|key| is_free_of(split(key).peers, &moved)) {
        return None;
    }
    if !moved.is_empty() {
        move_references(lockfile, &keys);
        let snapshots = std::mem::take(&mut lockfile.snapshots);
        lockfile.snapshots = keys.into_iter().zip(snapshots.into_values()).collect();
    }
    lockfile.patched_dependencies.clone_from(hashes);
    Some(())
}

/// Whether every patch is for some package of the lockfile. `None` when patches contradict each other.
pub(super) fn all_are_used(lockfile: &Lockfile, patches: &Patches) -> Option<bool> {
    let mut used = FxHashSet::default();
    for key in lockfile.snapshots.keys() {
        let parts = split(key);
        if let Some(patch) = patches.of(parts.name, parts.version).ok()? {
            used.insert(patch.selector.as_str());
        }
    }
    Some(patches.unused(&used).is_empty())
}

fn new_keys(lockfile: &Lockfile, patches: &Patches) -> Option<Vec<String>> {
    lockfile
        .snapshots
        .keys()
        .map(|key| {
            let parts = split(key);
            let VersionText::Plain(_) = VersionText::of(parts.version) else {
                // A resolution matches the version of its manifest, which the key does not tell.
                let may_change = patches.concern(parts.name) || parts.patch_hash.is_some();
                return (!may_change).then(|| key.clone());
            };
            let patch = patches.of(parts.name, parts.version).ok()?;
            let hash = patch.map_or_else(String::new, |patch| format!("(patch_hash={})", patch.hash));
            Some(format!("{}{hash}{}", parts.package_id, parts.peers))
        })
        .collect()
}

/// Whether a peer suffix names none of the packages and can be read at all: one that was shortened cannot.
fn is_free_of(peers: &str, packages: &[&str]) -> bool {
    peers.is_empty()
        || !packages.iter().any(|package| peers.contains(package))
            && peers.trim_matches(['(', ')']).split(")(").all(|segment| segment.contains('@'))
}

/// Rewrites what points at snapshots whose keys change.
fn move_references(lockfile: &mut Lockfile, keys: &[String]) {
    let moved = |alias: &str, value: &str| -> Option<String> {
        let place = position(lockfile, alias, value)?;
        let (before, now) = (lockfile.snapshots.get_index(place)?.0, &keys[place]);
        if before == now {
            return None;
        }
        // A reference is the whole key, or what follows the alias in it.
        Some(if value == before { now.clone() } else { now[alias.len() + 1..].to_owned() })
    };
    let snapshots: Vec<_> = lockfile
        .snapshots
        .values()
        .map(|snapshot| {
            let mut snapshot = snapshot.clone();
            for group in [&mut snapshot.dependencies, &mut snapshot.optional_dependencies] {
                for (alias, value) in group {
                    if let Some(now) = moved(alias, value) {
                        *value = now;
                    }
                }
            }
            snapshot
        })
        .collect();
    let mut importers = lockfile.importers.clone();
    for importer in importers.values_mut() {
        for group in
            [&mut importer.dependencies, &mut importer.dev_dependencies, &mut importer.optional_dependencies]
        {
            for (alias, dependency) in group {
                if let Some(now) = moved(alias, &dependency.version) {
                    dependency.version = now;
                }
            }
        }
    }
    lockfile.importers = importers;
    for (place, snapshot) in snapshots.into_iter().enumerate() {
        lockfile.snapshots[place] = snapshot;
    }
}
