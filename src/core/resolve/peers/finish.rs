//! From places to the graph: every place's final dep path, and one node for all places that share one.
//!
//! During the walk a peer's own peers may not be known yet. Now they are, so a suffix names each peer with the peers
//! that it sees itself; only among peers that lead back to each other is a peer named by name and version alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::components::{components, number};
use super::paths::PathId;
use super::sight::PlaceId;
use super::survey::NameId;
use super::walk::{Blueprint, Found, Memory, Record};
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
    pub depth: i32,
}

/// The final dep paths of all places.
pub(super) struct FinalPaths<'a> {
    memory: &'a mut Memory,
    blueprint: &'a Blueprint,
    dedupe_peers: bool,
    /// By package: the cycle of peers that it is part of.
    cycle_of: Vec<u32>,
    cyclic_names: FxHashSet<NameId>,
    /// Packages with those of their peers that differ from variant to variant.
    telling: FxHashSet<(u32, NameId)>,
    known: FxHashMap<PlaceId, PathId>,
}

impl<'a> FinalPaths<'a> {
    pub fn new(memory: &'a mut Memory, blueprint: &'a Blueprint, dedupe_peers: bool) -> Self {
        let cyclic_names = cyclic_names(memory, blueprint);
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); memory.survey.packages.len()];
        for (at, found) in blueprint.found_of.iter().enumerate() {
            let peers = found.iter().flat_map(|found| found.iter());
            edges[memory.places[at].package as usize]
                .extend(peers.map(|(_, peer)| memory.places[peer.0 as usize].package));
        }
        for peers in &mut edges {
            peers.sort_unstable();
            peers.dedup();
        }
        let telling = telling_peers(memory, blueprint);
        Self {
            memory,
            blueprint,
            dedupe_peers,
            cycle_of: components(&edges),
            cyclic_names,
            telling,
            known: FxHashMap::default(),
        }
    }

    pub fn of(&mut self, place: PlaceId) -> PathId {
        if let Some(&path) = self.known.get(&place) {
            return path;
        }
        let path = self.make(place);
        self.known.insert(place, path);
        path
    }

    fn make(&mut self, place: PlaceId) -> PathId {
        let at = place.0 as usize;
        if let Some(renamed) = self.memory.places[at].renamed.clone() {
            return self.memory.paths.plain(&format!("link:{renamed}").into());
        }
        let plain = self.memory.plain(self.memory.places[at].package);
        let found = self.blueprint.found_of.get(at).and_then(Option::as_ref);
        let Some(found) = found.filter(|found| !found.is_empty()) else { return plain };
        let found = self.extended(place, found);
        let segments = found.iter().map(|&(name, peer)| self.segment(place, name, peer)).collect();
        self.memory.paths.with_peers(plain, segments)
    }

    /// The peers of a place, with the peers of those that its suffix names without their own.
    fn extended(&self, place: PlaceId, found: &Found) -> Vec<(NameId, PlaceId)> {
        let mut extended = found.to_vec();
        if self.dedupe_peers {
            return extended;
        }
        let package = self.memory.places[place.0 as usize].package;
        for &(name, peer) in found.iter() {
            if !self.is_cut(place, name, peer) || self.memory.link_target(peer).is_some() {
                continue;
            }
            let theirs = self.blueprint.found_of.get(peer.0 as usize).and_then(Option::as_ref);
            let provider = self.memory.places[peer.0 as usize].package;
            for &(name, peer) in theirs.into_iter().flat_map(|theirs| theirs.iter()) {
                if self.memory.places[peer.0 as usize].package != package
                    && self.telling.contains(&(provider, name))
                    && extended.iter().all(|(known, _)| *known != name)
                {
                    extended.push((name, peer));
                }
            }
        }
        extended
    }

    /// The peers that only this extension brings.
    pub fn added(&self, place: PlaceId) -> Vec<NameId> {
        let Some(found) = self.blueprint.found_of.get(place.0 as usize).and_then(Option::as_ref) else {
            return Vec::new();
        };
        let extended = self.extended(place, found);
        extended[found.len()..].iter().map(|(name, _)| *name).collect()
    }

    fn is_cut(&self, place: PlaceId, name: NameId, peer: PlaceId) -> bool {
        let cycle_of = |place: PlaceId| self.cycle_of[self.memory.places[place.0 as usize].package as usize];
        self.dedupe_peers || cycle_of(place) == cycle_of(peer) || self.cyclic_names.contains(&name)
    }

    fn segment(&mut self, place: PlaceId, name: NameId, peer: PlaceId) -> PathId {
        if let Some(link) = self.memory.link_segment(name, peer) {
            return link;
        }
        if self.is_cut(place, name, peer) {
            return self.memory.short_segment(name, peer);
        }
        self.of(peer)
    }
}

/// For each package the peers in which its variants differ. Two places are variants of each other unless all their peers
/// are the same, with the same peers in turn.
fn telling_peers(memory: &Memory, blueprint: &Blueprint) -> FxHashSet<(u32, NameId)> {
    let found = |at: usize| blueprint.found_of.get(at).and_then(Option::as_ref);
    let mut kind: Vec<u32> = memory.places.iter().map(|place| place.package).collect();
    let mut count = 0;
    loop {
        let mut kinds: FxHashMap<(u32, Vec<(NameId, u32)>), u32> = FxHashMap::default();
        let next: Vec<u32> = (0..kind.len())
            .map(|at| {
                let peers = found(at).into_iter().flat_map(|found| found.iter());
                let peers = peers.map(|&(name, peer)| (name, kind[peer.0 as usize])).collect();
                let new = number(kinds.len());
                *kinds.entry((kind[at], peers)).or_insert(new)
            })
            .collect();
        kind = next;
        if kinds.len() == count {
            break;
        }
        count = kinds.len();
    }
    let mut peers_of: FxHashMap<u32, FxHashMap<NameId, FxHashSet<u32>>> = FxHashMap::default();
    let mut variants: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
    let mut counted: FxHashMap<(u32, NameId), FxHashSet<u32>> = FxHashMap::default();
    for at in 0..kind.len() {
        let Some(found) = found(at) else { continue };
        let package = memory.places[at].package;
        variants.entry(package).or_default().insert(kind[at]);
        for &(name, peer) in found.iter() {
            peers_of.entry(package).or_default().entry(name).or_default().insert(kind[peer.0 as usize]);
            counted.entry((package, name)).or_default().insert(kind[at]);
        }
    }
    let mut telling = FxHashSet::default();
    for (package, peers) in peers_of {
        for (name, kinds) in peers {
            if kinds.len() > 1 || counted[&(package, name)].len() < variants[&package].len() {
                telling.insert((package, name));
            }
        }
    }
    telling
}

/// Names of peers that lead back to themselves: a package of the name sees a peer that sees a peer … of that name.
fn cyclic_names(memory: &Memory, blueprint: &Blueprint) -> FxHashSet<NameId> {
    let mut edges: Vec<Vec<u32>> = vec![Vec::new(); memory.survey.count()];
    for (at, found) in blueprint.found_of.iter().enumerate() {
        let Some(found) = found else { continue };
        if let Some(name) = memory.facts_at(PlaceId(number(at))).name {
            edges[name.0 as usize].extend(found.iter().map(|(peer, _)| peer.0));
        }
    }
    for peers in &mut edges {
        peers.sort_unstable();
        peers.dedup();
    }
    let component = components(&edges);
    let mut size = vec![0_u32; edges.len()];
    for &component in &component {
        size[component as usize] += 1;
    }
    (0..number(edges.len()))
        .filter(|&name| {
            let at = name as usize;
            size[component[at] as usize] > 1 || edges[at].binary_search(&name).is_ok()
        })
        .map(NameId)
        .collect()
}

/// Makes one node of all places that have the same final dep path.
pub(super) fn draft(tree: &Tree, paths: &mut FinalPaths<'_>) -> BTreeMap<PathId, DraftNode> {
    let records: &[Record] = &paths.blueprint.records;
    let of_record: Vec<PathId> = records.iter().map(|record| paths.of(record.place)).collect();
    let mut transitive: FxHashMap<PathId, BTreeSet<NameId>> = FxHashMap::default();
    for (record, path) in records.iter().zip(&of_record) {
        let declared = &paths.memory.facts_at(record.place).peers;
        let added = paths.added(record.place).into_iter().filter(|name| !declared.contains(name));
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
        nodes.insert(
            path,
            DraftNode {
                package,
                optional_children: optional.map(|edge| edge.alias.clone()).collect(),
                children,
                transitive: transitive.get(&path).cloned().unwrap_or_default(),
                resolved: found.into_iter().flat_map(|found| found.iter()).map(|(name, _)| *name).collect(),
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
