//! Settings as they were written become the [`Config`]: types, ranges, built-in values, and what follows from what.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::credentials::Credentials;
use super::error::ConfigError;
use super::input::{Flags, Input, OnlyDependencies};
use super::layers::Layers;
use super::origin::{Origin, Sourced};
use super::reader::Reader;
use super::registries::{Registries, npm_registry, registry_url};
use super::settings::{
    Config, Included, LinkWorkspacePackages, NodeLinker, ResolutionMode, SupportedArchitectures, TrustPolicy,
};
use super::transport::Tls;
use super::variables::included_origin;
use super::{ci, directories, proxies, store_location};
use crate::core::control::knob_limit;
use crate::core::event::{ImportMethod, Knob, LinkMode};

/// Longest name of a slot: paths are shorter on Windows.
const SLOT_NAME_LENGTH: usize = if cfg!(windows) { 60 } else { 120 };

const LINK_MODES: &[(&str, LinkMode)] = &[
    ("inline", LinkMode::Inline),
    ("deferred", LinkMode::Deferred),
    ("pipelined", LinkMode::Pipelined),
];

/// pnpm's names, and this program's own for the same. pnpm's `clone` fails where blocks cannot be shared and
/// `clone-or-copy` copies there; here both fall back to a copy, as reflinks do.
const IMPORT_METHODS: &[(&str, ImportMethod)] = &[
    ("auto", ImportMethod::Auto),
    ("hardlink", ImportMethod::Hardlink),
    ("copy", ImportMethod::Copy),
    ("clone", ImportMethod::Reflink),
    ("clone-or-copy", ImportMethod::Reflink),
    ("reflink", ImportMethod::Reflink),
];

const NODE_LINKERS: &[(&str, NodeLinker)] = &[
    ("isolated", NodeLinker::Isolated),
    ("hoisted", NodeLinker::Hoisted),
    ("pnp", NodeLinker::Pnp),
];

/// What the sources have come to.
pub(super) struct Found<'input> {
    pub input: &'input Input,
    pub project_dir: &'input Path,
    pub workspace_dir: Option<&'input Path>,
    pub layers: Layers,
    pub credentials: Credentials,
    pub tls: Tls,
}

#[expect(
    clippy::too_many_lines,
    reason = "one line a setting, in the order of the struct"
)]
pub(super) fn config(found: Found<'_>) -> Result<Config, ConfigError> {
    let Found {
        input,
        project_dir,
        workspace_dir,
        layers,
        credentials,
        tls,
    } = found;
    let Layers {
        settings,
        scopes,
        prefixes,
        mut warnings,
    } = layers;
    let base = workspace_dir.unwrap_or(project_dir);
    let read = Reader::new(&settings, base);

    let shared_workspace_lockfile = read.boolean("sharedWorkspaceLockfile", true)?;
    let shared_dir = if *shared_workspace_lockfile {
        base
    } else {
        project_dir
    };
    let lockfile_dir = read.path("lockfileDir", || shared_dir.to_owned())?.value;
    let modules_dir = read.text("modulesDir", || "node_modules".to_owned())?;
    let default_slots = || lockfile_dir.join(&*modules_dir).join(".pnpm");
    let virtual_store_dir = read.path("virtualStoreDir", default_slots)?;
    let store_dir = store_dir(&read, input, base, &mut warnings)?;
    let enable_global_virtual_store = global_virtual_store(&read)?;
    let global_virtual_store_dir = read.path("globalVirtualStoreDir", || {
        let given = *enable_global_virtual_store && virtual_store_dir.is_explicit();
        if given {
            virtual_store_dir.value.clone()
        } else {
            store_dir.join("links")
        }
    })?;
    let cache_dir = match read.raw("cacheDir") {
        Some(_) => read.path("cacheDir", PathBuf::new)?,
        None => Sourced::default_of(directories::cache_dir(input)?),
    };

    let shamefully_hoist = read.optional_boolean("shamefullyHoist")?;
    let hoist = read.boolean("hoist", true)?;
    let mut hoist_pattern = read.patterns("hoistPattern", &["*"])?;
    if !*hoist {
        hoist_pattern = hoist.clone().map(|_| None);
    }
    let mut public_hoist_pattern = read.patterns("publicHoistPattern", &[])?;
    if let Some(everything) = *shamefully_hoist {
        public_hoist_pattern = shamefully_hoist
            .clone()
            .map(|_| everything.then(|| vec!["*".to_owned()]));
    }

    let node_linker = read.choice("nodeLinker", NODE_LINKERS, NodeLinker::Isolated)?;
    let mut prefer_symlinked_executables = read.optional_boolean("preferSymlinkedExecutables")?;
    if !prefer_symlinked_executables.is_explicit() && *node_linker == NodeLinker::Hoisted {
        prefer_symlinked_executables.value = Some(true);
    }

    let minimum_release_age = read.number("minimumReleaseAge", 0..=u64::MAX, 1440)?;
    let mut minimum_release_age_strict = read.boolean("minimumReleaseAgeStrict", false)?;
    if !minimum_release_age_strict.is_explicit() && minimum_release_age.is_explicit() {
        // Who asks for an age means it.
        minimum_release_age_strict = minimum_release_age.clone().map(|_| true);
    }

    let detected = ci::is_ci(input);
    let any = 0..=u64::MAX;
    let config = Config {
        project_dir: project_dir.to_owned(),
        workspace_dir: workspace_dir.map(Path::to_owned),
        virtual_store_dir_max_length: read.number("virtualStoreDirMaxLength", 1..=4096, SLOT_NAME_LENGTH)?,
        registries: registries(&read, scopes, prefixes)?,
        proxy: proxies::effective(&read, input)?,
        user_agent: read.text("userAgent", default_user_agent)?,
        network_concurrency: network_concurrency(&read, input, &mut warnings)?,
        fetch_retries: read.number("fetchRetries", 0..=u64::from(u32::MAX), 2)?,
        fetch_retry_factor: read.number("fetchRetryFactor", 0..=u64::from(u32::MAX), 10)?,
        fetch_retry_mintimeout: read.number("fetchRetryMintimeout", any.clone(), 10_000)?,
        fetch_retry_maxtimeout: read.number("fetchRetryMaxtimeout", any.clone(), 60_000)?,
        fetch_timeout: read.number("fetchTimeout", any.clone(), 60_000)?,
        fetch_warn_timeout_ms: read.number("fetchWarnTimeoutMs", any.clone(), 10_000)?,
        fetch_min_speed_ki_bps: read.number("fetchMinSpeedKiBps", any.clone(), 50)?,
        max_tarball_unpacked_size: read.number("maxTarballUnpackedSize", 1..=u64::MAX, 4_294_967_296)?,
        extract_threads: threads(&read, Knob::ExtractThreads, input)?,
        link_threads: threads(&read, Knob::LinkThreads, input)?,
        link_mode: read.choice("linkMode", LINK_MODES, LinkMode::Deferred)?,
        import_method: read.choice("packageImportMethod", IMPORT_METHODS, ImportMethod::Auto)?,
        frozen_lockfile: read.optional_boolean("frozenLockfile")?,
        prefer_frozen_lockfile: read.boolean("preferFrozenLockfile", true)?,
        lockfile: lockfile(&read, &mut warnings)?,
        lockfile_include_tarball_url: read.boolean("lockfileIncludeTarballUrl", false)?,
        offline: read.boolean("offline", false)?,
        prefer_offline: read.boolean("preferOffline", false)?,
        ignore_scripts: read.boolean("ignoreScripts", false)?,
        engine_strict: read.boolean("engineStrict", false)?,
        node_version: read.optional_text("nodeVersion")?,
        included: included(&input.flags),
        supported_architectures: supported_architectures(&read, &input.flags)?,
        auto_install_peers: read.boolean("autoInstallPeers", true)?,
        auto_install_peers_from_highest_match: read.boolean("autoInstallPeersFromHighestMatch", false)?,
        strict_peer_dependencies: read.boolean("strictPeerDependencies", false)?,
        resolve_peers_from_workspace_root: read.boolean("resolvePeersFromWorkspaceRoot", true)?,
        dedupe_peer_dependents: read.boolean("dedupePeerDependents", true)?,
        dedupe_peers: read.boolean("dedupePeers", false)?,
        dedupe_direct_deps: read.boolean("dedupeDirectDeps", false)?,
        dedupe_injected_deps: read.boolean("dedupeInjectedDeps", true)?,
        inject_workspace_packages: read.boolean("injectWorkspacePackages", false)?,
        link_workspace_packages: read.choice(
            "linkWorkspacePackages",
            &[
                ("false", LinkWorkspacePackages::No),
                ("true", LinkWorkspacePackages::Direct),
                ("deep", LinkWorkspacePackages::Deep),
            ],
            LinkWorkspacePackages::No,
        )?,
        prefer_workspace_packages: read.boolean("preferWorkspacePackages", false)?,
        exclude_links_from_lockfile: read.boolean("excludeLinksFromLockfile", false)?,
        peers_suffix_max_length: read.number("peersSuffixMaxLength", 0..=u64::from(u32::MAX), 1000)?,
        resolution_mode: read.choice(
            "resolutionMode",
            &[
                ("highest", ResolutionMode::Highest),
                ("time-based", ResolutionMode::TimeBased),
                ("lowest-direct", ResolutionMode::LowestDirect),
            ],
            ResolutionMode::Highest,
        )?,
        registry_supports_time_field: read.boolean("registrySupportsTimeField", false)?,
        block_exotic_subdeps: read.boolean("blockExoticSubdeps", true)?,
        ignore_compatibility_db: read.boolean("ignoreCompatibilityDb", false)?,
        git_shallow_hosts: read.list(
            "gitShallowHosts",
            &[
                "github.com",
                "gist.github.com",
                "gitlab.com",
                "bitbucket.com",
                "bitbucket.org",
            ],
        )?,
        symlink: read.boolean("symlink", true)?,
        enable_modules_dir: read.boolean("enableModulesDir", true)?,
        hoist_workspace_packages: read.boolean("hoistWorkspacePackages", true)?,
        extend_node_path: read.boolean("extendNodePath", true)?,
        modules_cache_max_age: read.number("modulesCacheMaxAge", any, 10_080)?,
        verify_store_integrity: read.boolean("verifyStoreIntegrity", true)?,
        strict_store_pkg_content_check: read.boolean("strictStorePkgContentCheck", true)?,
        side_effects_cache: read.boolean("sideEffectsCache", true)?,
        side_effects_cache_readonly: read.boolean("sideEffectsCacheReadonly", false)?,
        trust_lockfile: read.boolean("trustLockfile", false)?,
        trust_policy: read.choice(
            "trustPolicy",
            &[
                ("off", TrustPolicy::Off),
                ("no-downgrade", TrustPolicy::NoDowngrade),
            ],
            TrustPolicy::Off,
        )?,
        trust_policy_exclude: read.list("trustPolicyExclude", &[])?,
        trust_policy_ignore_after: read.optional_number("trustPolicyIgnoreAfter")?,
        minimum_release_age_exclude: read.list("minimumReleaseAgeExclude", &[])?,
        minimum_release_age_ignore_missing_time: read.boolean("minimumReleaseAgeIgnoreMissingTime", true)?,
        overrides: read.table("overrides")?,
        package_extensions: read.object("packageExtensions")?,
        patched_dependencies: read.table("patchedDependencies")?,
        allow_unused_patches: read.boolean("allowUnusedPatches", false)?,
        ignored_optional_dependencies: read.list("ignoredOptionalDependencies", &[])?,
        peer_dependency_rules: read.object("peerDependencyRules")?,
        allowed_deprecated_versions: read.table("allowedDeprecatedVersions")?,
        allow_builds: read.decisions("allowBuilds")?,
        dangerously_allow_all_builds: read.boolean("dangerouslyAllowAllBuilds", false)?,
        strict_dep_builds: read.boolean("strictDepBuilds", true)?,
        child_concurrency: read.concurrency("childConcurrency", input.processors, 5)?,
        catalogs: read.catalogs()?,
        workspace_packages: read.optional_list("packages")?,
        optimistic_repeat_install: read.boolean("optimisticRepeatInstall", true)?,
        is_ci: read.boolean("ci", detected)?.value,
        lockfile_dir,
        modules_dir,
        virtual_store_dir,
        store_dir,
        cache_dir,
        credentials,
        tls: Tls {
            strict_ssl: read.boolean("strictSsl", true)?,
            ..tls
        },
        local_address: local_address(&read)?,
        shared_workspace_lockfile,
        node_linker,
        enable_global_virtual_store,
        global_virtual_store_dir,
        hoist,
        hoist_pattern,
        public_hoist_pattern,
        shamefully_hoist,
        prefer_symlinked_executables,
        minimum_release_age,
        minimum_release_age_strict,
        warnings,
    };
    Ok(config)
}

fn store_dir(
    read: &Reader<'_>,
    input: &Input,
    base: &Path,
    warnings: &mut Vec<String>,
) -> Result<Sourced<PathBuf>, ConfigError> {
    if read.raw("storeDir").is_some() {
        return Ok(read
            .path("storeDir", PathBuf::new)?
            .map(store_location::versioned));
    }
    let home = directories::pnpm_home(input).ok_or(ConfigError::NoHome { what: "the store" })?;
    let root = store_location::default_root(base, &home, store_location::files_can_be_linked);
    let at_home = home.join("store");
    if root != at_home && store_location::versioned(at_home.clone()).exists() {
        warnings.push(format!(
            "the store is {}, since files of the one in {} cannot be linked from there; set storeDir to choose",
            root.display(),
            at_home.display()
        ));
    }
    Ok(Sourced::default_of(store_location::versioned(root)))
}

fn local_address(read: &Reader<'_>) -> Result<Sourced<Option<IpAddr>>, ConfigError> {
    let Some(setting) = read.raw("localAddress") else {
        return Ok(Sourced::default_of(None));
    };
    match setting.value.as_str().map(str::parse) {
        Some(Ok(address)) => Ok(Sourced {
            value: Some(address),
            origin: setting.origin.clone(),
        }),
        _ => Err(setting.refused("localAddress", "an IP address")),
    }
}

/// `lockfile` may be a map that asks for other formats of the file; that it is wanted is all that is understood.
fn lockfile(read: &Reader<'_>, warnings: &mut Vec<String>) -> Result<Sourced<bool>, ConfigError> {
    match read.raw("lockfile") {
        Some(setting) if setting.value.is_object() => {
            warnings.push(format!(
                "{}: the fields of lockfile are not supported yet",
                setting.origin
            ));
            Ok(Sourced {
                value: true,
                origin: setting.origin.clone(),
            })
        }
        _ => read.boolean("lockfile", true),
    }
}

/// `virtualStoreType` is the newer name, and wins.
fn global_virtual_store(read: &Reader<'_>) -> Result<Sourced<bool>, ConfigError> {
    let by_type = read.choice("virtualStoreType", &[("global", true), ("project", false)], false)?;
    if by_type.is_explicit() {
        Ok(by_type)
    } else {
        read.boolean("enableGlobalVirtualStore", false)
    }
}

fn registries(
    read: &Reader<'_>,
    scopes: std::collections::BTreeMap<String, Sourced<String>>,
    prefixes: std::collections::BTreeMap<String, Sourced<String>>,
) -> Result<Registries, ConfigError> {
    let default = read.text("registry", npm_registry)?;
    match (registry_url(&default), read.raw("registry")) {
        (Some(url), _) => Ok(Registries {
            default: default.map(|_| url),
            scopes,
            prefixes,
        }),
        (None, Some(setting)) => Err(setting.refused("registry", "an http: or https: URL")),
        (None, None) => Ok(Registries {
            default,
            scopes,
            prefixes,
        }),
    }
}

/// As many requests as pnpm makes: three a worker, where one processor is left for the rest, between 64 and 96.
fn network_concurrency(
    read: &Reader<'_>,
    input: &Input,
    warnings: &mut Vec<String>,
) -> Result<Sourced<u32>, ConfigError> {
    let workers = input.processors.saturating_sub(1).max(1);
    let default = workers.saturating_mul(3).clamp(64, 96);
    let mut value = read.number("networkConcurrency", 1..=u64::from(u32::MAX), default)?;
    let limit = knob_limit(Knob::NetworkConcurrency);
    if *value > limit {
        warnings.push(format!(
            "{}: networkConcurrency is {}, {limit} is used",
            value.origin, *value
        ));
        value.value = limit;
    }
    Ok(value)
}

fn threads(read: &Reader<'_>, knob: Knob, input: &Input) -> Result<Sourced<u32>, ConfigError> {
    let limit = knob_limit(knob);
    read.number(
        knob.name(),
        1..=u64::from(limit),
        input.processors.clamp(1, limit),
    )
}

fn included(flags: &Flags) -> Sourced<Included> {
    let value = Included {
        dependencies: flags.only != Some(OnlyDependencies::Development),
        dev_dependencies: flags.only != Some(OnlyDependencies::Production),
        optional_dependencies: flags.only != Some(OnlyDependencies::Development) && !flags.no_optional,
    };
    Sourced {
        value,
        origin: included_origin(flags),
    }
}

/// The setting, of which each list is replaced by that of its flag.
fn supported_architectures(
    read: &Reader<'_>,
    flags: &Flags,
) -> Result<Sourced<SupportedArchitectures>, ConfigError> {
    let key = "supportedArchitectures";
    let mut result = Sourced {
        value: SupportedArchitectures::default(),
        origin: read.origin(key),
    };
    if let Some(setting) = read.raw(key) {
        let refused = || setting.refused(key, "a map of os, cpu and libc to lists of names");
        for (name, value) in setting.value.as_object().ok_or_else(refused)? {
            let list = match name.as_str() {
                "os" => &mut result.value.os,
                "cpu" => &mut result.value.cpu,
                "libc" => &mut result.value.libc,
                _ => continue,
            };
            *list = names(value).ok_or_else(refused)?;
        }
    }
    for (given, list, flag) in [
        (&flags.os, &mut result.value.os, "--os"),
        (&flags.cpu, &mut result.value.cpu, "--cpu"),
        (&flags.libc, &mut result.value.libc, "--libc"),
    ] {
        if !given.is_empty() {
            list.clone_from(given);
            result.origin = Origin::Flag(flag);
        }
    }
    Ok(result)
}

/// One name, or a list of them.
fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}

/// Ours, in the form that registries know from pnpm.
fn default_user_agent() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "x86" => "ia32",
        "aarch64" => "arm64",
        other => other,
    };
    format!(
        "pacwatch/{} npm/? node/? {os} {processor}",
        env!("CARGO_PKG_VERSION")
    )
}
