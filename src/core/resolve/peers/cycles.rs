//! Peers that lead back to each other, and how their variants are kept apart all the same.
//!
//! A peer that is part of a cycle is named by name and version alone. If that were all, places that see different
//! variants of it would share a dep path. So such a place is also named by the peers in which these variants differ.

use rustc_hash::{FxHashMap, FxHashSet};

use super::blueprint::Blueprint;
use super::components::{components, number};
use super::memory::Memory;
use super::sight::PlaceId;
use super::survey::NameId;

/// Which peers are named by name and version alone.
#[derive(Debug)]
pub(super) struct Cuts {
    /// By package: the cycle of peers that it is part of.
    cycle_of: Vec<u32>,
    names: FxHashSet<NameId>,
}

impl Cuts {
    pub fn new(memory: &Memory, blueprint: &Blueprint) -> Self {
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); memory.survey.packages.len()];
        for (at, found) in blueprint.found_of.iter().enumerate() {
            let peers = found.iter().flat_map(|found| found.iter());
            edges[memory.places[at].package as usize].extend(peers.map(|(_, peer)| memory.package_at(*peer)));
        }
        without_repetition(&mut edges);
        Self { cycle_of: components(&edges), names: cyclic_names(memory, blueprint) }
    }

    /// A place of the first package names the second, which it sees under `name`, without its own peers.
    pub fn cuts(&self, package: u32, name: NameId, peer: u32) -> bool {
        self.cycle_of[package as usize] == self.cycle_of[peer as usize] || self.names.contains(&name)
    }
}

/// Names of peers that lead back to themselves: a package of the name sees a peer that sees a peer … of that name.
fn cyclic_names(memory: &Memory, blueprint: &Blueprint) -> FxHashSet<NameId> {
    let mut edges: Vec<Vec<u32>> = vec![Vec::new(); memory.survey.count()];
    for (at, found) in blueprint.found_of.iter().enumerate() {
        let Some(found) = found else { continue };
        let name = memory.facts_at(PlaceId(number(at))).name;
        edges[name.0 as usize].extend(found.iter().map(|(peer, _)| peer.0));
    }
    without_repetition(&mut edges);
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

fn without_repetition(edges: &mut [Vec<u32>]) {
    for edges in edges {
        edges.sort_unstable();
        edges.dedup();
    }
}

/// By place: the peers that it is named by beside those that it sees.
pub(super) fn additions(
    memory: &Memory,
    blueprint: &Blueprint,
    cuts: &Cuts,
) -> FxHashMap<PlaceId, Vec<(NameId, PlaceId)>> {
    let seen: Vec<&[(NameId, PlaceId)]> =
        blueprint.found_of.iter().map(|found| found.as_deref().unwrap_or_default()).collect();
    let any = (0..seen.len()).any(|at| {
        let package = memory.places[at].package;
        seen[at].iter().any(|&(name, peer)| cuts.cuts(package, name, memory.package_at(peer)))
    });
    if !any {
        return FxHashMap::default();
    }
    let all = closure(memory, &seen, cuts, |_, _| true);
    let telling = telling_peers(memory, blueprint, &seen, &all);
    let wanted = closure(memory, &seen, cuts, |package, name| telling.contains(&(package, name)));
    wanted
        .into_iter()
        .zip(&seen)
        .enumerate()
        .filter(|(_, (all, seen))| all.len() > seen.len())
        .map(|(at, (mut all, seen))| (PlaceId(number(at)), all.split_off(seen.len())))
        .collect()
}

/// What each place sees, and what the peers see that it names without their own peers, and so on. `takes` tells which
/// peers of a package are taken from it.
fn closure(
    memory: &Memory,
    seen: &[&[(NameId, PlaceId)]],
    cuts: &Cuts,
    takes: impl Fn(u32, NameId) -> bool,
) -> Vec<Vec<(NameId, PlaceId)>> {
    let mut all: Vec<Vec<(NameId, PlaceId)>> = seen.iter().map(|seen| seen.to_vec()).collect();
    loop {
        let mut grown = false;
        for at in 0..all.len() {
            let package = memory.places[at].package;
            let mut next = 0;
            while let Some(&(name, peer)) = all[at].get(next) {
                next += 1;
                let peer_package = memory.package_at(peer);
                if peer.0 as usize == at || !cuts.cuts(package, name, peer_package) {
                    continue;
                }
                let theirs = all.get(peer.0 as usize).into_iter().flatten().copied();
                let new: Vec<(NameId, PlaceId)> = theirs
                    .filter(|&(name, place)| {
                        memory.package_at(place) != package
                            && takes(peer_package, name)
                            && all[at].iter().all(|(known, _)| *known != name)
                    })
                    .collect();
                grown |= !new.is_empty();
                all[at].extend(new);
            }
        }
        if !grown {
            return all;
        }
    }
}

/// Packages with those of their peers in which their variants differ.
fn telling_peers(
    memory: &Memory,
    blueprint: &Blueprint,
    seen: &[&[(NameId, PlaceId)]],
    all: &[Vec<(NameId, PlaceId)>],
) -> FxHashSet<(u32, NameId)> {
    let variant = variants(memory, seen);
    let mut variants_of: FxHashMap<u32, FxHashSet<u32>> = FxHashMap::default();
    let mut uses: FxHashMap<(u32, NameId), Uses> = FxHashMap::default();
    for (at, all) in all.iter().enumerate() {
        if blueprint.found_of[at].is_none() {
            continue;
        }
        let package = memory.places[at].package;
        variants_of.entry(package).or_default().insert(variant[at]);
        for &(name, peer) in all {
            let uses = uses.entry((package, name)).or_default();
            uses.by.insert(variant[at]);
            uses.of.insert(variant[peer.0 as usize]);
        }
    }
    uses.into_iter()
        .filter(|((package, _), uses)| uses.of.len() > 1 || uses.by.len() < variants_of[package].len())
        .map(|(key, _)| key)
        .collect()
}

/// By which variants of a package a peer is seen, and which variants of the peer these are.
#[derive(Default)]
struct Uses {
    by: FxHashSet<u32>,
    of: FxHashSet<u32>,
}

/// By place: a number that only places of the same package share that see the same variants of the same peers.
fn variants(memory: &Memory, seen: &[&[(NameId, PlaceId)]]) -> Vec<u32> {
    let mut variant: Vec<u32> = memory.places.iter().map(|place| place.package).collect();
    let mut count = 0;
    loop {
        let mut known: FxHashMap<(u32, Vec<(NameId, u32)>), u32> = FxHashMap::default();
        variant = (0..variant.len())
            .map(|at| {
                let peers = seen.get(at).into_iter().flat_map(|seen| seen.iter());
                let peers = peers.map(|&(name, peer)| (name, variant[peer.0 as usize])).collect();
                let new = number(known.len());
                *known.entry((variant[at], peers)).or_insert(new)
            })
            .collect();
        if known.len() == count {
            return variant;
        }
        count = known.len();
    }
}
