//! What is in sight at a place of the tree: the packages that a peer may be found among.

use std::cmp::Ordering;

use node_semver::Version;

use super::survey::NameId;

/// A place of the unfolded tree, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PlaceId(pub u32);

/// A package that is found under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Provider {
    pub name: NameId,
    pub place: PlaceId,
    /// The alias it is installed under, if that is not its own name.
    pub alias: Option<NameId>,
    /// Distance of its place from the project.
    pub depth: i32,
    /// How often another package of this name was hidden by one nearer.
    pub hides: u32,
}

/// Everything in sight, in the order of the names' numbers. Places that add nothing share their parent's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sight(Vec<Provider>);

impl Sight {
    pub fn get(&self, name: NameId) -> Option<&Provider> {
        self.position(name).ok().map(|at| &self.0[at])
    }

    pub fn has(&self, name: NameId) -> bool {
        self.position(name).is_ok()
    }

    /// Puts a provider in sight, in place of any of that name.
    pub fn put(&mut self, provider: Provider) {
        match self.position(provider.name) {
            Ok(at) => self.0[at] = provider,
            Err(at) => self.0.insert(at, provider),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn position(&self, name: NameId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&name, |provider| provider.name)
    }

    /// Puts what one level of the tree installs in sight of each other: under the alias and under the package's own
    /// name. Where both of two packages claim a name, the one that has it as its alias wins, then the first of those
    /// that have it as their own; among aliases of one package the highest version.
    pub fn put_installed<'v>(
        &mut self,
        alias: NameId,
        own: NameId,
        (place, depth): (PlaceId, i32),
        version_of: impl Fn(PlaceId) -> &'v str,
    ) {
        let renamed = (alias != own).then_some(alias);
        for name in [Some(alias), renamed.map(|_| own)].into_iter().flatten() {
            if let Some(present) = self.get(name) {
                if present.alias.is_none_or(|alias| alias == name) {
                    continue;
                }
                if renamed.is_some_and(|alias| alias != name)
                    && compare_versions(version_of(present.place), version_of(place)) != Ordering::Less
                {
                    continue;
                }
            }
            self.put(Provider { name, place, alias: renamed, depth, hides: 0 });
        }
    }
}

fn compare_versions(left: &str, right: &str) -> Ordering {
    match (Version::parse(left), Version::parse(right)) {
        (Ok(left), Ok(right)) => left.cmp(&right),
        _ => left.cmp(right),
    }
}
