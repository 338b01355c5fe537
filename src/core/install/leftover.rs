//! What an earlier install linked and this one does not want: links of projects, hoisted links, executables.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::InstallError;
use super::existing::{Current, Existing};
use super::inputs::importer_folder;
use crate::core::config::Config;
use crate::core::lockfile::{Importer, Lockfile};
use crate::core::state::{HoistKind, HoistedDependencies, remove_link, remove_links_into};

/// Removes links of projects that are not wanted or lead elsewhere now; those that are wanted are made anew later.
/// A project that the lockfile no longer has is left alone. Gives the number of links.
///
/// # Errors
/// When the system refuses.
pub fn remove_direct(config: &Config, existing: &Existing, lockfile: &Lockfile) -> Result<u64, InstallError> {
    let mut removed = 0;
    for (id, importer) in &lockfile.importers {
        let modules = importer_folder(&config.lockfile_dir, id).join(&*config.modules_dir);
        if !is_within(&modules, &config.lockfile_dir) {
            continue;
        }
        match &existing.current {
            Current::Wanted => {
                // The groups may have changed.
                for (alias, version) in dependencies(importer, ALL) {
                    if wanted(config, importer, alias) != Some(version) && remove_link(&modules, alias)? {
                        removed += 1;
                    }
                }
            }
            Current::Other(current) => {
                let before = current.importers.get(id);
                for (alias, version) in before.into_iter().flat_map(|before| dependencies(before, ALL)) {
                    if wanted(config, importer, alias) != Some(version) && remove_link(&modules, alias)? {
                        removed += 1;
                    }
                }
            }
            Current::Unknown => {
                let gone = remove_links_into(&config.virtual_store_dir, &modules, |alias| {
                    wanted(config, importer, alias).is_some()
                })?;
                removed += gone.len() as u64;
            }
        }
    }
    Ok(removed)
}

/// Removes hoisted links that are not hoisted any more. Direct dependencies of the root project stand where public
/// ones did, and stay.
///
/// # Errors
/// When the system refuses.
pub fn remove_hoisted(
    config: &Config,
    existing: &Existing,
    lockfile: &Lockfile,
    hoisted: &HoistedDependencies,
) -> Result<u64, InstallError> {
    let Some(before) = existing.modules.known() else {
        return Ok(0);
    };
    let pairs = |dependencies: &HoistedDependencies| -> FxHashSet<(String, HoistKind)> {
        dependencies
            .values()
            .flatten()
            .map(|(alias, kind)| (alias.clone(), *kind))
            .collect()
    };
    let now = pairs(hoisted);
    let root = lockfile.importers.get(".");
    let mut removed = 0;
    for (alias, kind) in pairs(&before.hoisted_dependencies).difference(&now) {
        let folder: PathBuf = match kind {
            HoistKind::Private => config.virtual_store_dir.join("node_modules"),
            HoistKind::Public => config.root_modules_dir(),
        };
        let is_direct =
            *kind == HoistKind::Public && root.is_some_and(|root| wanted(config, root, alias).is_some());
        if !is_direct && is_within(&folder, &config.lockfile_dir) && remove_link(&folder, alias)? {
            removed += 1;
        }
    }
    Ok(removed)
}

/// All groups.
const ALL: [bool; 3] = [true; 3];

/// Aliases and versions of some groups: production, development, optional.
fn dependencies(importer: &Importer, groups: [bool; 3]) -> impl Iterator<Item = (&str, &str)> {
    let all = [
        &importer.dependencies,
        &importer.dev_dependencies,
        &importer.optional_dependencies,
    ];
    all.into_iter()
        .zip(groups)
        .filter(|(_, included)| *included)
        .flat_map(|(group, _)| group)
        .map(|(alias, dependency)| (alias.as_str(), dependency.version.as_str()))
}

/// The version that is wanted under an alias.
fn wanted<'a>(config: &Config, importer: &'a Importer, alias: &str) -> Option<&'a str> {
    let included = &config.included;
    let groups = [
        included.dependencies,
        included.dev_dependencies,
        included.optional_dependencies,
    ];
    dependencies(importer, groups)
        .find(|(name, _)| *name == alias)
        .map(|(_, version)| version)
}

/// Whether a folder is really in the project, whatever links lead to it. Nothing is removed anywhere else.
fn is_within(folder: &Path, project: &Path) -> bool {
    match (folder.canonicalize(), project.canonicalize()) {
        (Ok(folder), Ok(project)) => folder.starts_with(project),
        _ => false,
    }
}
