//! Folders of this machine as packages: is what the lockfile has of them what their manifests say now?
//!
//! It reads manifests as they lie on the disk and decides nothing: a frozen install refuses a folder that has changed,
//! any other one resolves again.

use std::path::Path;

use node_semver::Version;

use super::local::place;
use crate::core::lockfile::{Lockfile, PackageMetadata, Resolution, Snapshot};
use crate::core::manifest::{BundledDependencies, Manifest};
use crate::core::version_range::parse_range;

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// At the names of dependencies.
    AtNames,
    /// At ranges and peers, too.
    AtRanges,
}

/// The first folder that the lockfile does not have as it is, as a sentence that says why. A folder that has no manifest
/// is none of them: whoever installs it says what is wrong with it. Where settings change manifests before they are
/// resolved, nothing can be told.
#[must_use]
pub fn find_changed(lockfile_dir: &Path, lockfile: &Lockfile, look: Look) -> Option<String> {
    let is_as_written = lockfile.overrides.is_empty()
        && lockfile.package_extensions_checksum.is_none()
        && lockfile.pnpmfile_checksum.is_none()
        && lockfile.ignored_optional_dependencies.is_empty();
    if !is_as_written {
        return None;
    }
    lockfile.snapshots.iter().find_map(|(dep_path, snapshot)| {
        let metadata = lockfile.metadata(dep_path)?;
        let Resolution::Directory { directory, .. } = &metadata.resolution else { return None };
        let manifest = Manifest::read(&place(lockfile_dir, directory)).ok()?;
        let why = names_differ(snapshot, &manifest).or_else(|| match look {
            Look::AtNames => None,
            Look::AtRanges => ranges_differ(metadata, snapshot, &manifest),
        })?;
        Some(format!("{dep_path} changed since pnpm-lock.yaml was made: {why}"))
    })
}

/// Which dependency one of the two has and the other has not.
fn names_differ(snapshot: &Snapshot, manifest: &Manifest) -> Option<String> {
    let recorded: Vec<&str> = snapshot.edges().map(|(alias, _, _)| alias).collect();
    let is_bundled = |name: &str| match &manifest.bundled_dependencies {
        Some(BundledDependencies::All(all)) => *all,
        Some(BundledDependencies::Names(names)) => names.iter().any(|bundled| bundled == name),
        None => false,
    };
    let mut declared = manifest.dependencies.keys().chain(manifest.optional_dependencies.keys());
    let added = declared.find(|name| !recorded.contains(&name.as_str()) && !is_bundled(name));
    if let Some(name) = added {
        return Some(format!("the lockfile does not have its dependency {name}"));
    }
    let removed = recorded.iter().find(|name| {
        !manifest.dependencies.contains_key(**name)
            && !manifest.optional_dependencies.contains_key(**name)
            && !manifest.peer_dependencies.contains_key(**name)
            && !manifest.peer_dependencies_meta.contains_key(**name)
    });
    removed.map(|name| format!("the lockfile has a dependency {name} that it has not any more"))
}

/// Which range the lockfile was made with another one of. It has no ranges of dependencies: a version that fits is taken
/// for the right one.
fn ranges_differ(metadata: &PackageMetadata, snapshot: &Snapshot, manifest: &Manifest) -> Option<String> {
    let groups = [&manifest.dependencies, &manifest.optional_dependencies];
    let mut declared = groups.into_iter().flatten();
    let misfit = declared.find(|(alias, range)| {
        let edge = snapshot.edges().find(|(name, _, _)| name == alias);
        let version = edge.and_then(|(_, to, _)| Version::parse(to.split('(').next()?).ok());
        let range = parse_range(range.as_str()).ok();
        version.zip(range).is_some_and(|(version, range)| !range.satisfies(&version))
    });
    if let Some((alias, range)) = misfit {
        return Some(format!("the lockfile's {alias} is not the {range} that it depends on"));
    }
    let is_dependency = |name: &str| groups.iter().any(|group| group.contains_key(name));
    let recorded = &metadata.peer_dependencies;
    let mut peers = manifest.peer_dependencies.iter();
    let changed = peers.find(|(name, range)| !is_dependency(name) && recorded.get(*name) != Some(range));
    let is_declared = |name: &str| {
        manifest.peer_dependencies.contains_key(name) || manifest.peer_dependencies_meta.contains_key(name)
    };
    let changed =
        changed.map(|(name, _)| name).or_else(|| recorded.keys().find(|name| !is_declared(name)))?;
    Some(format!("the lockfile does not have its peer {changed} as it is"))
}
