//! The names of settings: which this program reads, which it leaves to pnpm, and what a wrong name may have meant.

/// How a variable's text becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// The text itself.
    Text,
    /// JSON.
    Json,
    /// JSON, or a bare word.
    Word,
}

/// Settings that may stand in the user's `config.yaml` as well as in a project's `pnpm-workspace.yaml`.
const ANYWHERE: &[(&str, Shape)] = &[
    ("allowedDeprecatedVersions", Shape::Json),
    ("cacheDir", Shape::Text),
    ("childConcurrency", Shape::Json),
    ("ci", Shape::Json),
    ("dangerouslyAllowAllBuilds", Shape::Json),
    ("enableGlobalVirtualStore", Shape::Json),
    ("enableModulesDir", Shape::Json),
    ("engineStrict", Shape::Json),
    ("extendNodePath", Shape::Json),
    ("extractThreads", Shape::Json),
    ("fetchMinSpeedKiBps", Shape::Json),
    ("fetchRetries", Shape::Json),
    ("fetchRetryFactor", Shape::Json),
    ("fetchRetryMaxtimeout", Shape::Json),
    ("fetchRetryMintimeout", Shape::Json),
    ("fetchTimeout", Shape::Json),
    ("fetchWarnTimeoutMs", Shape::Json),
    ("gitShallowHosts", Shape::Json),
    ("globalVirtualStoreDir", Shape::Text),
    ("httpProxy", Shape::Text),
    ("httpsProxy", Shape::Text),
    ("ignoreScripts", Shape::Json),
    ("linkMode", Shape::Word),
    ("linkThreads", Shape::Json),
    ("localAddress", Shape::Text),
    ("maxTarballUnpackedSize", Shape::Json),
    ("minimumReleaseAge", Shape::Json),
    ("minimumReleaseAgeExclude", Shape::Json),
    ("minimumReleaseAgeIgnoreMissingTime", Shape::Json),
    ("minimumReleaseAgeStrict", Shape::Json),
    ("modulesCacheMaxAge", Shape::Json),
    ("namedRegistries", Shape::Json),
    ("networkConcurrency", Shape::Json),
    ("noProxy", Shape::Text),
    ("nodeVersion", Shape::Text),
    ("noproxy", Shape::Text),
    ("optimisticRepeatInstall", Shape::Json),
    ("packageImportMethod", Shape::Word),
    ("peerDependencyRules", Shape::Json),
    ("preferFrozenLockfile", Shape::Json),
    ("preferOffline", Shape::Json),
    ("preferSymlinkedExecutables", Shape::Json),
    ("proxy", Shape::Text),
    ("registries", Shape::Json),
    ("registry", Shape::Text),
    ("registrySupportsTimeField", Shape::Json),
    ("resolutionMode", Shape::Word),
    ("saveCatalogName", Shape::Text),
    ("saveExact", Shape::Json),
    ("savePrefix", Shape::Text),
    ("sideEffectsCache", Shape::Json),
    ("sideEffectsCacheReadonly", Shape::Json),
    ("storeDir", Shape::Text),
    ("strictDepBuilds", Shape::Json),
    ("strictSsl", Shape::Json),
    ("trustLockfile", Shape::Json),
    ("trustPolicy", Shape::Word),
    ("trustPolicyExclude", Shape::Json),
    ("trustPolicyIgnoreAfter", Shape::Json),
    ("userAgent", Shape::Text),
    ("verifyStoreIntegrity", Shape::Json),
    ("virtualStoreDir", Shape::Text),
    ("virtualStoreDirMaxLength", Shape::Json),
    ("virtualStoreType", Shape::Word),
];

/// Settings that belong to a project, since they decide what its lockfile or its tree looks like.
const OF_A_PROJECT: &[(&str, Shape)] = &[
    ("allowBuilds", Shape::Json),
    ("allowUnusedPatches", Shape::Json),
    ("autoInstallPeers", Shape::Json),
    ("autoInstallPeersFromHighestMatch", Shape::Json),
    ("blockExoticSubdeps", Shape::Json),
    ("catalog", Shape::Json),
    ("catalogMode", Shape::Word),
    ("catalogs", Shape::Json),
    ("dedupeDirectDeps", Shape::Json),
    ("dedupeInjectedDeps", Shape::Json),
    ("dedupePeerDependents", Shape::Json),
    ("dedupePeers", Shape::Json),
    ("excludeLinksFromLockfile", Shape::Json),
    ("failIfNoMatch", Shape::Json),
    ("frozenLockfile", Shape::Json),
    ("hoist", Shape::Json),
    ("hoistPattern", Shape::Json),
    ("hoistWorkspacePackages", Shape::Json),
    ("ignoreCompatibilityDb", Shape::Json),
    ("ignoredOptionalDependencies", Shape::Json),
    ("ignorePnpmfile", Shape::Json),
    ("ignoreWorkspaceRootCheck", Shape::Json),
    ("includeWorkspaceRoot", Shape::Json),
    ("injectWorkspacePackages", Shape::Json),
    ("linkWorkspacePackages", Shape::Word),
    ("lockfile", Shape::Json),
    ("lockfileDir", Shape::Text),
    ("lockfileIncludeTarballUrl", Shape::Json),
    ("modulesDir", Shape::Text),
    ("nodeLinker", Shape::Word),
    ("offline", Shape::Json),
    ("overrides", Shape::Json),
    ("packageExtensions", Shape::Json),
    ("packages", Shape::Json),
    ("patchedDependencies", Shape::Json),
    ("peersSuffixMaxLength", Shape::Json),
    ("preferWorkspacePackages", Shape::Json),
    ("publicHoistPattern", Shape::Json),
    ("resolvePeersFromWorkspaceRoot", Shape::Json),
    ("shamefullyHoist", Shape::Json),
    ("sharedWorkspaceLockfile", Shape::Json),
    ("strictPeerDependencies", Shape::Json),
    ("strictStorePkgContentCheck", Shape::Json),
    ("supportedArchitectures", Shape::Json),
    ("symlink", Shape::Json),
];

/// Settings of pnpm that have no bearing on an install, or that belong in another file than a project's.
const LEFT_TO_PNPM: &[&str] = &[
    "$schema",
    "_auth",
    "addMissingPeerTypes",
    "aggregateOutput",
    "audit",
    "auditConfig",
    "auditLevel",
    "autoDedupe",
    "bail",
    "bootConfig",
    "ca",
    "cafile",
    "cargo",
    "catalogPrune",
    "cert",
    "changedFilesIgnorePattern",
    "cleanupUnusedCatalogs",
    "color",
    "concurrencyGroups",
    "configDependencies",
    "configDir",
    "cpu",
    "deployAllFiles",
    "disallowWorkspaceCycles",
    "dlxCacheMaxAge",
    "embedReadme",
    "enablePnp",
    "enablePrePostScripts",
    "executionEnv",
    "externalDependencies",
    "fetchingConcurrency",
    "filter",
    "filterProd",
    "forceIgnoresPlatform",
    "forceLegacyDeploy",
    "frozenStore",
    "gitBranchLockfile",
    "gitChecks",
    "gitTagVersion",
    "globalBinDir",
    "globalDir",
    "globalPnpmfile",
    "globalShims",
    "hoistingLimits",
    "ignoreDepScripts",
    "ignoreWorkspace",
    "ignoreWorkspaceCycles",
    "ignoredBuiltDependencies",
    "initAuthorEmail",
    "initAuthorName",
    "initAuthorUrl",
    "initLicense",
    "initPackageManager",
    "initType",
    "initVersion",
    "key",
    "legacyDirFiltering",
    "libc",
    "loglevel",
    "macosBackup",
    "maxSockets",
    "maxsockets",
    "mergeGitBranchLockfiles",
    "mergeGitBranchLockfilesBranchPattern",
    "minimumReleaseAgeExcludePrune",
    "neverBuiltDependencies",
    "nodeDownloadMirrors",
    "nodeExperimentalPackageMap",
    "nodeOptions",
    "nodePackageMapType",
    "npmPath",
    "npmrcAuthFile",
    "onlyBuiltDependencies",
    "onlyBuiltDependenciesFile",
    "org",
    "os",
    "packDestination",
    "packGzipLevel",
    "packageConfigs",
    "packageLock",
    "patchesDir",
    "pending",
    "pipelineBase",
    "pipelines",
    "pmOnFail",
    "pnpmfile",
    "pnprServer",
    "preserveAbsolutePaths",
    "production",
    "projectScopedOptionalPeers",
    "provenance",
    "publishBranch",
    "publishWaitTimeout",
    "python",
    "recursiveInstall",
    "remoteCache",
    "remoteSideEffectsCache",
    "reporter",
    "reporterHidePrefix",
    "requiredScripts",
    "runtime",
    "runtimeOnFail",
    "savePeer",
    "saveTypes",
    "saveWorkspaceProtocol",
    "scope",
    "scriptShell",
    "scriptsPrependNodePath",
    "shellEmulator",
    "skills",
    "skipManifestObfuscation",
    "sort",
    "sqlite",
    "stateDir",
    "storeIndexFormat",
    "stream",
    "symlinkedLockfileTargetDirs",
    "syncInjectedDepsAfterScripts",
    "tag",
    "tagVersionPrefix",
    "tasks",
    "testPattern",
    "tools",
    "trustPolicyExcludePrune",
    "trustedKeys",
    "unsafePerm",
    "update",
    "updateConfig",
    "updateNotifier",
    "useBetaCli",
    "useStderr",
    "verifyDepsBeforeRun",
    "versioning",
    "virtualStoreOnly",
    "workspaceConcurrency",
];

/// Settings this program reads.
pub(super) fn settings() -> impl Iterator<Item = (&'static str, Shape)> {
    ANYWHERE.iter().chain(OF_A_PROJECT).copied()
}

/// Whether this program reads the setting.
pub(super) fn is_read(key: &str) -> bool {
    settings().any(|(name, _)| name == key)
}

/// Whether the setting belongs to a project and has no effect in the user's own file.
pub(super) fn is_of_a_project(key: &str) -> bool {
    OF_A_PROJECT.iter().any(|(name, _)| *name == key)
}

/// What is wrong with a name in a YAML file, if anything is.
pub(super) fn complaint(key: &str) -> Option<String> {
    if key == "include" {
        return Some(
            "include is not supported yet: the settings of the files it names have no effect".to_owned(),
        );
    }
    if is_read(key) || LEFT_TO_PNPM.contains(&key) {
        return None;
    }
    let shown: String = key.chars().filter(|character| !character.is_control()).take(80).collect();
    let camel = camel_case(key);
    if camel != key && (is_read(&camel) || LEFT_TO_PNPM.contains(&camel.as_str())) {
        return Some(format!("{shown} has no effect: write it {camel}"));
    }
    Some(match closest(&camel) {
        Some(name) => format!("{shown} is no setting and has no effect: did you mean {name}?"),
        None => format!("{shown} is no setting and has no effect"),
    })
}

/// The known name that is most like this one, when one is like it at all.
fn closest(name: &str) -> Option<&'static str> {
    // A threshold below which two names share little more than their length.
    const ALIKE: f64 = 0.6;
    let lower = name.to_lowercase();
    let known = settings().map(|(known, _)| known).chain(LEFT_TO_PNPM.iter().copied());
    known
        .map(|known| (strsim::normalized_levenshtein(&lower, &known.to_lowercase()), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, known)| known)
}

/// `store-dir` → `storeDir`.
fn camel_case(name: &str) -> String {
    let mut words = name.split(['-', '_']);
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut characters = word.chars();
        camel.extend(characters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(characters.as_str());
    }
    camel
}

/// `storeDir` → `STORE_DIR`.
pub(super) fn variable_suffix(key: &str) -> String {
    let mut suffix = String::with_capacity(key.len() + 4);
    for character in key.chars() {
        if character.is_ascii_uppercase() {
            suffix.push('_');
        }
        suffix.push(character.to_ascii_uppercase());
    }
    suffix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_met_with_the_right_one() {
        for (key, expected) in [
            ("storeDirr", "did you mean storeDir?"),
            ("hoistPatern", "did you mean hoistPattern?"),
            ("store-dir", "write it storeDir"),
            ("node_linker", "write it nodeLinker"),
        ] {
            let complaint = complaint(key).unwrap();
            assert!(complaint.contains(expected), "{complaint}");
        }
        assert_eq!(complaint("xyzzy").unwrap(), "xyzzy is no setting and has no effect");
        assert_eq!(complaint("storeDir"), None);
        assert_eq!(complaint("savePrefix"), None);
    }

    #[test]
    fn a_hostile_name_cannot_reach_the_terminal() {
        let complaint = complaint("\u{1b}[2Jstore").unwrap();
        assert!(!complaint.contains('\u{1b}'), "{complaint:?}");
    }

    #[test]
    fn variables_are_named_after_settings() {
        assert_eq!(variable_suffix("fetchMinSpeedKiBps"), "FETCH_MIN_SPEED_KI_BPS");
        assert_eq!(variable_suffix("noproxy"), "NOPROXY");
    }
}
