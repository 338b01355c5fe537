//! The effective settings as lines to show, each with where its value came from. Secrets never stand here.

use super::origin::{Origin, Sourced};
use super::registries::without_secrets;
use super::settings::{Config, Included};
use crate::core::event::SettingLine;

impl Config {
    /// The settings worth showing: those that decide where time goes, and all that somebody set.
    #[must_use]
    pub fn settings(&self) -> Vec<SettingLine> {
        let mut lines = Lines(Vec::new());
        lines.always("networkConcurrency", &self.network_concurrency, ToString::to_string);
        lines.always("extractThreads", &self.extract_threads, ToString::to_string);
        lines.always("linkThreads", &self.link_threads, ToString::to_string);
        lines.always("linkMode", &self.link_mode, |mode| mode.name().to_owned());
        lines.always("packageImportMethod", &self.import_method, |method| method.name().to_owned());
        lines.always("nodeLinker", &self.node_linker, |linker| linker.name().to_owned());
        lines.always("storeDir", &self.store_dir, |dir| dir.display().to_string());
        lines.always("cacheDir", &self.cache_dir, |dir| dir.display().to_string());
        lines.always("virtualStoreDir", &self.virtual_store_dir, |dir| dir.display().to_string());
        lines.always("registry", &self.registries.default, |url| without_secrets(url));
        for (scope, url) in &self.registries.scopes {
            lines.when_set(&format!("{scope}:registry"), url, |url| without_secrets(url));
        }
        lines.always("offline", &self.offline, ToString::to_string);
        lines.always("preferOffline", &self.prefer_offline, ToString::to_string);
        lines.always("frozenLockfile", &self.frozen_lockfile, |frozen| match frozen {
            Some(frozen) => frozen.to_string(),
            None => "when the lockfile allows".to_owned(),
        });
        lines.always("ignoreScripts", &self.ignore_scripts, ToString::to_string);
        lines.always("verifyStoreIntegrity", &self.verify_store_integrity, ToString::to_string);
        lines.always("fetchRetries", &self.fetch_retries, ToString::to_string);
        lines.always("fetchTimeout", &self.fetch_timeout, ToString::to_string);
        lines.when_set("included", &self.included, |included| kinds(*included));
        self.settings_when_set(&mut lines);
        if !self.credentials.is_empty() {
            lines.push("credentials", format!("{} (hidden)", self.credentials.len()), &Origin::Default);
        }
        lines.0
    }

    fn settings_when_set(&self, lines: &mut Lines) {
        for (name, value) in [
            ("autoInstallPeers", &self.auto_install_peers),
            ("blockExoticSubdeps", &self.block_exotic_subdeps),
            ("dangerouslyAllowAllBuilds", &self.dangerously_allow_all_builds),
            ("dedupeDirectDeps", &self.dedupe_direct_deps),
            ("dedupePeerDependents", &self.dedupe_peer_dependents),
            ("dedupePeers", &self.dedupe_peers),
            ("enableGlobalVirtualStore", &self.enable_global_virtual_store),
            ("enableModulesDir", &self.enable_modules_dir),
            ("engineStrict", &self.engine_strict),
            ("excludeLinksFromLockfile", &self.exclude_links_from_lockfile),
            ("extendNodePath", &self.extend_node_path),
            ("hoist", &self.hoist),
            ("injectWorkspacePackages", &self.inject_workspace_packages),
            ("lockfile", &self.lockfile),
            ("optimisticRepeatInstall", &self.optimistic_repeat_install),
            ("preferFrozenLockfile", &self.prefer_frozen_lockfile),
            ("recursiveInstall", &self.recursive_install),
            ("sharedWorkspaceLockfile", &self.shared_workspace_lockfile),
            ("sideEffectsCache", &self.side_effects_cache),
            ("strictDepBuilds", &self.strict_dep_builds),
            ("strictPeerDependencies", &self.strict_peer_dependencies),
            ("strictStorePkgContentCheck", &self.strict_store_pkg_content_check),
            ("symlink", &self.symlink),
            ("trustLockfile", &self.trust_lockfile),
        ] {
            lines.when_set(name, value, ToString::to_string);
        }
        lines.when_set("childConcurrency", &self.child_concurrency, ToString::to_string);
        lines.when_set("fetchRetryFactor", &self.fetch_retry_factor, ToString::to_string);
        lines.when_set("fetchRetryMintimeout", &self.fetch_retry_mintimeout, ToString::to_string);
        lines.when_set("fetchRetryMaxtimeout", &self.fetch_retry_maxtimeout, ToString::to_string);
        lines.when_set("maxTarballUnpackedSize", &self.max_tarball_unpacked_size, ToString::to_string);
        lines.when_set("minimumReleaseAge", &self.minimum_release_age, ToString::to_string);
        lines.when_set("modulesDir", &self.modules_dir, Clone::clone);
        lines.when_set("userAgent", &self.user_agent, Clone::clone);
        lines.when_set("virtualStoreDirMaxLength", &self.virtual_store_dir_max_length, ToString::to_string);
        let patterns = |patterns: &Option<Vec<String>>| match patterns {
            Some(patterns) => format!("[{}]", patterns.join(", ")),
            None => "null".to_owned(),
        };
        lines.when_set("hoistPattern", &self.hoist_pattern, patterns);
        lines.when_set("publicHoistPattern", &self.public_hoist_pattern, patterns);
        lines.when_set("overrides", &self.overrides, |table| counted(table.len(), "entry", "entries"));
        lines.when_set("allowBuilds", &self.allow_builds, |table| counted(table.len(), "entry", "entries"));
        lines.when_set("catalogs", &self.catalogs, |table| counted(table.len(), "catalog", "catalogs"));
        lines.when_set("patchedDependencies", &self.patched_dependencies, |table| {
            counted(table.len(), "patch", "patches")
        });
        for (name, url) in [("httpsProxy", &self.proxy.https), ("httpProxy", &self.proxy.http)] {
            if let Some(url) = url {
                lines.always(name, url, |url: &String| without_secrets(url));
            }
        }
        lines.when_set("strict-ssl", &self.tls.strict_ssl, ToString::to_string);
        if let Some(address) = *self.local_address {
            lines.push("local-address", address.to_string(), &self.local_address.origin);
        }
    }
}

struct Lines(Vec<SettingLine>);

impl Lines {
    fn push(&mut self, name: &str, value: String, origin: &Origin) {
        self.0.push(SettingLine { name: name.to_owned(), value, origin: origin.to_string() });
    }

    fn always<T>(&mut self, name: &str, setting: &Sourced<T>, show: impl FnOnce(&T) -> String) {
        self.push(name, show(&setting.value), &setting.origin);
    }

    fn when_set<T>(&mut self, name: &str, setting: &Sourced<T>, show: impl FnOnce(&T) -> String) {
        if setting.is_explicit() {
            self.always(name, setting, show);
        }
    }
}

fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

fn kinds(included: Included) -> String {
    let all = [
        ("dependencies", included.dependencies),
        ("devDependencies", included.dev_dependencies),
        ("optionalDependencies", included.optional_dependencies),
    ];
    all.iter().filter(|(_, wanted)| *wanted).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
