//! The last links: direct dependencies of every project, and what an optional package that failed leaves behind.

use std::path::PathBuf;

use super::dedupe::Deduped;
use super::inputs::{Inputs, importer_folder};
use super::selection::wanted;
use super::work::Work;
use super::{InstallError, leftover};
use crate::core::config::Config;
use crate::core::link::{DirectLink, Linker, link_direct};
use crate::core::plan::{Graph, Target};

/// Links the direct dependencies of the projects the install is about. `dropped` are slots that were not made;
/// links that were made before and are `deduped` now are removed. The answer is folders that stood in the way and were moved.
///
/// # Errors
/// When the system refuses.
pub fn link(
    config: &Config,
    inputs: &Inputs,
    graph: &Graph<'_>,
    work: &Work,
    linker: &Linker,
    dropped: &[usize],
    deduped: &Deduped,
) -> Result<Vec<PathBuf>, InstallError> {
    remove_links_to(work, linker, dropped)?;
    let wanted = wanted(config);
    let mut moved = Vec::new();
    for id in &inputs.importers {
        let place = inputs.lockfile.importers.get_index_of(id);
        let (Some(place), Some(project)) = (place, inputs.workspace.project(id)) else {
            continue;
        };
        let (folder, dependencies) = (&project.folder, &graph.importers[place]);
        let mut links = Vec::with_capacity(dependencies.len());
        for dependency in dependencies {
            let target = match dependency.target {
                _ if !wanted.includes(dependency.group) => continue,
                _ if deduped.contains(place, dependency.alias) => continue,
                Target::Link(path) => importer_folder(folder, path),
                Target::Snapshot(snapshot) => match work.position_of(snapshot) {
                    Some(position) if !dropped.contains(&position) => {
                        let slot = &work.slots[position].slot;
                        let slot_folder = linker.virtual_store.path().join(&slot.directory);
                        slot_folder.join("node_modules").join(&slot.name)
                    }
                    _ => continue,
                },
            };
            links.push(DirectLink { alias: dependency.alias.to_owned(), target });
        }
        let modules = folder.join(&*config.modules_dir);
        moved.extend(link_direct(&modules, &links)?);
        for alias in deduped.of(place) {
            leftover::remove_direct_link(config, &modules, alias)?;
        }
    }
    Ok(moved)
}

/// Slots were linked while it was not yet known that these would fail.
fn remove_links_to(work: &Work, linker: &Linker, dropped: &[usize]) -> Result<(), InstallError> {
    for &position in dropped {
        let gone = &work.slots[position].slot;
        let target = format!("../{}/node_modules/{}", gone.directory, gone.name);
        for planned in &work.slots {
            for symlink in planned.slot.symlinks.iter().filter(|symlink| symlink.target.ends_with(&target)) {
                linker.virtual_store.remove_symlink(&planned.slot, symlink)?;
            }
        }
    }
    Ok(())
}
