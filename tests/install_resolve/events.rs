//! What a listener hears of a resolution.

use std::collections::BTreeMap;
use std::time::Duration;

use pacwatch::core::config::Flags;
use pacwatch::core::event::{EventKind, LinkMode, Outcome, PackageId, Phase, SkipReason};

use super::support::answer::{Answer, Gate};
use super::support::lockfile::Group;
use super::support::packages::Package;
use super::support::project::Project;
use super::support::registry::Registry;
use super::support::run::{self, MODES, Run, Step};
use super::{NO_AGE, add_dependency, branch, leaf, project, without_lockfile};

/// How often something was told of each package.
fn count(run: &Run, of: impl Fn(&EventKind) -> Option<PackageId>) -> BTreeMap<PackageId, usize> {
    let mut counts = BTreeMap::new();
    for package in run.events.iter().filter_map(|event| of(&event.kind)) {
        *counts.entry(package).or_default() += 1;
    }
    counts
}

/// Dep paths by number as they stand at the end of the run.
fn placed(run: &Run) -> BTreeMap<PackageId, String> {
    let mut packages = BTreeMap::new();
    for event in &run.events {
        match &event.kind {
            EventKind::PackageSeen(seen) => {
                assert_eq!(packages.insert(seen.package, seen.dep_path.clone()), None, "seen twice");
            }
            EventKind::PackagePlaced(placed) => {
                assert!(packages.insert(placed.package, placed.dep_path.clone()).is_some());
            }
            _ => {}
        }
    }
    packages
}

#[test]
fn every_package_is_told_once_at_each_step() {
    let registry = Registry::start();
    for mode in MODES {
        let (site, _) = without_lockfile(&project(), &registry);
        let run = run::install_by(&site, mode).went_well();
        let once: BTreeMap<PackageId, usize> = placed(&run).into_keys().map(|package| (package, 1)).collect();
        assert_eq!(once.len(), 2);
        let resolved = count(&run, |kind| match kind {
            EventKind::Resolved { package } => Some(*package),
            _ => None,
        });
        assert_eq!(resolved, once, "{mode:?}");
        for (dep_path, steps) in run.steps() {
            assert_eq!(steps, [Step::Fetched, Step::Imported], "{mode:?}: {dep_path}");
        }
        let totals = run.finished().totals;
        assert_eq!((totals.packages, totals.fetched, totals.imported, totals.skipped), (2, 2, 2, 0));
        let written =
            run.events.iter().filter(|event| matches!(event.kind, EventKind::LockfileWritten { .. }));
        assert_eq!(written.count(), 1);
    }
}

#[test]
fn downloads_begin_while_resolution_runs() {
    let registry = Registry::start();
    let slow = Package::new("slow", "1.0.0");
    let (site, _) = without_lockfile(&project().direct(&slow), &registry);
    // The last document comes only after a package was fetched.
    let gate = Gate::closed();
    registry.script("/slow", [Answer::Behind(gate.clone(), Box::new(Answer::Content))]);
    let run = run::install_watched(&site, Flags::default(), move |event, _| {
        if matches!(event.kind, EventKind::Fetched(_)) {
            gate.open();
        }
    })
    .went_well();
    let position =
        |is_it: &dyn Fn(&EventKind) -> bool| run.events.iter().position(|event| is_it(&event.kind)).unwrap();
    let fetched = position(&|kind| matches!(kind, EventKind::Fetched(_)));
    let resolved =
        position(&|kind| matches!(kind, EventKind::PhaseFinished(totals) if totals.phase == Phase::Resolve));
    assert!(fetched < resolved);
    for (dep_path, steps) in run.steps() {
        assert_eq!(steps, [Step::Fetched, Step::Imported], "{dep_path}");
    }
}

#[test]
fn what_is_in_the_store_is_found_there_and_not_fetched() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    std::fs::remove_dir_all(site.modules()).unwrap();
    std::fs::remove_file(super::lockfile_path(&site)).unwrap();
    registry.forget_requests();
    let run = run::install_well(&site, Flags::default());
    for (dep_path, steps) in run.steps() {
        assert_eq!(steps, [Step::FoundInStore, Step::Imported], "{dep_path}");
    }
    assert!(registry.requests().iter().all(|request| !request.path.contains("/-/")));
}

#[test]
fn a_package_with_peers_becomes_the_first_of_its_slots() {
    let registry = Registry::start();
    let host = |version: &str| Package::new("host", version);
    let plugin = Package::new("plugin", "1.0.0").peer("host", "*");
    let old = Package::new("old", "1.0.0").dependency("host", "1.0.0").dependency("plugin", "1.0.0");
    for package in [host("1.0.0"), host("2.0.0"), plugin, old] {
        registry.publish(&package);
    }
    let (site, _) = without_lockfile(&Project::new().setting(NO_AGE).direct(&leaf()), &registry);
    for (alias, version) in [("host", "2.0.0"), ("plugin", "1.0.0"), ("old", "1.0.0")] {
        add_dependency(&site, alias, version);
    }
    let run = run::install_well(&site, Flags::default());
    let placed = placed(&run);
    let mut dep_paths: Vec<&str> = placed.values().map(String::as_str).collect();
    dep_paths.sort_unstable();
    assert_eq!(
        dep_paths,
        [
            "host@1.0.0",
            "host@2.0.0",
            "leaf@1.0.0",
            "old@1.0.0",
            "plugin@1.0.0(host@1.0.0)",
            "plugin@1.0.0(host@2.0.0)"
        ]
    );
    let of_plugin: Vec<PackageId> = placed
        .iter()
        .filter(|(_, dep_path)| dep_path.starts_with("plugin"))
        .map(|(package, _)| *package)
        .collect();
    let fetched = count(&run, |kind| match kind {
        EventKind::Fetched(fetched) => Some(fetched.package),
        _ => None,
    });
    let found: Vec<_> = run
        .events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::FoundInStore { package, shared_with } => Some((package, shared_with)),
            _ => None,
        })
        .collect();
    assert_eq!(fetched.get(&of_plugin[0]), Some(&1));
    assert_eq!(found, [(of_plugin[1], Some(of_plugin[0]))]);
    assert_eq!(run.finished().totals.imported, 6);
}

#[test]
fn what_is_for_another_platform_alone_is_recorded_and_not_fetched() {
    let registry = Registry::start();
    let foreign = Package::new("foreign", "1.0.0").only_on("os", &["sunos"]);
    let (site, expected) = without_lockfile(&project().direct_optional(&foreign), &registry);
    let run = run::install_well(&site, Flags::default());
    assert!(registry.requests_for(&Registry::tarball_path(&foreign)).is_empty());
    assert_eq!(run.steps_of("foreign@1.0.0"), [Step::Skipped]);
    assert_eq!(super::lockfile_text(&site), expected.to_yaml());
}

#[test]
fn an_optional_dependency_that_cannot_be_resolved_is_left_out() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    super::edit_manifest(&site, |manifest| {
        manifest.insert("optionalDependencies".into(), serde_json::json!({"nowhere": "1.0.0"}));
    });
    let run = run::install_well(&site, Flags::default());
    let skipped: Vec<_> = run
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Skipped { package, reason, .. } => Some((run.packages()[package], *reason)),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [("nowhere@1.0.0", SkipReason::ResolutionFailure)]);
    assert_eq!(run.finished().totals.skipped, 1);
}

#[test]
fn a_download_that_fails_while_resolution_runs_fails_the_install_once_it_is_needed() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    registry.script_tarball(&leaf(), [Answer::Status(404)]);
    let run = run::install(&site, Flags::default());
    assert!(run.failure().message.contains("leaf@1.0.0"), "{:?}", run.failure());
    assert!(run.failure().package.is_some());
    assert!(!super::lockfile_path(&site).exists());
}

#[test]
fn an_optional_package_that_cannot_be_downloaded_is_left_out() {
    let registry = Registry::start();
    let optional = Package::new("optional", "1.0.0");
    let project = project().package(&optional).depend_in(Group::Optional, "optional", "1.0.0");
    let (site, expected) = without_lockfile(&project, &registry);
    registry.script_tarball(&optional, [Answer::Status(404)]);
    let run = run::install_well(&site, Flags::default());
    assert_eq!(run.steps_of("optional@1.0.0"), [Step::Skipped]);
    assert_eq!(super::lockfile_text(&site), expected.to_yaml());
}

#[test]
fn a_run_can_be_stopped_while_it_resolves() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    registry.script("/leaf", [Answer::Silence]);
    let run = run::install_watched(&site, Flags::default(), |event, controls| {
        if matches!(event.kind, EventKind::Resolved { .. } | EventKind::PackageSeen(_)) {
            controls.cancel("api");
        }
    });
    assert_eq!(run.finished().outcome, Outcome::Cancelled);
    assert!(!super::lockfile_path(&site).exists());
}

#[test]
fn the_order_of_answers_does_not_change_the_lockfile() {
    let registry = Registry::start();
    let mut project = Project::new().setting(NO_AGE).direct(&branch()).package(&leaf());
    for number in 0..12 {
        let package = Package::new(&format!("p{number}"), "1.0.0").dependency("leaf", "1.0.0");
        project = project.direct(&package);
    }
    let (_, expected) = without_lockfile(&project, &registry);
    for seed in 0..4 {
        registry.shuffle_answers(seed, Duration::from_millis(20));
        let (site, _) = without_lockfile(&project, &registry);
        let flags = Flags { lockfile_only: true, link_mode: Some(LinkMode::Deferred), ..Flags::default() };
        run::install_well(&site, flags);
        assert_eq!(super::lockfile_text(&site), expected.to_yaml(), "seed {seed}");
    }
}
