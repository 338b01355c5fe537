//! What `add`, `remove` and `update` leave behind, and which lockfiles an install does not accept.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use pacwatch::core::change::{Add, Command, Remove, Update};
use pacwatch::core::clock::Clock;
use pacwatch::core::config::{Dedupe, Flags};
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
