//! All that changes manifests, in its order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use node_semver::{Range, Version};
use rustc_hash::FxHashMap;

use super::compatibility::database;
use super::error::RewriteError;
use super::peer_rules::PeerDependencyRules;
use crate::core::config::Config;
use crate::core::lockfile::{
    Base, CatalogEntries, CatalogEntry, CatalogUse, Extended, Extensions, Groups, Importer, Overrides, Owner,
    Reference, catalog_name, package_extensions_checksum, reference, resolve_catalog, split,
};
use crate::core::manifest::Manifest;
use crate::core::patterns::Patterns;
use crate::core::resolve::{PackageManifest, PeerMeta};

/// Ranges by package, as manifests declared them.
pub type DeclaredRanges = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// What the settings of a project make of manifests.
#[derive(Debug)]
pub struct Rewriter {
    compatibility: Option<&'static Extensions>,
    extensions: Extensions,
    extensions_checksum: Option<String>,
    overrides: Overrides,
    ignored_optional: Patterns,
    catalogs: CatalogEntries,
    allowed_deprecated: FxHashMap<String, Range>,
    peer_rules: PeerDependencyRules,
    lockfile_dir: PathBuf,
    /// For packages with a `name@` override: the ranges that manifests declare. Manifests may come from many threads.
    converging_ranges: Mutex<DeclaredRanges>,
}

impl Rewriter {
    /// Reads the settings. `root` is the manifest beside the lockfile, which overrides may refer to.
    ///
    /// # Errors
    /// When a setting cannot be read, or refers to what does not exist.
    pub fn new(config: &Config, root: Option<&Manifest>) -> Result<Self, RewriteError> {
        let catalogs = config.catalogs.value.clone();
        let allowed_deprecated = config
            .allowed_deprecated_versions
            .iter()
            // As in pnpm, what is no range allows nothing.
            .filter_map(|(name, range)| Some((name.clone(), Range::parse(range).ok()?)))
            .collect();
        Ok(Self {
            compatibility: (!*config.ignore_compatibility_db).then(database),
            extensions: Extensions::read(&config.package_extensions.value)?,
            extensions_checksum: package_extensions_checksum(&config.package_extensions.value),
            overrides: Overrides::parse(&config.overrides, &catalogs, root)?,
            ignored_optional: Patterns::new(&config.ignored_optional_dependencies.value),
            catalogs,
            allowed_deprecated,
            peer_rules: PeerDependencyRules::read(&config.peer_dependency_rules.value)?,
            lockfile_dir: config.lockfile_dir.clone(),
            converging_ranges: Mutex::default(),
        })
    }

    /// The manifest of a package as it is to be resolved. Nothing is copied where nothing applies.
    #[must_use]
    pub fn package(&self, manifest: Arc<PackageManifest>) -> Arc<PackageManifest> {
        self.note_converging(&manifest);
        if !self.changes(&manifest) {
            return manifest;
        }
        let mut changed = Arc::unwrap_or_clone(manifest);
        if let Some(database) = self.compatibility {
            extend(database, &mut changed);
        }
        self.rewrite(&mut changed, Base::Absolute(&self.lockfile_dir));
        Arc::new(changed)
    }

    /// The manifest of a project as it is to be resolved; the compatibility database is not about projects. `id` is its path from the lockfile's folder, `.` for that
    /// folder itself. `catalog:` specifiers stay, as the lockfile records them ([`Self::catalog`] reads them).
    #[must_use]
    pub fn importer(&self, manifest: &PackageManifest, id: &str) -> PackageManifest {
        self.note_converging(manifest);
        let mut changed = manifest.clone();
        self.rewrite(&mut changed, Base::Importer(id));
        changed
    }

    /// What overrides make of a dependency of a project that no manifest declares: a missing peer that is installed.
    /// `Some("-")` says that it is not wanted, `None` that the range stays.
    #[must_use]
    pub fn undeclared(&self, alias: &str, range: &str, importer: &str) -> Option<String> {
        self.overrides.undeclared(alias, range, Base::Importer(importer))
    }

    /// All entries of catalogs.
    #[must_use]
    pub fn catalogs(&self) -> &CatalogEntries {
        &self.catalogs
    }

    /// The catalog entry that a specifier of a project stands for; `None` if it is no `catalog:` specifier.
    ///
    /// # Errors
    /// When there is no such entry, or it holds what catalogs cannot hold.
    pub fn catalog<'a>(
        &'a self,
        alias: &str,
        specifier: &'a str,
    ) -> Result<Option<CatalogUse<'a>>, RewriteError> {
        Ok(resolve_catalog(&self.catalogs, alias, specifier)?)
    }

    /// The lockfile's `catalogs`: the entries that its importers use, with the versions they were resolved to. Where
    /// importers differ, the last one in the order of their ids counts.
    #[must_use]
    pub fn used_catalogs(
        &self,
        importers: &IndexMap<String, Importer>,
    ) -> IndexMap<String, IndexMap<String, CatalogEntry>> {
        let mut used: BTreeMap<&str, BTreeMap<&String, CatalogEntry>> = BTreeMap::new();
        let ordered: BTreeMap<&String, &Importer> = importers.iter().collect();
        for importer in ordered.into_values() {
            let groups =
                [&importer.dependencies, &importer.dev_dependencies, &importer.optional_dependencies];
            for (alias, dependency) in groups.into_iter().flatten() {
                let Some(catalog) = catalog_name(&dependency.specifier) else {
                    continue;
                };
                let Some(specifier) = self.catalogs.get(catalog).and_then(|entries| entries.get(alias))
                else {
                    continue;
                };
                let Reference::Package(dep_path) = reference(alias, &dependency.version) else {
                    continue;
                };
                let version = split(&dep_path).version.to_owned();
                let entry = CatalogEntry { specifier: specifier.clone(), version, ..CatalogEntry::default() };
                used.entry(catalog).or_default().insert(alias, entry);
            }
        }
        used.into_iter()
            .map(|(catalog, entries)| {
                let entries = entries.into_iter().map(|(alias, entry)| (alias.clone(), entry));
                (catalog.to_owned(), entries.collect())
            })
            .collect()
    }

    /// The overrides.
    #[must_use]
    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// The lockfile's `packageExtensionsChecksum`. The compatibility database is not part of it.
    #[must_use]
    pub fn extensions_checksum(&self) -> Option<&str> {
        self.extensions_checksum.as_deref()
    }

    /// Which issues with peers are none.
    #[must_use]
    pub fn peer_rules(&self) -> &PeerDependencyRules {
        &self.peer_rules
    }

    /// Whether the deprecation of a version is not to be mentioned: `allowedDeprecatedVersions`.
    #[must_use]
    pub fn is_deprecation_allowed(&self, name: &str, version: &str) -> bool {
        self.allowed_deprecated
            .get(name)
            .is_some_and(|range| Version::parse(version).is_ok_and(|version| range.satisfies(&version)))
    }

    /// For packages with a `name@` override, the ranges that the manifests seen so far declare: what a check for
    /// overrides that have grown stale starts from. Complete only after a resolution that reused nothing.
    #[must_use]
    pub fn converging_ranges(&self) -> DeclaredRanges {
        self.converging_ranges.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether something may apply to a manifest. It may answer `true` where in the end nothing does.
    fn changes(&self, manifest: &PackageManifest) -> bool {
        let extended = |extensions: &Extensions| extensions.concern(&manifest.name, &manifest.version);
        if self.compatibility.is_some_and(extended) || extended(&self.extensions) {
            return true;
        }
        if !self.overrides.is_empty()
            && groups_of(manifest).any(|(alias, _)| self.overrides.may_replace(alias))
        {
            return true;
        }
        !self.ignored_optional.is_empty()
            && manifest.optional_dependencies.keys().any(|alias| self.ignored_optional.matches(alias))
    }

    fn rewrite(&self, manifest: &mut PackageManifest, base: Base<'_>) {
        extend(&self.extensions, manifest);
        let owner = Owner {
            name: Some(&*manifest.name).filter(|name| !name.is_empty()),
            version: Some(&*manifest.version).filter(|version| !version.is_empty()),
            base,
        };
        let mut groups = Groups {
            dependencies: &mut manifest.dependencies,
            optional: &mut manifest.optional_dependencies,
            development: &mut manifest.dev_dependencies,
            peers: &mut manifest.peer_dependencies,
        };
        self.overrides.apply(&mut groups, owner);
        self.leave_out_optional(manifest);
    }

    /// An optional dependency that is ignored goes from `dependencies` as well, where many tools write it too.
    fn leave_out_optional(&self, manifest: &mut PackageManifest) {
        if self.ignored_optional.is_empty() {
            return;
        }
        let dependencies = &mut manifest.dependencies;
        manifest.optional_dependencies.retain(|alias, _| {
            let stays = !self.ignored_optional.matches(alias);
            if !stays {
                dependencies.shift_remove(alias);
            }
            stays
        });
    }

    fn note_converging(&self, manifest: &PackageManifest) {
        if self.overrides.converging().next().is_none() {
            return;
        }
        let owner =
            Owner { name: Some(&manifest.name), version: Some(&manifest.version), base: Base::Importer(".") };
        for (alias, specifier) in groups_of(manifest) {
            if self.overrides.leaves_to_convergence(alias, specifier, owner) {
                let mut ranges = self.converging_ranges.lock().unwrap_or_else(PoisonError::into_inner);
                ranges.entry(Arc::clone(alias)).or_default().insert(Arc::clone(specifier));
            }
        }
    }
}

fn extend(extensions: &Extensions, manifest: &mut PackageManifest) {
    let mut groups = Extended {
        dependencies: &mut manifest.dependencies,
        optional: &mut manifest.optional_dependencies,
        peers: &mut manifest.peer_dependencies,
        peers_meta: &mut manifest.peer_dependencies_meta,
    };
    extensions.apply(&manifest.name, &manifest.version, &mut groups);
}

impl From<bool> for PeerMeta {
    fn from(optional: bool) -> Self {
        Self { optional }
    }
}

fn groups_of(manifest: &PackageManifest) -> impl Iterator<Item = (&Arc<str>, &Arc<str>)> {
    manifest
        .dependencies
        .iter()
        .chain(&manifest.optional_dependencies)
        .chain(&manifest.dev_dependencies)
        .chain(&manifest.peer_dependencies)
}

#[cfg(test)]
#[path = "rewriter_tests.rs"]
mod tests;
