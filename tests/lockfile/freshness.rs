//! When a lockfile fits its manifests and settings, and what is said when it does not.

use crate::{ONE_DEPENDENCY, importer, lockfile, manifest};
use pacwatch::core::lockfile::{FreshnessSettings, Lockfile, PnpmfileChecksum, check_freshness};

#[test]
fn a_lockfile_that_fits_is_up_to_date() {
    let json = r#"{"dependencies": {"a": "^1.0.0"}}"#;
    check_freshness(&importer(ONE_DEPENDENCY), &[(".", &manifest(json))], &FreshnessSettings::default())
        .unwrap();
    // A project without dependencies need not stand in it.
    check_freshness(&lockfile("importers: {}\n"), &[(".", &manifest("{}"))], &FreshnessSettings::default())
        .unwrap();
}

fn outdated(lockfile: &Lockfile, json: &str) -> String {
    let error =
        check_freshness(lockfile, &[(".", &manifest(json))], &FreshnessSettings::default()).unwrap_err();
    assert_eq!(error.code(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));
    error.to_string()
}

#[test]
fn an_outdated_lockfile_is_told_with_what_differs() {
    let recorded = importer(ONE_DEPENDENCY);
    insta::assert_snapshot!(outdated(&recorded, r#"{"dependencies": {"a": "^2.0.0", "b": "1", "c": "2"}}"#), @r#"
    the lockfile is not up to date with package.json

    Reason:
    * in importers["."]:
    * 2 dependencies were added: b@1, c@2
    * 1 dependency is mismatched:
      - a (lockfile: ^1.0.0, manifest: ^2.0.0)
    "#);
    assert!(outdated(&recorded, "{}").contains("* 1 dependency was removed: a@^1.0.0"));
    assert!(outdated(&recorded, r#"{"devDependencies": {"a": "^1.0.0"}}"#).contains("another group"));
    let meta = r#"{"dependencies": {"a": "^1.0.0"}, "dependenciesMeta": {"a": {"injected": true}}}"#;
    assert!(outdated(&recorded, meta).contains("dependenciesMeta"));
    let publish = r#"{"dependencies": {"a": "^1.0.0"}, "publishConfig": {"directory": "dist"}}"#;
    assert!(outdated(&recorded, publish).contains("publishConfig.directory"));
    assert!(
        outdated(&lockfile("importers: {}\n"), r#"{"dependencies": {"a": "1"}}"#)
            .contains("does not have this project")
    );
    let wrong = importer(&ONE_DEPENDENCY.replace("1.2.3", "2.0.0"));
    assert!(outdated(&wrong, r#"{"dependencies": {"a": "^1.0.0"}}"#).contains("locked at 2.0.0"));
}

#[test]
fn peers_of_the_project_count_as_its_dependencies_when_they_are_installed() {
    let recorded = importer(ONE_DEPENDENCY);
    let manifest = manifest(r#"{"peerDependencies": {"a": "^1.0.0"}}"#);
    check_freshness(&recorded, &[(".", &manifest)], &FreshnessSettings::default()).unwrap();
}

#[test]
fn an_alias_in_several_groups_counts_in_the_strongest() {
    let recorded = importer(&ONE_DEPENDENCY.replace("dependencies", "optionalDependencies"));
    let manifest = manifest(
        r#"{"dependencies": {"a": "^1.0.0"}, "devDependencies": {"a": "^1.0.0"}, "optionalDependencies": {"a": "^1.0.0"}}"#,
    );
    check_freshness(&recorded, &[(".", &manifest)], &FreshnessSettings::default()).unwrap();
}

#[test]
fn settings_are_applied_to_the_manifest_before_it_is_compared() {
    let recorded = lockfile(
        "overrides:\n  a: ^1.0.0\n\nimporters:\n\n  .:\n    dependencies:\n      a:\n        specifier: ^1.0.0\n        version: 1.2.3\n\n\
         ignoredOptionalDependencies:\n  - native-*\n",
    );
    let manifest = manifest(
        r#"{"dependencies": {"a": "^0.5.0", "l": "link:../l"}, "optionalDependencies": {"native-linux": "1"}}"#,
    );
    let settings = FreshnessSettings {
        overrides: [("a".to_owned(), "^1.0.0".to_owned())].into_iter().collect(),
        ignored_optional_dependencies: vec!["native-*".to_owned()],
        ..FreshnessSettings::default()
    };
    let error = check_freshness(&recorded, &[(".", &manifest)], &settings).unwrap_err();
    assert!(error.to_string().contains("* 1 dependency was added: l@link:../l"), "{error}");

    let recorded = Lockfile { settings: None, ..recorded };
    let settings = FreshnessSettings { exclude_links_from_lockfile: true, ..settings };
    check_freshness(&recorded, &[(".", &manifest)], &settings).unwrap();
}

#[test]
fn a_setting_that_differs_is_named() {
    let recorded = lockfile(
        "catalogs:\n  default:\n    a:\n      specifier: ^1.0.0\n      version: 1.2.3\n\npnpmfileChecksum: sha256-X\n\nimporters: {}\n",
    );
    let agreeing = FreshnessSettings {
        catalogs: [("default".to_owned(), [("a".to_owned(), "^1.0.0".to_owned())].into_iter().collect())]
            .into_iter()
            .collect(),
        ..FreshnessSettings::default()
    };
    check_freshness(&recorded, &[], &agreeing).unwrap();
    let one = || [("a".to_owned(), "1".to_owned())].into_iter().collect();
    for (setting, settings) in [
        ("catalogs", FreshnessSettings::default()),
        ("overrides", FreshnessSettings { overrides: one(), ..agreeing.clone() }),
        (
            "packageExtensionsChecksum",
            FreshnessSettings {
                package_extensions: Some(serde_json::json!({"a": {"dependencies": {"b": "1"}}})),
                ..agreeing.clone()
            },
        ),
        (
            "ignoredOptionalDependencies",
            FreshnessSettings { ignored_optional_dependencies: vec!["a".to_owned()], ..agreeing.clone() },
        ),
        ("patchedDependencies", FreshnessSettings { patched_dependencies: one(), ..agreeing.clone() }),
        ("settings.autoInstallPeers", FreshnessSettings { auto_install_peers: false, ..agreeing.clone() }),
        ("settings.dedupePeers", FreshnessSettings { dedupe_peers: true, ..agreeing.clone() }),
        (
            "settings.excludeLinksFromLockfile",
            FreshnessSettings { exclude_links_from_lockfile: true, ..agreeing.clone() },
        ),
        (
            "settings.peersSuffixMaxLength",
            FreshnessSettings { peers_suffix_max_length: 10, ..agreeing.clone() },
        ),
        (
            "pnpmfileChecksum",
            FreshnessSettings { pnpmfile_checksum: PnpmfileChecksum::Absent, ..agreeing.clone() },
        ),
        (
            "settings.injectWorkspacePackages",
            FreshnessSettings { inject_workspace_packages: true, ..agreeing.clone() },
        ),
    ] {
        let error = check_freshness(&recorded, &[], &settings).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_LOCKFILE_CONFIG_MISMATCH"));
        assert!(error.to_string().contains(setting), "{setting}: {error}");
    }
}

#[test]
fn a_project_that_was_removed_makes_the_lockfile_outdated_when_all_are_known() {
    let recorded = lockfile("importers:\n\n  .: {}\n\n  packages/gone: {}\n");
    let root = manifest("{}");
    check_freshness(&recorded, &[(".", &root)], &FreshnessSettings::default()).unwrap();
    let settings = FreshnessSettings { all_projects: true, ..FreshnessSettings::default() };
    let error = check_freshness(&recorded, &[(".", &root)], &settings).unwrap_err();
    assert!(error.to_string().contains("packages/gone/package.json"), "{error}");
}
