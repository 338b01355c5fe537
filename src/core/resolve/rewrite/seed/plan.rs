//! Which packages are to give way to which version.

use node_semver::Version;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::core::lockfile::update::{VersionText, all_edges, dependencies, locked_version};
use crate::core::lockfile::{
    Lockfile, Override, Overrides, PackageSelector, Reference, Resolution, reference, split,
};
use crate::core::version_range::parse_range;

/// A package that gives way.
#[derive(Debug, Clone)]
pub(super) struct Replacement {
    /// The package.
    pub name: String,
    /// The version that takes its place; `None` takes the dependency away.
    pub version: Option<Version>,
    /// The version it must have now, where that is known.
    pub before: Option<Version>,
    /// Whose dependency it is; `None` is everybody's.
    pub parent: Option<PackageSelector>,
}

/// All replacements, with the keys they move.
#[derive(Debug)]
pub(super) struct Plan {
    pub replacements: Vec<Replacement>,
    /// Every name that some package asks for as a peer.
    pub peer_names: FxHashSet<String>,
    /// Key of a snapshot → key of the one in its place.
    pub keys: FxHashMap<String, String>,
}

/// What overrides that are new or changed replace. `None` where an override went, or is not as simple as `name` or
/// `parent>name` to a version.
pub(super) fn of_overrides(lockfile: &Lockfile, overrides: &Overrides) -> Option<Vec<Replacement>> {
    let rules = overrides.rules();
    if lockfile.overrides.keys().any(|selector| rules.iter().all(|rule| rule.selector != *selector)) {
        return None;
    }
    let mut replacements = Vec::new();
    for rule in rules {
        let before = lockfile.overrides.get(&rule.selector);
        if before == Some(&rule.value) {
            continue;
        }
        let is_alone = rules.iter().filter(|other| other.target.name == rule.target.name).count() == 1;
        if rule.target.range.is_some() || !is_alone {
            return None;
        }
        let removes = rule.value == "-";
        replacements.push(Replacement {
            name: rule.target.name.clone(),
            version: if removes { None } else { Some(wanted_version(lockfile, rule)?) },
            before: match before {
                Some(value) if !removes => Some(Version::parse(value).ok()?),
                _ => None,
            },
            parent: rule.parent.clone(),
        });
    }
    (!replacements.is_empty()).then_some(replacements)
}

/// A range stands for the locked version that a resolution would take.
fn wanted_version(lockfile: &Lockfile, rule: &Override) -> Option<Version> {
    Version::parse(&rule.value)
        .ok()
        .or_else(|| locked_version(lockfile, &rule.target.name, &rule.value, false))
}

impl Plan {
    /// `None` where a package cannot simply give way: it has or is a peer, is patched, optional, an alias, or no tarball
    /// of a registry.
    pub fn new(lockfile: &Lockfile, replacements: Vec<Replacement>) -> Option<Self> {
        let mut names = FxHashSet::default();
        if !replacements.iter().all(|replacement| names.insert(replacement.name.as_str())) {
            return None;
        }
        let peer_names = peer_names(lockfile);
        if replacements.iter().any(|one| one.version.is_none() && peer_names.contains(&one.name)) {
            return None;
        }
        let mut keys = FxHashMap::default();
        let moving: FxHashMap<&str, (&Replacement, &Version)> = replacements
            .iter()
            .filter_map(|one| Some((one.name.as_str(), (one, one.version.as_ref()?))))
            .collect();
        for (alias, value) in edges(lockfile) {
            let Some((replacement, version)) = moving.get(alias) else {
                continue;
            };
            let Reference::Package(key) = reference(alias, value) else {
                return None;
            };
            check_replaceable(lockfile, &key, replacement)?;
            keys.insert(key.into_owned(), format!("{alias}@{version}"));
        }
        let by_another_name = edges(lockfile).any(|(alias, value)| match reference(alias, value) {
            Reference::Package(key) => keys.contains_key(key.as_ref()) && !moving.contains_key(alias),
            Reference::Link(_) => false,
        });
        (!by_another_name).then_some(Self { replacements, peer_names, keys })
    }

    /// Whether an edge of this owner is taken away. Importers have no owner.
    pub fn removes(&self, alias: &str, owner: Option<&str>) -> bool {
        self.replacements
            .iter()
            .any(|one| one.version.is_none() && one.name == alias && one.applies_to(owner))
    }

    /// The key in the place of the one an edge of this owner leads to, if it is replaced.
    pub fn replaced(&self, alias: &str, key: &str, owner: Option<&str>) -> Option<&String> {
        let now = self.keys.get(key)?;
        let replaces =
            |one: &Replacement| one.version.is_some() && one.name == alias && one.applies_to(owner);
        self.replacements.iter().any(replaces).then_some(now)
    }

    /// Whether a package is replaced or taken away anywhere.
    pub fn concerns(&self, name: &str) -> bool {
        self.replacements.iter().any(|one| one.name == name)
    }
}

impl Replacement {
    fn applies_to(&self, owner: Option<&str>) -> bool {
        let Some(parent) = &self.parent else {
            return true;
        };
        owner.map(split).is_some_and(|owner| {
            owner.name == parent.name
                && parent.range.as_deref().is_none_or(|range| match VersionText::of(owner.version) {
                    VersionText::Plain(version) => {
                        parse_range(range).is_ok_and(|range| range.satisfies(&version))
                    }
                    VersionText::Prefixed | VersionText::Other => false,
                })
        })
    }
}

fn check_replaceable(lockfile: &Lockfile, key: &str, replacement: &Replacement) -> Option<()> {
    let parts = split(key);
    let VersionText::Plain(version) = VersionText::of(parts.version) else {
        return None;
    };
    let snapshot = lockfile.snapshots.get(key)?;
    let metadata = lockfile.packages.get(parts.package_id)?;
    let fits = parts.name == replacement.name
        && parts.package_id == key
        && replacement.before.as_ref().is_none_or(|before| *before == version)
        && !snapshot.optional
        && !snapshot.patched
        && snapshot.id.is_none()
        && metadata.peer_dependencies.is_empty()
        && metadata.peer_dependencies_meta.is_empty()
        && is_registry_tarball(&metadata.resolution);
    fits.then_some(())
}

/// Whether it is a tarball whose contents are known by their digest, and no archive of a git host.
pub(super) fn is_registry_tarball(resolution: &Resolution) -> bool {
    match resolution {
        Resolution::Registry { .. } => true,
        Resolution::Tarball { integrity, git_hosted, .. } => integrity.is_some() && !git_hosted,
        _ => false,
    }
}

fn edges(lockfile: &Lockfile) -> impl Iterator<Item = (&str, &str)> {
    let direct = lockfile.importers.values().flat_map(dependencies);
    let direct = direct.map(|(alias, dependency, _)| (alias.as_str(), dependency.version.as_str()));
    let below = lockfile.snapshots.values().flat_map(all_edges);
    direct.chain(below.map(|(alias, value, _)| (alias.as_str(), value.as_str())))
}

fn peer_names(lockfile: &Lockfile) -> FxHashSet<String> {
    let declared = lockfile
        .packages
        .values()
        .flat_map(|metadata| metadata.peer_dependencies.keys().chain(metadata.peer_dependencies_meta.keys()));
    let missing = lockfile.snapshots.values().flat_map(|snapshot| &snapshot.transitive_peer_dependencies);
    declared.chain(missing).cloned().collect()
}
