//! The part of a package's manifest that resolution and the lockfile need.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use crate::core::lockfile::{BundledDependencies, OneOrMany};

/// `name → specifier`, in the manifest's order.
pub type Specifiers = IndexMap<Arc<str>, Arc<str>, FxBuildHasher>;

/// A package's manifest, reduced to what decides about versions, platforms and lockfile entries. Registry documents,
/// the manifests of folders and of downloaded tarballs are all brought into this shape.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackageManifest {
    /// `name`.
    pub name: Arc<str>,
    /// `version`.
    pub version: Arc<str>,
    /// `dependencies`.
    pub dependencies: Specifiers,
    /// `optionalDependencies`.
    pub optional_dependencies: Specifiers,
    /// `devDependencies`; only of projects, empty for packages of a registry.
    pub dev_dependencies: Specifiers,
    /// `peerDependencies`.
    pub peer_dependencies: Specifiers,
    /// `peerDependenciesMeta`.
    pub peer_dependencies_meta: IndexMap<Arc<str>, PeerMeta, FxBuildHasher>,
    /// `dependenciesMeta.<alias>.injected`.
    pub injected: IndexMap<Arc<str>, bool, FxBuildHasher>,
    /// `bundledDependencies` or `bundleDependencies`.
    pub bundled_dependencies: Option<BundledDependencies>,
    /// `engines`: engine → range.
    pub engines: Specifiers,
    /// `os`.
    pub os: Option<OneOrMany>,
    /// `cpu`.
    pub cpu: Option<OneOrMany>,
    /// `libc`.
    pub libc: Option<OneOrMany>,
    /// `deprecated`: why it should no longer be used; empty texts and `false` count as absent.
    pub deprecated: Option<Arc<str>>,
    /// It has executables (`bin`, or `directories.bin`).
    pub has_bin: bool,
    /// `publishConfig.directory`, unless `publishConfig.linkDirectory` is `false`.
    pub publish_directory: Option<Arc<str>>,
}

/// An entry of `peerDependenciesMeta`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeerMeta {
    /// It may be absent.
    pub optional: bool,
}
