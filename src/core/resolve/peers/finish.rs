//! From places to the graph: every place's final dep path, and one node for all places that share one.
//!
//! During the walk a peer's own peers may not be known yet. Now they are, so a suffix names each peer with the peers
//! that it sees itself; only among peers that lead back to each other is a peer named by name and version alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::blueprint::{Blueprint, Record};
use super::components::number;
use super::cycles::{Cuts, additions};
use super::memory::Memory;
use super::paths::PathId;
use super::sight::PlaceId;
use super::survey::NameId;
use crate::core::resolve::tree::Tree;

/// The graph while it is made.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub nodes: BTreeMap<PathId, DraftNode>,
    /// For each project: alias → package or link.
    pub direct: Vec<BTreeMap<Arc<str>, PathId>>,
}

#[derive(Debug, Clone)]
pub(super) struct DraftNode {
    pub package: u32,
    pub children: BTreeMap<Arc<str>, PathId>,
    pub optional_children: BTreeSet<Arc<str>>,
    pub transitive: BTreeSet<NameId>,
    pub resolved: BTreeSet<NameId>,
    /// What its suffix is made of.
    pub segments: Vec<Segment>,
    pub depth: i32,
}

/// A part of a suffix.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub path: PathId,
    /// It is the name and version of a peer alone, or a link, and does not tell which variant it is.
    pub alone: bool,
}

/// The final dep paths of all places.
pub(super) struct FinalPaths<'a> {
    memory: &'a mut Memory,
    blueprint: &'a Blueprint,
    dedupe_peers: bool,
    cuts: Cuts,
    /// By place: the peers that it is named by beside those that it sees.
    additions: FxHashMap<PlaceId, Vec<(NameId, PlaceId)>>,
    known: FxHashMap<PlaceId, PathId>,
}

impl<'a> FinalPaths<'a> {
    pub fn new(memory: &'a mut Memory, blueprint: &'a Blueprint, dedupe_peers: bool) -> Self {
        let cuts = Cuts::new(memory, blueprint);
        let additions = if dedupe_peers { FxHashMap::default() } else { additions(memory, blueprint, &cuts) };
        Self { memory, blueprint, dedupe_peers, cuts, additions, known: FxHashMap::default() }
    }

    pub fn of(&mut self, place: PlaceId) -> PathId {
        if let Some(&path) = self.known.get(&place) {
            return path;
        }
        // No recursion, so that no row of peers of peers is too long.
        let mut open = vec![place];
        let mut begun: FxHashSet<PlaceId> = FxHashSet::default();
        while let Some(&next) = open.last() {
            if self.known.contains_key(&next) {
                open.pop();
            } else if begun.insert(next) {
                let peers = self.named_by_path(next);
                open.extend(peers.into_iter().filter(|peer| !self.known.contains_key(peer)));
            } else {
                let path = self.make(next);
                self.known.insert(next, path);
            }
        }
        self.known[&place]
    }

    /// The peers that the suffix of a place names with their own peers.
    fn named_by_path(&mut self, place: PlaceId) -> Vec<PlaceId> {
        if self.dedupe_peers {
            return Vec::new();
        }
        let found = self.blueprint.found_of.get(place.0 as usize).and_then(Option::as_ref);
        let added = self.additions.get(&place).into_iter().flatten();
        let all = found.into_iter().flat_map(|found| found.iter()).chain(added);
        let package = self.memory.package_at(place);
        all.filter(|(name, peer)| !self.cuts.cuts(package, *name, self.memory.package_at(*peer)))
            .map(|(_, peer)| *peer)
            .collect()
    }

    fn make(&mut self, place: PlaceId) -> PathId {
        let at = place.0 as usize;
        if let Some(renamed) = self.memory.places[at].renamed.clone() {
            return self.memory.paths.plain(&format!("link:{renamed}").into());
        }
        let plain = self.memory.plain(self.memory.places[at].package);
        let segments = self.segments(place).into_iter().map(|segment| segment.path).collect();
        self.memory.paths.with_peers(plain, segments)
    }

    /// What the suffix of a place is made of.
    fn segments(&mut self, place: PlaceId) -> Vec<Segment> {
        let found = self.blueprint.found_of.get(place.0 as usize).and_then(Option::as_ref);
        let Some(found) = found.filter(|found| !found.is_empty()) else { return Vec::new() };
        let added = self.additions.get(&place).cloned().unwrap_or_default();
        found.iter().chain(&added).map(|&(name, peer)| self.segment(place, name, peer)).collect()
    }

    fn segment(&mut self, place: PlaceId, name: NameId, peer: PlaceId) -> Segment {
        if let Some(path) = self.memory.link_segment(name, peer) {
            return Segment { path, alone: true };
        }
        let packages = (self.memory.package_at(place), self.memory.package_at(peer));
        if self.dedupe_peers || self.cuts.cuts(packages.0, name, packages.1) {
            return Segment { path: self.memory.short_segment(name, peer), alone: true };
        }
        Segment { path: self.of(peer), alone: false }
    }
}

/// Makes one node of all places that have the same final dep path.
pub(super) fn draft(tree: &Tree, paths: &mut FinalPaths<'_>) -> BTreeMap<PathId, DraftNode> {
    let records: &[Record] = &paths.blueprint.records;
    let of_record: Vec<PathId> = records.iter().map(|record| paths.of(record.place)).collect();
    let mut transitive: FxHashMap<PathId, BTreeSet<NameId>> = FxHashMap::default();
    for (record, path) in records.iter().zip(&of_record) {
        let declared = &paths.memory.facts_at(record.place).peers;
        let added = paths.additions.get(&record.place).into_iter().flatten();
        let added = added.map(|(name, _)| *name).filter(|name| !declared.contains(name));
        transitive.entry(*path).or_default().extend(record.transitive.iter().copied().chain(added));
    }
    let mut least_depth: FxHashMap<PathId, i32> = FxHashMap::default();
    for at in 0..paths.blueprint.least_depth.len() {
        let depth = paths.blueprint.least_depth[at];
        if depth < i32::MAX {
            let path = paths.of(PlaceId(number(at)));
            let least = least_depth.entry(path).or_insert(depth);
            *least = depth.min(*least);
        }
    }
    let mut nodes: BTreeMap<PathId, DraftNode> = BTreeMap::new();
    for (record, path) in records.iter().zip(of_record) {
        let package = paths.memory.places[record.place.0 as usize].package;
        let children = children(tree, paths, record, package);
        if let Some(node) = nodes.get_mut(&path) {
            for (alias, child) in children {
                let Some(present) = node.children.get(&alias).copied() else {
                    node.children.insert(alias, child);
                    continue;
                };
                if present != child && is_better_child(paths.memory, &transitive, path, present, child) {
                    node.children.insert(alias, child);
                }
            }
            continue;
        }
        let edges = &tree.packages[package as usize].children;
        let optional = edges.iter().filter(|edge| edge.optional && children.contains_key(&edge.alias));
        let found = paths.blueprint.found_of.get(record.place.0 as usize).and_then(Option::as_ref);
        let segments = paths.segments(record.place);
        let added = paths.additions.get(&record.place).into_iter().flatten();
        let found = found.into_iter().flat_map(|found| found.iter()).chain(added);
        nodes.insert(
            path,
            DraftNode {
                package,
                optional_children: optional.map(|edge| edge.alias.clone()).collect(),
                children,
                transitive: transitive.get(&path).cloned().unwrap_or_default(),
                resolved: found.map(|(name, _)| *name).collect(),
                segments,
                depth: least_depth.get(&path).copied().unwrap_or(0),
            },
        );
    }
    nodes
}

fn children(
    tree: &Tree,
    paths: &mut FinalPaths<'_>,
    record: &Record,
    package: u32,
) -> BTreeMap<Arc<str>, PathId> {
    let edges = &tree.packages[package as usize].children;
    let mut children = BTreeMap::new();
    for position in 0..record.children.len() {
        let Some(place) = record.children[position] else { continue };
        let edge = paths.memory.survey.packages[package as usize].children[position].edge;
        children.insert(edges[edge as usize].alias.clone(), paths.of(place));
    }
    for &(name, place) in &record.own {
        children.insert(paths.memory.survey.text(name).clone(), paths.of(place));
    }
    children
}

/// Two places with one dep path lead to different variants of a child. The better one has fewer peers in its suffix
/// that the parent does not see (peers of peers aside); where both have none of these, the one with more peers.
fn is_better_child(
    memory: &Memory,
    transitive: &FxHashMap<PathId, BTreeSet<NameId>>,
    parent: PathId,
    present: PathId,
    candidate: PathId,
) -> bool {
    let mut in_sight = peer_names(memory, parent);
    let base = memory.paths.text(memory.paths.base(parent));
    in_sight.extend(package_name(&base).map(str::to_owned));
    let measure = |child: PathId| {
        let peers = peer_names(memory, child);
        let own = transitive.get(&child);
        let seen = peers.iter().filter(|name| in_sight.contains(name)).count();
        let unseen = peers
            .iter()
            .filter(|name| {
                !in_sight.contains(name)
                    && !memory.survey.find(name).is_some_and(|id| own.is_some_and(|own| own.contains(&id)))
            })
            .count();
        (unseen, seen)
    };
    let ((present_unseen, present_seen), (unseen, seen)) = (measure(present), measure(candidate));
    if unseen != present_unseen {
        return unseen < present_unseen;
    }
    unseen == 0 && seen > present_seen
}

/// The names that a dep path's suffix is made of; none where it is written as a hash.
fn peer_names(memory: &Memory, path: PathId) -> Vec<String> {
    let paths = &memory.paths;
    if paths.is_hashed(path) {
        return Vec::new();
    }
    let segments = paths.segments(path).iter();
    segments.filter_map(|&segment| package_name(&paths.text(segment)).map(str::to_owned)).collect()
}

/// The name of a package in the text of its dep path.
fn package_name(text: &str) -> Option<&str> {
    let at = text.get(1..)?.find('@')? + 1;
    Some(&text[..at])
}
