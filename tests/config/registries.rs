//! Which registry serves which package.

use super::Machine;

#[test]
fn scopes_have_registries_of_their_own() {
    let config = Machine::new()
        .user_npmrc(
            "registry=http://all.test\n@org:registry=http://org.test/npm\n@both:registry=http://user.test\n",
        )
        .project_npmrc("@both:registry=http://project.test\n")
        .project_yaml("registries:\n  '@yaml': http://yaml.test\n")
        .load();
    for (name, registry) in [
        ("is-odd", "http://all.test/"),
        ("@org/a", "http://org.test/npm/"),
        ("@both/a", "http://project.test/"),
        ("@yaml/a", "http://yaml.test/"),
        ("@unknown/a", "http://all.test/"),
        ("@organisation/a", "http://all.test/"),
        ("@org", "http://all.test/"),
    ] {
        assert_eq!(config.registries.for_package(name), registry, "{name}");
    }
    assert!(config.registries.for_package("@jsr/a").contains("jsr"));
}

#[test]
fn registries_can_be_declared_by_their_urls() {
    let config = Machine::new()
        .project_yaml(
            "registries:\n  http://one.test:\n    scopes: ['@', '@one']\n    prefix: one\n    serverType: npm\n",
        )
        .load();
    assert_eq!(config.registries.for_package("is-odd"), "http://one.test/");
    assert_eq!(config.registries.for_package("@one/a"), "http://one.test/");
    assert_eq!(config.registries.prefixes["one"].value, "http://one.test/");
    assert!(config.registries.prefixes.contains_key("gh"));
}

#[test]
fn a_default_among_the_registries_gives_way_to_the_registry_of_its_file() {
    let text = "registries:\n  default: http://routes.test\n";
    let config = Machine::new().user_npmrc("registry=http://npmrc.test\n").project_yaml(text).load();
    assert_eq!(config.registries.default.value, "http://routes.test/");
    let config = Machine::new().project_yaml(&format!("{text}registry: http://plain.test\n")).load();
    assert_eq!(config.registries.default.value, "http://plain.test/");
}

#[test]
fn a_projects_registry_cannot_hold_the_users_variables() {
    for machine in [
        Machine::new().project_npmrc("registry=http://evil.test/${SECRET}\n"),
        Machine::new().project_npmrc("@org:registry=http://${SECRET}.evil.test/\n"),
        Machine::new().project_yaml("registry: http://evil.test/${SECRET}\n"),
        Machine::new().project_yaml("registries:\n  '@org': http://evil.test/${SECRET}\n"),
    ] {
        let error = machine.variable("SECRET", "s3cret").try_load().unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_REGISTRY_ENV_NOT_EXPANDED"));
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    let config =
        Machine::new().variable("PORT", "81").user_npmrc("registry=http://mine.test:${PORT}\n").load();
    assert_eq!(config.registries.default.value, "http://mine.test:81/");
}

#[test]
fn stored_credentials_route_packages_only_where_nobody_else_does() {
    let registry = |machine: Machine| machine.load().registries.default.value;
    let stored = "_auth:\n  http://stored.test:\n    '@':\n      authToken: t\n";
    let variable = ("pnpm_config__auth", r#"{"http://variable.test": {"@": {"authToken": "t"}}}"#);
    assert_eq!(registry(Machine::new().user_yaml(stored)), "http://stored.test/");
    let machine = || Machine::new().user_yaml(stored).user_npmrc("registry=http://npmrc.test\n");
    assert_eq!(registry(machine()), "http://npmrc.test/");
    assert_eq!(registry(machine().variable(variable.0, variable.1)), "http://variable.test/");
    let two =
        r#"{"http://a.test": {"@": {"authToken": "t"}}, "http://b.test": {"@org": {"authToken": "t"}}}"#;
    let config = machine().variable("pnpm_config__auth", two).load();
    assert_eq!(config.registries.for_package("is-odd"), "http://npmrc.test/");
    assert_eq!(config.registries.for_package("@org/a"), "http://b.test/");
}

#[test]
fn a_registry_of_other_packages_routes_none_of_ours() {
    let yaml = "registries:\n  http://a.test:\n    ecosystem: pypi\n  http://b.test:\n    scopes: ['@b']\n";
    let config = Machine::new().project_yaml(yaml).load();
    assert!(!config.registries.default.is_explicit());
    assert_eq!(config.registries.for_package("@b/x"), "http://b.test/");
}

#[test]
fn a_wrong_declaration_is_an_error_that_leads_to_its_entry() {
    for (entries, expected) in [
        (
            "  http://a.test: {scopes: [a]}",
            "registries[\"http://a.test\"].scopes is a list but must be a list of scopes",
        ),
        (
            "  http://a.test: {_authToken: s3cret}",
            "registries[\"http://a.test\"]._authToken is \"…\" but must be absent",
        ),
        (
            "  http://u:s3cret@a.test: {prefix: a}",
            "registries[\"http://a.test/\"] is a map but must be keyed by a URL without",
        ),
        (
            "  http://a.test: http://b.test",
            "registries[\"http://a.test\"] is \"http://b.test\" but must be the URL of a scope",
        ),
        (
            "  '@a': http://a.test\n  http://b.test: {prefix: b}",
            "registries[\"@a\"] is \"http://a.test\" but must be a map",
        ),
        ("  '@a': nowhere", "registries[\"@a\"] is \"nowhere\" but must be an http: or https: URL"),
    ] {
        let complaint = Machine::new().project_yaml(&format!("registries:\n{entries}\n")).complaint();
        assert!(complaint.contains(expected) && !complaint.contains("s3cret"), "{complaint}");
    }
}
