//! What changed in catalogs.

use indexmap::IndexMap;
use node_semver::{Range, Version};

use super::plan::Replacement;
use crate::core::lockfile::update::{all_edges, dependencies};
use crate::core::lockfile::{CatalogEntries, CatalogEntry, Lockfile, catalog_name};

type Recorded = IndexMap<String, IndexMap<String, CatalogEntry>>;

/// How far the lockfile's catalogs are from those of the settings.
#[derive(Debug)]
pub(super) enum CatalogChange {
    /// They agree.
    None,
    /// Only specifiers changed, which the locked versions satisfy; the lockfile with the new ones.
    Ranges(Box<Lockfile>),
    /// More changed.
    Other,
}

pub(super) fn change(
    lockfile: &Lockfile,
    catalogs: &CatalogEntries,
    overrides_use_catalogs: bool,
) -> CatalogChange {
    if !uses_are_recorded(lockfile, catalogs) {
        return CatalogChange::Other;
    }
    let Some((updated, changed)) = with_new_ranges(lockfile, catalogs) else {
        return CatalogChange::Other;
    };
    match changed {
        false => CatalogChange::None,
        true if overrides_use_catalogs => CatalogChange::Other,
        true => CatalogChange::Ranges(Box::new(Lockfile { catalogs: updated, ..lockfile.clone() })),
    }
}

/// The entries with their new specifiers, without those that are gone and not used, and whether any is another one.
/// `None` where a version would have to move.
fn with_new_ranges(lockfile: &Lockfile, catalogs: &CatalogEntries) -> Option<(Recorded, bool)> {
    let mut changed = false;
    let mut updated = Recorded::new();
    for (catalog, entries) in &lockfile.catalogs {
        let mut kept = IndexMap::new();
        for (alias, entry) in entries {
            let Some(specifier) = catalogs.get(catalog).and_then(|entries| entries.get(alias)) else {
                if is_used(lockfile, catalog, alias) {
                    return None;
                }
                changed = true;
                continue;
            };
            if *specifier != entry.specifier {
                let version = Version::parse(&entry.version).ok()?;
                if !Range::parse(specifier).ok()?.satisfies(&version) {
                    return None;
                }
                changed = true;
            }
            kept.insert(alias.clone(), CatalogEntry { specifier: specifier.clone(), ..entry.clone() });
        }
        if !kept.is_empty() {
            updated.insert(catalog.clone(), kept);
        }
    }
    Some((updated, changed))
}

/// The packages that entries with an exact version move, and all entries as they are to be recorded. `None` where an
/// entry cannot be followed that way, or where more than its importers depend on the package.
pub(super) fn replacements(
    lockfile: &Lockfile,
    catalogs: &CatalogEntries,
) -> Option<(Vec<Replacement>, Recorded)> {
    if !uses_are_recorded(lockfile, catalogs) {
        return None;
    }
    let mut replacements = Vec::new();
    let mut updated = lockfile.catalogs.clone();
    for (catalog, entries) in &mut updated {
        for (alias, entry) in entries {
            let specifier = catalogs.get(catalog)?.get(alias)?;
            let locked = Version::parse(&entry.version).ok()?;
            let stays = *specifier == entry.specifier
                || Range::parse(specifier).is_ok_and(|range| range.satisfies(&locked));
            if !stays {
                let wanted = Version::parse(specifier).ok()?;
                if !only_the_catalog_uses(lockfile, catalog, alias) {
                    return None;
                }
                entry.version = wanted.to_string();
                replacements.push(Replacement {
                    name: alias.clone(),
                    version: Some(wanted),
                    before: Some(locked),
                    parent: None,
                });
            }
            entry.specifier.clone_from(specifier);
        }
    }
    (!replacements.is_empty()).then_some((replacements, updated))
}

/// Whether every entry that importers use exists, in the settings and in the lockfile.
fn uses_are_recorded(lockfile: &Lockfile, catalogs: &CatalogEntries) -> bool {
    lockfile.importers.values().flat_map(dependencies).all(|(alias, dependency, _)| {
        catalog_name(&dependency.specifier).is_none_or(|catalog| {
            catalogs.get(catalog).is_some_and(|entries| entries.contains_key(alias))
                && lockfile.catalogs.get(catalog).is_some_and(|entries| entries.contains_key(alias))
        })
    })
}

fn is_used(lockfile: &Lockfile, catalog: &str, alias: &str) -> bool {
    lockfile
        .importers
        .values()
        .flat_map(dependencies)
        .any(|(name, dependency, _)| name == alias && catalog_name(&dependency.specifier) == Some(catalog))
}

fn only_the_catalog_uses(lockfile: &Lockfile, catalog: &str, alias: &str) -> bool {
    let importers_do =
        lockfile.importers.values().flat_map(dependencies).all(|(name, dependency, _)| {
            name != alias || catalog_name(&dependency.specifier) == Some(catalog)
        });
    importers_do && lockfile.snapshots.values().flat_map(all_edges).all(|(name, _, _)| name != alias)
}
