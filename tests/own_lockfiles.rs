//! Workspaces that are resolved: what a selection of projects leaves alone, and projects with lockfiles of their own.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::fs;

use pacwatch::core::change::{Add, Command};
use pacwatch::core::clock::Clock;
use pacwatch::core::config::Flags;
use pacwatch::core::control::Controls;
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::{EventKind, Outcome, Phase};
use pacwatch::core::install::{Change, Install, Place};

use support::packages::Package;
use support::project::Site;
use support::registry::Registry;
use support::run::{self, Run};
use support::workspace::Workspace;

fn registry() -> Registry {
    let registry = Registry::start();
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        registry.publish(&Package::new("x", version).file("x", version));
        registry.publish(&Package::new("y", version).file("y", version));
    }
    registry
}

/// `a` → `b` and x, `b` → y; the root → y.
fn workspace() -> Workspace {
    Workspace::new(&["packages/*"], "")
        .setting("minimumReleaseAge: 0")
        .file("package.json", r#"{"name":"root","dependencies":{"y":"2.0.0"}}"#)
        .file(
            "packages/a/package.json",
            r#"{"name":"a","version":"1.0.0","dependencies":{"b":"workspace:*","x":"^1.0.0"}}"#,
        )
        .file("packages/b/package.json", r#"{"name":"b","version":"1.0.0","dependencies":{"y":"^1.0.0"}}"#)
}

fn written(workspace: &Workspace, registry: &Registry) -> Site {
    let site = workspace.write(registry);
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    site
}

fn own() -> Workspace {
    workspace().setting("sharedWorkspaceLockfile: false")
}

fn flags() -> Flags {
    Flags { frozen_lockfile: Some(false), ignore_scripts: Some(true), ..Flags::default() }
}

fn filtered(selector: &str) -> Flags {
    Flags { filter: vec![selector.to_owned()], ..flags() }
}

fn read(site: &Site, path: &str) -> String {
    fs::read_to_string(site.project.join(path)).unwrap_or_default()
}

fn install(site: &Site) -> Run {
    run::install(site, flags()).went_well()
}

fn importers(run: &Run) -> Vec<String> {
    let known = run.events.iter().filter_map(|event| match &event.kind {
        EventKind::ImportersKnown(known) => Some(known),
        _ => None,
    });
    known.flat_map(|known| &known.importers).map(|importer| importer.id.clone()).collect()
}

#[test]
fn without_a_lockfile_all_projects_are_locked_and_the_selected_ones_installed() {
    let registry = registry();
    let site = written(&workspace(), &registry);
    run::install(&site, filtered("b")).went_well();
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(lockfile.contains("packages/a:") && lockfile.contains("x@1.1.0:"), "{lockfile}");
    assert!(site.project.join("packages/b/node_modules/y").exists());
    assert!(!site.project.join("packages/a/node_modules").exists());
    assert!(!site.modules().join(".pnpm/x@1.1.0").exists());
}

#[test]
fn projects_that_are_not_selected_keep_their_entries_until_something_common_changes() {
    let registry = registry();
    let site = written(&workspace(), &registry);
    install(&site);
    let change = |path: &str, from: &str, to: &str| {
        let text = read(&site, path).replace(from, to);
        fs::write(site.project.join(path), text).unwrap();
    };
    change("packages/a/package.json", "\"^1.0.0\"", "\"^2.0.0\"");
    change("packages/b/package.json", "\"^1.0.0\"", "\"^2.0.0\"");
    run::install(&site, filtered("b")).went_well();
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(lockfile.contains("x@1.1.0:") && !lockfile.contains("x@2.0.0:"), "{lockfile}");
    assert!(!lockfile.contains("y@1.1.0:"), "{lockfile}");
    change(
        "pnpm-workspace.yaml",
        "minimumReleaseAge: 0",
        "minimumReleaseAge: 0\nexcludeLinksFromLockfile: true",
    );
    run::install(&site, filtered("b")).went_well();
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(lockfile.contains("x@2.0.0:") && !lockfile.contains("x@1.1.0:"), "{lockfile}");
}

#[test]
fn a_project_that_is_copied_gets_copies_where_it_asks_for_them() {
    let registry = registry();
    let injected = |name: &str, wants: &str| {
        format!(
            r#"{{"name":"{name}","version":"1.0.0","dependencies":{{"{wants}":"workspace:*"}},
                "dependenciesMeta":{{"{wants}":{{"injected":true}}}}}}"#
        )
    };
    let workspace = Workspace::new(&["packages/*"], "")
        .setting("minimumReleaseAge: 0")
        .setting("dedupeInjectedDeps: false")
        .file("packages/a/package.json", injected("a", "b"))
        .file("packages/b/package.json", injected("b", "c"))
        .file("packages/c/package.json", r#"{"name":"c","version":"1.0.0"}"#);
    let site = written(&workspace, &registry);
    install(&site);
    let lockfile = read(&site, "pnpm-lock.yaml");
    assert!(
        lockfile.contains("  b@file:packages/b:\n    dependencies:\n      c: file:packages/c\n"),
        "{lockfile}"
    );
}

#[test]
fn a_folder_that_is_a_project_is_linked_unless_it_has_links_of_its_own() {
    let registry = registry();
    for (wants, expected) in [(r#""y":"1.0.0""#, "link:../b"), (r#""c":"workspace:*""#, "file:packages/b")] {
        let workspace = Workspace::new(&["packages/*"], "")
            .setting("minimumReleaseAge: 0")
            .file(
                "packages/a/package.json",
                r#"{"name":"a","version":"1.0.0","dependencies":{"b":"file:../b"}}"#,
            )
            .file(
                "packages/b/package.json",
                format!(r#"{{"name":"b","version":"1.0.0","dependencies":{{{wants}}}}}"#),
            )
            .file("packages/c/package.json", r#"{"name":"c","version":"1.0.0"}"#);
        let site = written(&workspace, &registry);
        install(&site);
        let lockfile = read(&site, "pnpm-lock.yaml");
        assert!(lockfile.contains(&format!("        version: {expected}\n")), "{wants}:\n{lockfile}");
        let installed = site.project.join("packages/a/node_modules/b").canonicalize().unwrap();
        let is_linked = installed == site.project.join("packages/b").canonicalize().unwrap();
        assert_eq!(is_linked, expected.starts_with("link:"), "{}", installed.display());
    }
}

#[test]
fn every_project_has_its_own_lockfile_modules_and_slots() {
    let registry = registry();
    let site = written(&own(), &registry);
    let run = install(&site);
    assert_eq!(run.finished().outcome, Outcome::Done);
    for (folder, slot) in [(".", "y@2.0.0"), ("packages/a", "x@1.1.0"), ("packages/b", "y@1.1.0")] {
        let lockfile = read(&site, &format!("{folder}/pnpm-lock.yaml"));
        assert!(lockfile.contains("importers:\n\n  .:\n") && lockfile.contains(slot), "{lockfile}");
        let modules = site.project.join(folder).join("node_modules");
        assert!(modules.join(".pnpm").join(slot).exists(), "{folder}");
        assert!(modules.join(".modules.yaml").exists() && modules.join(".pnpm/lock.yaml").exists());
        assert!(
            read(&site, &format!("{folder}/node_modules/.pnpm-workspace-state-v1.json")).contains("projects")
        );
    }
    assert!(read(&site, "packages/a/pnpm-lock.yaml").contains("version: link:../b"));
    let link = site.project.join("packages/a/node_modules/b");
    assert_eq!(link.canonicalize().unwrap(), site.project.join("packages/b").canonicalize().unwrap());
    assert_eq!(run::install(&site, Flags::default()).went_well().finished().outcome, Outcome::UpToDate);
    run::install(&site, Flags { frozen_lockfile: Some(true), ..flags() }).went_well();
}

#[test]
fn several_installs_are_told_as_one_run() {
    let registry = registry();
    let site = written(&own(), &registry);
    let run = install(&site);
    assert_eq!(importers(&run), [".", "packages/a", "packages/b"]);
    let of = |wanted: fn(&EventKind) -> bool| run.events.iter().filter(|event| wanted(&event.kind)).count();
    assert_eq!(of(|kind| matches!(kind, EventKind::RunStarted(_))), 1);
    assert_eq!(of(|kind| matches!(kind, EventKind::LockfileWritten { .. })), 3);
    for phase in [Phase::Resolve, Phase::LinkCold, Phase::State] {
        let ends = run.events.iter().filter(|event| match &event.kind {
            EventKind::PhaseFinished(totals) => totals.phase == phase,
            _ => false,
        });
        assert_eq!(ends.count(), 1, "{phase:?}");
    }
    assert_eq!(run.packages().len(), 3, "each has a number of its own");
    let totals = run.finished().totals;
    assert_eq!((totals.packages, totals.fetched, totals.imported), (3, 3, 3));
}

#[test]
fn of_projects_with_lockfiles_of_their_own_only_the_selected_ones_are_touched() {
    let registry = registry();
    let site = written(&own(), &registry);
    run::install(&site, filtered("b")).went_well();
    assert!(site.project.join("packages/b/pnpm-lock.yaml").exists());
    for other in ["pnpm-lock.yaml", "packages/a/pnpm-lock.yaml", "node_modules"] {
        assert!(!site.project.join(other).exists(), "{other}");
    }
}

#[test]
fn what_is_added_to_a_project_with_its_own_lockfile_changes_no_other() {
    let registry = registry();
    let mut site = written(&own(), &registry);
    install(&site);
    let before = read(&site, "packages/b/pnpm-lock.yaml");
    let root = site.project.clone();
    site.project.push("packages/a");
    let (emitter, _events) = Emitter::new(Clock::start());
    let config = run::config(&site, flags());
    let controls = Controls::new(config.knobs());
    let command = Command::Add(Add { requests: vec!["y@1.0.0".to_owned()], ..Add::default() });
    let change = Some(Change { command, place: Place::Here });
    let finished = Install { config, controls, emitter, change }.run();
    assert_eq!(finished.outcome, Outcome::Done, "{:?}", finished.error);
    site.project = root;
    assert!(read(&site, "packages/a/pnpm-lock.yaml").contains("y@1.0.0"));
    assert_eq!(read(&site, "packages/b/pnpm-lock.yaml"), before);
}

#[test]
fn projects_that_shared_a_lockfile_get_their_own() {
    let registry = registry();
    let site = written(&workspace(), &registry);
    install(&site);
    let settings = read(&site, "pnpm-workspace.yaml") + "sharedWorkspaceLockfile: false\n";
    fs::write(site.project.join("pnpm-workspace.yaml"), settings).unwrap();
    install(&site);
    assert!(read(&site, "packages/a/pnpm-lock.yaml").contains("x@1.1.0"));
    assert!(site.project.join("packages/a/node_modules/.pnpm/x@1.1.0").exists());
}
