//! What a specifier was resolved to.

use std::sync::Arc;

use super::manifest::PackageManifest;
use crate::core::lockfile::Resolution;

/// A package that a specifier was resolved to.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// The key of the lockfile's `packages`, such as `name@1.0.0`, `name@file:x`, `name@https://…`; `link:…` (from the
    /// lockfile's folder) for a folder that is only linked.
    pub id: Arc<str>,
    /// Its real name, the alias aside.
    pub name: Arc<str>,
    /// Its version, as its manifest has it.
    pub version: Option<Arc<str>>,
    /// Where its files come from.
    pub source: Source,
    /// Its manifest, untouched by overrides and extensions.
    pub manifest: Arc<PackageManifest>,
    /// By which way it was found.
    pub via: Via,
    /// What the registry's `latest` tag points at.
    pub latest: Option<Arc<str>>,
    /// When this version was published, as the registry writes it.
    pub published_at: Option<Arc<str>>,
    /// The specifier to be written into the manifest when the command changes it (`add`, `update`).
    pub normalized_specifier: Option<Arc<str>>,
    /// The alias, where the specifier alone told it (`add ./folder`).
    pub alias: Option<Arc<str>>,
    /// A policy that it violates and that lets it pass all the same, or not: the caller decides.
    pub violation: Option<PolicyViolation>,
    /// Bytes of its files and their number, where the registry told; orders downloads.
    pub unpacked_size: Option<u64>,
    /// Number of its files, where the registry told.
    pub file_count: Option<u64>,
}

impl Resolved {
    /// Whether packages of other people may not ask for it ([`Via::is_exotic`]).
    #[must_use]
    pub fn is_exotic(&self) -> bool {
        self.via.is_exotic()
    }
}

/// Where the files of a resolved package come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A package with files of its own, as the lockfile records it.
    Package {
        /// What the lockfile records.
        resolution: Resolution,
        /// The URL to download from now, if it is a tarball; the lockfile may leave it out.
        tarball: Option<Arc<str>>,
    },
    /// A folder that is linked. Nothing of it is resolved.
    Link {
        /// Path from the lockfile's folder, with `/`.
        directory: Arc<str>,
    },
}

/// By which way a package was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A registry.
    Registry,
    /// The `@jsr` registry by a `jsr:` specifier.
    Jsr,
    /// A registry by the prefix of a specifier.
    NamedRegistry,
    /// A project of the workspace.
    Workspace,
    /// A folder or tarball on this machine.
    Local,
    /// A tarball at a URL.
    Url,
    /// A git repository.
    Git,
}

impl Via {
    /// Whether packages of other people may not ask for packages of this kind (`blockExoticSubdeps`): they would come
    /// from a place that the registry knows nothing of.
    #[must_use]
    pub fn is_exotic(self) -> bool {
        match self {
            Self::Url | Self::Git => true,
            Self::Registry | Self::Jsr | Self::NamedRegistry | Self::Workspace | Self::Local => false,
        }
    }
}

/// A policy of the settings that a package violates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyViolation {
    /// `MINIMUM_RELEASE_AGE_VIOLATION`, `TRUST_DOWNGRADE`.
    pub code: &'static str,
    /// Why, as a sentence.
    pub reason: String,
}
