//! What `add`, `remove` and `update` leave behind, and which lockfiles an install does not accept.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use pacwatch::core::change::{Add, Command, Remove, Update};
use pacwatch::core::clock::Clock;
use pacwatch::core::config::{Dedupe, Flags, OnlyDependencies};
use pacwatch::core::control::Controls;
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::Outcome;
use pacwatch::core::install::{Change, Finished, Install, Place};
use pacwatch::core::manifest_edit::Group;

use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::run;

/// Runs a command in a project.
fn change(site: &Site, command: Command) -> Finished {
    let (emitter, _events) = Emitter::new(Clock::start());
    let config = run::config(site, Flags { frozen_lockfile: Some(false), ..Flags::default() });
    let controls = Controls::new(config.knobs());
    let change = Some(Change { command, place: Place::Here });
    Install { config, controls, emitter, change }.run()
}

fn read(site: &Site, file: &str) -> String {
    std::fs::read_to_string(site.project.join(file)).unwrap()
}

fn direct(site: &Site) -> Vec<String> {
    let entries = std::fs::read_dir(site.modules()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
    names.sort();
    names
}

fn add(request: &str) -> Command {
    Command::Add(Add { requests: vec![request.to_owned()], ..Add::default() })
}

fn update() -> Update {
    Update {
        selectors: Vec::new(),
        latest: false,
        exact: false,
        save: true,
        groups: Group::INSTALLED.to_vec(),
        depth: None,
        from_workspace: false,
    }
}

/// A project that depends on `a`, of which there are newer versions.
fn site(registry: &Registry) -> Site {
    let site = Project::new().direct(&Package::new("a", "1.0.0").file("x", "1")).write(registry);
    for version in ["1.2.0", "2.0.0"] {
        registry.publish(&Package::new("a", version).file("x", version));
    }
    registry.publish(&Package::new("b", "3.1.0").file("x", "b"));
    site
}

#[test]
fn what_is_added_is_installed_saved_and_locked() {
    let registry = Registry::start();
    let site = site(&registry);
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
    assert!(read(&site, "package.json").contains("\"b\": \"^3.1.0\""), "{}", read(&site, "package.json"));
    assert!(read(&site, "pnpm-lock.yaml").contains("specifier: ^3.1.0"), "{}", read(&site, "pnpm-lock.yaml"));
    assert_eq!(direct(&site), ["a", "b"]);
}

#[test]
fn a_project_with_nothing_to_install_can_be_changed() {
    let registry = Registry::start();
    let site = site(&registry);
    let install = || run::install_well(&site, Flags::default()).finished().outcome;
    // An install believes manifests that are older than the last one; in tests they are written right before it.
    let manifest = site.project.join("package.json");
    let settle = || {
        let file = std::fs::File::options().write(true).open(&manifest).unwrap();
        file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(install(), Outcome::UpToDate);
    };
    assert_eq!(install(), Outcome::Done);
    settle();
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
    assert_eq!(direct(&site), ["a", "b"]);
    settle();
    let remove = Command::Remove(Remove { names: vec!["b".to_owned()], group: None });
    assert_eq!(change(&site, remove).outcome, Outcome::Done);
    assert_eq!(direct(&site), ["a"]);
    settle();
    assert_eq!(change(&site, Command::Update(Update { latest: true, ..update() })).outcome, Outcome::Done);
    assert!(read(&site, "package.json").contains("2.0.0"), "{}", read(&site, "package.json"));
    settle();
    let dedupe = Flags { dedupe: Some(Dedupe::Write), frozen_lockfile: Some(false), ..Flags::default() };
    assert!(!run::install_well(&site, dedupe).packages().is_empty(), "not even looked at");
}

#[test]
fn what_is_removed_is_gone_everywhere() {
    let registry = Registry::start();
    let site = site(&registry);
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
    let remove = Command::Remove(Remove { names: vec!["a".to_owned()], group: None });
    assert_eq!(change(&site, remove).outcome, Outcome::Done);
    assert!(!read(&site, "package.json").contains("\"a\""));
    assert!(!read(&site, "pnpm-lock.yaml").contains("a@1.0.0"));
    assert_eq!(direct(&site), ["b"]);
    assert!(!site.modules().join(".pnpm/a@1.0.0").exists(), "its slot goes at once");
}

#[test]
fn an_update_stays_within_the_range_unless_the_latest_is_asked_for() {
    let registry = Registry::start();
    let site = site(&registry);
    assert_eq!(change(&site, add("a@^1.0.0")).outcome, Outcome::Done);
    assert_eq!(change(&site, Command::Update(update())).outcome, Outcome::Done);
    assert!(read(&site, "package.json").contains("\"a\": \"^1.2.0\""), "{}", read(&site, "package.json"));
    let latest = Command::Update(Update { latest: true, ..update() });
    assert_eq!(change(&site, latest).outcome, Outcome::Done);
    assert!(read(&site, "package.json").contains("\"a\": \"^2.0.0\""), "{}", read(&site, "package.json"));
    assert!(read(&site, "pnpm-lock.yaml").contains("a@2.0.0:"));
}

#[test]
fn a_command_that_fails_leaves_manifest_and_lockfile_as_they_were() {
    let registry = Registry::start();
    let site = site(&registry);
    let before = (read(&site, "package.json"), read(&site, "pnpm-lock.yaml"));
    for command in [add("nowhere-to-be-found"), add("b@^99"), Command::Remove(Remove::default())] {
        assert_eq!(change(&site, command).outcome, Outcome::Failed);
    }
    assert_eq!((read(&site, "package.json"), read(&site, "pnpm-lock.yaml")), before);
}

#[test]
fn a_lockfile_is_verified_once() {
    let registry = Registry::start();
    let project =
        Project::new().direct(&Package::new("a", "1.0.0").file("x", "1")).setting("trustLockfile: false");
    let site = project.write(&registry);
    assert_eq!(run::install(&site, Flags::default()).finished().outcome, Outcome::Done);
    let memory = std::fs::read_to_string(site.cache.join("lockfile-verified.jsonl")).unwrap();
    assert_eq!(memory.lines().count(), 1, "{memory}");
    std::fs::remove_dir_all(site.modules()).unwrap();
    assert_eq!(run::install(&site, Flags::default()).finished().outcome, Outcome::Done);
    assert_eq!(std::fs::read_to_string(site.cache.join("lockfile-verified.jsonl")).unwrap(), memory);
}

#[test]
fn an_install_from_a_lockfile_that_breaks_a_policy_does_not_end_well() {
    let registry = Registry::start();
    let project = Project::new()
        .direct(&Package::new("a", "1.0.0").file("x", "1"))
        .setting("trustLockfile: false")
        .setting("minimumReleaseAge: 100000000");
    let site = project.write(&registry);
    let run = run::install(&site, Flags::default());
    let failure = run.finished().failure.clone().unwrap();
    assert_eq!(failure.code.as_deref(), Some("ERR_PNPM_MINIMUM_RELEASE_AGE_VIOLATION"));
    assert!(failure.message.contains("a@1.0.0"), "{}", failure.message);
    assert!(!site.modules().join(".modules.yaml").exists(), "no state of an install that did not pass");
}

#[test]
fn force_puts_every_package_there_anew_and_fetches_what_was_changed_in_the_store() {
    let registry = Registry::start();
    let site =
        Project::new().direct(&Package::new("a", "1.0.0").file("x", "first").file("y", "y")).write(&registry);
    run::install_well(&site, Flags::default());
    let file = |name: &str| site.modules().join("a").join(name);
    std::fs::remove_file(file("y")).unwrap();
    assert_eq!(run::install_well(&site, Flags::default()).finished().outcome, Outcome::UpToDate);
    assert!(!file("y").exists(), "what is in place is believed");
    // A file that is linked to the store is changed there too.
    std::fs::write(file("x"), "second, and longer").unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::File::options().write(true).open(file("x")).unwrap().set_modified(later).unwrap();
    let forced = run::install_well(&site, Flags { force: true, ..Flags::default() });
    assert_eq!(forced.finished().outcome, Outcome::Done);
    assert_eq!(std::fs::read_to_string(file("x")).unwrap(), "first");
    assert_eq!(std::fs::read_to_string(file("y")).unwrap(), "y");
    assert_eq!(run::install_well(&site, Flags::default()).finished().outcome, Outcome::UpToDate);
}

fn set(site: &Site, line: &str) {
    let settings = read(site, "pnpm-workspace.yaml");
    std::fs::write(site.project.join("pnpm-workspace.yaml"), format!("{settings}{line}\n")).unwrap();
}

fn unset(site: &Site, line: &str) {
    let settings = read(site, "pnpm-workspace.yaml").replace(&format!("{line}\n"), "");
    std::fs::write(site.project.join("pnpm-workspace.yaml"), settings).unwrap();
}

fn unfrozen() -> Flags {
    Flags { frozen_lockfile: Some(false), ..Flags::default() }
}

fn slots(site: &Site) -> Vec<String> {
    let entries = std::fs::read_dir(site.modules().join(".pnpm")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.contains('@')).collect();
    names.sort();
    names
}

fn remove(name: &str) -> Command {
    Command::Remove(Remove { names: vec![name.to_owned()], group: None })
}

#[test]
fn a_removal_deletes_the_slots_that_nobody_needs_and_an_install_keeps_them_for_a_while() {
    let registry = Registry::start();
    let site = site(&registry);
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
    assert_eq!(change(&site, add("a@2.0.0")).outcome, Outcome::Done);
    assert_eq!(slots(&site), ["a@1.0.0", "a@2.0.0", "b@3.1.0"]);
    assert_eq!(change(&site, remove("b")).outcome, Outcome::Done);
    assert_eq!(slots(&site), ["a@2.0.0"]);
}

#[test]
fn a_tree_that_was_made_in_another_way_is_not_replaced_by_the_way() {
    let registry = Registry::start();
    let site = site(&registry);
    run::install_well(&site, Flags::default());
    for (setting, code) in [
        ("hoistPattern: ['x']", "ERR_PNPM_HOIST_PATTERN_DIFF"),
        ("publicHoistPattern: ['x']", "ERR_PNPM_PUBLIC_HOIST_PATTERN_DIFF"),
        ("virtualStoreDirMaxLength: 50", "ERR_PNPM_VIRTUAL_STORE_DIR_MAX_LENGTH_DIFF"),
        ("virtualStoreDir: node_modules/.other", "ERR_PNPM_UNEXPECTED_VIRTUAL_STORE"),
    ] {
        set(&site, setting);
        let manifest = read(&site, "package.json");
        for command in [add("b"), remove("a"), Command::Update(update())] {
            let finished = change(&site, command);
            assert_eq!(finished.error.and_then(|error| error.code()), Some(code));
        }
        assert_eq!(read(&site, "package.json"), manifest);
        assert!(site.modules().join("a/x").exists());
        unset(&site, setting);
    }
    set(&site, "hoistPattern: ['x']");
    run::install_well(&site, Flags::default());
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
}

#[test]
fn what_an_override_chose_is_forgotten_with_it() {
    let registry = Registry::start();
    let site = Project::new().direct(&Package::new("other", "1.0.0").file("x", "")).write(&registry);
    for version in ["1.0.0", "1.2.0"] {
        registry.publish(&Package::new("a", version).file("x", version));
    }
    registry.publish(&Package::new("b", "1.0.0").dependency("a", "^1.0.0").file("x", ""));
    let lock_says = |version: &str| {
        let lockfile = read(&site, "pnpm-lock.yaml");
        assert!(lockfile.contains(&format!("  a@{version}:")), "{version}:\n{lockfile}");
        assert_eq!(lockfile.matches("\n  a@").count(), 2, "{lockfile}");
    };
    set(&site, "overrides: { a: 1.0.0 }");
    assert_eq!(change(&site, add("b")).outcome, Outcome::Done);
    lock_says("1.0.0");
    unset(&site, "overrides: { a: 1.0.0 }");
    run::install_well(&site, unfrozen());
    lock_says("1.2.0");
    // One that was about some places only leaves its choice behind: others may have made it too.
    set(&site, "overrides: { 'b>a': 1.0.0 }");
    run::install_well(&site, unfrozen());
    lock_says("1.0.0");
    unset(&site, "overrides: { 'b>a': 1.0.0 }");
    run::install_well(&site, unfrozen());
    lock_says("1.0.0");
}

#[test]
fn deduplication_brings_direct_dependencies_together_too() {
    let registry = Registry::start();
    let site = site(&registry);
    registry.publish(&Package::new("b", "4.0.0").dependency("a", "1.2.0").file("x", "b"));
    assert_eq!(change(&site, add("a@^1.0.0")).outcome, Outcome::Done);
    assert_eq!(change(&site, add("b@4.0.0")).outcome, Outcome::Done);
    assert_eq!(
        read(&site, "pnpm-lock.yaml").matches("\n  a@").count(),
        4,
        "{}",
        read(&site, "pnpm-lock.yaml")
    );
    run::install_well(&site, Flags { dedupe: Some(Dedupe::Write), ..unfrozen() });
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(lockfile.contains("a@1.2.0:") && !lockfile.contains("a@1.0.0:"), "{lockfile}");
}

#[test]
fn a_folder_whose_dependencies_have_changed_is_resolved_again_unless_the_lockfile_is_frozen() {
    let registry = Registry::start();
    let site = site(&registry);
    let write = |manifest: &str| {
        std::fs::create_dir_all(site.project.join("local")).unwrap();
        std::fs::write(site.project.join("local/package.json"), manifest).unwrap();
    };
    let snapshot = || {
        let lockfile = read(&site, "pnpm-lock.yaml");
        lockfile.split("snapshots:").nth(1).unwrap().to_owned()
    };
    write(r#"{ "name": "local", "version": "1.0.0", "dependencies": { "b": "3.1.0" } }"#);
    assert_eq!(change(&site, add("file:./local")).outcome, Outcome::Done);
    assert!(snapshot().contains("b: 3.1.0"), "{}", snapshot());
    for (manifest, locked) in [
        (r#"{ "name": "local", "version": "1.0.0", "dependencies": { "a": "^1.0.0" } }"#, "a: 1.0.0"),
        (r#"{ "name": "local", "version": "1.0.0", "dependencies": { "a": "^2.0.0" } }"#, "a: 2.0.0"),
        (r#"{ "name": "local", "version": "1.0.0", "peerDependencies": { "b": "^3.0.0" } }"#, "b: 3.1.0"),
    ] {
        write(manifest);
        run::install_well(&site, unfrozen());
        assert!(snapshot().contains(&format!("      {locked}")), "{manifest}:\n{}", snapshot());
    }
    write(r#"{ "name": "local", "version": "1.0.0", "dependencies": { "a": "^2.0.0" } }"#);
    let frozen = run::install(&site, Flags { frozen_lockfile: Some(true), ..Flags::default() });
    assert_eq!(frozen.failure().code.as_deref(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));
}

#[test]
fn an_entry_that_is_added_to_a_catalog_is_known_to_the_next_install() {
    let registry = Registry::start();
    let site = site(&registry);
    let command =
        Add { requests: vec!["b".to_owned()], catalog: Some("default".to_owned()), ..Add::default() };
    assert_eq!(change(&site, Command::Add(command)).outcome, Outcome::Done);
    assert!(
        read(&site, "pnpm-workspace.yaml").contains("b: ^3.1.0"),
        "{}",
        read(&site, "pnpm-workspace.yaml")
    );
    assert!(read(&site, "node_modules/.pnpm-workspace-state-v1.json").contains("\"b\": \"^3.1.0\""));
}

#[test]
fn an_update_keeps_to_the_groups_that_were_installed_and_other_changes_bring_all() {
    let registry = Registry::start();
    let site = site(&registry);
    let dev =
        Add { requests: vec!["b".to_owned()], groups: Some(vec![Group::Development]), ..Add::default() };
    assert_eq!(change(&site, Command::Add(dev)).outcome, Outcome::Done);
    run::install_well(&site, Flags { only: Some(OnlyDependencies::Production), ..Flags::default() });
    assert_eq!(direct(&site), ["a"]);
    assert_eq!(change(&site, Command::Update(Update { latest: true, ..update() })).outcome, Outcome::Done);
    assert!(read(&site, "pnpm-lock.yaml").contains("a@2.0.0:"));
    assert_eq!(direct(&site), ["a"]);
    assert_eq!(change(&site, add("a@1.2.0")).outcome, Outcome::Done);
    assert_eq!(direct(&site), ["a", "b"]);
}

#[test]
fn a_direct_dependency_that_this_machine_does_without_loses_its_link() {
    let registry = Registry::start();
    let project = Project::new()
        .direct(&Package::new("kept", "1.0.0").file("x", "").only_on("os", &["!sunos"]))
        .direct_optional(&Package::new("elsewhere", "1.0.0").file("x", "").only_on("os", &["sunos"]));
    let site = project.write(&registry);
    let everywhere = "supportedArchitectures: { os: [sunos, current] }";
    set(&site, everywhere);
    run::install_well(&site, Flags::default());
    assert_eq!(direct(&site), ["elsewhere", "kept"]);
    unset(&site, everywhere);
    run::install_well(&site, Flags::default());
    assert_eq!(direct(&site), ["kept"]);
    let state = || read(&site, "node_modules/.modules.yaml");
    assert!(state().contains("elsewhere@1.0.0"), "{}", state());
    assert_eq!(change(&site, remove("elsewhere")).outcome, Outcome::Done);
    assert!(!state().contains("elsewhere"), "what the lockfile has not any more is not skipped: {}", state());
}

#[test]
fn a_lockfile_that_is_mended_brings_direct_dependencies_together_too() {
    let registry = Registry::start();
    let site = site(&registry);
    registry.publish(&Package::new("b", "4.0.0").dependency("a", "1.2.0").file("x", "b"));
    assert_eq!(change(&site, add("a@^1.0.0")).outcome, Outcome::Done);
    assert_eq!(change(&site, add("b@4.0.0")).outcome, Outcome::Done);
    assert!(read(&site, "pnpm-lock.yaml").contains("a@1.0.0:"), "what is locked stays");
    run::install_well(&site, Flags { fix_lockfile: true, ..unfrozen() });
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(lockfile.contains("a@1.2.0:") && !lockfile.contains("a@1.0.0:"), "{lockfile}");
}

#[test]
fn an_update_leaves_alone_what_a_manifest_asks_for_under_an_override() {
    // Also where the override asks for the same.
    for range in ["^1.1.0", "^1.0.0"] {
        let registry = Registry::start();
        let site = site(&registry);
        for request in ["a@^1.0.0", "b@^3.0.0"] {
            assert_eq!(change(&site, add(request)).outcome, Outcome::Done);
        }
        set(&site, &format!("overrides: {{ a: {range} }}"));
        assert_eq!(change(&site, Command::Update(update())).outcome, Outcome::Done);
        let manifest = read(&site, "package.json");
        assert!(manifest.contains("\"a\": \"^1.0.0\""), "{range}: {manifest}");
        assert!(manifest.contains("\"b\": \"^3.1.0\""), "{range}: {manifest}");
        let lockfile = read(&site, "pnpm-lock.yaml");
        assert!(lockfile.contains(&format!("specifier: {range}\n")), "{lockfile}");
        assert!(lockfile.contains("a@1.2.0:"), "{lockfile}");
    }
}

#[test]
fn a_version_that_is_malformed_elsewhere_still_vouches_for_its_package() {
    for (is_vouched, expected) in [(true, Outcome::Failed), (false, Outcome::Done)] {
        let registry = Registry::start();
        let package = Package::new("a", "1.1.0").file("x", "1");
        let project = Project::new()
            .direct(&package)
            .setting("trustLockfile: false")
            .setting("minimumReleaseAge: 0")
            .setting("trustPolicy: no-downgrade");
        let site = project.write(&registry);
        let attestations = if is_vouched { serde_json::json!({ "provenance": {} }) } else { ().into() };
        let metadata = serde_json::json!({
            "name": "a",
            "dist-tags": { "latest": "1.1.0" },
            "versions": {
                "1.0.0": {
                    "name": "a", "version": "1.0.0", "dependencies": [],
                    "dist": { "tarball": registry.url_of("old.tgz"), "attestations": attestations },
                },
                "1.1.0": {
                    "name": "a", "version": "1.1.0",
                    "dist": { "tarball": registry.tarball_url(&package), "integrity": package.integrity() },
                },
            },
            "time": { "1.0.0": "2020-01-01T00:00:00.000Z", "1.1.0": "2020-01-02T00:00:00.000Z" },
        });
        registry.serve_metadata("a", &metadata, None);
        let run = run::install(&site, Flags::default());
        assert_eq!(run.finished().outcome, expected, "{:?}", run.finished().failure);
        if is_vouched {
            assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_TRUST_DOWNGRADE"));
        }
    }
}
