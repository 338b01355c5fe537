//! The names in sight of a place: what hangs from the places above it.

use std::rc::Rc;
use std::sync::Arc;

/// Names in sight. They are asked for rarely, so they are only noted, level by level.
#[derive(Debug, Clone, Default)]
pub(super) struct Aliases(Option<Rc<Level>>);

#[derive(Debug)]
struct Level {
    names: Vec<Arc<str>>,
    above: Aliases,
}

impl Aliases {
    /// The names that a project has or is going to have.
    pub(super) fn of_project<'n>(names: impl IntoIterator<Item = &'n Arc<str>>) -> Self {
        Self(Some(Rc::new(Level { names: names.into_iter().cloned().collect(), above: Self::default() })))
    }

    /// What is in sight one level below.
    pub(super) fn below<'n>(&self, names: impl Iterator<Item = &'n Arc<str>>) -> Self {
        Self(Some(Rc::new(Level { names: names.cloned().collect(), above: self.clone() })))
    }

    /// Whether a name is in sight.
    pub(super) fn contains(&self, name: &str) -> bool {
        let mut level = self.0.as_deref();
        while let Some(current) = level {
            if current.names.iter().any(|found| **found == *name) {
                return true;
            }
            level = current.above.0.as_deref();
        }
        false
    }
}
