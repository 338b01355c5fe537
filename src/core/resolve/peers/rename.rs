//! New names for what is named by a variant that was merged into another one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rustc_hash::FxHashMap;

use super::dedupe::Merged;
use super::finish::{Draft, DraftNode};
use super::memory::Memory;
use super::paths::PathId;

/// Names every package by the variants that its peers are now. Peers that are named by name and version alone keep
/// that name.
pub(super) fn rename(memory: &mut Memory, draft: &mut Draft, merged: &Merged) {
    let mut new: FxHashMap<PathId, PathId> = FxHashMap::default();
    let paths: Vec<PathId> = draft.nodes.keys().copied().collect();
    for path in paths {
        // No recursion, so that no chain of peers is too long.
        let mut open = vec![path];
        while let Some(&at) = open.last() {
            if new.contains_key(&at) {
                open.pop();
                continue;
            }
            let Some(node) = draft.nodes.get(&at) else {
                new.insert(at, at);
                continue;
            };
            let peers = node.segments.iter().filter(|segment| !segment.alone);
            let unnamed: Vec<PathId> = peers
                .map(|segment| merged.of(segment.path))
                .filter(|peer| !new.contains_key(peer) && !open.contains(peer))
                .collect();
            if !unnamed.is_empty() {
                open.extend(unnamed);
                continue;
            }
            let segments = node.segments.iter().map(|segment| {
                let now = merged.of(segment.path);
                if segment.alone { segment.path } else { new.get(&now).copied().unwrap_or(now) }
            });
            let segments: Vec<PathId> = segments.collect();
            let base = memory.paths.base(at);
            let name = memory.paths.with_peers(base, segments);
            new.insert(at, name);
        }
    }
    if new.iter().all(|(old, new)| old == new) {
        return;
    }
    let of = |path: PathId| new.get(&path).copied().unwrap_or(path);
    let mut nodes: BTreeMap<PathId, DraftNode> = BTreeMap::new();
    for (path, mut node) in std::mem::take(&mut draft.nodes) {
        for child in node.children.values_mut() {
            *child = of(*child);
        }
        let name = of(path);
        match nodes.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(node);
            }
            // What had the name before keeps it.
            Entry::Occupied(mut entry) => {
                if name == path {
                    entry.insert(node);
                }
            }
        }
    }
    draft.nodes = nodes;
    for path in draft.direct.iter_mut().flat_map(BTreeMap::values_mut) {
        *path = of(*path);
    }
}
