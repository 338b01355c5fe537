use super::*;
use crate::core::config::{Flags, Input};
use crate::core::lockfile::ImporterDependency;
use crate::core::resolve::Specifiers;

/// A rewriter of a project with this pnpm-workspace.yaml.
fn rewriter(settings: &str) -> Rewriter {
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
    Rewriter::new(&config, None).unwrap()
}

fn specifiers(entries: &[(&str, &str)]) -> Specifiers {
    entries.iter().map(|(alias, specifier)| ((*alias).into(), (*specifier).into())).collect()
}

fn package(dependencies: &[(&str, &str)], optional: &[(&str, &str)]) -> Arc<PackageManifest> {
    Arc::new(PackageManifest {
        name: "me".into(),
        version: "1.0.0".into(),
        dependencies: specifiers(dependencies),
        optional_dependencies: specifiers(optional),
        ..PackageManifest::default()
    })
}

#[test]
fn a_manifest_that_nothing_applies_to_is_not_copied() {
    let rewriter = rewriter("overrides: {x: '1'}\nignoredOptionalDependencies: [z]\n");
    let manifest = package(&[("a", "1")], &[("b", "1")]);
    assert!(Arc::ptr_eq(&manifest, &rewriter.package(Arc::clone(&manifest))));
}

#[test]
fn extensions_come_before_overrides_and_these_before_ignored_optional_dependencies() {
    let rewriter = rewriter(
        "packageExtensions: {me: {dependencies: {a: '1'}, optionalDependencies: {gone: '1'}}}\n\
         overrides: {a: '2'}\n\
         ignoredOptionalDependencies: ['go*']\n",
    );
    let manifest = rewriter.package(package(&[("gone", "1")], &[("stays", "1")]));
    assert_eq!(manifest.dependencies, specifiers(&[("a", "2")]));
    assert_eq!(manifest.optional_dependencies, specifiers(&[("stays", "1")]));
}

#[test]
fn the_compatibility_database_applies_unless_it_is_switched_off() {
    let manifest = Arc::new(PackageManifest {
        name: "@babel/parser".into(),
        version: "7.0.0".into(),
        ..PackageManifest::default()
    });
    let with = rewriter("{}").package(Arc::clone(&manifest));
    assert!(with.dependencies.contains_key("@babel/types"));
    assert!(rewriter("{}").importer(&manifest, ".").dependencies.is_empty(), "it is not about projects");
    let without = rewriter("ignoreCompatibilityDb: true\n").package(manifest);
    assert!(without.dependencies.is_empty());
}

#[test]
fn a_local_override_is_relative_for_projects_and_absolute_for_packages() {
    let rewriter = rewriter("overrides: {a: 'link:./vendor'}\n");
    let project = rewriter.importer(&package(&[("a", "1")], &[]), "packages/x");
    assert_eq!(&*project.dependencies["a"], "link:../../vendor");
    let package = rewriter.package(package(&[("a", "1")], &[]));
    let expected = format!("link:{}", rewriter.lockfile_dir.join("vendor").display());
    assert_eq!(&*package.dependencies["a"], expected);
}

#[test]
fn ranges_left_to_convergence_are_remembered() {
    let rewriter = rewriter("overrides: {'a@': '1.5.0', 'b@': '1.0.0', 'b@1': '1.2.0'}\n");
    let one = rewriter.package(package(&[("a", "^1.0.0"), ("b", "^1.0.0")], &[]));
    let two = rewriter.package(package(&[("a", "^2.0.0")], &[("a2", "1")]));
    assert_eq!((&*one.dependencies["a"], &*two.dependencies["a"]), ("1.5.0", "^2.0.0"));
    let ranges = rewriter.converging_ranges();
    assert_eq!(ranges.len(), 1, "an explicit override goes before convergence");
    assert_eq!(ranges["a"], BTreeSet::from(["^1.0.0".into(), "^2.0.0".into()]));
}

#[test]
fn catalog_entries_that_importers_use_are_recorded_with_their_versions() {
    let rewriter = rewriter("catalog: {a: ^1.0.0, unused: '1'}\ncatalogs: {other: {b: ^2.0.0}}\n");
    assert_eq!(rewriter.catalog("a", "catalog:").unwrap().unwrap().specifier, "^1.0.0");
    let dependency = |specifier: &str, version: &str| ImporterDependency {
        specifier: specifier.into(),
        version: version.into(),
        ..ImporterDependency::default()
    };
    let importer = Importer {
        dependencies: IndexMap::from([
            ("a".into(), dependency("catalog:", "1.2.0(p@1.0.0)")),
            ("c".into(), dependency("^1", "1.0.0")),
        ]),
        dev_dependencies: IndexMap::from([("b".into(), dependency("catalog:other", "2.0.1"))]),
        ..Importer::default()
    };
    let used = rewriter.used_catalogs(&IndexMap::from([(".".into(), importer)]));
    let entries: Vec<_> = used
        .iter()
        .flat_map(|(catalog, entries)| {
            entries.iter().map(move |(alias, entry)| {
                (catalog.as_str(), alias.as_str(), entry.specifier.as_str(), entry.version.as_str())
            })
        })
        .collect();
    assert_eq!(entries, [("default", "a", "^1.0.0", "1.2.0"), ("other", "b", "^2.0.0", "2.0.1")]);
}

#[test]
fn deprecation_is_allowed_by_range() {
    let rewriter = rewriter("allowedDeprecatedVersions: {a: '1', b: 'no range!'}\n");
    assert!(rewriter.is_deprecation_allowed("a", "1.2.0"));
    assert!(!rewriter.is_deprecation_allowed("a", "2.0.0"));
    assert!(!rewriter.is_deprecation_allowed("b", "1.0.0"));
}
