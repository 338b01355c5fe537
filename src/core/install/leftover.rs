//! What an earlier install linked and this one does not want: links of projects, hoisted links, executables.

use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::InstallError;
use super::existing::{Current, Existing};
use super::inputs::importer_folder;
use crate::core::config::Config;
use crate::core::link::bins::{BinPlan, declared_in};
use crate::core::lockfile::{Importer, Lockfile, Reference, reference, slot_directory_name, split};
use crate::core::plan::Selection;
use crate::core::state::{
    HoistKind, HoistedDependencies, remove_empty_scope, remove_executables, remove_link, stale_links,
};

/// Removes links of projects and hoisted links that are not wanted, with the executables of what they lead to.
/// `installed` is the part of the lockfile that this install is about; what this machine does without is not wanted.
///
/// # Errors
/// When the system refuses.
pub fn remove_links(
    config: &Config,
    existing: &Existing,
    installed: &Lockfile,
    lockfile: &Lockfile,
    selection: &Selection,
) -> Result<(), InstallError> {
    let left_out = selection.skipped_in(lockfile);
    remove_direct(config, existing, installed, |dep_path| left_out.contains(dep_path))?;
    remove_hoisted(config, existing, lockfile)
}

/// Removes links of projects that are not wanted or lead elsewhere now, and the executables of what they lead to;
/// what is wanted is made anew later. A project that the lockfile no longer has is left alone.
fn remove_direct(
    config: &Config,
    existing: &Existing,
    lockfile: &Lockfile,
    is_left_out: impl Fn(&str) -> bool,
) -> Result<(), InstallError> {
    for (id, importer) in &lockfile.importers {
        let modules = importer_folder(&config.lockfile_dir, id).join(&*config.modules_dir);
        if !is_within(&modules, &config.lockfile_dir) {
            continue;
        }
        let before = match &existing.current {
            // The groups may have changed.
            Current::Wanted => Some(importer),
            Current::Other(current) => current.importers.get(id),
            Current::Unknown => None,
        };
        for (alias, version) in before.into_iter().flat_map(|before| dependencies(before, ALL)) {
            let is_skipped = match reference(alias, version) {
                Reference::Package(dep_path) => is_left_out(&dep_path),
                Reference::Link(_) => false,
            };
            if is_skipped || wanted(config, importer, alias) != Some(version) {
                remove(&modules, alias)?;
                remove_empty_scope(&modules, alias);
            }
        }
        if matches!(existing.current, Current::Unknown) {
            let is_wanted = |alias: &str| wanted(config, importer, alias).is_some();
            for alias in stale_links(&config.virtual_store_dir, &modules, is_wanted)? {
                remove(&modules, &alias)?;
                remove_empty_scope(&modules, &alias);
            }
        }
    }
    Ok(())
}

/// Removes the hoisted links of packages that are no longer installed, and their executables. What else is to be
/// hoisted there is linked later. Links of packages that stay are left alone, as pnpm leaves them.
fn remove_hoisted(config: &Config, existing: &Existing, lockfile: &Lockfile) -> Result<(), InstallError> {
    let Some(before) = existing.modules.known() else {
        return Ok(());
    };
    let mut emptied = Vec::new();
    for (dep_path, aliases) in &before.hoisted_dependencies {
        // Projects of the workspace are hoisted too, by their id.
        let has = |lockfile: &Lockfile| {
            lockfile.snapshots.contains_key(dep_path) || lockfile.importers.contains_key(dep_path)
        };
        let was_installed = match &existing.current {
            Current::Wanted => has(lockfile),
            Current::Other(current) => has(current),
            Current::Unknown => true,
        };
        if !was_installed || has(&existing.expected) {
            continue;
        }
        for (alias, kind) in aliases {
            let folder = hoist_folder(config, *kind);
            if is_within(&folder, &config.lockfile_dir) {
                remove(&folder, alias)?;
                // pnpm leaves the scope of a package without peers.
                if !split(dep_path).peers.is_empty() {
                    emptied.push((folder, alias));
                }
            }
        }
    }
    for (folder, alias) in emptied {
        remove_empty_scope(&folder, alias);
    }
    Ok(())
}

/// Removes the executables of packages that were hoisted and are not any more, or under another alias, unless the name
/// is wanted for another reason. Their links may stay where nothing took their place.
///
/// # Errors
/// When the system refuses.
pub fn remove_hoisted_executables(
    config: &Config,
    existing: &Existing,
    hoisted: &HoistedDependencies,
    bins: &BinPlan,
) -> Result<(), InstallError> {
    let Some(before) = existing.modules.known() else {
        return Ok(());
    };
    let wanted: FxHashMap<&Path, Vec<&str>> = bins.wanted().collect();
    let limit = *config.virtual_store_dir_max_length;
    for (dep_path, aliases) in &before.hoisted_dependencies {
        let now = hoisted.get(dep_path);
        for (alias, kind) in aliases {
            if now.is_some_and(|now| now.get(alias) == Some(kind)) {
                continue;
            }
            let folder = hoist_folder(config, *kind);
            let slot = config.virtual_store_dir.join(slot_directory_name(dep_path, limit));
            let package = slot.join("node_modules").join(split(dep_path).name);
            if !is_within(&folder, &config.lockfile_dir) {
                continue;
            }
            if let Ok(Some(bins)) = declared_in(&package) {
                let kept = wanted.get(folder.join(".bin").as_path());
                let names = bins.commands.iter().map(|command| command.name.as_str());
                let is_kept = |name: &&str| kept.is_some_and(|kept| kept.contains(name));
                remove_executables(&folder, names.filter(|name| !is_kept(name)))?;
            }
        }
    }
    Ok(())
}

fn hoist_folder(config: &Config, kind: HoistKind) -> PathBuf {
    match kind {
        HoistKind::Private => config.virtual_store_dir.join("node_modules"),
        HoistKind::Public => config.root_modules_dir(),
    }
}

/// Removes a link of a project and the executables of what it leads to.
///
/// # Errors
/// When the system refuses.
pub fn remove_direct_link(config: &Config, modules: &Path, alias: &str) -> Result<(), InstallError> {
    if modules.join(alias).is_symlink() && is_within(modules, &config.lockfile_dir) {
        remove(modules, alias)?;
        remove_empty_scope(modules, alias);
    }
    Ok(())
}

/// Removes a link and the executables of what it leads to.
fn remove(modules: &Path, alias: &str) -> Result<(), InstallError> {
    if !modules.join(alias).is_symlink() {
        return Ok(());
    }
    // What cannot be read has no executables that anybody could name.
    if let Ok(Some(bins)) = declared_in(&modules.join(alias)) {
        let names = bins.commands.iter().map(|command| command.name.as_str());
        remove_executables(modules, names)?;
    }
    remove_link(modules, alias)?;
    Ok(())
}

/// All groups.
const ALL: [bool; 3] = [true; 3];

/// Aliases and versions of some groups: production, development, optional.
fn dependencies(importer: &Importer, groups: [bool; 3]) -> impl Iterator<Item = (&str, &str)> {
    let all = [&importer.dependencies, &importer.dev_dependencies, &importer.optional_dependencies];
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
        included.optional_dependencies && included.dependencies,
    ];
    dependencies(importer, groups).find(|(name, _)| *name == alias).map(|(_, version)| version)
}

/// Whether a folder is really in the project, whatever links lead to it. Nothing is removed anywhere else.
fn is_within(folder: &Path, project: &Path) -> bool {
    match (folder.canonicalize(), project.canonicalize()) {
        (Ok(folder), Ok(project)) => folder.starts_with(project),
        _ => false,
    }
}
