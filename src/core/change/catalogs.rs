//! Catalogs: which dependencies are saved through them, and which of their entries a run sets (pnpm:
//! `package-manager/src/{catalog_mode,manifest_spec_bumps}.rs`; where that and pnpm 12.21 differ, this follows 12.21).

use std::collections::BTreeMap;

use node_semver::Version;

use super::error::ChangeError;
use crate::core::config::{CatalogMode, Config};
use crate::core::lockfile::{CatalogEntries, Lockfile, catalog_name};
use crate::core::manifest_edit::bumped;
use crate::core::version_range::parse_range;

/// The catalog that has no name of its own.
const DEFAULT: &str = "default";

/// The catalogs of a run.
#[derive(Debug)]
pub(super) struct Catalogs {
    mode: CatalogMode,
    /// The catalog that new dependencies are to be saved in.
    save_name: Option<String>,
    /// All entries, with those that the run has set.
    entries: CatalogEntries,
    /// Catalog → alias → specifier.
    set: BTreeMap<String, BTreeMap<String, String>>,
}

impl Catalogs {
    /// The catalogs of the settings. `save_name` is the one that the command line asks for.
    pub(super) fn new(config: &Config, save_name: Option<&str>, is_adding: bool) -> Self {
        let of_settings = config.save_catalog_name.as_deref().filter(|_| is_adding);
        Self {
            mode: *config.catalog_mode,
            save_name: save_name.or(of_settings).map(str::to_owned),
            entries: config.catalogs.value.clone(),
            set: BTreeMap::new(),
        }
    }

    /// Whether dependencies may be saved through catalogs that were not asked for by `catalog:`.
    pub(super) fn are_saved_to(&self) -> bool {
        self.mode != CatalogMode::Manual || self.save_name.is_some()
    }

    /// The entry of a catalog.
    pub(super) fn entry(&self, catalog: &str, alias: &str) -> Option<&str> {
        Some(self.entries.get(catalog)?.get(alias)?.as_str())
    }

    /// The specifier of a dependency that is new and for which nothing is asked: the entry that a catalog has of it.
    pub(super) fn known(&self, alias: &str) -> Option<String> {
        let catalog = self.catalog_for(None);
        self.entry(catalog, alias).map(|_| protocol(catalog))
    }

    /// Sets an entry.
    pub(super) fn set(&mut self, catalog: &str, alias: &str, specifier: &str) {
        self.entries.entry(catalog.to_owned()).or_default().insert(alias.to_owned(), specifier.to_owned());
        self.note(catalog, alias, specifier);
    }

    /// Has an entry written, while the run goes on with what it was.
    fn note(&mut self, catalog: &str, alias: &str, specifier: &str) {
        self.set.entry(catalog.to_owned()).or_default().insert(alias.to_owned(), specifier.to_owned());
    }

    /// What is saved in the manifest for a dependency with this specifier: that itself, or a catalog, which gets an
    /// entry if it has none. `before` is what stood in the manifest.
    ///
    /// # Errors
    /// The catalog has another version, and `catalogMode` is `strict`.
    pub(super) fn saved(
        &mut self,
        alias: &str,
        specifier: &str,
        before: Option<&str>,
    ) -> Result<String, ChangeError> {
        if !self.are_saved_to() {
            return Ok(specifier.to_owned());
        }
        let catalog = self.catalog_for(before).to_owned();
        let through = protocol(&catalog);
        if specifier == through {
            return Ok(through);
        }
        let Some(entry) = self.entry(&catalog, alias) else {
            self.set(&catalog, alias, specifier);
            return Ok(through);
        };
        if entry == specifier || covers(entry, specifier) {
            return Ok(through);
        }
        if self.mode == CatalogMode::Strict {
            return Err(ChangeError::CatalogMismatch {
                alias: alias.to_owned(),
                asked: specifier.to_owned(),
                entry: entry.to_owned(),
            });
        }
        Ok(specifier.to_owned())
    }

    fn catalog_for<'a>(&'a self, before: Option<&'a str>) -> &'a str {
        before.and_then(catalog_name).or(self.save_name.as_deref()).unwrap_or(DEFAULT)
    }

    /// All entries, if the run has set any.
    pub(super) fn changed(&self) -> Option<&CatalogEntries> {
        (!self.set.is_empty()).then_some(&self.entries)
    }

    /// The entries that the run has set: catalog → alias → specifier.
    pub(super) fn set_entries(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.set.iter().flat_map(|(catalog, entries)| {
            entries.iter().map(|(alias, specifier)| (catalog.as_str(), alias.as_str(), specifier.as_str()))
        })
    }

    /// Moves an entry to the version that a lockfile has of it, in the style of the entry, there too.
    pub(super) fn bump(&mut self, lockfile: &mut Lockfile, specifier: &str, alias: &str) {
        let Some(catalog) = catalog_name(specifier) else { return };
        let Some(entry) = lockfile.catalogs.get_mut(catalog).and_then(|entries| entries.get_mut(alias))
        else {
            return;
        };
        if let Some(specifier) =
            bumped(&entry.specifier, &entry.version).filter(|specifier| *specifier != entry.specifier)
        {
            entry.specifier.clone_from(&specifier);
            self.note(catalog, alias, &specifier);
        }
    }
}

/// The specifier that stands for an entry of a catalog.
fn protocol(catalog: &str) -> String {
    if catalog == DEFAULT { "catalog:".to_owned() } else { format!("catalog:{catalog}") }
}

/// Whether the range of an entry allows a version.
fn covers(entry: &str, version: &str) -> bool {
    match (parse_range(entry), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.satisfies(&version),
        _ => false,
    }
}
