//! The shape of `pnpm-lock.yaml` version 9 in memory, field for field.
//!
//! Every key of the format has its field; keys that this version does not know are kept in `other`, in the order they
//! stood. Nothing here decides anything: reading is `parse`, judging is `validate` and `freshness`.

use super::resolution::Resolution;
use crate::core::manifest::{BundledDependencies, OneOrMany};
use indexmap::IndexMap;
use serde_json::Value;

/// Keys that this version does not know, in the order they stood.
pub type Other = Vec<(String, Value)>;

/// `alias → reference` of a snapshot; [`reference`](super::reference) reads the value.
pub type References = IndexMap<String, String>;

/// The whole file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lockfile {
    /// `lockfileVersion`, such as `9.0`.
    pub version: String,
    /// `settings`: what the resolution was made under. Absent in files that old tools pruned.
    pub settings: Option<LockfileSettings>,
    /// `catalogs`: catalog → alias → entry, only entries that some importer uses.
    pub catalogs: IndexMap<String, IndexMap<String, CatalogEntry>>,
    /// `overrides`: selector → value, in the order they were declared.
    pub overrides: IndexMap<String, String>,
    /// `packageExtensionsChecksum`, such as `sha256-…`.
    pub package_extensions_checksum: Option<String>,
    /// `pnpmfileChecksum`, such as `sha256-…`.
    pub pnpmfile_checksum: Option<String>,
    /// `patchedDependencies`: selector → SHA-256 of the patch file, in hexadecimal digits.
    pub patched_dependencies: IndexMap<String, String>,
    /// `importers`: the projects, by their path from the lockfile's folder (`.` is the folder itself).
    pub importers: IndexMap<String, Importer>,
    /// `packages`: package id (no peers, no patch) → what is known of it.
    pub packages: IndexMap<String, PackageMetadata>,
    /// `ignoredOptionalDependencies`, in the order they were declared.
    pub ignored_optional_dependencies: Vec<String>,
    /// `snapshots`: dep path → edges of the graph. Positions in this map name snapshots elsewhere.
    pub snapshots: IndexMap<String, Snapshot>,
    /// `time`: package id → when it was published.
    pub time: IndexMap<String, String>,
    /// Keys this version does not know.
    pub other: Other,
    /// A YAML document that stood before the lockfile (pnpm records its own package manager there), verbatim, without
    /// the `---` lines around it.
    pub environment_document: Option<String>,
}

impl Lockfile {
    /// File name of the lockfile beside `package.json`.
    pub const FILE_NAME: &'static str = "pnpm-lock.yaml";

    /// What is known of the package behind a snapshot.
    #[must_use]
    pub fn metadata(&self, dep_path: &str) -> Option<&PackageMetadata> {
        self.packages.get(super::package_id(dep_path))
    }
}

/// `settings`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LockfileSettings {
    /// `autoInstallPeers`.
    pub auto_install_peers: Option<bool>,
    /// `dedupePeers`; written only when on.
    pub dedupe_peers: Option<bool>,
    /// `excludeLinksFromLockfile`.
    pub exclude_links_from_lockfile: Option<bool>,
    /// `injectWorkspacePackages`; written only when on.
    pub inject_workspace_packages: Option<bool>,
    /// `peersSuffixMaxLength`; written only when it is not 1000.
    pub peers_suffix_max_length: Option<u64>,
    /// Keys this version does not know.
    pub other: Other,
}

/// An entry of `catalogs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogEntry {
    /// The specifier of the catalog.
    pub specifier: String,
    /// The version it was resolved to.
    pub version: String,
    /// Keys this version does not know.
    pub other: Other,
}

/// A project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Importer {
    /// `dependencies`, by alias.
    pub dependencies: IndexMap<String, ImporterDependency>,
    /// `devDependencies`, by alias.
    pub dev_dependencies: IndexMap<String, ImporterDependency>,
    /// `optionalDependencies`, by alias.
    pub optional_dependencies: IndexMap<String, ImporterDependency>,
    /// `dependenciesMeta`, as package.json has it.
    pub dependencies_meta: Option<Value>,
    /// `publishDirectory`.
    pub publish_directory: Option<String>,
    /// Keys this version does not know.
    pub other: Other,
}

/// A direct dependency of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImporterDependency {
    /// The specifier of package.json, overrides applied.
    pub specifier: String,
    /// A reference ([`reference`](super::reference) reads it): version with peers, dep path, or `link:…` relative to
    /// the importer's folder.
    pub version: String,
    /// Keys this version does not know.
    pub other: Other,
}

/// An entry of `packages`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageMetadata {
    /// Where its files come from.
    pub resolution: Resolution,
    /// `id`, where it is not the key.
    pub id: Option<String>,
    /// `name`, where the key does not tell it.
    pub name: Option<String>,
    /// `version`, where the key does not tell it (tarballs, git).
    pub version: Option<String>,
    /// `engines`: engine → range.
    pub engines: IndexMap<String, String>,
    /// `cpu`.
    pub cpu: Option<OneOrMany>,
    /// `os`.
    pub os: Option<OneOrMany>,
    /// `libc`.
    pub libc: Option<OneOrMany>,
    /// Why it is deprecated.
    pub deprecated: Option<String>,
    /// `hasBin`: it has executables.
    pub has_bin: bool,
    /// `prepare`: it must be built before it is packed.
    pub prepare: bool,
    /// `requiresBuild`: it has install scripts.
    pub requires_build: bool,
    /// `bundledDependencies` (or `bundleDependencies`).
    pub bundled_dependencies: Option<BundledDependencies>,
    /// `peerDependencies`: name → range.
    pub peer_dependencies: IndexMap<String, String>,
    /// `peerDependenciesMeta`: name → whether it is optional.
    pub peer_dependencies_meta: IndexMap<String, PeerDependencyMeta>,
    /// Keys this version does not know.
    pub other: Other,
}

/// An entry of `peerDependenciesMeta`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PeerDependencyMeta {
    /// It may be absent.
    pub optional: bool,
    /// Keys this version does not know.
    pub other: Other,
}

/// An entry of `snapshots`: one slot of the virtual store.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// `id`, where it is not the key.
    pub id: Option<String>,
    /// `dependencies`: alias → reference.
    pub dependencies: References,
    /// `optionalDependencies`: alias → reference.
    pub optional_dependencies: References,
    /// Reached only through optional dependencies.
    pub optional: bool,
    /// Peers that its dependencies miss, by name.
    pub transitive_peer_dependencies: Vec<String>,
    /// A patch is applied to it.
    pub patched: bool,
    /// Keys this version does not know.
    pub other: Other,
}

impl Snapshot {
    /// Its edges as (alias, reference, optional). An optional dependency shadows a plain one of the same alias.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let plain = self
            .dependencies
            .iter()
            .filter(|(alias, _)| !self.optional_dependencies.contains_key(*alias))
            .map(|(alias, to)| (alias.as_str(), to.as_str(), false));
        let optional =
            self.optional_dependencies.iter().map(|(alias, to)| (alias.as_str(), to.as_str(), true));
        plain.chain(optional)
    }
}
