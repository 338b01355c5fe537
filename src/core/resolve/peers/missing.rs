//! What a walk finds missing, and in whose subtree.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::memory::Absent;
use super::range::{comparable, installable};
use super::survey::{NameId, Survey};
use super::walk::Way;
use crate::core::resolve::tree::{MissingBelow, MissingPeer, PackageIndex, Tree};

/// Which peers the children of a package miss, with the same of its parts. Subtrees share what is said of their parts.
pub(super) fn missing_below(
    survey: &Survey,
    package: u32,
    absent: &[Absent],
    mut parts: Vec<Rc<MissingBelow>>,
) -> Option<Rc<MissingBelow>> {
    let own = (!absent.is_empty()).then(|| {
        let names = absent.iter().map(|absent| survey.text(absent.name).clone());
        (PackageIndex(package), names.collect())
    });
    match (own, parts.len()) {
        (None, 0) => None,
        (None, 1) => parts.pop(),
        (own, _) => Some(Rc::new(MissingBelow { own, children: parts })),
    }
}

/// All requirements that a walk found unmet, in its order.
#[derive(Debug, Default)]
pub(super) struct MissingLog {
    pub missing: BTreeMap<Arc<str>, Vec<MissingPeer>>,
    /// There are other projects that may answer for a miss, so it matters below which packages it was met. Otherwise the
    /// same requirement is noted once.
    with_ancestors: bool,
    noted: FxHashSet<(NameId, Arc<str>, bool)>,
    ranges: FxHashMap<Arc<str>, (Arc<str>, Arc<str>)>,
}

impl MissingLog {
    pub fn new(with_ancestors: bool) -> Self {
        Self { with_ancestors, ..Self::default() }
    }

    pub fn note(&mut self, tree: &Tree, survey: &Survey, absent: Absent, way: Option<&Way<'_>>) {
        let name = survey.text(absent.name);
        let Some(requirement) = tree.packages[absent.asker as usize].peers.get(name) else { return };
        let is_new = self.noted.insert((absent.name, requirement.range.clone(), absent.optional));
        if !is_new && !self.with_ancestors {
            return;
        }
        let (range, specifier) = self.ranges.entry(requirement.range.clone()).or_insert_with(|| {
            (comparable(&requirement.range).into(), installable(&requirement.range).into())
        });
        self.missing.entry(name.clone()).or_default().push(MissingPeer {
            range: range.clone(),
            specifier: specifier.clone(),
            optional: absent.optional,
            ancestors: way.filter(|_| self.with_ancestors).map(Way::ancestors),
        });
    }
}
