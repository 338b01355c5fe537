//! Which source wins.

use pacwatch::core::config::{Flags, NodeLinker, OnlyDependencies, Origin, TrustPolicy};
use pacwatch::core::event::{ImportMethod, LinkMode};

use super::Machine;

/// The sources that can set a number, from the lowest to the highest; with `upto` of them present.
fn with_sources(upto: usize) -> Machine {
    let mut machine = Machine::new();
    if upto >= 1 {
        machine = machine.user_yaml("networkConcurrency: 11\n");
    }
    if upto >= 2 {
        machine = machine.project_yaml("networkConcurrency: 12\n");
    }
    if upto >= 3 {
        machine = machine.variable("pnpm_config_network_concurrency", "13");
    }
    if upto >= 4 {
        machine = machine.variable("PNPM_CONFIG_NETWORK_CONCURRENCY", "14");
    }
    if upto >= 5 {
        machine = machine.flags(Flags { network_concurrency: Some(15), ..Flags::default() });
    }
    machine
}

#[test]
fn each_source_wins_over_those_below_it_and_is_named() {
    let expected = [
        (64, "default"),
        (11, "/configuration/pnpm/config.yaml"),
        (12, "/work/project/pnpm-workspace.yaml"),
        (13, "env pnpm_config_network_concurrency"),
        (14, "env PNPM_CONFIG_NETWORK_CONCURRENCY"),
        (15, "flag --network-concurrency"),
    ];
    for (upto, (value, origin)) in expected.into_iter().enumerate() {
        let config = with_sources(upto).load();
        assert_eq!(*config.network_concurrency, value);
        let shown = config.network_concurrency.origin.to_string();
        assert!(shown.ends_with(origin), "{shown}");
    }
}

#[test]
fn the_registry_passes_through_every_source() {
    let registry = |machine: &Machine| machine.load().registries.default.value;
    let machine = Machine::new();
    let default = registry(&machine);
    assert!(default.starts_with("https://") && default.ends_with('/'), "{default}");
    let machine = machine.user_npmrc("registry=http://user.test");
    assert_eq!(registry(&machine), "http://user.test/");
    let machine = machine.project_npmrc("registry=http://project.test/npm\n");
    assert_eq!(registry(&machine), "http://project.test/npm/");
    let machine = machine.user_yaml("registry: http://user-yaml.test\n");
    assert_eq!(registry(&machine), "http://user-yaml.test/");
    let machine = machine.project_yaml("registry: http://project-yaml.test\n");
    assert_eq!(registry(&machine), "http://project-yaml.test/");
    let machine = machine.variable("PNPM_CONFIG_REGISTRY", "http://variable.test");
    assert_eq!(registry(&machine), "http://variable.test/");
    let machine = machine.variable("npm_config_registry", "http://npm-variable.test");
    assert_eq!(registry(&machine), "http://variable.test/");
    let flags = Flags { registry: Some("http://flag.test".to_owned()), ..Flags::default() };
    assert_eq!(registry(&machine.flags(flags)), "http://flag.test/");
}

#[test]
fn settings_that_are_no_addresses_have_no_effect_in_an_npmrc() {
    let config = Machine::new()
        .user_npmrc("node-linker=hoisted\nnetwork-concurrency=3\n")
        .project_npmrc("hoist=false\nstore-dir=/elsewhere\n")
        .load();
    assert_eq!(*config.node_linker, NodeLinker::Isolated);
    assert_eq!(*config.network_concurrency, 64);
    assert!(*config.hoist && !config.store_dir.is_explicit());
}

#[test]
fn settings_of_npm_variables_have_no_effect() {
    let config = Machine::new().variable("npm_config_node_linker", "hoisted").load();
    assert_eq!(*config.node_linker, NodeLinker::Isolated);
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let config = Machine::new().project_yaml("hoist: false\n").variable("PNPM_CONFIG_HOIST", "").load();
    assert!(!*config.hoist);
}

#[test]
fn variables_hold_json_or_plain_words() {
    let config = Machine::new()
        .variable("PNPM_CONFIG_NODE_LINKER", "hoisted")
        .variable("PNPM_CONFIG_TRUST_POLICY", "\"no-downgrade\"")
        .variable("PNPM_CONFIG_PUBLIC_HOIST_PATTERN", "[\"*eslint*\"]")
        .variable("PNPM_CONFIG_MINIMUM_RELEASE_AGE", "5")
        .variable("PNPM_CONFIG_HOIST_PATTERN", "null")
        .load();
    assert_eq!(*config.node_linker, NodeLinker::Hoisted);
    assert_eq!(*config.trust_policy, TrustPolicy::NoDowngrade);
    assert_eq!(config.public_hoist_pattern.value, Some(vec!["*eslint*".to_owned()]));
    assert_eq!(*config.minimum_release_age, 5);
    assert_eq!(config.hoist_pattern.value, Some(vec!["*".to_owned()]));
}

#[test]
fn this_programs_own_settings_come_from_yaml_variables_and_flags() {
    let machine = Machine::new().project_yaml(
        "extractThreads: 2\nlinkThreads: 3\nlinkMode: inline\npackageImportMethod: clone-or-copy\n",
    );
    let config = machine.load();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!((*config.extract_threads, *config.link_threads), (2, 3));
    assert_eq!((*config.link_mode, *config.import_method), (LinkMode::Inline, ImportMethod::Reflink));
    let machine = machine
        .variable("PACWATCH_EXTRACT_THREADS", "5")
        .variable("PACWATCH_LINK_THREADS", "6")
        .variable("PACWATCH_LINK_MODE", "pipelined")
        .variable("PNPM_CONFIG_PACKAGE_IMPORT_METHOD", "hardlink")
        .variable("PACWATCH_IMPORT_METHOD", "copy");
    let config = machine.load();
    assert_eq!((*config.extract_threads, *config.link_threads), (5, 6));
    assert_eq!((*config.link_mode, *config.import_method), (LinkMode::Pipelined, ImportMethod::Copy));
    assert_eq!(config.link_mode.origin, Origin::Environment("PACWATCH_LINK_MODE".to_owned()));
    let flags = Flags {
        link_mode: Some(LinkMode::Deferred),
        import_method: Some(ImportMethod::Auto),
        link_threads: Some(1),
        ..Flags::default()
    };
    let config = machine.flags(flags).load();
    assert_eq!((*config.link_mode, *config.import_method), (LinkMode::Deferred, ImportMethod::Auto));
    assert_eq!(config.link_threads.origin.to_string(), "flag --link-threads");
}

#[test]
fn built_in_values_are_those_of_pnpm() {
    let config = Machine::new().load();
    assert_eq!((*config.fetch_retries, *config.fetch_retry_factor), (2, 10));
    assert_eq!((*config.fetch_retry_mintimeout, *config.fetch_retry_maxtimeout), (10_000, 60_000));
    assert_eq!((*config.fetch_timeout, *config.minimum_release_age), (60_000, 1440));
    assert_eq!((*config.extract_threads, *config.link_threads), (4, 4));
    assert_eq!(*config.link_mode, LinkMode::Deferred);
    assert_eq!(config.hoist_pattern.value, Some(vec!["*".to_owned()]));
    assert_eq!(config.public_hoist_pattern.value, Some(vec![]));
    assert!(*config.auto_install_peers && *config.verify_store_integrity && *config.strict_dep_builds);
    assert!(!*config.minimum_release_age_strict && !*config.engine_strict && !*config.offline);
    assert_eq!(*config.frozen_lockfile, None);
    assert!(config.warnings.is_empty());
}

#[test]
fn some_settings_follow_from_others() {
    let config =
        Machine::new().project_yaml("minimumReleaseAge: 60\nhoist: false\nshamefullyHoist: true\n").load();
    assert!(*config.minimum_release_age_strict);
    assert_eq!(config.hoist_pattern.value, None);
    assert_eq!(config.public_hoist_pattern.value, Some(vec!["*".to_owned()]));
    let config = Machine::new()
        .project_yaml("minimumReleaseAge: 60\nminimumReleaseAgeStrict: false\nshamefullyHoist: false\n")
        .load();
    assert!(!*config.minimum_release_age_strict);
    assert_eq!(config.public_hoist_pattern.value, None);
    let config = Machine::new().project_yaml("hoistPattern: null\nnodeLinker: hoisted\n").load();
    assert_eq!(config.hoist_pattern.value, None);
    assert_eq!(*config.prefer_symlinked_executables, Some(true));
}

#[test]
fn flags_decide_which_kinds_of_dependencies_are_installed() {
    let kinds = |only, no_optional| {
        let config = Machine::new().flags(Flags { only, no_optional, ..Flags::default() }).load();
        let included = *config.included;
        (included.dependencies, included.dev_dependencies, included.optional_dependencies)
    };
    assert_eq!(kinds(None, false), (true, true, true));
    assert_eq!(kinds(None, true), (true, true, false));
    assert_eq!(kinds(Some(OnlyDependencies::Production), false), (true, false, true));
    assert_eq!(kinds(Some(OnlyDependencies::Development), false), (false, true, true));
}

#[test]
fn architectures_of_flags_replace_those_of_the_file() {
    let machine =
        Machine::new().project_yaml("supportedArchitectures:\n  os: [linux, current]\n  cpu: x64\n");
    let flags = Flags { cpu: vec!["arm64".to_owned()], ..Flags::default() };
    let config = machine.flags(flags).load();
    assert_eq!(config.supported_architectures.os, ["linux", "current"]);
    assert_eq!(config.supported_architectures.cpu, ["arm64"]);
    assert!(config.supported_architectures.libc.is_empty());
}

#[test]
fn tables_keep_their_order_and_their_texts() {
    let config = Machine::new()
        .project_yaml(
            "overrides:\n  zebra: 18.10\n  ape: ^1\n\
             catalog:\n  react: 19\n\
             catalogs:\n  old:\n    react: 17.0\n\
             allowBuilds:\n  esbuild: true\n  core-js: false\n  undecided: set this to true or false\n",
        )
        .load();
    let overrides: Vec<_> =
        config.overrides.iter().map(|(name, spec)| (name.as_str(), spec.as_str())).collect();
    assert_eq!(overrides, [("zebra", "18.10"), ("ape", "^1")]);
    assert_eq!(config.catalogs["default"]["react"], "19");
    assert_eq!(config.catalogs["old"]["react"], "17.0");
    let builds: Vec<_> =
        config.allow_builds.iter().map(|(name, allowed)| (name.as_str(), *allowed)).collect();
    assert_eq!(builds, [("esbuild", true), ("core-js", false)]);
}

#[test]
fn numbers_and_truths_may_stand_in_quotes() {
    let config = Machine::new().project_yaml("fetchRetries: '3'\nhoist: 'false'\n").load();
    assert!(*config.fetch_retries == 3 && !*config.hoist);
}

#[test]
fn continuous_integration_is_told_by_variables_and_never_by_a_project() {
    let is_ci = |name: &str, value: &str| Machine::new().variable(name, value).load().is_ci;
    assert!(
        is_ci("CI", "true") && is_ci("CI", "1") && is_ci("GITHUB_ACTIONS", "true") && is_ci("GITLAB_CI", "x")
    );
    assert!(!Machine::new().load().is_ci && !is_ci("CI", "false"));
    assert!(!Machine::new().variable("CI", "false").variable("GITHUB_ACTIONS", "true").load().is_ci);
    assert!(is_ci("PNPM_CONFIG_CI", "true"));
    assert!(!Machine::new().project_yaml("ci: true\n").load().is_ci);
}

#[test]
fn the_settings_of_a_run_are_shown_with_their_origins_and_without_secrets() {
    let machine = Machine::new()
        .user_npmrc(
            "registry=http://me:s3cret@registry.test/\n//registry.test/:_authToken=s3cret\n\
             https-proxy=http://me:s3cret@proxy.test\n",
        )
        .project_yaml("linkMode: inline\nhoist: false\n");
    let config = machine.load();
    let lines = config.settings();
    let line = |name: &str| lines.iter().find(|line| line.name == name).unwrap();
    assert_eq!(line("linkMode").value, "inline");
    assert!(line("linkMode").origin.ends_with("pnpm-workspace.yaml"));
    assert_eq!(line("networkConcurrency").origin, "default");
    assert_eq!(line("registry").value, "http://registry.test/");
    assert!(line("httpsProxy").origin.ends_with("/.npmrc"));
    assert!(line("hoist").value == "false" && lines.iter().all(|line| line.name != "dedupePeers"));
    assert!(lines.iter().all(|line| !line.value.contains("s3cret")), "{lines:?}");
    assert!(!format!("{:?}", config.credentials).contains("s3cret"));
    assert!(!format!("{:?}", config.proxy).contains("s3cret"));
}

#[test]
fn lists_keep_their_texts_though_yaml_would_take_them_for_something_else() {
    let config = Machine::new()
        .project_yaml(
            "ignoredOptionalDependencies: [y, 1.10, no]\nhoistPattern:\n- on\npublicHoistPattern: null\n",
        )
        .load();
    assert_eq!(config.ignored_optional_dependencies.value, ["y", "1.10", "no"]);
    assert_eq!(config.hoist_pattern.value.as_deref(), Some(&["on".to_owned()][..]));
    assert_eq!(config.public_hoist_pattern.value, None);
}
