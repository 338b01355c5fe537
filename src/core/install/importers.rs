//! What the event stream is told of projects, and of what depends on what.

use rustc_hash::FxHashMap;

use super::inputs::{Inputs, importer_folder};
use super::work::Work;
use crate::core::config::Config;
use crate::core::event::{EventKind, ImporterKnown, ImportersKnown, PackageId};
use crate::core::path::relative;
use crate::core::plan::{Graph, Selection, Target};

/// The event that makes the projects known.
#[must_use]
pub fn announcement(config: &Config, inputs: &Inputs, graph: &Graph<'_>, work: &Work) -> EventKind {
    let narrow = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let importers = inputs.importers.iter().filter_map(|id| {
        let position = inputs.lockfile.importers.get_index_of(id)?;
        let manifest = inputs.workspace.project(id)?.manifest.as_ref();
        let dependencies = &graph.importers[position];
        let slots = dependencies.iter().filter_map(|dependency| match dependency.target {
            Target::Snapshot(snapshot) => work.slot_of(snapshot),
            Target::Link(_) => None,
        });
        let mut packages: Vec<PackageId> = slots.map(|slot| slot.package).collect();
        packages.sort_unstable();
        packages.dedup();
        Some(ImporterKnown {
            id: id_in_workspace(config, id),
            name: manifest.and_then(|manifest| manifest.name.clone()),
            dependencies: narrow(dependencies.len()),
            packages,
        })
    });
    EventKind::ImportersKnown(Box::new(ImportersKnown {
        importers: importers.collect(),
        left_out: narrow(inputs.left_out),
    }))
}

/// The path of a project from the root of the workspace.
fn id_in_workspace(config: &Config, id: &str) -> String {
    let way = relative(config.settings_dir(), &importer_folder(&config.lockfile_dir, id));
    match way.to_string_lossy().replace('\\', "/") {
        way if way.is_empty() => ".".to_owned(),
        way => way,
    }
}

/// The event that makes known what depends on what. Packages that are left out are somebody's dependencies as well.
#[must_use]
pub fn dependencies(graph: &Graph<'_>, selection: &Selection, work: &Work) -> EventKind {
    let left_out: FxHashMap<usize, PackageId> = selection
        .skipped
        .iter()
        .zip(&work.skipped)
        .map(|(skipped, known)| (skipped.index, known.package))
        .collect();
    let package_of = |snapshot: usize| {
        work.slot_of(snapshot).map(|slot| slot.package).or_else(|| left_out.get(&snapshot).copied())
    };
    let selected = selection.snapshots.iter().map(|selected| selected.index);
    let known = selected.chain(selection.skipped.iter().map(|skipped| skipped.index));
    let mut dependencies: Vec<Vec<PackageId>> = Vec::new();
    for snapshot in known {
        let Some(package) = package_of(snapshot) else { continue };
        let targets = graph.snapshots[snapshot].iter().filter_map(|edge| match edge.target {
            Target::Snapshot(snapshot) => package_of(snapshot),
            Target::Link(_) => None,
        });
        let mut packages: Vec<PackageId> = targets.collect();
        packages.sort_unstable();
        packages.dedup();
        let index = package.index();
        if index >= dependencies.len() {
            dependencies.resize(index + 1, Vec::new());
        }
        dependencies[index] = packages;
    }
    EventKind::DependenciesKnown { dependencies }
}
