//! `dedupePeerDependents`: variants of a package that differ only in which optional peers they happened to see become
//! the one that sees most.

use rustc_hash::{FxHashMap, FxHashSet};

use super::finish::{Draft, DraftNode};
use super::memory::Memory;
use super::paths::PathId;
use std::collections::BTreeMap;

/// Lets the larger of two variants stand for the smaller wherever the smaller brings nothing of its own.
pub(super) fn dedupe_dependents(memory: &mut Memory, draft: &mut Draft) {
    let mut by_package: BTreeMap<u32, Vec<PathId>> = BTreeMap::new();
    for (path, node) in &draft.nodes {
        by_package.entry(node.package).or_default().push(*path);
    }
    let mut groups: Vec<Vec<PathId>> =
        by_package.into_values().filter(|variants| variants.len() > 1).collect();
    let mut merged: FxHashMap<PathId, PathId> = FxHashMap::default();
    loop {
        let before = groups.len();
        let round = merge_round(memory, draft, &mut groups);
        if groups.len() != before {
            for node in draft.nodes.values_mut() {
                for child in node.children.values_mut() {
                    *child = round.get(child).copied().unwrap_or(*child);
                }
            }
        }
        let done = round.is_empty() || groups.len() == before;
        merged.extend(round);
        if done {
            break;
        }
    }
    if merged.is_empty() {
        return;
    }
    for direct in &mut draft.direct {
        for path in direct.values_mut() {
            *path = merged.get(path).copied().unwrap_or(*path);
        }
    }
    prune(draft);
}

/// One round: smaller → larger, for every group of variants. Groups whose variants are all merged are done.
fn merge_round(memory: &Memory, draft: &Draft, groups: &mut Vec<Vec<PathId>>) -> FxHashMap<PathId, PathId> {
    let mut merged = FxHashMap::default();
    groups.retain_mut(|group| {
        let mut left: FxHashSet<PathId> = group.iter().copied().collect();
        let mut rest = group.clone();
        // The order is total, so that what a variant becomes does not depend on the order it was found in.
        rest.sort_by_cached_key(|path| (edge_count(&draft.nodes[path]), memory.paths.text(*path)));
        while let Some(largest) = rest.pop() {
            rest.retain(|path| {
                let fits = is_covered(&draft.nodes[path], &draft.nodes[&largest]);
                if fits {
                    merged.insert(*path, largest);
                    left.remove(path);
                    left.remove(&largest);
                }
                !fits
            });
        }
        group.retain(|path| left.contains(path));
        !group.is_empty()
    });
    merged
}

fn edge_count(node: &DraftNode) -> usize {
    node.children.len() + node.resolved.len()
}

/// Every package and peer that the smaller variant sees is seen by the larger one too.
pub(super) fn is_covered(smaller: &DraftNode, larger: &DraftNode) -> bool {
    edge_count(larger) >= edge_count(smaller)
        && smaller.resolved.is_subset(&larger.resolved)
        && smaller.children.values().all(|child| larger.children.values().any(|other| other == child))
}

/// Drops the nodes that no project leads to.
pub(super) fn prune(draft: &mut Draft) {
    let mut reached: FxHashSet<PathId> = FxHashSet::default();
    let mut open: Vec<PathId> = draft.direct.iter().flat_map(|direct| direct.values().copied()).collect();
    while let Some(path) = open.pop() {
        if reached.insert(path)
            && let Some(node) = draft.nodes.get(&path)
        {
            open.extend(node.children.values().copied());
        }
    }
    draft.nodes.retain(|path, _| reached.contains(path));
}
