//! Going down at one place: its children first, then the peers of the package itself.

use std::rc::Rc;

use super::blueprint::Record;
use super::components::number;
use super::memory::{Absent, Found, Place};
use super::missing::missing_below;
use super::paths::PathId;
use super::sight::{PlaceId, Sight};
use super::survey::{End, NameId, PackageFacts};
use super::verdict::Verdict;
use super::walk::{Outcome, Purpose, Walker, Way};
use crate::core::resolve::tree::{MissingBelow, NodeIndex};

impl Walker<'_> {
    pub(super) fn unfold(
        &mut self,
        place: PlaceId,
        (package, depth, kept): (u32, i32, Option<&[Option<NodeIndex>]>),
        below: &Rc<Sight>,
        providers: &[(u32, PlaceId)],
        way: Option<&Way<'_>>,
    ) -> Outcome {
        let count = self.memory.survey.packages[package as usize].children.len();
        for position in 0..count {
            let child = self.memory.survey.packages[package as usize].children[position];
            if let Some(leaf) = self.memory.leaves[child.package as usize] {
                let nearest = &mut self.memory.places[leaf.0 as usize].depth;
                *nearest = (*nearest).min(depth + 1);
            }
        }
        let mut places: Vec<Option<PlaceId>> = vec![None; count];
        for &(position, place) in providers {
            places[position as usize] = Some(place);
        }
        let way_below = Way::new(package, way);
        let mut gathered = Gathered::default();
        for hides in [true, false] {
            for (position, place) in places.iter_mut().enumerate() {
                let child = self.memory.survey.packages[package as usize].children[position];
                if child.end != End::Onward || below.has(child.alias) != hides {
                    continue;
                }
                let outcome = if let Some(place) = *place {
                    self.visit(place, below, Some(&way_below))
                } else {
                    let position = number(position);
                    let (visited, outcome) =
                        self.visit_child((package, depth, kept), position, below, &way_below);
                    *place = Some(visited);
                    outcome
                };
                gathered.add(&self.memory.survey.packages[package as usize], outcome);
            }
        }
        let Gathered { found: from_below, absent: absent_below, mut providers, summaries } = gathered;
        let (own, own_absent) = self.look_up(package, below, way);
        // Only places that the tree has a node for tell what they found: below a place that takes its children from
        // another one, nothing is offered to the project.
        if matches!(self.purpose, Purpose::Discover(_)) && self.memory.places[place.0 as usize].tree.is_some()
        {
            for &(name, place) in &own {
                set(&mut providers, name, place);
            }
        }
        let facts = &self.memory.survey.packages[package as usize];
        let mut all_found = from_below;
        for &(name, place) in &own {
            set(&mut all_found, name, place);
        }
        let is_itself = |place: PlaceId| self.memory.places[place.0 as usize].package == package;
        all_found.retain(|&(name, place)| name != facts.name || !is_itself(place));
        let summary = match &self.purpose {
            Purpose::Build(_) => None,
            Purpose::Discover(_) => missing_below(&self.memory.survey, package, &absent_below, summaries),
        };
        let mut all_absent = absent_below;
        for absent in own_absent {
            set_absent(&mut all_absent, absent);
        }
        let path = self.path(package, &all_found);
        let is_settled = all_found.iter().all(|&(_, peer)| self.memory.is_final(peer));
        let facts = &self.memory.survey.packages[package as usize];
        let transitive: Box<[NameId]> = match &self.purpose {
            Purpose::Build(_) => {
                let mut names: Vec<NameId> = all_found
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(all_absent.iter().map(|absent| absent.name))
                    .collect();
                names.sort_unstable();
                names.dedup();
                names.retain(|name| !facts.peers.contains(name));
                names.into()
            }
            Purpose::Discover(_) => Box::default(),
        };
        let reported: Found =
            all_found.iter().copied().filter(|(name, _)| !facts.has_edge(*name)).collect::<Vec<_>>().into();
        let (found, absent): (Found, Rc<[Absent]>) = (all_found.into(), all_absent.into());
        if found.is_empty() && absent.is_empty() {
            self.memory.pure[package as usize] = true;
        } else {
            self.memory.verdicts[package as usize].push(Verdict {
                place,
                path,
                is_settled,
                found: found.clone(),
                absent: absent.clone(),
                summary: summary.clone(),
            });
        }
        self.remember(place, (path, is_settled), Some(&found));
        self.record(place, package, depth, places, own, transitive);
        Outcome { found: reported, absent, providers, summary }
    }

    /// Visits a child that provides nothing itself. No place is made for it where another one can stand for it.
    fn visit_child(
        &mut self,
        (package, depth, kept): (u32, i32, Option<&[Option<NodeIndex>]>),
        position: u32,
        below: &Rc<Sight>,
        way: &Way<'_>,
    ) -> (PlaceId, Outcome) {
        let child = self.memory.survey.packages[package as usize].children[position as usize];
        let inner = self.memory.leaves[child.package as usize].is_none();
        if inner && kept.is_none() {
            if self.is_bare(child.package, depth + 1) {
                return (self.bare_place(child.package, depth + 1), self.nothing());
            }
            if let Some(verdict) = self.memory.quick_verdict(below, child.package) {
                let verdict = self.memory.verdicts[child.package as usize][verdict].clone();
                self.repeat_missing(&verdict, child.package, Some(way));
                if let Purpose::Build(blueprint) = &mut self.purpose {
                    if verdict.found.is_empty() {
                        let least = &mut blueprint.bare_depth[child.package as usize];
                        *least = (*least).min(depth + 1);
                    }
                    let least = &mut blueprint.least_depth[verdict.place.0 as usize];
                    *least = (*least).min(depth + 1);
                }
                return (verdict.place, verdict.outcome());
            }
        }
        let place = self.child_place(package, position, depth, kept);
        (place, self.visit(place, below, Some(way)))
    }

    fn bare_place(&mut self, package: u32, depth: i32) -> PlaceId {
        let Purpose::Build(blueprint) = &mut self.purpose else { return PlaceId(0) };
        if let Some(place) = blueprint.bare[package as usize] {
            return place;
        }
        let place = self.memory.place(package, depth, None);
        blueprint.bare[package as usize] = Some(place);
        place
    }

    /// Looks up the peers that a package declares itself.
    fn look_up(
        &mut self,
        package: u32,
        below: &Sight,
        way: Option<&Way<'_>>,
    ) -> (Box<[(NameId, PlaceId)]>, Vec<Absent>) {
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        let requirements = self.tree.packages[package as usize].peers.values();
        for (&name, requirement) in
            self.memory.survey.packages[package as usize].peers.iter().zip(requirements)
        {
            match below.get(name) {
                Some(provider) => found.push((name, provider.place)),
                None => absent.push(Absent { name, asker: package, optional: requirement.optional }),
            }
        }
        if !self.draining
            && let Purpose::Discover(log) = &mut self.purpose
        {
            for absent in &absent {
                log.note(self.tree, &self.memory.survey, *absent, way);
            }
        }
        (found.into(), absent)
    }

    /// The dep path of a package that sees these peers, as far as the peers' own paths are known by now.
    fn path(&mut self, package: u32, found: &[(NameId, PlaceId)]) -> PathId {
        let base = self.memory.plain(package);
        let segments = found
            .iter()
            .map(|&(name, place)| {
                if let Some(link) = self.memory.link_segment(name, place) {
                    return link;
                }
                let known = if self.dedupe_peers { None } else { self.memory.path_of[place.0 as usize] };
                known.unwrap_or_else(|| self.memory.short_segment(name, place))
            })
            .collect();
        self.memory.paths.with_peers(base, segments)
    }

    pub(super) fn remember(
        &mut self,
        place: PlaceId,
        (path, is_settled): (PathId, bool),
        found: Option<&Found>,
    ) {
        self.memory.path_of[place.0 as usize] = Some(path);
        self.memory.is_settled[place.0 as usize] = is_settled;
        self.visited.insert(place);
        let depth = self.memory.places[place.0 as usize].depth;
        if let Purpose::Build(blueprint) = &mut self.purpose {
            blueprint.found(place, depth, found.cloned());
        }
    }

    fn record(
        &mut self,
        place: PlaceId,
        package: u32,
        depth: i32,
        mut children: Vec<Option<PlaceId>>,
        own: Box<[(NameId, PlaceId)]>,
        transitive: Box<[NameId]>,
    ) {
        let Purpose::Build(blueprint) = &mut self.purpose else { return };
        for (position, child) in self.memory.survey.packages[package as usize].children.iter().enumerate() {
            if child.end == End::Back
                && !children[position].is_some_and(|place| self.visited.contains(&place))
            {
                children[position] = Some(*blueprint.back[child.package as usize].get_or_insert_with(|| {
                    let id = PlaceId(number(self.memory.places.len()));
                    self.memory.places.push(Place {
                        package: child.package,
                        depth: depth + 1,
                        renamed: None,
                        tree: None,
                    });
                    self.memory.path_of.push(None);
                    self.memory.is_settled.push(false);
                    self.memory.context_of.push(None);
                    blueprint.back_pending.push(id);
                    id
                }));
            }
        }
        let found_nothing =
            blueprint.found_of[place.0 as usize].as_ref().is_none_or(|found| found.is_empty());
        if found_nothing {
            let least = &mut blueprint.bare_depth[package as usize];
            *least = (*least).min(depth);
        }
        blueprint.records.push(Record { place, children: children.into(), own, transitive });
    }
}

/// What the children of a place tell it.
#[derive(Default)]
struct Gathered {
    found: Vec<(NameId, PlaceId)>,
    absent: Vec<Absent>,
    providers: Vec<(NameId, PlaceId)>,
    summaries: Vec<Rc<MissingBelow>>,
}

impl Gathered {
    fn add(&mut self, facts: &PackageFacts, outcome: Outcome) {
        for &(name, place) in outcome.found.iter() {
            if !facts.has_child(name) {
                set(&mut self.found, name, place);
            }
        }
        for absent in outcome.absent.iter() {
            set_absent(&mut self.absent, *absent);
        }
        for (name, place) in outcome.providers {
            set(&mut self.providers, name, place);
        }
        if let Some(summary) = outcome.summary
            && !self.summaries.iter().any(|known| Rc::ptr_eq(known, &summary))
        {
            self.summaries.push(summary);
        }
    }
}

fn set(list: &mut Vec<(NameId, PlaceId)>, name: NameId, place: PlaceId) {
    match list.binary_search_by_key(&name, |(name, _)| *name) {
        Ok(at) => list[at].1 = place,
        Err(at) => list.insert(at, (name, place)),
    }
}

/// Everyone who misses a name is kept: each may ask for another range of it.
fn set_absent(list: &mut Vec<Absent>, absent: Absent) {
    match list.binary_search_by_key(&(absent.name, absent.asker), |absent| (absent.name, absent.asker)) {
        Ok(at) => list[at] = absent,
        Err(at) => list.insert(at, absent),
    }
}
