//! The three link strategies: the same tree, the same story for each package, and the difference that they are for.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use pacwatch::core::config::Flags;
use pacwatch::core::event::{EventKind, ImportMethod, LinkMode, LinkPass, Outcome, Phase};

use support::answer::{Answer, Gate};
use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::run::{self, Link, MODES, Run, Step};
use support::{sample, store, tree};

/// What each package must have gone through, cold: of two slots that share a tarball one is fetched, the other finds it.
fn assert_told_once(run: &Run) {
    let mut tarballs: BTreeMap<&str, Vec<Vec<Step>>> = BTreeMap::new();
    for (dep_path, steps) in run.steps() {
        if matches!(steps[..], [Step::Skipped]) {
            continue;
        }
        assert!(
            matches!(steps[..], [Step::Fetched | Step::FoundInStore, Step::Imported]),
            "{dep_path}: {steps:?}"
        );
        let id = dep_path.split('(').next().unwrap();
        tarballs.entry(id).or_default().push(steps);
    }
    for (id, all) in tarballs {
        let fetched = all.iter().filter(|steps| steps[0] == Step::Fetched).count();
        assert!(fetched <= 1, "{id} was fetched {fetched} times");
    }
}

#[test]
fn all_modes_make_the_same_tree_cold_warm_and_mixed() {
    let registry = Registry::start();
    let project = sample::of_every_shape();
    let reference = project.write(&registry);
    let first = run::install_by(&reference, LinkMode::Deferred).went_well();
    let expected = tree::list(&reference.modules());
    assert!(
        expected.contains_key(".pnpm/@ui+dom@1.0.0_react@17.0.0/node_modules/@ui/dom/lib/deep/er/index.js")
    );
    assert!(!expected.contains_key(".pnpm/@native+elsewhere@1.0.0"));
    let tarballs: BTreeSet<_> =
        first.steps().keys().map(|path| path.split('(').next().unwrap().to_owned()).collect();
    for mode in MODES {
        let site = Site::new();
        project.write_into(&site, &registry);
        let cold = run::install_by(&site, mode).went_well();
        tree::assert_same(&tree::list(&site.modules()), &expected);
        assert_told_once(&cold);
        assert_eq!(cold.finished().totals.fetched, tarballs.len() as u64 - 1, "one is for another machine");

        fs::rename(site.modules(), site.root.path().join("cold")).unwrap();
        let warm = run::install_by(&site, mode).went_well();
        tree::assert_same(&tree::list(&site.modules()), &expected);
        assert_told_once(&warm);
        assert_eq!(warm.finished().totals.fetched, 0);

        fs::rename(site.modules(), site.root.path().join("warm")).unwrap();
        rusqlite::Connection::open(site.store_v11().join("index.db"))
            .unwrap()
            .execute("DELETE FROM package_index WHERE key LIKE '%loose%' OR key LIKE '%dom%'", [])
            .unwrap();
        let mixed = run::install_by(&site, mode).went_well();
        tree::assert_same(&tree::list(&site.modules()), &expected);
        assert_told_once(&mixed);
        assert_eq!(mixed.finished().totals.fetched, 2);

        let again = run::install_by(&site, mode).went_well();
        assert_eq!(again.finished().outcome, Outcome::UpToDate);
        tree::assert_same(&tree::list(&site.modules()), &expected);
        store::assert_rows_are_complete(&site);
    }
}

#[test]
fn slots_that_share_a_tarball_are_one_download_and_the_others_are_found() {
    let registry = Registry::start();
    let project = sample::of_every_shape();
    for mode in MODES {
        let site = Site::new();
        project.write_into(&site, &registry);
        for package in project.lockfile.packages() {
            registry.publish(package);
        }
        registry.forget_requests();
        let run = run::install_by(&site, mode).went_well();
        assert_eq!(registry.requests_for("/@ui/dom/-/dom-1.0.0.tgz").len(), 1);
        let firsts: BTreeSet<Step> = ["@ui/dom@1.0.0(react@17.0.0)", "@ui/dom@1.0.0(react@18.0.0)"]
            .into_iter()
            .map(|dep_path| run.steps_of(dep_path)[0])
            .collect();
        assert_eq!(firsts, BTreeSet::from([Step::Fetched, Step::FoundInStore]));
        let shared = run.events.iter().find_map(|event| match event.kind {
            EventKind::FoundInStore { shared_with, .. } => shared_with,
            _ => None,
        });
        assert!(run.packages()[&shared.unwrap()].starts_with("@ui/dom@1.0.0("));
    }
}

/// Packages whose slots take a while to fill, and so that work on two of them meets.
fn slow_to_link() -> Project {
    sample::of_many(40, 100)
}

fn cold_links(mode: LinkMode) -> Vec<Link> {
    let registry = Registry::start();
    let site = slow_to_link().write(&registry);
    let flags = Flags { link_mode: Some(mode), import_method: Some(ImportMethod::Copy), ..Flags::default() };
    let links = run::install_well(&site, flags).links();
    assert_eq!(links.len(), 40);
    assert!(links.iter().all(|link| link.pass == LinkPass::Cold));
    links
}

fn assert_lanes_do_one_thing_at_a_time(links: &[Link]) {
    for (index, link) in links.iter().enumerate() {
        let clash = links[..index].iter().find(|other| other.lane == link.lane && other.overlaps(link));
        assert_eq!(clash, None, "on the lane of {link:?}");
    }
}

fn meet(links: &[Link]) -> bool {
    let pairs = links.iter().enumerate();
    pairs.clone().any(|(index, link)| links[..index].iter().any(|other| other.overlaps(link)))
}

#[test]
fn inline_never_links_two_slots_at_once() {
    let links = cold_links(LinkMode::Inline);
    assert!(!meet(&links));
    let lanes: BTreeSet<_> = links.iter().map(|link| link.lane).collect();
    assert_eq!(lanes.len(), 1);
}

#[test]
fn deferred_links_several_slots_at_once() {
    let links = cold_links(LinkMode::Deferred);
    assert!(meet(&links));
    assert_lanes_do_one_thing_at_a_time(&links);
    let lanes: BTreeSet<_> = links.iter().map(|link| link.lane).collect();
    assert!(lanes.len() > 1 && lanes.iter().all(|lane| u32::from(*lane) < run::LANES), "{lanes:?}");
}

#[test]
fn pipelined_links_on_several_lanes() {
    let links = cold_links(LinkMode::Pipelined);
    assert_lanes_do_one_thing_at_a_time(&links);
}

#[test]
fn a_worker_does_one_thing_at_a_time_while_warm_and_cold_slots_are_linked() {
    for mode in MODES {
        let registry = Registry::start();
        let project = sample::of_many(60, 20);
        let site = project.write(&registry);
        run::install_by(&site, mode).went_well();
        fs::rename(site.modules(), site.root.path().join("before")).unwrap();
        rusqlite::Connection::open(site.store_v11().join("index.db"))
            .unwrap()
            .execute("DELETE FROM package_index WHERE key LIKE '%5@1.0.0' OR key LIKE '%2@1.0.0'", [])
            .unwrap();
        let links = run::install_by(&site, mode).went_well().links();
        let cold = links.iter().filter(|link| link.pass == LinkPass::Cold).count();
        assert_eq!((links.len(), cold), (60, 12));
        assert_lanes_do_one_thing_at_a_time(&links);
    }
}

/// Installs with one tarball that is held back until the first other slot is complete; or, for a strategy that links
/// nothing before the last download, until all the others are fetched.
fn with_one_late_download(mode: LinkMode) -> Run {
    let registry = Registry::start();
    let late = Package::new("late", "1.0.0").file("x", "late");
    let site = sample::of_many(10, 3).direct(&late).write(&registry);
    let gate = Gate::closed();
    registry.script_tarball(&late, [Answer::Behind(gate.clone(), Box::new(Answer::Content))]);
    let flags = Flags { link_mode: Some(mode), ..Flags::default() };
    let mut fetched = 0;
    run::install_watched(&site, flags, move |event, _| match event.kind {
        EventKind::Fetched(_) if mode == LinkMode::Deferred => {
            fetched += 1;
            if fetched == 10 {
                gate.open();
            }
        }
        EventKind::Imported(_) => gate.open(),
        _ => {}
    })
    .went_well()
}

#[test]
fn inline_and_pipelined_link_beside_the_downloads() {
    for mode in [LinkMode::Inline, LinkMode::Pipelined] {
        // It would never end if nothing were linked before the last download.
        let run = with_one_late_download(mode);
        assert_eq!(run.links().len(), 11);
    }
}

#[test]
fn deferred_links_nothing_before_the_last_download() {
    let run = with_one_late_download(LinkMode::Deferred);
    let last_fetched = run
        .events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::Fetched(_)))
        .map(|event| event.at)
        .max();
    let first_link = run.links().iter().map(|link| link.start).min();
    assert!(first_link >= last_fetched, "{first_link:?} {last_fetched:?}");
}

#[test]
fn the_warm_pass_runs_beside_the_downloads_in_every_mode() {
    for mode in MODES {
        let registry = Registry::start();
        let late = Package::new("late", "1.0.0").file("x", "late");
        let before = sample::of_many(10, 3);
        let site = before.write(&registry);
        run::install_by(&site, mode).went_well();
        fs::rename(site.modules(), site.root.path().join("before")).unwrap();
        let project = before.direct(&late);
        registry.publish(&late);
        project.write_into(&site, &registry);
        let gate = Gate::closed();
        registry.script_tarball(&late, [Answer::Behind(gate.clone(), Box::new(Answer::Content))]);
        let flags = Flags { link_mode: Some(mode), ..Flags::default() };
        let mut linked = 0;
        let run = run::install_watched(&site, flags, move |event, _| {
            linked += usize::from(matches!(event.kind, EventKind::Imported(_)));
            if linked == 10 {
                gate.open();
            }
        })
        .went_well();
        assert_eq!(run.phase(Phase::LinkWarm).unwrap().count, 10);
        assert_eq!(run.phase(Phase::LinkCold).unwrap().count, 1);
    }
}
