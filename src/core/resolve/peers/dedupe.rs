//! `dedupePeerDependents`: variants of a package that differ only in which optional peers they happened to see become
//! the one that sees most.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use super::finish::{Draft, DraftNode};
use super::memory::Memory;
use super::paths::PathId;
use super::rename::rename;
use super::survey::NameId;
use crate::core::resolve::tree::Tree;

/// A smaller variant, and a larger one that may stand for it.
type Pair = (PathId, PathId);

/// Lets the larger of two variants stand for the smaller wherever the smaller brings nothing of its own. What is named
/// by a variant that went is named by the one that stands for it from then on.
pub(super) fn dedupe_dependents(tree: &Tree, memory: &mut Memory, draft: &mut Draft) {
    let mut merged = Merged::default();
    let mut refused: FxHashSet<Pair> = FxHashSet::default();
    let left_absent = left_absent(tree, memory, draft);
    loop {
        let groups = variants(memory, draft, &merged);
        let pairs = covered_pairs(draft, &groups, (&refused, &left_absent));
        let round = choose(&groups, &pairs);
        if round.0.is_empty() {
            break;
        }
        // What covers the children of a variant may itself have become another one than what covers it.
        let wrong: Vec<Pair> = round.0.iter().map(|(&smaller, &larger)| (smaller, larger)).collect();
        let wrong: Vec<Pair> = wrong
            .into_iter()
            .filter(|&(smaller, larger)| !has_same_children(draft, &round, smaller, larger))
            .collect();
        if !wrong.is_empty() {
            refused.extend(wrong);
            continue;
        }
        for node in draft.nodes.values_mut() {
            for child in node.children.values_mut() {
                *child = round.of(*child);
            }
        }
        merged.0.extend(round.0);
    }
    if merged.0.is_empty() {
        return;
    }
    for path in draft.direct.iter_mut().flat_map(BTreeMap::values_mut) {
        *path = merged.of(*path);
    }
    prune(draft);
    rename(memory, draft, &merged);
}

/// Which variant each one became.
#[derive(Default)]
pub(super) struct Merged(FxHashMap<PathId, PathId>);

impl Merged {
    /// What a package is now; itself if it stayed.
    pub(super) fn of(&self, path: PathId) -> PathId {
        let mut at = path;
        while let Some(&next) = self.0.get(&at) {
            at = next;
        }
        at
    }
}

/// Peers that projects do without on purpose, by what they have: no variant with such a peer may take its place.
fn left_absent(tree: &Tree, memory: &Memory, draft: &Draft) -> FxHashMap<PathId, BTreeSet<NameId>> {
    let mut by_path: FxHashMap<PathId, BTreeSet<NameId>> = FxHashMap::default();
    for (importer, direct) in tree.importers.iter().zip(&draft.direct) {
        let names: Vec<NameId> =
            importer.left_absent.iter().filter_map(|name| memory.survey.find(name)).collect();
        if names.is_empty() {
            continue;
        }
        for path in reached(draft, direct.values().copied().collect()) {
            let Some(node) = draft.nodes.get(&path) else { continue };
            let absent = names.iter().copied().filter(|name| !node.resolved.contains(name));
            by_path.entry(path).or_default().extend(absent);
        }
    }
    by_path
}

/// The variants of each package that has several, from the smallest to the largest. The order is total, so that what a
/// variant becomes does not depend on the order it was found in.
fn variants(memory: &Memory, draft: &Draft, merged: &Merged) -> Vec<Vec<PathId>> {
    let mut by_package: BTreeMap<u32, Vec<PathId>> = BTreeMap::new();
    for (path, node) in &draft.nodes {
        if !merged.0.contains_key(path) {
            by_package.entry(node.package).or_default().push(*path);
        }
    }
    by_package.retain(|_, variants| variants.len() > 1);
    by_package
        .into_values()
        .map(|mut variants| {
            variants.sort_by_cached_key(|path| (edge_count(&draft.nodes[path]), memory.paths.text(*path)));
            variants
        })
        .collect()
}

/// All pairs of which the larger covers the smaller, supposing that the pairs of their children are merged too. Around
/// a cycle all of them hold, or none does.
fn covered_pairs(
    draft: &Draft,
    groups: &[Vec<PathId>],
    (refused, left_absent): (&FxHashSet<Pair>, &FxHashMap<PathId, BTreeSet<NameId>>),
) -> FxHashSet<Pair> {
    let mut pairs: FxHashSet<Pair> = FxHashSet::default();
    for group in groups {
        for (at, &larger) in group.iter().enumerate() {
            let smaller = group[..at].iter().map(|&smaller| (smaller, larger));
            pairs.extend(smaller.filter(|pair| {
                let (smaller, larger) = (&draft.nodes[&pair.0], &draft.nodes[&pair.1]);
                !refused.contains(pair)
                    && smaller.resolved.is_subset(&larger.resolved)
                    && left_absent.get(&pair.0).is_none_or(|absent| absent.is_disjoint(&larger.resolved))
            }));
        }
    }
    loop {
        let before = pairs.len();
        let standing: Vec<Pair> = pairs
            .iter()
            .copied()
            .filter(|(smaller, larger)| {
                let (smaller, larger) = (&draft.nodes[smaller], &draft.nodes[larger]);
                smaller.children.iter().all(|(alias, child)| {
                    larger.children.get(alias).is_some_and(|other| {
                        other == child
                            || pairs.contains(&(*child, *other))
                            || pairs.contains(&(*other, *child))
                    })
                })
            })
            .collect();
        if standing.len() == before {
            return pairs;
        }
        pairs = standing.into_iter().collect();
    }
}

/// What each variant becomes: the largest that covers it.
fn choose(groups: &[Vec<PathId>], pairs: &FxHashSet<Pair>) -> Merged {
    let mut merged = Merged::default();
    for group in groups {
        let mut rest = group.clone();
        while let Some(largest) = rest.pop() {
            rest.retain(|&path| {
                let fits = pairs.contains(&(path, largest));
                if fits {
                    merged.0.insert(path, largest);
                }
                !fits
            });
        }
    }
    merged
}

fn has_same_children(draft: &Draft, merged: &Merged, smaller: PathId, larger: PathId) -> bool {
    let (smaller, larger) = (&draft.nodes[&smaller], &draft.nodes[&larger]);
    smaller.children.iter().all(|(alias, child)| {
        larger.children.get(alias).is_some_and(|other| merged.of(*other) == merged.of(*child))
    })
}

fn edge_count(node: &DraftNode) -> usize {
    node.children.len() + node.resolved.len()
}

/// Every package and peer that the smaller variant sees is seen by the larger one too.
pub(super) fn is_covered(smaller: &DraftNode, larger: &DraftNode) -> bool {
    edge_count(larger) >= edge_count(smaller)
        && smaller.resolved.is_subset(&larger.resolved)
        && smaller.children.iter().all(|(alias, child)| larger.children.get(alias) == Some(child))
}

/// Drops the nodes that no project leads to.
pub(super) fn prune(draft: &mut Draft) {
    let reached = reached(draft, draft.direct.iter().flat_map(BTreeMap::values).copied().collect());
    draft.nodes.retain(|path, _| reached.contains(path));
}

/// Everything that some packages lead to.
fn reached(draft: &Draft, mut open: Vec<PathId>) -> FxHashSet<PathId> {
    let mut reached: FxHashSet<PathId> = FxHashSet::default();
    while let Some(path) = open.pop() {
        if reached.insert(path)
            && let Some(node) = draft.nodes.get(&path)
        {
            open.extend(node.children.values().copied());
        }
    }
    reached
}
