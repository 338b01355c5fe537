use super::*;

struct Made {
    dependencies: IndexMap<String, String>,
    peers: IndexMap<String, String>,
}

fn texts(entries: &[(&str, &str)]) -> IndexMap<String, String> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn catalogs() -> CatalogEntries {
    IndexMap::from([("default".to_owned(), texts(&[("a", "^7")]))])
}

fn root() -> Manifest {
    Manifest::parse(
        br#"{"devDependencies": {"c": "5", "d": "1"}, "dependencies": {"d": "2"}}"#,
        Path::new("package.json"),
    )
    .unwrap()
}

fn read(overrides: &[(&str, &str)]) -> Result<Overrides, OverrideError> {
    Overrides::parse(&texts(overrides), &catalogs(), Some(&root()))
}

const ME: Owner<'_> = Owner { name: Some("me"), version: Some("1.0.0"), base: Base::Importer(".") };

fn applied(
    overrides: &[(&str, &str)],
    dependencies: &[(&str, &str)],
    peers: &[(&str, &str)],
    owner: Owner<'_>,
) -> Made {
    let mut made = Made { dependencies: texts(dependencies), peers: texts(peers) };
    let mut groups = Groups {
        dependencies: &mut made.dependencies,
        optional: &mut IndexMap::new(),
        development: &mut IndexMap::new(),
        peers: &mut made.peers,
    };
    read(overrides).unwrap().apply(&mut groups, owner);
    made
}

fn dependency_a(overrides: &[(&str, &str)], specifier: &str) -> Option<String> {
    applied(overrides, &[("a", specifier)], &[], ME).dependencies.swap_remove("a")
}

#[test]
fn a_selector_applies_by_name_range_and_parent() {
    for (selector, expected) in [
        ("a", "9.0.0"),
        ("a@1", "9.0.0"),
        ("a@^1.5.0", "9.0.0"),
        ("a@2", "^1.2.0"),
        ("b", "^1.2.0"),
        ("me>a", "9.0.0"),
        ("me@1>a@1", "9.0.0"),
        ("me@2>a", "^1.2.0"),
        ("other>a", "^1.2.0"),
        ("a@>=1.0.0", "9.0.0"),
    ] {
        assert_eq!(dependency_a(&[(selector, "9.0.0")], "^1.2.0").as_deref(), Some(expected), "{selector}");
    }
}

#[test]
fn a_range_in_a_selector_leaves_what_is_no_range_alone() {
    for specifier in ["npm:b@1", "latest", "workspace:*", "github:owner/name"] {
        assert_eq!(dependency_a(&[("a@1", "9.0.0")], specifier).as_deref(), Some(specifier));
        assert_eq!(dependency_a(&[("a", "9.0.0")], specifier).as_deref(), Some("9.0.0"));
    }
}

#[test]
fn the_most_specific_rule_wins_and_a_parent_is_more_specific_than_none() {
    assert_eq!(dependency_a(&[("a", "2.0.0"), ("me>a", "3.0.0")], "^1.2.0").as_deref(), Some("3.0.0"));
    assert_eq!(dependency_a(&[("a", "1.0.0"), ("a@1", "2.0.0")], "npm:b@1").as_deref(), Some("1.0.0"));
}

#[test]
fn a_dependency_is_removed_converged_or_taken_from_a_catalog_or_the_root() {
    assert_eq!(dependency_a(&[("a", "-")], "^1.2.0"), None);
    assert_eq!(dependency_a(&[("a@", "1.3.0")], "^1.2.0").as_deref(), Some("1.3.0"));
    assert_eq!(dependency_a(&[("a@", "1.3.0")], "").as_deref(), Some("1.3.0"));
    assert_eq!(dependency_a(&[("a@", "2.0.0")], "^1.2.0").as_deref(), Some("^1.2.0"));
    assert_eq!(dependency_a(&[("a", "catalog:")], "^1.2.0").as_deref(), Some("^7"));
    assert_eq!(dependency_a(&[("a", "$c")], "^1.2.0").as_deref(), Some("5"));
    assert_eq!(
        dependency_a(&[("a", "$d")], "^1.2.0").as_deref(),
        Some("2"),
        "dependencies before devDependencies"
    );
}

#[test]
fn an_explicit_rule_goes_before_convergence() {
    assert_eq!(dependency_a(&[("a@", "1.3.0"), ("a@1", "1.4.0")], "^1.2.0").as_deref(), Some("1.4.0"));
}

#[test]
fn a_local_override_is_written_from_the_project_or_absolute() {
    let from = |value: &str, base| {
        let overrides = [("a", value)];
        applied(&overrides, &[("a", "1")], &[], Owner { base, ..ME }).dependencies["a"].clone()
    };
    assert_eq!(from("link:./vendor/a", Base::Importer(".")), "link:vendor/a");
    assert_eq!(from("link:./vendor/a", Base::Importer("packages/x")), "link:../../vendor/a");
    assert_eq!(from("file:/abs/a", Base::Importer("packages/x")), "file:/abs/a");
    assert_eq!(from("link:./vendor/a", Base::Absolute(Path::new("/root"))), "link:/root/vendor/a");
}

#[test]
fn a_peer_takes_a_range_and_nothing_else() {
    let made = applied(&[("a", "^2.0.0")], &[], &[("a", "1")], ME);
    assert_eq!(made.peers["a"], "^2.0.0");
    let made = applied(&[("a", "npm:b@2")], &[], &[("a", "1")], ME);
    assert_eq!((made.peers["a"].as_str(), made.dependencies.len()), ("1", 0));
    assert!(applied(&[("a", "-")], &[], &[("a", "1")], ME).peers.is_empty());
}

#[test]
fn rules_with_a_parent_do_not_apply_where_no_manifest_declares_the_dependency() {
    let overrides = read(&[("me>a", "1.0.0"), ("b", "2.0.0")]).unwrap();
    assert_eq!(overrides.undeclared("a", "^1", Base::Importer(".")), None);
    assert_eq!(overrides.undeclared("b", "^1", Base::Importer(".")).as_deref(), Some("2.0.0"));
}

#[test]
fn order_does_not_matter_for_agreement_but_values_do() {
    let overrides = read(&[("a", "1"), ("b", "2")]).unwrap();
    assert!(overrides.agree_with(&texts(&[("b", "2"), ("a", "1")])));
    assert!(!overrides.agree_with(&texts(&[("a", "1")])));
    assert!(!overrides.agree_with(&texts(&[("b", "2"), ("a", "3")])));
}

#[test]
fn what_cannot_be_read_is_refused_with_pnpms_code() {
    for (selector, value, code) in [
        ("../a", "1", "ERR_PNPM_INVALID_SELECTOR"),
        ("a>", "1", "ERR_PNPM_INVALID_SELECTOR"),
        ("a@", "^1", "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"),
        ("a@", "-", "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"),
        ("me>a@", "1.0.0", "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"),
        ("b", "catalog:", "ERR_PNPM_CATALOG_IN_OVERRIDES"),
        ("a", "$missing", "ERR_PNPM_CANNOT_RESOLVE_OVERRIDE_VERSION"),
    ] {
        assert_eq!(read(&[(selector, value)]).unwrap_err().code(), Some(code), "{selector}");
    }
}
