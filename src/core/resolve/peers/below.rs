//! What comes in sight below a place.

use std::rc::Rc;

use super::sight::{PlaceId, Provider, Sight};
use super::survey::NameId;
use super::walk::Walker;

impl Walker<'_> {
    /// What is in sight below a place, and what of it the place itself brings.
    pub(super) fn sight_below(
        &self,
        place: PlaceId,
        package: u32,
        sight: &Rc<Sight>,
        providers: &[(u32, PlaceId)],
    ) -> (Rc<Sight>, Sight) {
        let memory = &*self.memory;
        let facts = &memory.survey.packages[package as usize];
        let mut own = Sight::default();
        for &(position, place) in providers {
            let child = &facts.children[position as usize];
            let target = &memory.survey.packages[child.package as usize];
            let depth = memory.places[place.0 as usize].depth;
            own.put_installed(child.alias, target.name, (place, depth), |place| {
                &memory.facts_at(place).version
            });
        }
        if own.is_empty() {
            return (sight.clone(), own);
        }
        let mut with_own = None;
        let mut below = Sight::clone(sight);
        for provider in own.iter() {
            let Some(above) = sight.get(provider.name) else {
                below.put(*provider);
                continue;
            };
            let with_own = with_own.get_or_insert_with(|| {
                let mut all = Sight::clone(sight);
                for provider in own.iter() {
                    all.put(*provider);
                }
                all
            });
            if !self.is_same(above, provider) || self.breaks_diamond(with_own, above, provider, place) {
                below.put(Provider { hides: above.hides + 1, ..*provider });
            }
        }
        (Rc::new(below), own)
    }

    /// Two packages found under one name are the same version of the same package, installed under the same alias.
    pub(super) fn is_same(&self, above: &Provider, own: &Provider) -> bool {
        let (left, right) = (self.memory.facts_at(above.place), self.memory.facts_at(own.place));
        left.version == right.version
            && above.alias == own.alias
            && (left.name == right.name || self.is_renamed(above.place) || self.is_renamed(own.place))
    }

    pub(super) fn is_renamed(&self, place: PlaceId) -> bool {
        self.memory.places[place.0 as usize].renamed.is_some()
    }

    /// A child of the place asks for two packages of which one sees the other as its peer: taking the one from above
    /// and the other from here would show the child two different packages of one name.
    pub(super) fn breaks_diamond(
        &self,
        with_own: &Sight,
        above: &Provider,
        own: &Provider,
        place: PlaceId,
    ) -> bool {
        if above.place == own.place {
            return false;
        }
        let Some(context) = &self.memory.context_of[above.place.0 as usize] else { return false };
        let target = self.memory.facts_at(own.place);
        let differing: Vec<NameId> = target
            .peers
            .iter()
            .copied()
            .filter(|&peer| match (context.get(peer), with_own.get(peer)) {
                (Some(there), Some(here)) => self.is_other(here, there),
                _ => false,
            })
            .collect();
        if differing.is_empty() {
            return false;
        }
        let packages = &self.memory.survey.packages;
        self.memory.facts_at(place).children.iter().any(|child| {
            let peers = &packages[child.package as usize].peers;
            peers.contains(&target.name) && differing.iter().any(|peer| peers.contains(peer))
        })
    }

    pub(super) fn is_other(&self, here: &Provider, there: &Provider) -> bool {
        let (here, there) =
            (&self.memory.places[here.place.0 as usize], &self.memory.places[there.place.0 as usize]);
        if there.renamed.is_some() {
            let packages = &self.memory.survey.packages;
            return packages[here.package as usize].version != packages[there.package as usize].version;
        }
        here.renamed.is_some() || here.package != there.package
    }
}
