use super::*;
use crate::core::config::{Config, Flags, Input};
use crate::core::lockfile::Resolution;
use crate::core::resolve::{PackageManifest, Source, Via};
use std::collections::BTreeMap;
use std::path::Path;

/// `a` and `p` need `x`; `x` needs `y`; the importer takes `c` from a catalog.
const LOCKFILE: &str = "
lockfileVersion: '9.0'
settings: {autoInstallPeers: true, excludeLinksFromLockfile: false}
catalogs:
  default:
    c: {specifier: ^1.0.0, version: 1.0.0}
importers:
  .:
    dependencies:
      a: {specifier: ^1.0.0, version: 1.0.0}
      c: {specifier: 'catalog:', version: 1.0.0}
      p: {specifier: ^1.0.0, version: 1.0.0}
packages:
  a@1.0.0: {resolution: {integrity: sha512-a}}
  c@1.0.0: {resolution: {integrity: sha512-c}}
  p@1.0.0: {resolution: {integrity: sha512-p}}
  x@1.0.0: {resolution: {integrity: sha512-x}}
  y@1.5.0: {resolution: {integrity: sha512-y}}
snapshots:
  a@1.0.0: {dependencies: {x: 1.0.0}}
  c@1.0.0: {}
  p@1.0.0: {dependencies: {x: 1.0.0}}
  x@1.0.0: {dependencies: {y: 1.5.0}}
  y@1.5.0: {}
";

const CATALOG: &str = "catalog: {c: ^1.0.0}\n";

/// The seed for `LOCKFILE` under settings, where the registry has every version of every package, each with these
/// dependencies.
fn seed(text: &str, settings: &str, dependencies: &[(&str, &str)]) -> Option<Lockfile> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("package.json"), "{}").unwrap();
    std::fs::write(folder.path().join("pnpm-workspace.yaml"), settings).unwrap();
    let config = Config::load(&Input {
        dir: folder.path().to_owned(),
        working_dir: folder.path().to_owned(),
        environment: BTreeMap::new(),
        home: Some(folder.path().to_owned()),
        flags: Flags::default(),
        processors: 1,
    })
    .unwrap();
    let rewriter = Rewriter::new(&config, None).unwrap();
    let lockfile = Lockfile::parse(text, Path::new("pnpm-lock.yaml")).unwrap();
    let request = SeedRequest {
        lockfile: &lockfile,
        rewriter: &rewriter,
        catalogs: &config.catalogs.value,
        ignored_optional: &config.ignored_optional_dependencies.value,
        overrides_use_catalogs: config.overrides.values().any(|value| value.starts_with("catalog:")),
        has_patches: false,
    };
    let fetch = async |name: Arc<str>, version: Arc<str>| Some(found(name, version, dependencies));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(reuse_seed(request, fetch)).map(Cow::into_owned)
}

fn found(name: Arc<str>, version: Arc<str>, dependencies: &[(&str, &str)]) -> Arc<Resolved> {
    let dependencies = dependencies.iter().map(|(alias, range)| ((*alias).into(), (*range).into())).collect();
    Arc::new(Resolved {
        id: format!("{name}@{version}").into(),
        name: Arc::clone(&name),
        version: Some(Arc::clone(&version)),
        source: Source::Package {
            resolution: Resolution::Registry { integrity: "sha512-new".into(), other: Vec::new() },
            tarball: None,
        },
        manifest: Arc::new(PackageManifest { name, version, dependencies, ..PackageManifest::default() }),
        via: Via::Registry,
        latest: None,
        published_at: None,
        normalized_specifier: None,
        alias: None,
        violation: None,
        unpacked_size: None,
        file_count: None,
    })
}

fn keys(lockfile: &Lockfile) -> Vec<&str> {
    let mut keys: Vec<&str> = lockfile.snapshots.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn unchanged_settings_reuse_the_lockfile_as_it_is() {
    let expected = Lockfile::parse(LOCKFILE, Path::new("pnpm-lock.yaml")).unwrap();
    assert_eq!(seed(LOCKFILE, CATALOG, &[]), Some(expected));
}

#[test]
fn other_extensions_or_ignored_dependencies_make_every_package_doubtful() {
    let extended = format!("{CATALOG}packageExtensions: {{a: {{dependencies: {{n: '1'}}}}}}\n");
    assert_eq!(seed(LOCKFILE, &extended, &[]), None);
    assert_eq!(seed(LOCKFILE, &format!("{CATALOG}ignoredOptionalDependencies: [no-such]\n"), &[]), None);
}

#[test]
fn a_catalog_range_that_the_locked_version_satisfies_is_only_noted() {
    let seed = seed(LOCKFILE, "catalog: {c: '>=1.0.0'}\n", &[]).unwrap();
    assert_eq!(seed.catalogs["default"]["c"].specifier, ">=1.0.0");
    assert_eq!(seed.catalogs["default"]["c"].version, "1.0.0");
}

#[test]
fn an_exact_version_in_a_catalog_takes_the_place_of_the_locked_one() {
    let moved = seed(LOCKFILE, "catalog: {c: 2.0.0}\n", &[("y", "^1.0.0")]).unwrap();
    assert_eq!(moved.importers["."].dependencies["c"].version, "2.0.0");
    assert_eq!(moved.catalogs["default"]["c"].version, "2.0.0");
    assert_eq!(moved.snapshots["c@2.0.0"].dependencies["y"], "1.5.0");
    assert!(!moved.packages.contains_key("c@1.0.0"));
    assert_eq!(seed(LOCKFILE, "catalog: {c: ^2.0.0}\n", &[]), None, "a range has to be resolved");
}

#[test]
fn an_override_takes_the_place_of_a_version_everywhere_or_below_one_parent() {
    let everywhere = format!("{CATALOG}overrides: {{x: 2.0.0}}\n");
    let moved = seed(LOCKFILE, &everywhere, &[("y", "^1.0.0")]).unwrap();
    assert_eq!(keys(&moved), ["a@1.0.0", "c@1.0.0", "p@1.0.0", "x@2.0.0", "y@1.5.0"]);
    assert_eq!(moved.snapshots["x@2.0.0"].dependencies["y"], "1.5.0");
    assert_eq!(moved.overrides["x"], "2.0.0");
    let below_one = format!("{CATALOG}overrides: {{'p>x': 2.0.0}}\n");
    let moved = seed(LOCKFILE, &below_one, &[("y", "^1.0.0")]).unwrap();
    assert_eq!(moved.snapshots["p@1.0.0"].dependencies["x"], "2.0.0");
    assert_eq!(moved.snapshots["a@1.0.0"].dependencies["x"], "1.0.0");
}

#[test]
fn an_override_to_a_version_that_needs_what_is_not_locked_gives_no_seed() {
    let settings = format!("{CATALOG}overrides: {{x: 2.0.0}}\n");
    assert_eq!(seed(LOCKFILE, &settings, &[("y", "^2.0.0")]), None);
    assert_eq!(seed(LOCKFILE, &settings, &[("unknown", "^1.0.0")]), None);
}

#[test]
fn an_override_takes_a_dependency_away() {
    let removed = seed(LOCKFILE, &format!("{CATALOG}overrides: {{y: '-'}}\n"), &[]).unwrap();
    assert_eq!(keys(&removed), ["a@1.0.0", "c@1.0.0", "p@1.0.0", "x@1.0.0"]);
    assert!(removed.snapshots["x@1.0.0"].dependencies.is_empty());
}

#[test]
fn overrides_that_went_have_a_range_or_touch_peers_give_no_seed() {
    let with_override = LOCKFILE.replace("importers:", "overrides: {x: 1.0.0}\nimporters:");
    assert_eq!(seed(&with_override, CATALOG, &[]), None);
    assert_eq!(seed(LOCKFILE, &format!("{CATALOG}overrides: {{'x@1': 2.0.0}}\n"), &[]), None);
    let peer = LOCKFILE.replace("integrity: sha512-a}", "integrity: sha512-a}, peerDependencies: {y: '*'}");
    assert_eq!(seed(&peer, &format!("{CATALOG}overrides: {{y: '-'}}\n"), &[]), None);
}

#[test]
fn catalogs_that_nothing_in_the_lockfile_uses_leave_it_as_it_is() {
    let without = LOCKFILE
        .replace("catalogs:\n  default:\n    c: {specifier: ^1.0.0, version: 1.0.0}\n", "")
        .replace("'catalog:'", "^1.0.0");
    let expected = Lockfile::parse(&without, Path::new("pnpm-lock.yaml")).unwrap();
    assert_eq!(expected.catalogs.len(), 0);
    assert_eq!(seed(&without, CATALOG, &[]), Some(expected));
}
