//! Which misses a project has to do something about, and which another project answers for.
//!
//! A package is walked once for all projects, so what its children miss is decided at the place that decides about it.
//! If that place's project had a peer in sight there, another project does not install it for that package's sake.
//! pnpm: `HoistMissingScope`.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::missing::{Ancestor, Ancestors, MissingBelow, MissingPeer};
use super::model::{PackageIndex, PeerNames};
use super::owner::{FirstMissing, Side};

/// Leaves out the misses below packages that another project decides about and whose children do not miss the peer
/// there. Peers that the lockfile recorded for the project stay.
pub(super) fn leave_to_others(
    missing: &mut BTreeMap<Arc<str>, Vec<MissingPeer>>,
    project: usize,
    sides: &[Side],
    locked: &FxHashMap<&str, FxHashSet<&str>>,
) {
    missing.retain(|name, misses| {
        if !locked.contains_key(&**name) {
            let mut known = FxHashMap::default();
            let is_answered = |package: PackageIndex| {
                let side = &sides[package.0 as usize];
                side.owner.as_ref().is_some_and(|(owner, _)| owner.project != project)
                    && side.missing.as_ref().is_some_and(|missing| !missing.names.contains(name))
            };
            misses.retain(|miss| !any_above(&miss.ancestors, &mut known, &is_answered));
        }
        !misses.is_empty()
    });
}

/// Whether something holds for a package of a chain. Chains share their upper parts, so each link is looked at once.
fn any_above(
    chain: &Ancestors,
    known: &mut FxHashMap<*const Ancestor, bool>,
    holds: &impl Fn(PackageIndex) -> bool,
) -> bool {
    let mut fresh = Vec::new();
    let mut next = chain.as_ref();
    let mut answer = false;
    while let Some(link) = next {
        if let Some(known) = known.get(&Rc::as_ptr(link)) {
            answer = *known;
            break;
        }
        fresh.push(link);
        next = link.above.as_ref();
    }
    for link in fresh.into_iter().rev() {
        answer = answer || holds(link.package);
        known.insert(Rc::as_ptr(link), answer);
    }
    answer
}

/// Notes what the children of packages miss, as the first round from the place that decides sees it. Later rounds of
/// the same place do not change it: what it misses no more by then was installed for its own project alone.
pub(super) fn note_first_missing(sides: &mut [Side], project: usize, below: &[Rc<MissingBelow>]) {
    let reported = by_package(below);
    let all = |package: PackageIndex| -> PeerNames {
        reported.get(&package).into_iter().flatten().flat_map(|names| names.iter().cloned()).collect()
    };
    for (position, side) in sides.iter_mut().enumerate() {
        let package = PackageIndex(u32::try_from(position).unwrap_or(u32::MAX));
        let Some((owner, _)) = side.owner.as_ref().filter(|(owner, _)| owner.project == project) else {
            if side.missing.is_none() && reported.contains_key(&package) {
                side.missing = Some(FirstMissing { seen_from: None, names: all(package) });
            }
            continue;
        };
        let is_noted = side.missing.as_ref().and_then(|missing| missing.seen_from.as_ref());
        if !is_noted.is_some_and(|seen_from| seen_from.same_as(owner)) {
            side.missing = Some(FirstMissing { seen_from: Some(owner.clone()), names: all(package) });
        }
    }
}

fn by_package(below: &[Rc<MissingBelow>]) -> FxHashMap<PackageIndex, Vec<&PeerNames>> {
    let mut reported: FxHashMap<PackageIndex, Vec<&PeerNames>> = FxHashMap::default();
    let mut seen = FxHashSet::default();
    let mut open: Vec<&Rc<MissingBelow>> = below.iter().collect();
    while let Some(summary) = open.pop() {
        if seen.insert(Rc::as_ptr(summary)) {
            if let Some((package, names)) = &summary.own {
                reported.entry(*package).or_default().push(names);
            }
            open.extend(&summary.children);
        }
    }
    reported
}
