//! What was found at a place, kept for the next place that sees the same.

use std::rc::Rc;

use super::memory::{Absent, Found, Memory};
use super::paths::PathId;
use super::sight::{PlaceId, Provider, Sight};
use super::survey::{End, Kind, NameId};
use super::walk::Outcome;
use crate::core::resolve::tree::MissingBelow;

/// What was found for a package that has, or misses, peers.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    /// Where.
    pub place: PlaceId,
    pub path: PathId,
    /// All peers that the path names were known with their own peers by then, so it is the one it will have.
    pub is_settled: bool,
    /// All peers found from there down, above the place.
    pub found: Found,
    pub absent: Rc<[Absent]>,
    pub summary: Option<Rc<MissingBelow>>,
}

impl Verdict {
    /// The peers that were found belong to the visit that found them, so they are not told again.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            found: self.found.clone(),
            absent: self.absent.clone(),
            providers: Vec::new(),
            summary: self.summary.clone(),
        }
    }
}

/// Whether a verdict holds, as far as can be told without giving places to children.
enum Quick {
    Holds,
    Fails,
    Unclear,
}

/// Who provides a name below a place, as far as can be told so.
enum Source<'s> {
    Nobody,
    Above(&'s Provider),
    Child(u32),
    Unclear,
}

impl Memory {
    /// A verdict that holds for a package from which this is in sight, its own children included.
    pub fn verdict(&self, below: &Sight, package: u32) -> Option<usize> {
        self.verdicts[package as usize].iter().position(|verdict| {
            verdict.found.iter().all(|&(name, place)| {
                below.get(name).is_some_and(|provider| self.stands_for(provider.place, place))
            }) && !verdict.absent.iter().any(|absent| below.has(absent.name))
        })
    }

    /// A verdict that holds for a package in whatever place, given what is in sight above it. Not every verdict that
    /// holds is recognised.
    pub fn quick_verdict(&self, sight: &Sight, package: u32) -> Option<usize> {
        self.verdicts[package as usize]
            .iter()
            .position(|verdict| matches!(self.quick(sight, package, verdict), Quick::Holds))
    }

    fn quick(&self, sight: &Sight, package: u32, verdict: &Verdict) -> Quick {
        let mut unclear = false;
        for &(name, place) in verdict.found.iter() {
            match self.source(sight, package, name) {
                Source::Nobody => return Quick::Fails,
                Source::Above(provider) => {
                    if !self.stands_for(provider.place, place) {
                        return Quick::Fails;
                    }
                }
                Source::Child(child) => {
                    if self.places[place.0 as usize].package != child {
                        return Quick::Fails;
                    }
                    let child = child as usize;
                    unclear |= !self.pure[child] && self.survey.packages[child].kind == Kind::Inner;
                }
                Source::Unclear => unclear = true,
            }
        }
        for absent in verdict.absent.iter() {
            match self.source(sight, package, absent.name) {
                Source::Nobody => {}
                Source::Above(_) | Source::Child(_) => return Quick::Fails,
                Source::Unclear => unclear = true,
            }
        }
        if unclear { Quick::Unclear } else { Quick::Holds }
    }

    fn source<'s>(&self, sight: &'s Sight, package: u32, name: NameId) -> Source<'s> {
        let facts = &self.survey.packages[package as usize];
        let mut own = None;
        for &position in &facts.providers {
            let child = &facts.children[position as usize];
            let is_named = child.alias == name || self.survey.packages[child.package as usize].name == name;
            if !is_named || child.end != End::Onward {
                continue;
            }
            if own.is_some() {
                return Source::Unclear;
            }
            own = Some(child.package);
        }
        match (sight.get(name), own) {
            (Some(_), Some(_)) => Source::Unclear,
            (Some(above), None) => Source::Above(above),
            (None, Some(child)) => Source::Child(child),
            (None, None) => Source::Nobody,
        }
    }

    /// What is found at `place` is what was found at `known`.
    fn stands_for(&self, place: PlaceId, known: PlaceId) -> bool {
        if place == known {
            return true;
        }
        let (at, known_at) = (place.0 as usize, known.0 as usize);
        // A path that leaves out peers of peers, since these were not known yet, does not tell variants apart.
        let are_settled = self.is_settled[at] && self.is_settled[known_at];
        if are_settled && self.path_of[at].is_some() && self.path_of[at] == self.path_of[known_at] {
            return true;
        }
        let (here, there) = (&self.places[at], &self.places[known_at]);
        here.package == there.package
            && here.renamed.is_none()
            && there.renamed.is_none()
            && (self.pure[here.package as usize] || self.sees_the_same(place, known))
    }

    /// The packages in sight beside two places are the same. Where one hides another, only those of the deepest level,
    /// or without peers of their own, can be told apart from what they hide.
    fn sees_the_same(&self, place: PlaceId, known: PlaceId) -> bool {
        let (Some(here), Some(there)) =
            (&self.context_of[place.0 as usize], &self.context_of[known.0 as usize])
        else {
            return false;
        };
        let peers = |sight: &'_ Rc<Sight>| {
            sight.iter().filter(|provider| self.survey.is_peer(provider.name)).copied().collect::<Vec<_>>()
        };
        let (here, there) = (peers(here), peers(there));
        if here.len() != there.len() {
            return false;
        }
        let deepest = here.iter().map(|provider| provider.depth).max().unwrap_or(0);
        let nothing_hidden = here.iter().chain(&there).all(|provider| provider.hides == 0);
        here.iter().zip(&there).all(|(here, there)| {
            if here.name != there.name {
                return false;
            }
            let (left, right) = (&self.places[here.place.0 as usize], &self.places[there.place.0 as usize]);
            if left.renamed.is_some() && right.renamed.is_some() {
                return self.facts_at(here.place).version == self.facts_at(there.place).version;
            }
            left.renamed.is_none()
                && right.renamed.is_none()
                && left.package == right.package
                && (nothing_hidden || here.depth == deepest || self.pure[left.package as usize])
        })
    }
}
