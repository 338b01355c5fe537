//! Importers whose manifests changed.

use super::edits::{Edits, meets_peers};
use super::locked::locked_version;
use super::references::{VersionText, dependencies, groups};
use super::request::UpdateRequest;
use super::settings::is_directory_dependency;
use crate::core::lockfile::model::{Importer, ImporterDependency, Lockfile};
use crate::core::lockfile::{Reference, reference, split};
use crate::core::manifest::Manifest;
use indexmap::IndexMap;
use node_semver::Version;
use rustc_hash::FxBuildHasher;
use serde_json::Value;

/// A group of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Production,
    Development,
    Optional,
}

/// Alias → specifier and the group that counts: optional before production before development.
type Declared<'a> = IndexMap<&'a str, (&'a str, Group), FxBuildHasher>;

/// What has to be done to the importers.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    declared: Vec<(&'a str, &'a Manifest, Declared<'a>)>,
    /// Importers whose project is gone.
    stale: Vec<String>,
}

impl<'a> Plan<'a> {
    /// `None` where the importers are what the manifests say.
    pub fn new(request: &UpdateRequest<'a>) -> Option<Self> {
        let declared: Vec<_> =
            request.manifests.iter().map(|(id, manifest)| (*id, *manifest, declared(manifest))).collect();
        let is_known = |id: &String| request.manifests.iter().any(|(known, _)| known == id);
        let stale: Vec<String> = if request.settings.all_projects {
            request.lockfile.importers.keys().filter(|id| !is_known(id)).cloned().collect()
        } else {
            Vec::new()
        };
        let differs = |(id, _, declared): &(&str, &Manifest, Declared<'_>)| {
            request
                .lockfile
                .importers
                .get(*id)
                .map_or(!declared.is_empty(), |importer| differs(importer, declared))
        };
        (!stale.is_empty() || declared.iter().any(differs)).then_some(Self { declared, stale })
    }

    /// Edits the importers. `None` when only a resolution can tell what becomes of them.
    pub fn apply(
        &self,
        lockfile: &mut Lockfile,
        request: &UpdateRequest<'_>,
        edits: &mut Edits,
    ) -> Option<()> {
        // A project that is gone while another links to it is for a resolution to complain of.
        if self.stale.iter().any(|id| is_linked(lockfile, id, &self.stale)) {
            return None;
        }
        for id in &self.stale {
            if let Some(importer) = lockfile.importers.shift_remove(id) {
                for (alias, dependency, _) in dependencies(&importer) {
                    edits.drop_edge(alias, &dependency.version);
                }
            }
        }
        for (id, manifest, declared) in &self.declared {
            let is_empty = lockfile
                .importers
                .get(*id)
                .is_none_or(|importer| groups(importer).iter().all(|group| group.is_empty()));
            if is_empty && !declared.is_empty() {
                let importer = new_importer(lockfile, manifest, declared, request)?;
                lockfile.importers.insert((*id).to_owned(), importer);
                edits.optional_is_stale = true;
            } else {
                update_importer(lockfile, id, declared, request, edits)?;
            }
        }
        Some(())
    }
}

fn declared(manifest: &Manifest) -> Declared<'_> {
    [
        (&manifest.dev_dependencies, Group::Development),
        (&manifest.dependencies, Group::Production),
        (&manifest.optional_dependencies, Group::Optional),
    ]
    .into_iter()
    .flat_map(|(specifiers, group)| {
        specifiers.iter().map(move |(alias, specifier)| (alias.as_str(), (specifier.as_str(), group)))
    })
    .collect()
}

fn differs(importer: &Importer, declared: &Declared<'_>) -> bool {
    dependencies(importer).any(|(alias, _, _)| !declared.contains_key(alias.as_str()))
        || declared.iter().any(|(alias, (specifier, group))| {
            find(importer, alias)
                .is_none_or(|(found, dependency)| found != *group || dependency.specifier != *specifier)
        })
}

fn update_importer(
    lockfile: &mut Lockfile,
    id: &str,
    declared: &Declared<'_>,
    request: &UpdateRequest<'_>,
    edits: &mut Edits,
) -> Option<()> {
    let mut importer = std::mem::take(lockfile.importers.get_mut(id)?);
    for (alias, (specifier, group)) in declared {
        let Some((found, dependency)) = find(&importer, alias) else {
            // Packages beside it may find in it what they miss.
            if is_peer(lockfile, alias) {
                return None;
            }
            let added = new_dependency(lockfile, alias, specifier, request)?;
            // The time of a direct dependency has to be asked for.
            let package = format!("{alias}@{}", added.version);
            if !lockfile.time.is_empty() && !lockfile.time.contains_key(&package) {
                return None;
            }
            in_group(&mut importer, *group).insert((*alias).to_owned(), added);
            edits.optional_is_stale |= *group != Group::Optional;
            continue;
        };
        let mut dependency = dependency.clone();
        if dependency.specifier != *specifier {
            change_range(lockfile, alias, specifier, &mut dependency, request, edits)?;
        }
        if found != *group {
            in_group(&mut importer, found).shift_remove(*alias);
            edits.optional_is_stale |= found == Group::Optional || *group == Group::Optional;
        }
        in_group(&mut importer, *group).insert((*alias).to_owned(), dependency);
    }
    for group in [Group::Production, Group::Development, Group::Optional] {
        in_group(&mut importer, group).retain(|alias, dependency| {
            let stays = declared.contains_key(alias.as_str());
            if !stays {
                edits.drop_edge(alias, &dependency.version);
            }
            stays
        });
    }
    lockfile.importers.insert(id.to_owned(), importer);
    Some(())
}

/// Gives a dependency another range, and moves it to the version that a resolution would take from the locked ones.
fn change_range(
    lockfile: &Lockfile,
    alias: &str,
    specifier: &str,
    dependency: &mut ImporterDependency,
    request: &UpdateRequest<'_>,
    edits: &mut Edits,
) -> Option<()> {
    let Reference::Package(dep_path) = reference(alias, &dependency.version) else {
        return None;
    };
    let parts = split(&dep_path);
    let VersionText::Plain(locked) = VersionText::of(parts.version) else {
        return None;
    };
    let wanted = locked_version(lockfile, alias, specifier, request.picks_lowest)?;
    if wanted != locked || parts.name != alias {
        // With peers or a patch, on one side or the other, the version alone does not say what is meant.
        let was_plain = dep_path.len() == parts.package_id.len() && parts.name == alias;
        if !was_plain || !is_plain(lockfile, alias, &wanted) {
            return None;
        }
        edits.drop_edge(alias, &dependency.version);
        dependency.version = wanted.to_string();
    }
    specifier.clone_into(&mut dependency.specifier);
    Some(())
}

/// An importer that the lockfile did not have, or had without dependencies, from versions that are locked.
fn new_importer(
    lockfile: &Lockfile,
    manifest: &Manifest,
    declared: &Declared<'_>,
    request: &UpdateRequest<'_>,
) -> Option<Importer> {
    let mut importer = Importer {
        dependencies_meta: manifest.dependencies_meta.clone().map(Value::Object),
        publish_directory: manifest
            .publish_config
            .as_ref()
            .and_then(|config| config.get("directory"))
            .and_then(Value::as_str)
            .map(str::to_owned),
        ..Importer::default()
    };
    for (alias, (specifier, group)) in declared {
        let dependency = new_dependency(lockfile, alias, specifier, request)?;
        in_group(&mut importer, *group).insert((*alias).to_owned(), dependency);
    }
    Some(importer)
}

fn new_dependency(
    lockfile: &Lockfile,
    alias: &str,
    specifier: &str,
    request: &UpdateRequest<'_>,
) -> Option<ImporterDependency> {
    if is_directory_dependency(alias, specifier, request) {
        return None;
    }
    let version = locked_version(lockfile, alias, specifier, request.picks_lowest)?;
    is_plain(lockfile, alias, &version).then(|| ImporterDependency {
        specifier: specifier.to_owned(),
        version: version.to_string(),
        ..ImporterDependency::default()
    })
}

/// Whether a package has one snapshot, without peers and patch, so that its version alone refers to it, and nothing
/// below it asks for peers, which it may find others of in its new place.
fn is_plain(lockfile: &Lockfile, name: &str, version: &Version) -> bool {
    let id = format!("{name}@{version}");
    let has_variants = || {
        let suffix_of =
            |key: &'_ String| key.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with('('));
        lockfile.snapshots.keys().any(suffix_of)
    };
    lockfile.snapshots.contains_key(&id) && !has_variants() && !meets_peers(lockfile, &id)
}

/// Whether some package asks for a peer of this name.
fn is_peer(lockfile: &Lockfile, name: &str) -> bool {
    lockfile.packages.values().any(|metadata| {
        metadata.peer_dependencies.contains_key(name) || metadata.peer_dependencies_meta.contains_key(name)
    })
}

fn find<'a>(importer: &'a Importer, alias: &str) -> Option<(Group, &'a ImporterDependency)> {
    [
        (Group::Optional, &importer.optional_dependencies),
        (Group::Production, &importer.dependencies),
        (Group::Development, &importer.dev_dependencies),
    ]
    .into_iter()
    .find_map(|(group, dependencies)| Some((group, dependencies.get(alias)?)))
}

fn in_group(importer: &mut Importer, group: Group) -> &mut IndexMap<String, ImporterDependency> {
    match group {
        Group::Production => &mut importer.dependencies,
        Group::Development => &mut importer.dev_dependencies,
        Group::Optional => &mut importer.optional_dependencies,
    }
}

/// Whether an importer that stays links to the folder of one that goes.
fn is_linked(lockfile: &Lockfile, gone: &str, stale: &[String]) -> bool {
    lockfile.importers.iter().filter(|(id, _)| !stale.contains(id)).any(|(id, importer)| {
        dependencies(importer).any(|(alias, dependency, _)| match reference(alias, &dependency.version) {
            Reference::Link(target) => leads_to(id, target, gone),
            Reference::Package(_) => false,
        })
    })
}

fn leads_to(from: &str, target: &str, importer: &str) -> bool {
    let mut segments: Vec<&str> = if from == "." { Vec::new() } else { from.split('/').collect() };
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                if segments.pop().is_none() {
                    return false;
                }
            }
            other => segments.push(other),
        }
    }
    segments.join("/") == importer
}
