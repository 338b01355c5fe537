//! Versions that are taken over others that fit as well: what is locked already, and what the projects ask for.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The weights of selectors. The group of the highest weight that has a fitting version decides.
/// pnpm: `resolving-resolver-base/src/resolve.rs`.
pub mod weight {
    /// A selector without a weight of its own.
    pub const PLAIN: u32 = 1;
    /// A specifier of a direct dependency.
    pub const DIRECT: u32 = 1_000;
    /// A version that the lockfile has.
    pub const LOCKED: u32 = 1_000_000;
    /// A version that an ancestor has as a sibling, where a lockfile has others (seen in pnpm 12.21).
    pub const CHOSEN_ABOVE: u32 = 2_000_000;
}

/// How the text of a selector is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SelectorKind {
    /// An exact version.
    Version,
    /// A range.
    Range,
    /// A dist-tag.
    Tag,
}

/// A version, range or tag that is preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionSelector {
    /// How its text is meant.
    pub kind: SelectorKind,
    /// How much it counts ([`weight`]).
    pub weight: u32,
}

/// Package name → text of the selector → what it is.
pub type PreferredVersions = BTreeMap<Arc<str>, BTreeMap<Arc<str>, VersionSelector>>;

/// Versions of a package that the ancestors of a dependency have as siblings: each level of the tree lays one on top
/// of its parent's.
#[derive(Debug, Default)]
pub struct PreferredOverlay {
    /// Package name → versions of this level.
    pub entries: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The level above.
    pub parent: Option<Arc<PreferredOverlay>>,
}

impl PreferredOverlay {
    /// The versions of a package on this level and all above, nearest first, each once.
    #[must_use]
    pub fn versions(&self, name: &str) -> Vec<&Arc<str>> {
        let mut versions = Vec::new();
        let mut level = Some(self);
        while let Some(overlay) = level {
            for version in overlay.entries.get(name).into_iter().flatten() {
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
            level = overlay.parent.as_deref();
        }
        versions
    }
}
