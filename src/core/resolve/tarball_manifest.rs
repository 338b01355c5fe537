//! The manifest that lies in a tarball, found without unpacking it.

use std::sync::Arc;

use super::found;
use super::manifest::PackageManifest;
use crate::core::fetch::archive::{Archive, ArchiveError, Content};

/// Why the manifest of a tarball cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TarballManifestError {
    /// The tarball cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The manifest is not JSON.
    #[error("its package.json is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The manifest is larger than any that a person wrote.
    #[error("its package.json is too large")]
    TooLarge,
}

/// The `package.json` in a folder of a tarball (`""` for its root), if there is one. `limit` is the most bytes the
/// tarball may unpack to. This computes: not for an async task.
pub(super) fn read(
    tarball: &[u8],
    limit: u64,
    folder: &str,
) -> Result<Option<Arc<PackageManifest>>, TarballManifestError> {
    let path = if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
    let archive = Archive::open(tarball, limit)?;
    if !archive.entries().iter().any(|entry| entry.path == path) {
        return Ok(None);
    }
    let mut manifest = None;
    archive.read(|entry, content| -> Result<(), TarballManifestError> {
        if entry.path != path {
            return Ok(());
        }
        let Content::Whole(text) = content else {
            return Err(TarballManifestError::TooLarge);
        };
        let mut read = found::with_version(&found::parse(text)?);
        // pnpm keeps no more of a tarball's manifest than the store has room for; these are not in it.
        read.deprecated = None;
        read.publish_directory = None;
        read.injected.clear();
        manifest = Some(Arc::new(read));
        Ok(())
    })?;
    Ok(manifest)
}
