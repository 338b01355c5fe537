use super::*;
use crate::core::lockfile::model::LockfileSettings;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::path::Path;

/// `a` needs `b`; `c` needs `b` by an optional edge; `d` sees `p` as its peer; two versions of `v`.
const LOCKFILE: &str = "
lockfileVersion: '9.0'
settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.0.0}
      c: {specifier: ^1.0.0, version: 1.0.0}
      v: {specifier: ^1.0.0, version: 1.0.0}
    devDependencies:
      v2: {specifier: 'npm:v@^2.0.0', version: v@2.0.0}
packages:
  a@1.0.0: {resolution: {integrity: sha512-a}}
  b@1.0.0: {resolution: {integrity: sha512-b}}
  c@1.0.0: {resolution: {integrity: sha512-c}}
  v@1.0.0: {resolution: {integrity: sha512-v}}
  v@2.0.0: {resolution: {integrity: sha512-v2}}
snapshots:
  a@1.0.0: {dependencies: {b: 1.0.0}}
  b@1.0.0: {}
  c@1.0.0: {optionalDependencies: {b: 1.0.0}}
  v@1.0.0: {}
  v@2.0.0: {}
";

const WITH_PEER: &str = "
lockfileVersion: '9.0'
settings: {autoInstallPeers: true, excludeLinksFromLockfile: false}
importers:
  .:
    dependencies:
      d: {specifier: ^1.0.0, version: 1.0.0(p@1.0.0)}
      e: {specifier: ^1.0.0, version: 1.0.0}
      p: {specifier: ^1.0.0, version: 1.0.0}
packages:
  d@1.0.0: {resolution: {integrity: sha512-d}, peerDependencies: {p: '*'}}
  e@1.0.0: {resolution: {integrity: sha512-e}}
  p@1.0.0: {resolution: {integrity: sha512-p}}
snapshots:
  d@1.0.0(p@1.0.0): {dependencies: {p: 1.0.0}}
  e@1.0.0: {dependencies: {p: 1.0.0}}
  p@1.0.0: {}
";

fn lockfile(text: &str) -> Lockfile {
    Lockfile::parse(text, Path::new("pnpm-lock.yaml")).unwrap()
}

fn manifest(json: &Value) -> Manifest {
    Manifest::parse(json.to_string().as_bytes(), Path::new("package.json")).unwrap()
}

fn updated_with(
    lockfile: &Lockfile,
    projects: &[(&str, Value)],
    settings: &FreshnessSettings,
) -> Option<Lockfile> {
    let manifests: Vec<(&str, Manifest)> = projects.iter().map(|(id, json)| (*id, manifest(json))).collect();
    let manifests: Vec<(&str, &Manifest)> = manifests.iter().map(|(id, manifest)| (*id, manifest)).collect();
    try_update(&UpdateRequest {
        lockfile,
        manifests: &manifests,
        projects: &manifests,
        settings,
        picks_lowest: false,
        allow_unused_patches: false,
    })
}

fn updated(text: &str, root: Value) -> Option<Lockfile> {
    updated_with(&lockfile(text), &[(".", root)], &FreshnessSettings::default())
}

fn keys<T>(map: &IndexMap<String, T>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

/// The manifest that `LOCKFILE` was made for, with other dependencies.
fn root(dependencies: &Value) -> Value {
    json!({ "dependencies": dependencies, "devDependencies": { "v2": "npm:v@^2.0.0" } })
}

fn unchanged() -> Value {
    root(&json!({ "a": "^1.0.0", "c": "^1.0.0", "v": "^1.0.0" }))
}

#[test]
fn nothing_changed_is_no_update() {
    assert_eq!(updated(LOCKFILE, unchanged()), None);
}

#[test]
fn a_removed_dependency_goes_with_all_that_only_it_reached() {
    let lockfile = updated(LOCKFILE, json!({ "dependencies": { "c": "^1.0.0" } })).unwrap();
    assert_eq!(keys(&lockfile.importers["."].dependencies), ["c"]);
    assert!(lockfile.importers["."].dev_dependencies.is_empty());
    assert_eq!(keys(&lockfile.snapshots), ["b@1.0.0", "c@1.0.0"]);
    assert_eq!(keys(&lockfile.packages), ["b@1.0.0", "c@1.0.0"]);
    assert!(lockfile.snapshots["b@1.0.0"].optional, "only an optional edge is left");
}

#[test]
fn a_dependency_that_moves_to_another_group_keeps_its_version() {
    let moved = json!({
        "dependencies": { "c": "^1.0.0", "v": "^1.0.0" },
        "optionalDependencies": { "a": "^1.0.0" },
        "devDependencies": { "v2": "npm:v@^2.0.0" },
    });
    let lockfile = updated(LOCKFILE, moved).unwrap();
    assert_eq!(lockfile.importers["."].optional_dependencies["a"].version, "1.0.0");
    assert!(lockfile.snapshots["a@1.0.0"].optional && lockfile.snapshots["b@1.0.0"].optional);
}

#[test]
fn a_range_keeps_or_moves_to_the_highest_locked_version_in_it() {
    for (range, version) in [("1", "1.0.0"), ("*", "2.0.0"), ("^2.0.0", "2.0.0")] {
        let lockfile = updated(LOCKFILE, root(&json!({ "a": "^1.0.0", "c": "^1.0.0", "v": range }))).unwrap();
        let dependency = &lockfile.importers["."].dependencies["v"];
        assert_eq!((dependency.specifier.as_str(), dependency.version.as_str()), (range, version));
    }
    for range in ["^3.0.0", "latest", "npm:v@^1.0.0", "workspace:*"] {
        let other = root(&json!({ "a": "^1.0.0", "c": "^1.0.0", "v": range }));
        assert_eq!(updated(LOCKFILE, other), None, "{range}");
    }
}

#[test]
fn a_new_dependency_takes_a_locked_version_and_needs_a_resolution_without_one() {
    let lockfile =
        updated(LOCKFILE, root(&json!({ "a": "^1.0.0", "b": "1", "c": "^1.0.0", "v": "^1.0.0" }))).unwrap();
    assert_eq!(lockfile.importers["."].dependencies["b"].version, "1.0.0");
    let unknown = root(&json!({ "a": "^1.0.0", "c": "^1.0.0", "new": "1", "v": "^1.0.0" }));
    assert_eq!(updated(LOCKFILE, unknown), None);
}

#[test]
fn where_the_lowest_version_is_taken_several_locked_ones_need_a_resolution() {
    let lockfile = lockfile(LOCKFILE);
    let json = root(&json!({ "a": "^1.0.0", "c": "^1.0.0", "v": "*" }));
    let root = manifest(&json);
    let request = UpdateRequest {
        lockfile: &lockfile,
        manifests: &[(".", &root)],
        projects: &[(".", &root)],
        settings: &FreshnessSettings::default(),
        picks_lowest: true,
        allow_unused_patches: false,
    };
    assert_eq!(try_update(&request), None);
}

#[test]
fn a_dropped_package_in_a_peer_suffix_needs_a_resolution() {
    let without = |name: &str| {
        let mut dependencies = json!({ "d": "^1.0.0", "e": "^1.0.0", "p": "^1.0.0" });
        dependencies.as_object_mut().unwrap().remove(name);
        updated(WITH_PEER, json!({ "dependencies": dependencies }))
    };
    assert_eq!(without("p"), None, "d has it in its suffix");
    assert_eq!(without("e"), None, "p lost a dependent, and d has p in its suffix");
    assert_eq!(keys(&without("d").unwrap().snapshots), ["e@1.0.0", "p@1.0.0"]);
}

const MISSING_PEER: &str = "
lockfileVersion: '9.0'
settings: {autoInstallPeers: true, excludeLinksFromLockfile: false}
importers:
  .:
    dependencies:
      agent: {specifier: ^1.0.0, version: 1.0.0}
      debug: {specifier: ^1.0.0, version: 1.0.0}
packages:
  agent@1.0.0: {resolution: {integrity: sha512-a}}
  base@1.0.0: {resolution: {integrity: sha512-b}}
  color@1.0.0: {resolution: {integrity: sha512-c}}
  debug@1.0.0: {resolution: {integrity: sha512-d}, peerDependenciesMeta: {color: {optional: true}}}
  ms@1.0.0: {resolution: {integrity: sha512-m}}
snapshots:
  agent@1.0.0: {dependencies: {base: 1.0.0, color: 1.0.0, ms: 1.0.0}}
  base@1.0.0: {dependencies: {debug: 1.0.0}}
  color@1.0.0: {}
  debug@1.0.0: {}
  ms@1.0.0: {}
";

#[test]
fn where_a_missing_peer_may_be_found_then_a_resolution_is_needed() {
    let with = |name: &str| {
        updated(
            MISSING_PEER,
            json!({ "dependencies": { "agent": "^1.0.0", "debug": "^1.0.0", name: "^1.0.0" } }),
        )
    };
    assert_eq!(with("base"), None, "debug below it may see another color there");
    assert_eq!(with("color"), None, "debug beside it may take it as its peer");
    assert!(with("ms").is_some());
    let alone = |name: &str| updated(MISSING_PEER, json!({ "dependencies": { name: "^1.0.0" } }));
    assert_eq!(alone("agent"), None, "debug stays below it, and declares peers");
    assert!(alone("debug").is_none(), "debug stays, and was below what goes");
}

#[test]
fn a_version_with_peers_stays_in_a_wider_range_but_is_not_added_elsewhere() {
    let wider = json!({ "dependencies": { "d": ">=1.0.0", "e": "^1.0.0", "p": "^1.0.0" } });
    assert_eq!(updated(WITH_PEER, wider).unwrap().importers["."].dependencies["d"].version, "1.0.0(p@1.0.0)");
    let root = json!({ "dependencies": { "d": "^1.0.0", "e": "^1.0.0", "p": "^1.0.0" } });
    let member = json!({ "name": "m", "dependencies": { "d": "^1.0.0" } });
    let projects = [(".", root), ("m", member)];
    assert_eq!(updated_with(&lockfile(WITH_PEER), &projects, &FreshnessSettings::default()), None);
}

#[test]
fn a_new_project_is_made_of_locked_versions_and_one_that_is_gone_goes() {
    let all = FreshnessSettings { all_projects: true, ..FreshnessSettings::default() };
    let member = json!({ "dependencies": { "b": "^1.0.0" }, "publishConfig": { "directory": "dist" } });
    let grown = updated_with(&lockfile(LOCKFILE), &[(".", unchanged()), ("m", member)], &all).unwrap();
    assert_eq!(grown.importers["m"].dependencies["b"].version, "1.0.0");
    assert_eq!(grown.importers["m"].publish_directory.as_deref(), Some("dist"));
    let shrunk = updated_with(&grown, &[(".", unchanged())], &all).unwrap();
    assert_eq!(shrunk, lockfile(LOCKFILE));
    let some = FreshnessSettings::default();
    assert_eq!(updated_with(&grown, &[(".", unchanged())], &some), None, "it may only be left out");
}

#[test]
fn a_project_that_is_gone_while_another_links_to_it_needs_a_resolution() {
    let linked = LOCKFILE.replace(
        "packages:\n",
        "  m:\n    dependencies:\n      n: {specifier: 'workspace:*', version: 'link:../n'}\n  n: {}\npackages:\n",
    );
    let member = json!({ "name": "m", "dependencies": { "n": "workspace:*" } });
    let all = FreshnessSettings { all_projects: true, ..FreshnessSettings::default() };
    assert_eq!(updated_with(&lockfile(&linked), &[(".", unchanged()), ("m", member)], &all), None);
    let gone = updated_with(&lockfile(&linked), &[(".", unchanged())], &all).unwrap();
    assert_eq!(keys(&gone.importers), ["."]);
}

#[test]
fn ignoring_more_optional_dependencies_cuts_them_off_and_ignoring_fewer_needs_a_resolution() {
    let ignoring = |patterns: &[&str]| FreshnessSettings {
        ignored_optional_dependencies: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        ..FreshnessSettings::default()
    };
    let text = LOCKFILE.replace("{dependencies: {b: 1.0.0}}", "{}");
    let before = lockfile(&text);
    let cut = updated_with(&before, &[(".", unchanged())], &ignoring(&["z", "b"])).unwrap();
    assert!(!cut.snapshots.contains_key("b@1.0.0"));
    assert_eq!(cut.ignored_optional_dependencies, ["b", "z"]);
    assert_eq!(updated_with(&cut, &[(".", unchanged())], &ignoring(&["b"])), None);
    assert_eq!(updated_with(&before, &[(".", unchanged())], &ignoring(&["b", "!c"])), None);
}

#[test]
fn settings_are_recorded_where_they_cannot_matter() {
    let settings = FreshnessSettings {
        dedupe_peers: true,
        inject_workspace_packages: true,
        peers_suffix_max_length: 80,
        ..FreshnessSettings::default()
    };
    let recorded = updated_with(&lockfile(LOCKFILE), &[(".", unchanged())], &settings).unwrap().settings;
    let expected = LockfileSettings {
        auto_install_peers: Some(true),
        dedupe_peers: Some(true),
        exclude_links_from_lockfile: Some(false),
        inject_workspace_packages: Some(true),
        peers_suffix_max_length: Some(80),
        ..LockfileSettings::default()
    };
    assert_eq!(recorded, Some(expected));
    let root = json!({ "dependencies": { "d": "^1.0.0", "e": "^1.0.0", "p": "^1.0.0" } });
    assert_eq!(updated_with(&lockfile(WITH_PEER), &[(".", root)], &settings), None, "there are peers");
}

#[test]
fn a_catalog_entry_that_nothing_uses_any_more_goes() {
    let text = LOCKFILE
        .replace("a: {specifier: ^1.0.0", "a: {specifier: 'catalog:'")
        .replace("importers:", "catalogs: {default: {a: {specifier: ^1.0.0, version: 1.0.0}}}\nimporters:");
    let catalog = IndexMap::from([("a".to_owned(), "^1.0.0".to_owned())]);
    let settings = FreshnessSettings {
        catalogs: IndexMap::from([("default".to_owned(), catalog)]),
        ..FreshnessSettings::default()
    };
    let without = root(&json!({ "c": "^1.0.0", "v": "^1.0.0" }));
    assert!(updated_with(&lockfile(&text), &[(".", without)], &settings).unwrap().catalogs.is_empty());
}

#[test]
fn patches_change_keys_and_references() {
    let patched = |selector: &str| FreshnessSettings {
        patched_dependencies: IndexMap::from([(selector.to_owned(), "ab12".to_owned())]),
        ..FreshnessSettings::default()
    };
    let lockfile_of = |selector| updated_with(&lockfile(LOCKFILE), &[(".", unchanged())], &patched(selector));
    let both = lockfile_of("v").unwrap();
    assert_eq!(both.importers["."].dependencies["v"].version, "1.0.0(patch_hash=ab12)");
    assert_eq!(both.importers["."].dev_dependencies["v2"].version, "v@2.0.0(patch_hash=ab12)");
    assert!(both.snapshots.contains_key("v@1.0.0(patch_hash=ab12)"));
    assert!(both.packages.contains_key("v@1.0.0"), "packages are not keyed by patches");
    let back = updated_with(&both, &[(".", unchanged())], &FreshnessSettings::default()).unwrap();
    assert_eq!(back, lockfile(LOCKFILE));
    assert_eq!(lockfile_of("b@1").unwrap().snapshots["a@1.0.0"].dependencies["b"], "1.0.0(patch_hash=ab12)");
    assert_eq!(
        lockfile_of("unknown"),
        None,
        "a patch that is for nothing is for a resolution to complain of"
    );
    let root = json!({ "dependencies": { "d": "^1.0.0", "e": "^1.0.0", "p": "^1.0.0" } });
    assert_eq!(
        updated_with(&lockfile(WITH_PEER), &[(".", root)], &patched("p")),
        None,
        "d has p in its suffix"
    );
}

#[test]
fn the_time_of_a_new_direct_dependency_has_to_be_asked_for() {
    let text = format!(
        "{LOCKFILE}time:\n  a@1.0.0: '2020-01-01T00:00:00.000Z'\n  c@1.0.0: '2020-01-01T00:00:00.000Z'\n"
    );
    let grown = root(&json!({ "a": "^1.0.0", "b": "1", "c": "^1.0.0", "v": "^1.0.0" }));
    assert_eq!(updated(&text, grown), None);
    let shrunk = updated(&text, root(&json!({ "c": "^1.0.0", "v": "^1.0.0" }))).unwrap();
    assert_eq!(keys(&shrunk.time), ["c@1.0.0"]);
}

#[test]
fn a_new_override_needs_a_resolution() {
    let settings = FreshnessSettings {
        overrides: IndexMap::from([("b".to_owned(), "1.0.0".to_owned())]),
        ..FreshnessSettings::default()
    };
    let without = root(&json!({ "c": "^1.0.0", "v": "^1.0.0" }));
    assert_eq!(updated_with(&lockfile(LOCKFILE), &[(".", without)], &settings), None);
}

#[test]
fn what_extensions_add_to_a_project_is_not_taken_for_removed() {
    let text = LOCKFILE.replace("importers:", "packageExtensionsChecksum: CHECKSUM\nimporters:");
    let extensions = json!({ "me": { "dependencies": { "v": "^1.0.0" } } });
    let checksum = crate::core::lockfile::package_extensions_checksum(&extensions).unwrap();
    let settings = FreshnessSettings { package_extensions: Some(extensions), ..FreshnessSettings::default() };
    let root = json!({
        "name": "me",
        "dependencies": { "c": "^1.0.0" },
        "devDependencies": { "v2": "npm:v@^2.0.0" },
    });
    let updated = updated_with(&lockfile(&text.replace("CHECKSUM", &checksum)), &[(".", root)], &settings);
    assert_eq!(keys(&updated.unwrap().importers["."].dependencies), ["c", "v"]);
}
