//! The entry of a project.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{RecordedProject, Recording, reference_to};
use crate::core::lockfile::{Importer, ImporterDependency};
use crate::core::resolve::PackageManifest;

/// The group that a project has a dependency in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Optional,
    Production,
    Development,
    /// Declared as a peer alone.
    Peer,
}

/// The strongest group that names an alias, and the specifier there.
pub(super) fn declared<'a>(manifest: &'a PackageManifest, alias: &str) -> Option<(Group, &'a Arc<str>)> {
    let groups = [
        (Group::Optional, &manifest.optional_dependencies),
        (Group::Production, &manifest.dependencies),
        (Group::Development, &manifest.dev_dependencies),
        (Group::Peer, &manifest.peer_dependencies),
    ];
    groups.into_iter().find_map(|(group, specifiers)| Some((group, specifiers.get(alias)?)))
}

pub(super) fn of(
    recording: &Recording<'_>,
    project: &RecordedProject<'_>,
    direct: &BTreeMap<Arc<str>, Arc<str>>,
) -> Importer {
    let mut importer = Importer::default();
    for (alias, target) in direct {
        // What was added for the sake of others is found in the snapshots alone.
        let Some((group, specifier)) = declared(project.effective, alias) else { continue };
        if group == Group::Peer && !recording.auto_install_peers {
            continue;
        }
        let is_link = target.starts_with("link:");
        if !is_link && !recording.outcome.graph.contains_key(target)
            || is_link && recording.exclude_links && !specifier.starts_with("workspace:")
        {
            continue;
        }
        let version = if is_link { target.to_string() } else { reference_to(alias, target) };
        let entry = ImporterDependency { specifier: specifier.to_string(), version, other: Vec::new() };
        let group = match group {
            Group::Optional => &mut importer.optional_dependencies,
            Group::Development => &mut importer.dev_dependencies,
            Group::Production | Group::Peer => &mut importer.dependencies,
        };
        group.insert(alias.to_string(), entry);
    }
    let Some(manifest) = project.manifest else { return importer };
    importer.dependencies_meta =
        manifest.dependencies_meta.clone().filter(|meta| !meta.is_empty()).map(Value::Object);
    if let Some(publish) = &manifest.publish_config
        && let Some(Value::String(directory)) = publish.get("directory")
    {
        importer.publish_directory = Some(directory.clone());
        if publish.get("linkDirectory") == Some(&Value::Bool(false)) {
            importer.other.push(("linkDirectory".to_owned(), Value::Bool(false)));
        }
    }
    importer
}
