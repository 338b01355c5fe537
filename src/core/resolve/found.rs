//! A package that was found outside of a registry: what its manifest says, or the place of one that is absent.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::ResolveError;
use super::manifest::PackageManifest;
use super::resolved::{Resolved, Source, Via};
use super::wanted::Wanted;
use crate::core::lockfile::is_valid_package_name;

/// The version of packages that have none.
pub(super) const NO_VERSION: &str = "0.0.0";

/// A package whose manifest has been read.
pub(super) struct Found {
    /// Its manifest; `None` when there is none, and then it is named by the alias.
    pub manifest: Option<Arc<PackageManifest>>,
    /// Its id without its name, such as `file:x` or `https://…`.
    pub place: String,
    /// Where its files come from.
    pub source: Source,
    /// By which way it was found.
    pub via: Via,
    /// The specifier that `add` writes.
    pub normalized: String,
}

impl Found {
    /// What a specifier was resolved to.
    pub(super) fn resolved(self, wanted: &Wanted) -> Result<Arc<Resolved>, ResolveError> {
        let specifier = || wanted.specifier.to_string();
        let manifest = match self.manifest {
            Some(manifest) if manifest.name.is_empty() => {
                return Err(ResolveError::MissingName { specifier: specifier() });
            }
            Some(manifest) => manifest,
            None => {
                let name = wanted.alias.clone();
                let name = name.ok_or_else(|| ResolveError::MissingName { specifier: specifier() })?;
                Arc::new(PackageManifest { name, version: NO_VERSION.into(), ..PackageManifest::default() })
            }
        };
        let name = Arc::clone(&manifest.name);
        // The name becomes a folder in node_modules.
        if !is_valid_package_name(&name) {
            return Err(ResolveError::InvalidName { specifier: specifier(), name: name.to_string() });
        }
        Ok(Arc::new(Resolved {
            id: format!("{name}@{}", self.place).into(),
            name: Arc::clone(&name),
            version: Some(Arc::clone(&manifest.version)),
            source: self.source,
            manifest,
            via: self.via,
            latest: None,
            published_at: None,
            normalized_specifier: Some(self.normalized.into()),
            alias: wanted.alias.is_none().then_some(name),
            violation: None,
            unpacked_size: None,
            file_count: None,
        }))
    }
}

/// A manifest from its JSON, with a version in any case.
pub(super) fn with_version(raw: &Map<String, Value>) -> PackageManifest {
    let mut manifest = PackageManifest::from_json(raw);
    if manifest.version.is_empty() {
        manifest.version = NO_VERSION.into();
    }
    manifest
}

/// The text of a manifest; what is JSON but no object has no fields.
pub(super) fn parse(text: &[u8]) -> Result<Map<String, Value>, serde_json::Error> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    Ok(match serde_json::from_slice(text)? {
        Value::Object(raw) => raw,
        _ => Map::new(),
    })
}
