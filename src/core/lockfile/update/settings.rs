//! The settings that a lockfile records, changed where that cannot matter.

use super::references::groups;
use super::request::UpdateRequest;
use crate::core::lockfile::freshness::further;
use crate::core::lockfile::model::{Importer, Lockfile, LockfileSettings};
use crate::core::lockfile::{FreshnessSettings, Reference, package_id, reference, split};
use crate::core::manifest::Manifest;
use serde_json::Value;

/// pnpm's `peersSuffixMaxLength` where nothing is configured; not recorded.
const DEFAULT_SUFFIX_LENGTH: u64 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Setting {
    /// One that decides how peers are resolved or written.
    Peers,
    /// `excludeLinksFromLockfile`.
    ExcludeLinks,
    /// `injectWorkspacePackages`.
    Inject,
}

/// Whether some recorded setting is another one now.
pub(super) fn changed(lockfile: &Lockfile, settings: &FreshnessSettings) -> bool {
    !changes(lockfile, settings).is_empty() || further(lockfile, settings).any(|(_, agrees)| !agrees)
}

/// Records the settings. `None` when one that changed may make a difference to the graph as it is now.
#[must_use]
pub(super) fn apply(lockfile: &mut Lockfile, request: &UpdateRequest<'_>) -> Option<()> {
    let settings = request.settings;
    let harmless = |setting: Setting| match setting {
        Setting::Peers => has_no_peers(lockfile, request),
        Setting::ExcludeLinks => has_no_links(lockfile, request),
        Setting::Inject => has_nothing_to_inject(lockfile, request),
    };
    let further = further(lockfile, settings).all(|(_, agrees)| agrees);
    if !further || !changes(lockfile, settings).into_iter().all(harmless) {
        return None;
    }
    lockfile.settings = Some(LockfileSettings {
        auto_install_peers: Some(settings.auto_install_peers),
        dedupe_peers: settings.dedupe_peers.then_some(true),
        exclude_links_from_lockfile: Some(settings.exclude_links_from_lockfile),
        inject_workspace_packages: settings.inject_workspace_packages.then_some(true),
        peers_suffix_max_length: Some(settings.peers_suffix_max_length)
            .filter(|length| *length != DEFAULT_SUFFIX_LENGTH),
        other: lockfile.settings.take().map_or_else(Vec::new, |recorded| recorded.other),
    });
    Some(())
}

fn changes(lockfile: &Lockfile, settings: &FreshnessSettings) -> Vec<Setting> {
    let none = LockfileSettings::default();
    let recorded = lockfile.settings.as_ref().unwrap_or(&none);
    let is_other = |recorded: Option<bool>, now: bool| recorded.is_some_and(|recorded| recorded != now);
    let checks = [
        (Setting::Peers, is_other(recorded.auto_install_peers, settings.auto_install_peers)),
        (Setting::Peers, recorded.dedupe_peers.unwrap_or(false) != settings.dedupe_peers),
        (
            Setting::ExcludeLinks,
            is_other(recorded.exclude_links_from_lockfile, settings.exclude_links_from_lockfile),
        ),
        (
            Setting::Peers,
            recorded.peers_suffix_max_length.unwrap_or(DEFAULT_SUFFIX_LENGTH)
                != settings.peers_suffix_max_length,
        ),
        (
            Setting::Inject,
            recorded.inject_workspace_packages.unwrap_or(false) != settings.inject_workspace_packages,
        ),
    ];
    checks.into_iter().filter(|(_, changed)| *changed).map(|(setting, _)| setting).collect()
}

fn has_no_peers(lockfile: &Lockfile, request: &UpdateRequest<'_>) -> bool {
    let no_package_has = lockfile
        .packages
        .values()
        .all(|metadata| metadata.peer_dependencies.is_empty() && metadata.peer_dependencies_meta.is_empty());
    let no_snapshot_has = lockfile.snapshots.iter().all(|(key, snapshot)| {
        split(key).peers.is_empty() && snapshot.transitive_peer_dependencies.is_empty()
    });
    no_package_has
        && no_snapshot_has
        && request.projects.iter().all(|(_, manifest)| manifest.peer_dependencies.is_empty())
}

/// Dependencies by the `workspace:` protocol are recorded whatever the setting.
fn has_no_links(lockfile: &Lockfile, request: &UpdateRequest<'_>) -> bool {
    !lockfile.importers.values().any(has_directory)
        && request.projects.iter().all(|(_, manifest)| {
            specifiers(manifest).all(|(alias, specifier)| {
                specifier.starts_with("workspace:") || !is_directory_dependency(alias, specifier, request)
            })
        })
}

fn has_nothing_to_inject(lockfile: &Lockfile, request: &UpdateRequest<'_>) -> bool {
    let injects = |manifest: &Manifest| {
        manifest
            .dependencies_meta
            .iter()
            .flat_map(serde_json::Map::values)
            .any(|meta| meta.get("injected").and_then(Value::as_bool).unwrap_or(false))
    };
    !lockfile.importers.values().any(has_directory)
        && request.projects.iter().all(|(_, manifest)| {
            !injects(manifest)
                && specifiers(manifest)
                    .all(|(alias, specifier)| !is_directory_dependency(alias, specifier, request))
        })
}

/// Whether a dependency leads to a folder or file rather than to a version of a registry. The name of a project may,
/// whatever the range.
pub(super) fn is_directory_dependency(alias: &str, specifier: &str, request: &UpdateRequest<'_>) -> bool {
    ["workspace:", "link:", "file:"].iter().any(|protocol| specifier.starts_with(protocol))
        || request.projects.iter().any(|(_, manifest)| manifest.name.as_deref() == Some(alias))
}

fn has_directory(importer: &Importer) -> bool {
    groups(importer).into_iter().flatten().any(|(alias, dependency)| {
        match reference(alias, &dependency.version) {
            Reference::Link(_) => true,
            Reference::Package(dep_path) => split(package_id(&dep_path)).version.starts_with("file:"),
        }
    })
}

fn specifiers(manifest: &Manifest) -> impl Iterator<Item = (&String, &String)> {
    manifest.dependencies.iter().chain(&manifest.dev_dependencies).chain(&manifest.optional_dependencies)
}
