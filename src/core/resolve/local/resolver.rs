//! From a place on this machine to a package.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::LocalError;
use super::specifier::{LocalSpecifier, Refusal, Use, parse, way};
use super::tarball::{self, LocalTarball};
use crate::core::lockfile::Resolution;
use crate::core::resolve::chain::{Way, described};
use crate::core::resolve::found::{self, Found, NO_VERSION};
use crate::core::resolve::memo::Memo;
use crate::core::resolve::{Asked, PackageManifest, ResolveError, Resolved, Source, Via, Wanted};

/// Resolves folders and tarballs on this machine.
#[derive(Debug)]
pub struct LocalResolver {
    lockfile_dir: PathBuf,
    home: Option<PathBuf>,
    max_unpacked_size: u64,
    inject_workspace_packages: bool,
    tarballs: Memo<LocalTarball>,
}

impl Way for LocalResolver {
    async fn resolve(
        &self,
        wanted: &Wanted,
        asked: &Asked<'_>,
    ) -> Result<Option<Arc<Resolved>>, ResolveError> {
        let specifier = &*wanted.specifier;
        let injected =
            wanted.injected.unwrap_or(self.inject_workspace_packages && specifier.starts_with("workspace:"));
        let parsed = parse(specifier, injected, asked.project_dir, self.home.as_deref());
        let local = match parsed {
            Ok(None) => return Ok(None),
            Ok(Some(local)) => local,
            Err(Refusal::PathPrefix) => {
                return Err(LocalError::PathPrefix { specifier: described(wanted) }.into());
            }
            Err(Refusal::UnknownPrefix(prefix)) => {
                return Err(ResolveError::UnsupportedProtocol { prefix, specifier: described(wanted) });
            }
        };
        match local.usage {
            Use::Link => self.link(wanted, local),
            Use::Copy => self.copy(wanted, local),
            Use::Unpack => self.unpack(wanted, local).await,
        }
        .map(Some)
    }
}

impl LocalResolver {
    /// `lockfile_dir` is the absolute folder of the lockfile, `home` what `~/` stands for; no tarball may unpack to
    /// more than `max_unpacked_size` bytes. With `inject_workspace_packages` folders that are asked for by `workspace:`
    /// and a path are copied.
    #[must_use]
    pub fn new(
        lockfile_dir: PathBuf,
        home: Option<PathBuf>,
        max_unpacked_size: u64,
        inject_workspace_packages: bool,
    ) -> Self {
        Self { lockfile_dir, home, max_unpacked_size, inject_workspace_packages, tarballs: Memo::default() }
    }

    fn link(&self, wanted: &Wanted, local: LocalSpecifier) -> Result<Arc<Resolved>, ResolveError> {
        let raw = match read_manifest(&wanted.specifier, &local.place) {
            Ok(Some(raw)) => raw,
            Ok(None) => Map::new(),
            Err(LocalError::Absent { path, .. }) => {
                tracing::warn!(folder = %path.display(), "a folder that is linked does not exist");
                Map::new()
            }
            Err(error) => return Err(error.into()),
        };
        let mut manifest = found::with_version(&raw);
        if manifest.name.is_empty() {
            manifest.name = folder_name(&local.place).into();
        }
        let directory: Arc<str> = way(&self.lockfile_dir, &local.place).into();
        let manifest = Arc::new(manifest);
        Ok(Arc::new(Resolved {
            id: format!("link:{directory}").into(),
            name: Arc::clone(&manifest.name),
            version: Some(Arc::clone(&manifest.version)),
            source: Source::Link { directory },
            via: Via::Local,
            latest: None,
            published_at: None,
            normalized_specifier: Some(local.normalized.into()),
            alias: wanted.alias.is_none().then(|| Arc::clone(&manifest.name)),
            manifest,
            violation: None,
            unpacked_size: None,
            file_count: None,
        }))
    }

    fn copy(&self, wanted: &Wanted, local: LocalSpecifier) -> Result<Arc<Resolved>, ResolveError> {
        let manifest = match read_manifest(&wanted.specifier, &local.place)? {
            Some(raw) => found::with_version(&raw),
            None => PackageManifest {
                name: folder_name(&local.place).into(),
                version: NO_VERSION.into(),
                ..PackageManifest::default()
            },
        };
        let directory = way(&self.lockfile_dir, &local.place);
        if directory.is_empty() {
            return Err(LocalError::Itself { specifier: described(wanted) }.into());
        }
        Found {
            manifest: Some(Arc::new(manifest)),
            place: format!("file:{directory}"),
            source: Source::Package {
                resolution: Resolution::Directory { directory, other: Vec::new() },
                tarball: None,
            },
            via: Via::Local,
            normalized: local.normalized,
        }
        .resolved(wanted)
    }

    async fn unpack(&self, wanted: &Wanted, local: LocalSpecifier) -> Result<Arc<Resolved>, ResolveError> {
        let key = local.place.to_string_lossy();
        let read = async || tarball::read(&local.place, &wanted.specifier, self.max_unpacked_size).await;
        let LocalTarball { integrity, manifest } = self.tarballs.answer(&key, read).await?;
        let place = format!("file:{}", way(&self.lockfile_dir, &local.place));
        Found {
            manifest,
            source: Source::Package {
                resolution: Resolution::Tarball {
                    integrity: Some(integrity),
                    tarball: place.clone(),
                    git_hosted: false,
                    path: None,
                    other: Vec::new(),
                },
                tarball: url::Url::from_file_path(&local.place).ok().map(|url| url.as_str().into()),
            },
            place,
            via: Via::Local,
            normalized: local.normalized,
        }
        .resolved(wanted)
    }
}

/// The `package.json` of a folder; `None` when the folder has none.
fn read_manifest(specifier: &str, folder: &Path) -> Result<Option<Map<String, Value>>, LocalError> {
    let path = folder.join("package.json");
    let not_folder = || LocalError::NotFolder { specifier: specifier.to_owned(), path: folder.to_owned() };
    match std::fs::read(&path) {
        Ok(text) => match found::parse(&text) {
            Ok(raw) => Ok(Some(raw)),
            Err(error) => Err(LocalError::Manifest { path, reason: error.to_string() }),
        },
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(not_folder()),
        Err(error) if error.kind() == ErrorKind::NotFound => match folder.metadata() {
            Ok(metadata) if metadata.is_dir() => Ok(None),
            Ok(_) => Err(not_folder()),
            Err(_) => Err(LocalError::Absent { specifier: specifier.to_owned(), path: folder.to_owned() }),
        },
        Err(source) => Err(LocalError::Read { path, source }),
    }
}

fn folder_name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
