//! Packages on this machine: folders and tarballs that the lockfile names by path.

use std::path::{Path, PathBuf};

use super::InstallError;
use super::inputs::importer_folder;
use super::work::{Origin, Work};
use crate::core::fetch::integrity;
use crate::core::manifest::Manifest;
use crate::core::packlist::PackedFolder;

/// A path of the lockfile: from its folder, unless it is absolute.
#[must_use]
pub fn place(lockfile_dir: &Path, path: &str) -> PathBuf {
    let path = path.strip_prefix("file:").unwrap_or(path);
    if Path::new(path).is_absolute() {
        return PathBuf::from(path);
    }
    importer_folder(lockfile_dir, path)
}

/// The lockfile does not have a folder as it is.
pub fn outdated(message: String) -> InstallError {
    InstallError::Unfetchable { code: Some("ERR_PNPM_OUTDATED_LOCKFILE"), message }
}

/// Lists the folders that are packages, by position in [`Work::sources`], and checks that tarballs on this machine are
/// still those that the lockfile was made with.
///
/// # Errors
/// When a folder or tarball is gone, or is not what the lockfile says any more.
pub fn look(work: &Work) -> Result<Vec<Option<PackedFolder>>, InstallError> {
    work.sources
        .iter()
        .map(|source| {
            let label = || source.slots.first().map_or("", |slot| &work.slots[*slot].label);
            match &source.origin {
                Origin::Folder { folder, .. } => {
                    let other =
                        |error| outdated(format!("{} is not what the lockfile has: {error}", label()));
                    Manifest::read(folder).map_err(other)?;
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
