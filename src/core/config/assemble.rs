//! Settings as they were written become the [`Config`]: types, ranges, built-in values, and what follows from what.

use std::path::{Path, PathBuf};

use super::credentials::Credentials;
use super::error::ConfigError;
use super::input::Input;
use super::layers::Layers;
use super::origin::Sourced;
use super::reader::Reader;
use super::settings::{
    CatalogMode, Config, LinkWorkspacePackages, NodeLinker, ResolutionMode, SaveWorkspaceProtocol,
    TrustPolicy,
};
use super::transport::Tls;
use super::{ci, derived, directories, proxies};
use crate::core::event::{ImportMethod, Knob, LinkMode};

/// Longest name of a slot: paths are shorter on Windows.
const SLOT_NAME_LENGTH: usize = if cfg!(windows) { 60 } else { 120 };

const LINK_MODES: &[(&str, LinkMode)] =
    &[("inline", LinkMode::Inline), ("deferred", LinkMode::Deferred), ("pipelined", LinkMode::Pipelined)];

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

const NODE_LINKERS: &[(&str, NodeLinker)] =
    &[("isolated", NodeLinker::Isolated), ("hoisted", NodeLinker::Hoisted), ("pnp", NodeLinker::Pnp)];

/// What the sources have come to.
pub(super) struct Found<'input> {
    pub input: &'input Input,
    pub project_dir: &'input Path,
    pub workspace_dir: Option<&'input Path>,
    pub layers: Layers,
    pub credentials: Credentials,
    pub tls: Tls,
}

#[expect(clippy::too_many_lines, reason = "one line a setting, in the order of the struct")]
pub(super) fn config(found: Found<'_>) -> Result<Config, ConfigError> {
    let Found { input, project_dir, workspace_dir, layers, credentials, tls } = found;
    let Layers { settings, scopes, prefixes, mut warnings } = layers;
    let base = workspace_dir.unwrap_or(project_dir);
    let read = Reader::new(&settings, base);

    let shared_workspace_lockfile = read.boolean("sharedWorkspaceLockfile", true)?;
    let shared_dir = if *shared_workspace_lockfile { base } else { project_dir };
    let lockfile_dir = read.path("lockfileDir", || shared_dir.to_owned())?;
    let lockfile_per_project =
        !*shared_workspace_lockfile && workspace_dir.is_some() && !lockfile_dir.is_explicit();
    let lockfile_dir = lockfile_dir.value;
    let modules_dir = read.text("modulesDir", || "node_modules".to_owned())?;
    let default_slots = || lockfile_dir.join(&*modules_dir).join(".pnpm");
    let virtual_store_dir = read.path("virtualStoreDir", default_slots)?;
    let virtual_store_written = read.optional_text("virtualStoreDir")?.value;
    let store_dir = derived::store_dir(&read, input, base, &mut warnings)?;
    let enable_global_virtual_store = derived::global_virtual_store(&read)?;
    let global_virtual_store_dir = read.path("globalVirtualStoreDir", || {
        let given = *enable_global_virtual_store && virtual_store_dir.is_explicit();
        if given { virtual_store_dir.value.clone() } else { store_dir.join("links") }
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
        public_hoist_pattern = shamefully_hoist.clone().map(|_| everything.then(|| vec!["*".to_owned()]));
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
        registries: derived::registries(&read, scopes, prefixes)?,
        proxy: proxies::effective(&read, input)?,
        user_agent: read.text("userAgent", derived::default_user_agent)?,
        network_concurrency: derived::network_concurrency(&read, input, &mut warnings)?,
        fetch_retries: read.number("fetchRetries", 0..=u64::from(u32::MAX), 2)?,
        fetch_retry_factor: read.number("fetchRetryFactor", 0..=u64::from(u32::MAX), 10)?,
        fetch_retry_mintimeout: read.number("fetchRetryMintimeout", any.clone(), 10_000)?,
        fetch_retry_maxtimeout: read.number("fetchRetryMaxtimeout", any.clone(), 60_000)?,
        fetch_timeout: read.number("fetchTimeout", any.clone(), 60_000)?,
        fetch_warn_timeout_ms: read.number("fetchWarnTimeoutMs", any.clone(), 10_000)?,
        fetch_min_speed_ki_bps: read.number("fetchMinSpeedKiBps", any.clone(), 50)?,
        max_tarball_unpacked_size: read.number("maxTarballUnpackedSize", 1..=u64::MAX, 4_294_967_296)?,
        extract_threads: derived::threads(&read, Knob::ExtractThreads, input)?,
        link_threads: derived::threads(&read, Knob::LinkThreads, input)?,
        link_mode: read.choice("linkMode", LINK_MODES, LinkMode::Deferred)?,
        import_method: read.choice("packageImportMethod", IMPORT_METHODS, ImportMethod::Auto)?,
        frozen_lockfile: read.optional_boolean("frozenLockfile")?,
        prefer_frozen_lockfile: read.boolean("preferFrozenLockfile", true)?,
        lockfile_only: input.flags.lockfile_only,
        fix_lockfile: input.flags.fix_lockfile,
        force: input.flags.force,
        dedupe: input.flags.dedupe,
        lockfile: derived::lockfile(&read, &mut warnings)?,
        lockfile_include_tarball_url: read.boolean("lockfileIncludeTarballUrl", false)?,
        offline: read.boolean("offline", false)?,
        prefer_offline: read.boolean("preferOffline", false)?,
        ignore_scripts: read.boolean("ignoreScripts", false)?,
        engine_strict: read.boolean("engineStrict", false)?,
        node_version: read.optional_text("nodeVersion")?,
        included: derived::included(&input.flags),
        supported_architectures: derived::supported_architectures(&read, &input.flags)?,
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
            &["github.com", "gist.github.com", "gitlab.com", "bitbucket.com", "bitbucket.org"],
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
            &[("off", TrustPolicy::Off), ("no-downgrade", TrustPolicy::NoDowngrade)],
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
        catalog_mode: read.choice(
            "catalogMode",
            &[
                ("manual", CatalogMode::Manual),
                ("prefer", CatalogMode::Prefer),
                ("strict", CatalogMode::Strict),
            ],
            CatalogMode::Manual,
        )?,
        save_catalog_name: read.optional_text("saveCatalogName")?,
        save_exact: read.boolean("saveExact", false)?,
        save_prefix: read.optional_text("savePrefix")?,
        save_workspace_protocol: read.choice(
            "saveWorkspaceProtocol",
            &[
                ("rolling", SaveWorkspaceProtocol::Rolling),
                ("true", SaveWorkspaceProtocol::Versioned),
                ("false", SaveWorkspaceProtocol::Off),
            ],
            SaveWorkspaceProtocol::Rolling,
        )?,
        update_config: read.object("updateConfig")?,
        recursive_install: read.boolean("recursiveInstall", true)?,
        filter: input.flags.filter.clone(),
        workspace_packages: read.optional_list("packages")?,
        optimistic_repeat_install: read.boolean("optimisticRepeatInstall", true)?,
        is_ci: read.boolean("ci", detected)?.value,
        lockfile_dir,
        lockfile_per_project,
        virtual_store_written,
        modules_dir,
        virtual_store_dir,
        store_dir,
        cache_dir,
        credentials,
        tls: Tls { strict_ssl: read.boolean("strictSsl", true)?, ..tls },
        local_address: derived::local_address(&read)?,
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
