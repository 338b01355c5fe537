//! What a walk finds missing, and in whose subtree.

use std::rc::Rc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::components::number;
use super::survey::{NameId, Survey};
use super::walk::{Absent, Way};
use crate::core::resolve::tree::Tree;

/// Which peers the children of packages in a subtree miss. Subtrees share the summaries of their parts.
#[derive(Debug)]
pub(super) struct Summary {
    own: Option<(u32, Box<[NameId]>)>,
    parts: Vec<Rc<Summary>>,
}

impl Summary {
    pub fn of(package: u32, absent: &[Absent], mut parts: Vec<Rc<Self>>) -> Option<Rc<Self>> {
        let own = (!absent.is_empty()).then(|| (package, absent.iter().map(|absent| absent.name).collect()));
        match (own, parts.len()) {
            (None, 0) => None,
            (None, 1) => parts.pop(),
            (own, _) => Some(Rc::new(Self { own, parts })),
        }
    }

    /// Package → the names its children miss, over all of the subtrees.
    pub fn names(roots: &[Rc<Self>]) -> FxHashMap<u32, FxHashSet<NameId>> {
        let mut names: FxHashMap<u32, FxHashSet<NameId>> = FxHashMap::default();
        let mut seen = FxHashSet::default();
        let mut open: Vec<&Rc<Self>> = roots.iter().collect();
        while let Some(summary) = open.pop() {
            if !seen.insert(Rc::as_ptr(summary)) {
                continue;
            }
            if let Some((package, missing)) = &summary.own {
                names.entry(*package).or_default().extend(missing.iter().copied());
            }
            open.extend(&summary.parts);
        }
        names
    }
}

/// A requirement that nothing met, under a chain of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Note {
    pub name: NameId,
    /// A package that asks for it with this range.
    pub asker: u32,
    pub optional: bool,
    /// The packages above, by number in [`MissingLog::chains`].
    pub chain: Option<u32>,
}

/// All requirements that a walk found unmet. The same requirement under the same packages is noted once.
#[derive(Debug, Default)]
pub(super) struct MissingLog {
    /// Chains of packages: the last of them, and the chain above.
    pub chains: IndexMap<(u32, Option<u32>), (), FxBuildHasher>,
    /// Notes by their range: of askers with the same range the first stands for all.
    pub notes: IndexMap<Note, (), FxBuildHasher>,
    askers: FxHashMap<(NameId, std::sync::Arc<str>), u32>,
    /// Whether chains matter: with a single project they do not.
    pub with_chains: bool,
}

impl MissingLog {
    pub fn note(&mut self, tree: &Tree, survey: &Survey, absent: Absent, way: Option<&Way<'_>>) {
        let range = tree.packages[absent.asker as usize]
            .peers
            .get(&**survey.text(absent.name))
            .map(|peer| peer.range.clone());
        let Some(range) = range else { return };
        let asker = *self.askers.entry((absent.name, range)).or_insert(absent.asker);
        let chain = if self.with_chains { self.chain(way) } else { None };
        self.notes.insert(Note { name: absent.name, asker, optional: absent.optional, chain }, ());
    }

    fn chain(&mut self, way: Option<&Way<'_>>) -> Option<u32> {
        let way = way?;
        let above = self.chain(way.above);
        Some(number(self.chains.insert_full((way.package, above), ()).0))
    }
}
