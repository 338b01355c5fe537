//! The effective configuration of a run: every setting the engine reads, each with where it came from.
//!
//! Names follow pnpm's settings. This is data only: how the values are found lies in the files beside this one.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::credentials::Credentials;
use super::input::Dedupe;
use super::origin::Sourced;
use super::registries::Registries;
use super::transport::{Proxy, Tls};
use crate::core::control::KnobValues;
use crate::core::event::{ImportMethod, LinkMode};

/// Everything a run wants to know ahead.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting or a switch of its own")]
pub struct Config {
    /// Absolute path of the folder that holds `package.json`.
    pub project_dir: PathBuf,
    /// Nearest folder, upwards from the project, that holds a `pnpm-workspace.yaml`, or the folder that
    /// `NPM_CONFIG_WORKSPACE_DIR` names. A project on its own may have one too, for its settings alone.
    pub workspace_dir: Option<PathBuf>,
    /// Where `pnpm-lock.yaml` lies: the workspace's folder, else the project's.
    pub lockfile_dir: PathBuf,
    /// Every project of the workspace has a lockfile, a folder of modules and slots of its own: what
    /// `sharedWorkspaceLockfile: false` comes to where no `lockfileDir` says otherwise.
    pub lockfile_per_project: bool,
    /// `virtualStoreDir` as it was written, to be read from another folder.
    pub(super) virtual_store_written: Option<String>,
    /// `modulesDir`: name of the folder of modules, relative to a project.
    pub modules_dir: Sourced<String>,
    /// `virtualStoreDir`: absolute path of the folder of slots.
    pub virtual_store_dir: Sourced<PathBuf>,
    /// `virtualStoreDirMaxLength`: longest name of a slot, in characters.
    pub virtual_store_dir_max_length: Sourced<usize>,
    /// `storeDir`: absolute path of the store, its version (`v11`) included.
    pub store_dir: Sourced<PathBuf>,
    /// `cacheDir`: absolute path of the cache of metadata, without a version.
    pub cache_dir: Sourced<PathBuf>,

    /// Which registry serves which package.
    pub registries: Registries,
    /// Secrets by URL prefix.
    pub credentials: Credentials,
    /// Whom to trust and who we are on TLS connections.
    pub tls: Tls,
    /// Proxies, and hosts that are reached without one.
    pub proxy: Proxy,
    /// `local-address`: the address of this machine that connections leave from.
    pub local_address: Sourced<Option<IpAddr>>,
    /// `User-Agent` of requests.
    pub user_agent: Sourced<String>,
    /// `networkConcurrency`: requests at one time.
    pub network_concurrency: Sourced<u32>,
    /// `fetchRetries`: attempts after the first.
    pub fetch_retries: Sourced<u32>,
    /// `fetchRetryFactor`: by how much each delay outgrows the one before.
    pub fetch_retry_factor: Sourced<u32>,
    /// `fetchRetryMintimeout`: the first delay, milliseconds.
    pub fetch_retry_mintimeout: Sourced<u64>,
    /// `fetchRetryMaxtimeout`: the longest delay, milliseconds.
    pub fetch_retry_maxtimeout: Sourced<u64>,
    /// `fetchTimeout`: milliseconds without a byte after which a request is given up.
    pub fetch_timeout: Sourced<u64>,
    /// `fetchWarnTimeoutMs`: milliseconds after which a request for metadata is called slow.
    pub fetch_warn_timeout_ms: Sourced<u64>,
    /// `fetchMinSpeedKiBps`: rate below which a download is called slow, KiB a second.
    pub fetch_min_speed_ki_bps: Sourced<u64>,
    /// `maxTarballUnpackedSize`: most bytes that a tarball may inflate to.
    pub max_tarball_unpacked_size: Sourced<u64>,

    /// `extractThreads`: workers of the extract pool.
    pub extract_threads: Sourced<u32>,
    /// `linkThreads`: workers of the link pool.
    pub link_threads: Sourced<u32>,
    /// `linkMode`: how cold slots are linked.
    pub link_mode: Sourced<LinkMode>,
    /// `packageImportMethod`: how files get from the store into slots.
    pub import_method: Sourced<ImportMethod>,

    /// `frozenLockfile`: never write the lockfile; `None` lets CI and the lockfile's presence decide.
    pub frozen_lockfile: Sourced<Option<bool>>,
    /// `preferFrozenLockfile`: take the lockfile as it stands when it satisfies the manifests.
    pub prefer_frozen_lockfile: Sourced<bool>,
    /// `--lockfile-only`: write the lockfile and nothing else.
    pub lockfile_only: bool,
    /// `--fix-lockfile`: resolve even if the lockfile satisfies the manifests, so that what it lacks is filled in.
    pub fix_lockfile: bool,
    /// `--force`: believe nothing of what is in place; every package is put there anew.
    pub force: bool,
    /// `dedupe`: every dependency is resolved again, with a preference for versions that are there.
    pub dedupe: Option<Dedupe>,
    /// `lockfile`: read and write `pnpm-lock.yaml`.
    pub lockfile: Sourced<bool>,
    /// `lockfileIncludeTarballUrl`: record each tarball's URL.
    pub lockfile_include_tarball_url: Sourced<bool>,
    /// Send no request.
    pub offline: Sourced<bool>,
    /// Use cached metadata whatever its age.
    pub prefer_offline: Sourced<bool>,
    /// `ignoreScripts`: run no lifecycle scripts.
    pub ignore_scripts: Sourced<bool>,
    /// `engineStrict`: an unsupported engine is an error, not a warning.
    pub engine_strict: Sourced<bool>,
    /// `nodeVersion`: the Node.js version that engines are checked against, when not the one installed.
    pub node_version: Sourced<Option<String>>,
    /// Which kinds of dependencies are installed.
    pub included: Sourced<Included>,
    /// `supportedArchitectures`: platforms whose packages are installed.
    pub supported_architectures: Sourced<SupportedArchitectures>,

    /// `autoInstallPeers`: install missing peers.
    pub auto_install_peers: Sourced<bool>,
    /// `autoInstallPeersFromHighestMatch`: take the highest version that any range allows.
    pub auto_install_peers_from_highest_match: Sourced<bool>,
    /// `strictPeerDependencies`: a missing or wrong peer is an error.
    pub strict_peer_dependencies: Sourced<bool>,
    /// `resolvePeersFromWorkspaceRoot`: dependencies of the root project serve as peers.
    pub resolve_peers_from_workspace_root: Sourced<bool>,
    /// `dedupePeerDependents`: join slots that differ only in peers where one fits all.
    pub dedupe_peer_dependents: Sourced<bool>,
    /// `dedupePeers`: leave out peers of peers from a slot's suffix.
    pub dedupe_peers: Sourced<bool>,
    /// `dedupeDirectDeps`: do not link into a project what the root project links already.
    pub dedupe_direct_deps: Sourced<bool>,
    /// `dedupeInjectedDeps`: link an injected project that needs no copy.
    pub dedupe_injected_deps: Sourced<bool>,
    /// `injectWorkspacePackages`: copy workspace projects instead of linking them.
    pub inject_workspace_packages: Sourced<bool>,
    /// `linkWorkspacePackages`: satisfy ranges from the workspace.
    pub link_workspace_packages: Sourced<LinkWorkspacePackages>,
    /// `preferWorkspacePackages`: the workspace wins over the registry.
    pub prefer_workspace_packages: Sourced<bool>,
    /// `sharedWorkspaceLockfile`: one lockfile for all projects.
    pub shared_workspace_lockfile: Sourced<bool>,
    /// `excludeLinksFromLockfile`: keep `link:` dependencies out of the lockfile.
    pub exclude_links_from_lockfile: Sourced<bool>,
    /// `peersSuffixMaxLength`: longest peer suffix that is written out.
    pub peers_suffix_max_length: Sourced<usize>,
    /// `resolutionMode`: which version of a range is taken.
    pub resolution_mode: Sourced<ResolutionMode>,
    /// `registrySupportsTimeField`: abbreviated metadata has publish times.
    pub registry_supports_time_field: Sourced<bool>,
    /// `blockExoticSubdeps`: only direct dependencies may come from elsewhere than a registry.
    pub block_exotic_subdeps: Sourced<bool>,
    /// `ignoreCompatibilityDb`: do not apply the built-in package extensions.
    pub ignore_compatibility_db: Sourced<bool>,
    /// `gitShallowHosts`: hosts that take shallow fetches.
    pub git_shallow_hosts: Sourced<Vec<String>>,

    /// `nodeLinker`: the layout of the folder of modules.
    pub node_linker: Sourced<NodeLinker>,
    /// `symlink`: link dependencies into slots and projects.
    pub symlink: Sourced<bool>,
    /// `enableModulesDir`: make a folder of modules at all.
    pub enable_modules_dir: Sourced<bool>,
    /// `enableGlobalVirtualStore`: slots live in the store, shared by projects.
    pub enable_global_virtual_store: Sourced<bool>,
    /// `globalVirtualStoreDir`: absolute path of the slots that projects share.
    pub global_virtual_store_dir: Sourced<PathBuf>,
    /// `hoist`: hoist inside the virtual store.
    pub hoist: Sourced<bool>,
    /// `hoistPattern`: what is hoisted inside the virtual store; `None` is nothing.
    pub hoist_pattern: Sourced<Option<Vec<String>>>,
    /// `publicHoistPattern`: what is hoisted to the root of the modules; `None` when switched off.
    pub public_hoist_pattern: Sourced<Option<Vec<String>>>,
    /// `shamefullyHoist`, as it was set.
    pub shamefully_hoist: Sourced<Option<bool>>,
    /// `hoistWorkspacePackages`: hoist the projects of the workspace too.
    pub hoist_workspace_packages: Sourced<bool>,
    /// `extendNodePath`: shims set `NODE_PATH`.
    pub extend_node_path: Sourced<bool>,
    /// `preferSymlinkedExecutables`: link executables instead of writing shims.
    pub prefer_symlinked_executables: Sourced<Option<bool>>,
    /// `modulesCacheMaxAge`: minutes that orphaned slots are kept.
    pub modules_cache_max_age: Sourced<u64>,

    /// `verifyStoreIntegrity`: look at stored files before they are used.
    pub verify_store_integrity: Sourced<bool>,
    /// `strictStorePkgContentCheck`: the store's name and version of a package must be the expected ones.
    pub strict_store_pkg_content_check: Sourced<bool>,
    /// `sideEffectsCache`: keep and use the outcome of builds.
    pub side_effects_cache: Sourced<bool>,
    /// `sideEffectsCacheReadonly`: use the outcome of builds, keep none.
    pub side_effects_cache_readonly: Sourced<bool>,

    /// `trustLockfile`: do not verify the lockfile against the policies.
    pub trust_lockfile: Sourced<bool>,
    /// `trustPolicy`: whether provenance may get worse from one version to the next.
    pub trust_policy: Sourced<TrustPolicy>,
    /// `trustPolicyExclude`: packages that the trust policy leaves alone.
    pub trust_policy_exclude: Sourced<Vec<String>>,
    /// `trustPolicyIgnoreAfter`: minutes after which a version's provenance no longer matters.
    pub trust_policy_ignore_after: Sourced<Option<u64>>,
    /// `minimumReleaseAge`: minutes a version must have been public.
    pub minimum_release_age: Sourced<u64>,
    /// `minimumReleaseAgeExclude`: packages that may be younger.
    pub minimum_release_age_exclude: Sourced<Vec<String>>,
    /// `minimumReleaseAgeIgnoreMissingTime`: accept a version without a publish time.
    pub minimum_release_age_ignore_missing_time: Sourced<bool>,
    /// `minimumReleaseAgeStrict`: fail when only younger versions match.
    pub minimum_release_age_strict: Sourced<bool>,

    /// `overrides`: selector → specifier, in order of declaration.
    pub overrides: Sourced<IndexMap<String, String>>,
    /// `packageExtensions`, as written; `Null` when there are none.
    pub package_extensions: Sourced<serde_json::Value>,
    /// `patchedDependencies`: selector → patch file, as written.
    pub patched_dependencies: Sourced<IndexMap<String, String>>,
    /// `allowUnusedPatches`: a patch that fits nothing is no error.
    pub allow_unused_patches: Sourced<bool>,
    /// `ignoredOptionalDependencies`: patterns of optional dependencies to leave out.
    pub ignored_optional_dependencies: Sourced<Vec<String>>,
    /// `peerDependencyRules`, as written; `Null` when there are none.
    pub peer_dependency_rules: Sourced<serde_json::Value>,
    /// `allowedDeprecatedVersions`: package → range whose deprecation is not mentioned.
    pub allowed_deprecated_versions: Sourced<IndexMap<String, String>>,
    /// `allowBuilds`: pattern → whether its scripts may run.
    pub allow_builds: Sourced<IndexMap<String, bool>>,
    /// `dangerouslyAllowAllBuilds`: all scripts may run.
    pub dangerously_allow_all_builds: Sourced<bool>,
    /// `strictDepBuilds`: a script that may not run is an error.
    pub strict_dep_builds: Sourced<bool>,
    /// `childConcurrency`: scripts at one time.
    pub child_concurrency: Sourced<u32>,
    /// `catalogs` by name, and `catalog` as `default`: alias → specifier.
    pub catalogs: Sourced<IndexMap<String, IndexMap<String, String>>>,
    /// `catalogMode`: whether dependencies that are added are saved through catalogs.
    pub catalog_mode: Sourced<CatalogMode>,
    /// `saveCatalogName`: the catalog that dependencies which are added are saved in.
    pub save_catalog_name: Sourced<Option<String>>,
    /// `saveExact`: saved dependencies have no range.
    pub save_exact: Sourced<bool>,
    /// `savePrefix`: what stands before the version of a saved dependency: `^`, `~`, `=` or nothing.
    pub save_prefix: Sourced<Option<String>>,
    /// `saveWorkspaceProtocol`: how projects of the workspace are saved as dependencies.
    pub save_workspace_protocol: Sourced<SaveWorkspaceProtocol>,
    /// `updateConfig`, as written; `Null` when there is none.
    pub update_config: Sourced<serde_json::Value>,
    /// `recursiveInstall`: an install in a project of a workspace is about all of its projects.
    pub recursive_install: Sourced<bool>,
    /// `--filter`: selectors of the projects the command is about; none means all.
    pub filter: Vec<String>,
    /// `packages`: patterns of the folders that are projects of the workspace; `None` when the manifest has none.
    pub workspace_packages: Sourced<Option<Vec<String>>>,
    /// `optimisticRepeatInstall`: believe the workspace state when nothing looks changed.
    pub optimistic_repeat_install: Sourced<bool>,

    /// This run is part of continuous integration.
    pub is_ci: bool,
    /// What the user should know about the settings, a sentence each.
    pub warnings: Vec<String>,
}

impl Config {
    /// The knobs that can be turned while a run is under way, at their first values.
    #[must_use]
    pub fn knobs(&self) -> KnobValues {
        KnobValues {
            network_concurrency: *self.network_concurrency,
            extract_threads: *self.extract_threads,
            link_threads: *self.link_threads,
            link_mode: *self.link_mode,
        }
    }

    /// The settings for a project that has a lockfile of its own: it is all that such an install is about.
    #[must_use]
    pub fn for_project(&self, folder: &Path) -> Self {
        let mut config = self.clone();
        folder.clone_into(&mut config.project_dir);
        folder.clone_into(&mut config.lockfile_dir);
        config.virtual_store_dir.value = match &self.virtual_store_written {
            Some(written) => folder.join(written),
            None => config.root_modules_dir().join(".pnpm"),
        };
        config.filter = Vec::new();
        config.recursive_install.value = true;
        config
    }

    /// The folder whose settings, root manifest and patches count: the workspace's, else the lockfile's.
    #[must_use]
    pub fn settings_dir(&self) -> &Path {
        if self.lockfile_per_project
            && let Some(workspace) = &self.workspace_dir
        {
            return workspace;
        }
        &self.lockfile_dir
    }

    /// Absolute path of the root project's folder of modules.
    #[must_use]
    pub fn root_modules_dir(&self) -> PathBuf {
        self.lockfile_dir.join(&*self.modules_dir)
    }
}

/// Kinds of dependencies that are installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Included {
    /// `dependencies`.
    pub dependencies: bool,
    /// `devDependencies`.
    pub dev_dependencies: bool,
    /// `optionalDependencies` of packages; those of projects only together with `dependencies`, as `--dev` leaves out
    /// both.
    pub optional_dependencies: bool,
}

impl Default for Included {
    fn default() -> Self {
        Self { dependencies: true, dev_dependencies: true, optional_dependencies: true }
    }
}

/// Platforms whose packages are installed. An empty list, and the word `current`, stand for this machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SupportedArchitectures {
    /// Operating systems as Node.js names them.
    pub os: Vec<String>,
    /// Processors as Node.js names them.
    pub cpu: Vec<String>,
    /// C libraries: `glibc`, `musl`.
    pub libc: Vec<String>,
}

/// Layout of the folder of modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeLinker {
    /// Slots in a virtual store, dependencies as symbolic links.
    Isolated,
    /// One flat tree without links.
    Hoisted,
    /// No folder of modules, a Plug'n'Play map instead.
    Pnp,
}

impl NodeLinker {
    /// Its name in settings and state files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Isolated => "isolated",
            Self::Hoisted => "hoisted",
            Self::Pnp => "pnp",
        }
    }
}

/// Whether ranges are satisfied from the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkWorkspacePackages {
    /// Never; only `workspace:` specifiers are.
    No,
    /// Those of direct dependencies.
    Direct,
    /// Those of all packages.
    Deep,
}

/// Which version of a range is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResolutionMode {
    /// The highest.
    Highest,
    /// Direct dependencies at their lowest, the rest no younger than the youngest of these.
    TimeBased,
    /// Direct dependencies at their lowest, the rest at the highest.
    LowestDirect,
}

/// Whether dependencies that are added are saved through catalogs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CatalogMode {
    /// Only where it is asked for.
    #[default]
    Manual,
    /// Always; a version that the catalog does not allow is saved by itself.
    Prefer,
    /// Always; a version that the catalog does not allow is an error.
    Strict,
}

/// How projects of the workspace are saved as dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SaveWorkspaceProtocol {
    /// By ranges without a version: `workspace:^`.
    #[default]
    Rolling,
    /// By ranges with the version: `workspace:^1.2.3`.
    Versioned,
    /// By the protocol only where it is asked for, with the version.
    Off,
}

/// Whether provenance may get worse from one version to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustPolicy {
    /// It may.
    Off,
    /// It may not.
    NoDowngrade,
}
