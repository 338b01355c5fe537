//! A tarball on this machine: its digest and its manifest.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::LocalError;
use crate::core::fetch::integrity;
use crate::core::resolve::PackageManifest;
use crate::core::resolve::tarball_manifest::{self, TarballManifestError};

/// No tarball is larger.
const MAX_TARBALL: u64 = 1 << 30;

/// What is known of a tarball.
#[derive(Debug, Clone)]
pub(super) struct LocalTarball {
    /// `sha512-…`
    pub integrity: String,
    /// Its manifest, if it has one.
    pub manifest: Option<Arc<PackageManifest>>,
}

/// Reads a tarball, on a thread of its own.
pub(super) async fn read(path: &Path, specifier: &str, limit: u64) -> Result<LocalTarball, LocalError> {
    let (path, specifier) = (path.to_owned(), specifier.to_owned());
    let lost = LocalError::Read { path: path.clone(), source: io::ErrorKind::Interrupted.into() };
    tokio::task::spawn_blocking(move || read_now(path, specifier, limit)).await.unwrap_or(Err(lost))
}

fn read_now(path: PathBuf, specifier: String, limit: u64) -> Result<LocalTarball, LocalError> {
    let mut bytes = Vec::new();
    let opened = File::open(&path).and_then(|file| {
        // A named pipe would never end.
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    });
    match opened.and_then(|file| file.take(MAX_TARBALL).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(LocalError::Absent { specifier, path });
        }
        Err(source) => return Err(LocalError::Read { path, source }),
    }
    let manifest = tarball_manifest::read(&bytes, limit, "").map_err(|error| match error {
        TarballManifestError::Archive(source) => LocalError::Archive { path: path.clone(), source },
        other => LocalError::Manifest { path: path.clone(), reason: other.to_string() },
    })?;
    Ok(LocalTarball { integrity: integrity::sha512(&bytes), manifest })
}
