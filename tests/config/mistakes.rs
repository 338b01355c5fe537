//! What wrong values, wrong names and broken or hostile files are met with.

use pacwatch::core::config::Flags;
use proptest::prelude::*;

use super::Machine;

#[test]
fn a_wrong_value_is_an_error_that_names_file_line_key_and_what_is_taken() {
    let file = "/work/project/pnpm-workspace.yaml";
    for (yaml, expected) in [
        ("# first\nhoist: maybe\n", format!("{file}:2: hoist is \"maybe\" but must be true or false")),
        (
            "nodeLinker: flat\n",
            format!("{file}:1: nodeLinker is \"flat\" but must be one of isolated, hoisted, pnp"),
        ),
        ("linkThreads: 0\n", format!("{file}:1: linkThreads is 0 but must be a whole number from 1 to 64")),
        ("linkThreads: 65\n", format!("{file}:1: linkThreads is 65 but must be a whole number from 1 to 64")),
        (
            "fetchRetries: -1\n",
            format!("{file}:1: fetchRetries is -1 but must be a whole number from 0 to 4294967295"),
        ),
        ("fetchTimeout: 1.5\n", format!("{file}:1: fetchTimeout is 1.5 but must be a whole number from 0")),
        (
            "registry: ftp://a.test\n",
            format!("{file}:1: registry is \"ftp://a.test\" but must be an http: or https: URL"),
        ),
        ("storeDir: [a]\n", format!("{file}:1: storeDir is a list but must be a path")),
    ] {
        assert_eq!(Machine::new().project_yaml(yaml).complaint(), expected);
    }
}

#[test]
fn a_wrong_value_elsewhere_names_its_variable_or_npmrc() {
    for (machine, expected) in [
        (
            Machine::new().variable("PNPM_CONFIG_HOIST", "yes"),
            "env PNPM_CONFIG_HOIST: hoist is \"yes\" but must be JSON, such as true, 8 or [\"a\", \"b\"]",
        ),
        (
            Machine::new().variable("PACWATCH_LINK_MODE", "fast"),
            "env PACWATCH_LINK_MODE: linkMode is \"fast\" but must be one of inline, deferred, pipelined",
        ),
        (
            Machine::new().user_npmrc("strict-ssl=perhaps\n"),
            "/home/.npmrc: strict-ssl is \"perhaps\" but must be true or false",
        ),
        (
            Machine::new().project_npmrc("@org:registry=nowhere\n"),
            "/work/project/.npmrc: @org:registry is \"nowhere\" but must be an http: or https: URL",
        ),
        (
            Machine::new().user_npmrc("local-address=here\n"),
            "/home/.npmrc: localAddress is \"here\" but must be an IP address",
        ),
        (
            Machine::new().flags(Flags { registry: Some("nowhere".to_owned()), ..Flags::default() }),
            "flag --registry: registry is \"nowhere\" but must be an http: or https: URL",
        ),
    ] {
        assert_eq!(machine.complaint(), expected);
    }
}

#[test]
fn broken_yaml_is_an_error_with_its_line() {
    for (yaml, line) in [
        ("hoist: true\nhoist: [\n", ":"),
        ("a: b: c\n", ":1:"),
        ("overrides:\n  a: 1\n  b: [2]\n", ":3:"),
        ("packages: [a]\npackages: [b]\n", ":2:"),
        ("- a\n", ":1:"),
        ("just text\n", ":1:"),
    ] {
        let complaint = Machine::new().project_yaml(yaml).complaint();
        let place = format!("/work/project/pnpm-workspace.yaml{line}");
        assert!(complaint.starts_with(&place), "{yaml:?}: {complaint}");
        assert!(!complaint.contains('\n'), "{complaint}");
    }
}

#[test]
fn an_empty_file_says_nothing() {
    for text in ["", "\n", "# nothing\n", "---\n", "{}\n"] {
        let config = Machine::new().project_yaml(text).project_npmrc(text).load();
        assert!(config.workspace_dir.is_some() && config.warnings.is_empty(), "{text:?}");
    }
}

#[test]
fn an_unknown_name_is_a_warning_with_a_suggestion() {
    let machine = Machine::new().project_yaml("hoistPatern: ['*']\nstore-dir: /s\nsavePrefix: ''\n");
    assert_eq!(
        machine.warnings(),
        [
            "/work/project/pnpm-workspace.yaml: hoistPatern is no setting and has no effect: did you mean hoistPattern?",
            "/work/project/pnpm-workspace.yaml: store-dir has no effect: write it storeDir",
        ]
    );
    assert!(!machine.load().store_dir.is_explicit());
}

#[test]
fn what_belongs_to_a_project_has_no_effect_in_the_users_file_and_the_other_way_round() {
    let machine = Machine::new().user_yaml("hoist: false\nfetchRetries: 7\n");
    let config = machine.load();
    assert!(*config.hoist && *config.fetch_retries == 7);
    assert!(machine.warnings()[0].contains("hoist has no effect here"));
    let machine = Machine::new().project_yaml("npmrcAuthFile: /evil/.npmrc\n");
    assert!(machine.warnings()[0].contains("npmrcAuthFile has no effect here"));
}

#[test]
fn secrets_never_stand_in_errors() {
    for machine in [
        Machine::new().user_npmrc("registry=ftp://me:s3cret@a.test\n"),
        Machine::new().user_npmrc("registry=me:s3cret@a.test\n"),
        Machine::new().project_yaml("registries:\n  http://me:s3cret@a.test: 5\n"),
        Machine::new().project_yaml("httpsProxy: [http://me:s3cret@a.test]\n"),
        Machine::new().user_npmrc("//a.test/:_auth=s3cret!\n"),
        Machine::new()
            .variable("pnpm_config__auth", "{\"http://a.test\": {\"@\": {\"password\": \"s3cret\"}}}"),
        Machine::new().variable("pnpm_config__auth", "{s3cret"),
    ] {
        let complaint = machine.complaint();
        assert!(!complaint.contains("s3cret"), "{complaint}");
    }
}

#[test]
fn what_is_not_supported_is_said() {
    let machine = Machine::new().project_yaml("include:\n  a.yaml: '*'\nlockfile:\n  integrityTarget: tar\n");
    let warnings = machine.warnings();
    assert!(
        warnings[0].contains("include is not supported yet") && warnings[1].contains("lockfile"),
        "{warnings:?}"
    );
    assert!(*machine.load().lockfile);
}

#[cfg(unix)]
#[test]
fn an_npmrc_that_cannot_be_read_costs_its_settings_and_not_the_run() {
    let machine = Machine::new();
    std::fs::create_dir(machine.project().join(".npmrc")).unwrap();
    assert!(machine.warnings()[0].contains("/work/project/.npmrc is ignored: cannot read it"));
}

#[test]
fn a_catalog_cannot_be_given_twice() {
    let yaml = "catalog:\n  a: '1'\ncatalogs:\n  default:\n    a: '2'\n";
    assert!(Machine::new().project_yaml(yaml).complaint().contains("catalogs.default"));
}

#[test]
fn more_requests_than_the_pool_takes_are_too_many() {
    let machine = Machine::new().project_yaml("networkConcurrency: 100000\n");
    assert_eq!(*machine.load().network_concurrency, 1024);
    assert!(machine.warnings()[0].contains("networkConcurrency is 100000, 1024 is used"));
}

#[test]
fn an_npmrc_of_noise_does_no_harm() {
    let machine = Machine::new();
    let mut noise: Vec<u8> = (0..=255).collect();
    noise.extend(
        b"\n=\n==\n//=\n//:\n://:_authToken=x\n@:registry=http://a.test\n\"=\n${=${\n${}=${}\n:_authToken=\n",
    );
    std::fs::write(machine.project().join(".npmrc"), &noise).unwrap();
    std::fs::write(machine.home().join(".npmrc"), &noise).unwrap();
    assert!(machine.load().credentials.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in the files, loading ends with settings or with an error.
    #[test]
    fn no_text_makes_loading_panic(
        npmrc in "([@/:$?{}=\\\\\"a-z\\[\\]#;.-]{0,20}\n){0,6}",
        yaml in "([ a-zA-Z:\\[\\]{}'\"&*!|>#,0-9-]{0,16}\n){0,6}",
    ) {
        let machine = Machine::new().user_npmrc(&npmrc).project_npmrc(&npmrc).project_yaml(&yaml);
        let _ = machine.try_load();
    }
}
