//! Packages on this machine: folders and tarballs that the lockfile names by path.

use std::path::{Path, PathBuf};

use super::InstallError;
use super::inputs::importer_folder;
use super::work::{Origin, Work};
use crate::core::fetch::integrity;
use crate::core::lockfile::Lockfile;
use crate::core::manifest::{BundledDependencies, Manifest};
use crate::core::packlist::PackedFolder;
use crate::core::plan::Selection;

/// A path of the lockfile: from its folder, unless it is absolute.
#[must_use]
pub fn place(lockfile_dir: &Path, path: &str) -> PathBuf {
    let path = path.strip_prefix("file:").unwrap_or(path);
    if Path::new(path).is_absolute() {
        return PathBuf::from(path);
    }
    importer_folder(lockfile_dir, path)
}

fn outdated(message: String) -> InstallError {
    InstallError::Unfetchable { code: Some("ERR_PNPM_OUTDATED_LOCKFILE"), message }
}

/// Lists the folders that are packages, by position in [`Work::sources`], and checks that tarballs on this machine are
/// still those that the lockfile was made with.
///
/// # Errors
/// When a folder or tarball is gone, or is not what the lockfile says any more.
pub fn look(
    work: &Work,
    lockfile: &Lockfile,
    selection: &Selection,
) -> Result<Vec<Option<PackedFolder>>, InstallError> {
    work.sources
        .iter()
        .map(|source| {
            let label = || source.slots.first().map_or("", |slot| &work.slots[*slot].label);
            match &source.origin {
                Origin::Folder { folder, .. } => {
                    for slot in &source.slots {
                        check_folder(lockfile, selection.snapshots[*slot].index, folder, label())?;
                    }
                    let gone = |error| outdated(format!("cannot read the folder of {}: {error}", label()));
                    PackedFolder::list(folder).map(Some).map_err(gone)
                }
                Origin::Repository { .. } => Ok(None),
                Origin::Tarball { url, integrity } => {
                    if let Some(path) = local_tarball(url) {
                        check_tarball(&path, integrity, label())?;
                    }
                    Ok(None)
                }
            }
        })
        .collect()
}

fn local_tarball(url: &url::Url) -> Option<PathBuf> {
    (url.scheme() == "file").then(|| url.to_file_path().ok()).flatten()
}

fn check_tarball(path: &Path, wanted: &str, label: &str) -> Result<(), InstallError> {
    let fail = |code, why: String| InstallError::Unfetchable {
        code,
        message: format!("the tarball of {label} at {} cannot be used: {why}", path.display()),
    };
    let bytes = std::fs::read(path).map_err(|error| fail(None, error.to_string()))?;
    integrity::check(&bytes, wanted)
        .map_err(|error| fail(Some("ERR_PNPM_TARBALL_INTEGRITY"), error.to_string()))
}

/// The folder's manifest may have changed since the lockfile was made: then its dependencies are not those that the
/// lockfile has for it.
fn check_folder(
    lockfile: &Lockfile,
    snapshot: usize,
    folder: &Path,
    label: &str,
) -> Result<(), InstallError> {
    let manifest = Manifest::read(folder)
        .map_err(|error| outdated(format!("{label} is not what the lockfile has: {error}")))?;
    let Some((_, snapshot)) = lockfile.snapshots.get_index(snapshot) else {
        return Ok(());
    };
    // Then manifests are changed before they are resolved, and only pnpm knows how.
    let is_as_written = lockfile.overrides.is_empty()
        && lockfile.package_extensions_checksum.is_none()
        && lockfile.pnpmfile_checksum.is_none()
        && lockfile.ignored_optional_dependencies.is_empty();
    if !is_as_written {
        return Ok(());
    }
    let recorded: Vec<&str> = snapshot.edges().map(|(alias, _, _)| alias).collect();
    let is_bundled = |name: &str| match &manifest.bundled_dependencies {
        Some(BundledDependencies::All(all)) => *all,
        Some(BundledDependencies::Names(names)) => names.iter().any(|bundled| bundled == name),
        None => false,
    };
    let added = manifest
        .dependencies
        .keys()
        .chain(manifest.optional_dependencies.keys())
        .find(|name| !recorded.contains(&name.as_str()) && !is_bundled(name));
    let removed = recorded.iter().find(|name| {
        !manifest.dependencies.contains_key(**name)
            && !manifest.optional_dependencies.contains_key(**name)
            && !manifest.peer_dependencies.contains_key(**name)
            && !manifest.peer_dependencies_meta.contains_key(**name)
    });
    let why = match (added, removed) {
        (Some(name), _) => format!("the lockfile does not have its dependency {name}"),
        (None, Some(name)) => format!("the lockfile has a dependency {name} that it has not any more"),
        (None, None) => return Ok(()),
    };
    Err(outdated(format!("{label} changed since pnpm-lock.yaml was made: {why}")))
}
