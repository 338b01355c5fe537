//! The settings as the workspace state records them, by pnpm's names (pnpm: `settings_match` of
//! `optimistic_repeat_install/settings.rs`). What is recorded only when somebody set it has no key otherwise.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::core::config::{Config, LinkWorkspacePackages, Sourced, TrustPolicy};
use crate::core::lockfile::CatalogEntries;
use crate::core::manifest::Manifest;
use crate::core::path::without_dots;

/// The settings in effect. `root` is the manifest beside the lockfile, which overrides may refer to; `catalogs` is what
/// has become of those of the settings, if the run has changed them.
pub fn recorded_settings(
    config: &Config,
    catalogs: Option<&CatalogEntries>,
    root: Option<&Manifest>,
) -> Map<String, Value> {
    let mut record = Record::default();
    general(&mut record, config);
    resolution(&mut record, config, root);
    record.put("catalogs", json!(sorted_catalogs(catalogs.unwrap_or(&config.catalogs))));
    policies(&mut record, config);
    record.done()
}

/// What grows into the map; its keys are sorted at the end.
#[derive(Default)]
struct Record(BTreeMap<&'static str, Value>);

impl Record {
    fn put(&mut self, key: &'static str, value: impl Into<Value>) {
        self.0.insert(key, value.into());
    }

    /// A list that is absent unless somebody set it.
    fn list(&mut self, key: &'static str, list: &Sourced<Vec<String>>) {
        if list.is_explicit() {
            self.put(key, list.value.clone());
        }
    }

    fn done(self) -> Map<String, Value> {
        let entries = self.0.into_iter();
        entries.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

fn general(record: &mut Record, config: &Config) {
    let included = &config.included;
    record.put("dev", included.dev_dependencies);
    record.put("optional", included.optional_dependencies);
    record.put("production", included.dependencies);
    record.put("nodeLinker", config.node_linker.name());
    if let Some(pattern) = &config.hoist_pattern.value {
        record.put("hoistPattern", pattern.clone());
    }
    if let Some(pattern) = &config.public_hoist_pattern.value {
        record.put("publicHoistPattern", pattern.clone());
    }
    record.put("hoistWorkspacePackages", *config.hoist_workspace_packages);
    record.put("virtualStoreDirMaxLength", *config.virtual_store_dir_max_length);
    if *config.enable_global_virtual_store {
        record.put("enableGlobalVirtualStore", true);
    }
    if config.store_dir.is_explicit() {
        record.put("storeDir", without_dots(&config.store_dir).display().to_string());
    }
    if config.virtual_store_dir.is_explicit() {
        record.put("virtualStoreDir", without_dots(&config.virtual_store_dir).display().to_string());
    }
    let routes = config.registries.scopes.iter();
    let routes: BTreeMap<&str, &str> = routes.map(|(scope, url)| (scope.as_str(), url.as_str())).collect();
    record.put("registryRoutes", json!(routes));
    if let Some(folder) = &config.workspace_dir {
        // A file of settings alone makes a workspace of the one project beside it.
        if folder.join("pnpm-workspace.yaml").exists() {
            let patterns = config.workspace_packages.value.clone();
            record.put("workspacePackagePatterns", patterns.unwrap_or_else(|| vec![".".to_owned()]));
        }
    }
    let architectures = &config.supported_architectures;
    if architectures.is_explicit() {
        let lists = [("os", &architectures.os), ("cpu", &architectures.cpu), ("libc", &architectures.libc)];
        let given: BTreeMap<&str, &Vec<String>> =
            lists.into_iter().filter(|(_, list)| !list.is_empty()).collect();
        record.put("supportedArchitectures", json!(given));
    }
}

fn resolution(record: &mut Record, config: &Config, root: Option<&Manifest>) {
    for setting in &config.unsupported.resolution {
        record.put(setting, true);
    }
    if config.lockfile_records_settings {
        record.put("lockfileIncludeResolutionSettings", true);
    }
    record.put("autoInstallPeers", *config.auto_install_peers);
    record.put("dedupeDirectDeps", *config.dedupe_direct_deps);
    record.put("dedupeInjectedDeps", *config.dedupe_injected_deps);
    record.put("dedupePeerDependents", *config.dedupe_peer_dependents);
    record.put("dedupePeers", *config.dedupe_peers);
    record.put("excludeLinksFromLockfile", *config.exclude_links_from_lockfile);
    record.put("injectWorkspacePackages", *config.inject_workspace_packages);
    record.put(
        "linkWorkspacePackages",
        match *config.link_workspace_packages {
            LinkWorkspacePackages::No => json!(false),
            LinkWorkspacePackages::Direct => json!(true),
            LinkWorkspacePackages::Deep => json!("deep"),
        },
    );
    record.put("preferWorkspacePackages", *config.prefer_workspace_packages);
    record.put("peersSuffixMaxLength", *config.peers_suffix_max_length);
    record.list("ignoredOptionalDependencies", &config.ignored_optional_dependencies);
    if !config.overrides.is_empty() {
        let overrides: BTreeMap<&str, &str> = config
            .overrides
            .iter()
            .map(|(selector, value)| (selector.as_str(), referred(value, root)))
            .collect();
        record.put("overrides", json!(overrides));
    }
    if !config.package_extensions.is_null() {
        record.put("packageExtensions", sorted(&config.package_extensions));
    }
    if !config.patched_dependencies.is_empty() {
        record.put("patchedDependencies", json!(config.patched_dependencies.value));
    }
}

fn policies(record: &mut Record, config: &Config) {
    if !config.allow_builds.is_empty() {
        let rules: BTreeMap<&String, &bool> = config.allow_builds.iter().collect();
        record.put("allowBuilds", json!(rules));
    }
    record.put("dangerouslyAllowAllBuilds", *config.dangerously_allow_all_builds);
    record.put("minimumReleaseAge", *config.minimum_release_age);
    record.put("minimumReleaseAgeIgnoreMissingTime", *config.minimum_release_age_ignore_missing_time);
    record.list("minimumReleaseAgeExclude", &config.minimum_release_age_exclude);
    if config.minimum_release_age.is_explicit() || config.minimum_release_age_strict.is_explicit() {
        record.put("minimumReleaseAgeStrict", *config.minimum_release_age_strict);
    }
    if *config.trust_lockfile {
        record.put("trustLockfile", true);
    }
    if config.trust_policy.is_explicit() {
        record.put(
            "trustPolicy",
            match *config.trust_policy {
                TrustPolicy::Off => "off",
                TrustPolicy::NoDowngrade => "no-downgrade",
            },
        );
    }
    record.list("trustPolicyExclude", &config.trust_policy_exclude);
    if let Some(minutes) = *config.trust_policy_ignore_after {
        record.put("trustPolicyIgnoreAfter", minutes);
    }
}

/// `$name` stands for what the root project asks of `name`.
fn referred<'a>(value: &'a str, root: Option<&'a Manifest>) -> &'a str {
    let found = value.strip_prefix('$').and_then(|name| {
        let root = root?;
        let groups = [&root.dependencies, &root.dev_dependencies, &root.optional_dependencies];
        groups.into_iter().find_map(|group| group.get(name))
    });
    found.map_or(value, String::as_str)
}

fn sorted_catalogs(catalogs: &CatalogEntries) -> BTreeMap<&str, BTreeMap<&str, &str>> {
    let catalogs = catalogs.iter().map(|(name, entries)| {
        let entries = entries.iter().map(|(alias, specifier)| (alias.as_str(), specifier.as_str()));
        (name.as_str(), entries.collect())
    });
    catalogs.collect()
}

/// The value with the keys of all its maps in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let entries: BTreeMap<&String, Value> =
                entries.iter().map(|(key, value)| (key, sorted(value))).collect();
            json!(entries)
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
