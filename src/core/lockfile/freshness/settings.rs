//! The settings that a lockfile depends on, and whether it was made under the same (`ERR_PNPM_LOCKFILE_CONFIG_MISMATCH`).

use super::checksum::package_extensions_checksum;
use super::git_specifier::specifiers_agree;
use crate::core::lockfile::error::LockfileError;
use crate::core::lockfile::model::Lockfile;
use crate::core::lockfile::specifiers::{CatalogEntries, Overrides};
use indexmap::IndexMap;
use serde_json::Value;

/// The settings of the project that a lockfile depends on.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of pnpm's, under its own name")]
pub struct FreshnessSettings {
    /// `catalog` and `catalogs`: catalog → alias → specifier. The unnamed one is `default`.
    pub catalogs: CatalogEntries,
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
    /// What the lockfile has to say of further settings (`lockfile.includeResolutionSettings`).
    pub recorded: Vec<(&'static str, Value)>,
    /// Settings that are on and that a lockfile is resolved under, though not by this version.
    pub unsupported: Vec<&'static str>,
    /// The manifests are all there are, so an importer without one is a project that was removed.
    pub all_projects: bool,
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
            recorded: Vec::new(),
            unsupported: Vec::new(),
            all_projects: false,
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

/// Compares the settings in pnpm's order, since only the first that differs is told.
pub(super) fn check_settings(
    lockfile: &Lockfile,
    settings: &FreshnessSettings,
    overrides: &Overrides,
) -> Result<(), LockfileError> {
    let recorded = lockfile.settings.as_ref();
    let checks: [(&'static str, bool); 11] = [
        ("catalogs", catalogs_agree(lockfile, settings)),
        ("overrides", overrides.agree_with(&lockfile.overrides)),
        (
            "packageExtensionsChecksum",
            lockfile.package_extensions_checksum
                == settings.package_extensions.as_ref().and_then(package_extensions_checksum),
        ),
        (
            "ignoredOptionalDependencies",
            sorted(&lockfile.ignored_optional_dependencies)
                == sorted(&settings.ignored_optional_dependencies),
        ),
        // The order of these says nothing, and maps compare without it.
        ("patchedDependencies", lockfile.patched_dependencies == settings.patched_dependencies),
        (
            "settings.autoInstallPeers",
            recorded
                .and_then(|recorded| recorded.auto_install_peers)
                .is_none_or(|recorded| recorded == settings.auto_install_peers),
        ),
        (
            "settings.dedupePeers",
            recorded.and_then(|recorded| recorded.dedupe_peers).unwrap_or(false) == settings.dedupe_peers,
        ),
        (
            "settings.excludeLinksFromLockfile",
            recorded
                .and_then(|recorded| recorded.exclude_links_from_lockfile)
                .is_none_or(|recorded| recorded == settings.exclude_links_from_lockfile),
        ),
        (
            "settings.peersSuffixMaxLength",
            recorded.and_then(|recorded| recorded.peers_suffix_max_length).unwrap_or(1000)
                == settings.peers_suffix_max_length,
        ),
        (
            "pnpmfileChecksum",
            match &settings.pnpmfile_checksum {
                PnpmfileChecksum::Unknown => true,
                PnpmfileChecksum::Absent => lockfile.pnpmfile_checksum.is_none(),
                PnpmfileChecksum::Present(checksum) => lockfile.pnpmfile_checksum.as_ref() == Some(checksum),
            },
        ),
        (
            "settings.injectWorkspacePackages",
            recorded.and_then(|recorded| recorded.inject_workspace_packages).unwrap_or(false)
                == settings.inject_workspace_packages,
        ),
    ];
    let all = checks.into_iter().chain(further(lockfile, settings));
    match all.into_iter().find(|(_, agrees)| !agrees) {
        Some((setting, _)) => Err(LockfileError::ConfigMismatch { setting }),
        None => Ok(()),
    }
}

/// The settings that few lockfiles speak of, and whether they are as they were.
pub(in crate::core::lockfile) fn further<'a>(
    lockfile: &'a Lockfile,
    settings: &'a FreshnessSettings,
) -> impl Iterator<Item = (&'static str, bool)> + 'a {
    let recorded = |key: &str| {
        let other = lockfile.settings.as_ref().map_or(&[][..], |recorded| &recorded.other);
        other.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    };
    let only_when_on = [
        ("settings.addMissingPeerTypes", "addMissingPeerTypes"),
        ("settings.projectScopedOptionalPeers", "projectScopedOptionalPeers"),
    ];
    let only_when_on = only_when_on.into_iter().map(move |(setting, key)| {
        (setting, (recorded(key) == Some(&Value::Bool(true))) == settings.unsupported.contains(&key))
    });
    let on_request = settings.recorded.iter();
    only_when_on.chain(on_request.map(move |(key, value)| (*key, recorded(key) == Some(value))))
}

/// Every entry that the lockfile used is still what the project's catalogs say.
fn catalogs_agree(lockfile: &Lockfile, settings: &FreshnessSettings) -> bool {
    lockfile.catalogs.iter().all(|(name, entries)| {
        let current = settings.catalogs.get(name);
        entries.iter().all(|(alias, entry)| {
            current
                .and_then(|catalog| catalog.get(alias))
                .is_some_and(|specifier| specifiers_agree(&entry.specifier, specifier))
        })
    })
}

fn sorted(names: &[String]) -> Vec<&String> {
    let mut names: Vec<_> = names.iter().collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::lockfile::model::LockfileSettings;

    fn differing(recorded: &[(&str, Value)], settings: &FreshnessSettings) -> Vec<&'static str> {
        let other = recorded.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let recorded = LockfileSettings { other, ..LockfileSettings::default() };
        let lockfile = Lockfile { settings: Some(recorded), ..Lockfile::default() };
        further(&lockfile, settings).filter(|(_, agrees)| !agrees).map(|(setting, _)| setting).collect()
    }

    #[test]
    fn what_is_recorded_only_when_on_has_to_be_on_in_both_or_in_none() {
        let on = FreshnessSettings {
            unsupported: vec!["projectScopedOptionalPeers"],
            ..FreshnessSettings::default()
        };
        let recorded = [("projectScopedOptionalPeers", Value::Bool(true))];
        assert_eq!(differing(&recorded, &on), [""; 0]);
        assert_eq!(differing(&[], &on), ["settings.projectScopedOptionalPeers"]);
        assert_eq!(
            differing(&recorded, &FreshnessSettings::default()),
            ["settings.projectScopedOptionalPeers"]
        );
    }

    #[test]
    fn what_is_recorded_on_request_is_compared_on_request() {
        let asked = FreshnessSettings {
            recorded: vec![("dedupePeerDependents", Value::Bool(true))],
            ..FreshnessSettings::default()
        };
        let recorded = [("dedupePeerDependents", Value::Bool(false))];
        assert_eq!(differing(&recorded, &asked), ["dedupePeerDependents"]);
        assert_eq!(differing(&[], &asked), ["dedupePeerDependents"]);
        assert_eq!(differing(&recorded, &FreshnessSettings::default()), [""; 0]);
    }
}
