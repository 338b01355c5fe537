//! An install into a tree that is there: it adds, replaces and removes what changed, mends what is damaged, and does
//! nothing where nothing is to do. Where pnpm 12 is installed, its trees are the measure.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use pacwatch::core::config::{Flags, OnlyDependencies};
use pacwatch::core::event::{EventKind, Outcome};
use serde_json::Value;

use support::answer::Answer;
use support::lockfile::Group;
use support::packages::Package;
use support::peer::{pnpm_or_skip, run_pnpm};
use support::project::{Project, Site};
use support::registry::Registry;
use support::run;
use support::tree::{self, Node};

fn tool(version: &str) -> Package {
    Package::new("tool", version)
        .bin("tool", "tool.js")
        .file("tool.js", format!("#!/usr/bin/env node\n// {version}\n"))
        .dependency("inner", "1.0.0")
}

fn inner(version: &str) -> Package {
    Package::new("inner", version).bin("inner", "inner.js").file("inner.js", format!("inner {version}"))
}

fn scoped() -> Package {
    Package::new("@scope/lonely", "1.0.0").file("index.js", "lonely")
}

fn elsewhere() -> Package {
    Package::new("elsewhere", "1.0.0").only_on("os", &["sunos"])
}

fn base() -> Project {
    Project::new()
        .setting("trustLockfile: true")
        .setting("ignoreScripts: true")
        .direct(&Package::new("kept", "1.0.0").file("index.js", "kept"))
        .direct(&tool("1.0.0"))
        .package(&inner("1.0.0"))
        .direct(&scoped())
        .direct_optional(&elsewhere())
        .package(&Package::new("checker", "1.0.0").bin("check", "check.js").file("check.js", "check"))
        .depend_in(Group::Development, "checker", "1.0.0")
}

/// Pairs of projects: what changes from one to the other.
fn pairs() -> Vec<(&'static str, Project, Project)> {
    let without = || {
        Project::new()
            .setting("trustLockfile: true")
            .setting("ignoreScripts: true")
            .direct(&Package::new("kept", "1.0.0").file("index.js", "kept"))
    };
    let upgraded = without().direct(&tool("2.0.0")).package(&inner("1.0.0")).direct(&scoped());
    let rebound = base().package(&inner("2.0.0")).bind("tool@1.0.0", "inner", "2.0.0");
    let moved = without()
        .package(&tool("1.0.0"))
        .package(&inner("1.0.0"))
        .depend_in(Group::Development, "tool", "1.0.0")
        .direct(&scoped());
    let aliased = without().package(&tool("1.0.0")).package(&inner("1.0.0")).depend("other", "tool@1.0.0");
    let promoted = base().depend("inner", "1.0.0");
    vec![
        ("removed", base(), without()),
        ("added", without(), base()),
        ("upgraded", base(), upgraded),
        ("bound to another version", base(), rebound.clone()),
        ("bound back", rebound, base()),
        ("moved to development", base(), moved),
        ("under another alias", base(), aliased),
        ("a hoisted one becomes direct", base(), promoted.clone()),
        ("a direct one becomes hoisted", promoted, base()),
        ("hoisted in public", base(), base().setting("publicHoistPattern: ['inner']")),
        ("hoisted nowhere", base(), base().setting("hoist: false")),
        ("everything gone", base(), Project::new().setting("trustLockfile: true")),
    ]
}

/// What stands in the modules, without what two runs cannot have in common.
fn comparable(site: &Site) -> BTreeMap<String, Node> {
    let mut nodes = tree::list(&site.modules());
    for (path, node) in &mut nodes {
        if let Node::File { digest, .. } = node
            && (path.contains("/.bin/") || path.starts_with(".bin/") || is_state(path))
        {
            digest.clear();
        }
    }
    nodes
}

fn is_state(path: &str) -> bool {
    matches!(path, ".modules.yaml" | ".pnpm-workspace-state-v1.json")
}

fn state(site: &Site) -> Value {
    let text = fs::read(site.modules().join(".modules.yaml")).unwrap();
    let mut state: Value = serde_json::from_slice(&text).unwrap();
    for volatile in ["prunedAt", "storeDir", "packageManager"] {
        state.as_object_mut().unwrap().remove(volatile);
    }
    state
}

/// Everything that would show that a file was made anew.
fn fingerprint(folder: &Path, prints: &mut BTreeMap<String, (u64, i64, i64)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        let print = (metadata.ino(), metadata.mtime(), metadata.mtime_nsec());
        prints.insert(path.display().to_string(), print);
        if metadata.is_dir() {
            fingerprint(&path, prints);
        }
    }
}

fn prints(site: &Site) -> BTreeMap<String, (u64, i64, i64)> {
    let mut prints = BTreeMap::new();
    fingerprint(&site.modules(), &mut prints);
    prints
}

fn frozen() -> Flags {
    Flags { frozen_lockfile: Some(true), ..Flags::default() }
}

fn imported(run: &run::Run) -> usize {
    let events = run.events.iter();
    events.filter(|event| matches!(event.kind, EventKind::Imported(_))).count()
}

#[test]
fn pnpm_and_pacwatch_make_the_same_tree_of_a_tree_that_is_there() {
    let Some(pnpm) = pnpm_or_skip("pnpm_and_pacwatch_make_the_same_tree_of_a_tree_that_is_there") else {
        return;
    };
    let by_pnpm = |site: &Site| {
        let output = run_pnpm(&pnpm, site, &["install", "--frozen-lockfile"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    };
    let by_us = |site: &Site| {
        run::install_well(site, frozen());
    };
    let registry = Registry::start();
    for (what, before, after) in pairs() {
        for project in [&before, &after] {
            project.write(&registry);
        }
        let (theirs, ours, mixed) = (Site::new(), Site::new(), Site::new());
        for (site, first, then) in [
            (&theirs, &by_pnpm as &dyn Fn(&Site), &by_pnpm as &dyn Fn(&Site)),
            (&ours, &by_us, &by_us),
            (&mixed, &by_pnpm, &by_us),
        ] {
            before.write_into(site, &registry);
            first(site);
            after.write_into(site, &registry);
            then(site);
        }
        for site in [&ours, &mixed] {
            let differences = tree::differences(&comparable(&theirs), &comparable(site));
            assert!(differences.is_empty(), "{what}:\n{}", differences.join("\n"));
            assert_eq!(state(&theirs), state(site), "{what}");
        }
        // And each takes the other's tree for its own.
        let known = prints(&mixed);
        let output = run_pnpm(&pnpm, &mixed, &["install"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("Already up to date"), "{what}: {said}");
        let again = prints(&mixed);
        let rewritten = again.iter().filter(|(path, print)| {
            known.get(*path) != Some(*print)
                && !path.contains("workspace-state")
                && !path.ends_with("/node_modules")
        });
        assert_eq!(rewritten.count(), 0, "{what}");
        let run = run::install_well(&theirs, Flags::default());
        assert_eq!(run.finished().outcome, Outcome::UpToDate, "{what}");
    }
}

#[test]
fn a_repeat_touches_nothing_and_says_so() {
    let registry = Registry::start();
    let site = base().write(&registry);
    assert_eq!(run::install_well(&site, Flags::default()).finished().outcome, Outcome::Done);
    let before = prints(&site);
    registry.forget_requests();
    for flags in [Flags::default(), frozen()] {
        let run = run::install_well(&site, flags);
        assert_eq!(run.finished().outcome, Outcome::UpToDate);
        assert_eq!(imported(&run), 0);
    }
    let after = prints(&site);
    let changed: Vec<_> = after.iter().filter(|(path, print)| before.get(*path) != Some(*print)).collect();
    assert!(changed.is_empty() && after.len() == before.len(), "{changed:?}");
    assert!(registry.requests().is_empty());
}

#[test]
fn a_repeat_that_is_believed_does_not_read_the_lockfile() {
    let registry = Registry::start();
    let site = base().write(&registry);
    // A manifest that is only some milliseconds older than the install is not believed to be older.
    let manifest = fs::File::options().write(true).open(site.project.join("package.json")).unwrap();
    let long_ago = manifest.metadata().unwrap().modified().unwrap() - std::time::Duration::from_secs(60);
    manifest.set_modified(long_ago).unwrap();
    run::install_well(&site, Flags::default());
    let lockfile = site.project.join("pnpm-lock.yaml");
    let written = fs::metadata(&lockfile).unwrap().modified().unwrap();
    fs::write(&lockfile, "no lockfile at all").unwrap();
    let old = fs::File::options().write(true).open(&lockfile).unwrap();
    old.set_modified(written).unwrap();
    assert_eq!(run::install(&site, Flags::default()).finished().outcome, Outcome::UpToDate);
    assert_eq!(run::install(&site, frozen()).finished().outcome, Outcome::Failed);
}

#[test]
fn what_is_missing_is_mended() {
    let registry = Registry::start();
    let site = base().write(&registry);
    run::install_well(&site, Flags::default());
    let whole = comparable(&site);
    let modules = site.modules();
    for damaged in [
        "kept",
        "@scope/lonely",
        ".pnpm/kept@1.0.0",
        ".pnpm/tool@1.0.0/node_modules/tool",
        ".pnpm/kept@1.0.0/node_modules/kept/package.json",
        ".modules.yaml",
        ".pnpm/lock.yaml",
    ] {
        let path = modules.join(damaged);
        if fs::symlink_metadata(&path).unwrap().is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        run::install_well(&site, Flags::default());
        tree::assert_same(&comparable(&site), &whole);
    }
    for looked_for in [".pnpm/tool@1.0.0/node_modules/inner", ".pnpm/tool@1.0.0/node_modules/tool/tool.js"] {
        fs::remove_file(modules.join(looked_for)).unwrap();
        run::install_well(&site, frozen());
        tree::assert_same(&comparable(&site), &whole);
    }
}

#[test]
fn what_is_somebodys_own_survives_and_is_not_followed() {
    let registry = Registry::start();
    let site = base().write(&registry);
    run::install_well(&site, Flags::default());
    let modules = site.modules();
    let outside = site.root.path().join("outside");
    fs::create_dir_all(outside.join("inside")).unwrap();
    fs::create_dir_all(modules.join("mine")).unwrap();
    fs::write(modules.join("mine/file"), "mine").unwrap();
    fs::create_dir_all(modules.join(".cache")).unwrap();
    symlink(&outside, modules.join("link")).unwrap();
    // A removed dependency that somebody has put a folder in the place of.
    fs::remove_file(modules.join("tool")).unwrap();
    fs::create_dir_all(modules.join("tool")).unwrap();
    let without = Project::new()
        .setting("trustLockfile: true")
        .direct(&Package::new("kept", "1.0.0").file("index.js", "kept"));
    without.write_into(&site, &registry);
    run::install_well(&site, Flags::default());
    assert!(modules.join("mine/file").exists() && modules.join("tool").is_dir());
    assert!(modules.join("link").is_symlink() && outside.join("inside").exists());
    assert!(!modules.join("@scope").exists() && !modules.join("checker").exists());
    assert!(modules.join(".pnpm/tool@1.0.0").exists(), "slots stay for a week");

    let flat = without.setting("publicHoistPattern: ['*']");
    flat.write_into(&site, &registry);
    run::install_well(&site, Flags::default());
    assert!(!modules.join("mine").exists(), "a tree of another kind goes with all that is in it");
    assert!(modules.join(".cache").exists() && outside.join("inside").exists());
    assert!(!modules.join(".pnpm/tool@1.0.0").exists());
}

#[test]
fn slots_that_nobody_needs_are_deleted_when_they_are_old() {
    let registry = Registry::start();
    let site = base().write(&registry);
    run::install_well(&site, Flags::default());
    let without = Project::new()
        .setting("trustLockfile: true")
        .direct(&Package::new("kept", "1.0.0").file("index.js", "kept"));
    without.write_into(&site, &registry);
    run::install_well(&site, Flags::default());
    let orphan = site.modules().join(".pnpm/tool@1.0.0");
    assert!(orphan.exists());
    let path = site.modules().join(".modules.yaml");
    let mut state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    state["prunedAt"] = "Sun, 01 Jan 2023 00:00:00 GMT".into();
    fs::write(&path, serde_json::to_string_pretty(&state).unwrap()).unwrap();
    run::install_well(&site, frozen());
    assert!(!orphan.exists());
    assert!(site.modules().join("kept/index.js").exists());
    let state: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_ne!(state["prunedAt"], "Sun, 01 Jan 2023 00:00:00 GMT");
}

#[test]
fn groups_come_and_go() {
    let registry = Registry::start();
    let site = base().write(&registry);
    let whole = {
        run::install_well(&site, Flags::default());
        comparable(&site)
    };
    let production = Flags { only: Some(OnlyDependencies::Production), ..Flags::default() };
    run::install_well(&site, production.clone());
    assert!(!site.modules().join("checker").exists() && !site.modules().join(".bin/check").exists());
    let current = fs::read_to_string(site.modules().join(".pnpm/lock.yaml")).unwrap();
    assert!(!current.contains("checker"));
    let before = prints(&site);
    assert_eq!(run::install_well(&site, production).finished().outcome, Outcome::UpToDate);
    assert_eq!(prints(&site), before);
    run::install_well(&site, Flags::default());
    tree::assert_same(&comparable(&site), &whole);
}

#[test]
fn an_optional_package_that_could_not_be_fetched_is_tried_again() {
    let registry = Registry::start();
    let package = Package::new("flaky", "1.0.0").file("index.js", "");
    let user = Package::new("user", "1.0.0").optional_dependency("flaky", "1.0.0");
    let project = Project::new().setting("fetchRetries: 0").direct(&user).package(&package);
    let site = project.write(&registry);
    registry.script_tarball(&package, Answer::content_after(1, 500));
    let run = run::install_well(&site, Flags::default());
    assert_eq!(run.finished().totals.skipped, 1);
    let link = site.modules().join(".pnpm/user@1.0.0/node_modules/flaky");
    assert!(!link.is_symlink());
    let current = fs::read_to_string(site.modules().join(".pnpm/lock.yaml")).unwrap();
    assert!(!current.contains("\n  flaky@1.0.0: {}") && !current.contains("\n  flaky@1.0.0:\n    optional"));
    let again = run::install_well(&site, frozen());
    assert_eq!((again.finished().totals.skipped, imported(&again)), (0, 1));
    assert!(link.join("index.js").exists());
}

#[test]
fn a_changed_manifest_or_setting_is_noticed() {
    let registry = Registry::start();
    let site = base().write(&registry);
    run::install_well(&site, Flags::default());
    let grown = base().direct(&Package::new("new", "1.0.0").file("index.js", ""));
    grown.write(&registry);
    grown.write_into(&site, &registry);
    let run = run::install_well(&site, Flags::default());
    assert_eq!((run.finished().outcome, imported(&run)), (Outcome::Done, 1));
    grown.setting("dedupePeerDependents: false").write_into(&site, &registry);
    let run = run::install_well(&site, Flags::default());
    assert_eq!((run.finished().outcome, imported(&run)), (Outcome::UpToDate, 0));
}
