//! The names in sight of a place: what hangs from the places above it.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::walk::Placed;

/// Names in sight. Only asked for when missing peers are not installed; otherwise it stays empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Aliases(Option<Rc<Level>>);

#[derive(Debug)]
struct Level {
    names: FxHashSet<Arc<str>>,
    above: Aliases,
}

impl Aliases {
    /// The names that a project declares.
    pub(super) fn of_project(names: &FxHashSet<Arc<str>>) -> Self {
        Self(Some(Rc::new(Level { names: names.clone(), above: Self::default() })))
    }

    /// What is in sight one level below. Nothing if nothing is asked for.
    pub(super) fn below<'p>(&self, placed: impl Iterator<Item = &'p Placed>) -> Self {
        if self.0.is_none() {
            return Self::default();
        }
        let names = placed.map(|placed| Arc::clone(&placed.alias)).collect();
        Self(Some(Rc::new(Level { names, above: self.clone() })))
    }

    /// Whether a name is in sight.
    pub(super) fn contains(&self, name: &str) -> bool {
        let mut level = self.0.as_deref();
        while let Some(current) = level {
            if current.names.contains(name) {
                return true;
            }
            level = current.above.0.as_deref();
        }
        false
    }
}
