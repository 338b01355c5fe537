//! The stream of events as a whole: its order, its numbers, its wire form.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jsonschema::Validator;
use pacwatch::core::config::Flags;
use pacwatch::core::event::{Event, EventKind, ImportMethod, LinkPass, Outcome, Phase};
use serde_json::Value;

use support::project::Site;
use support::registry::Registry;
use support::run::{self, MODES, Run};
use support::sample;

/// Length of the union of the phases.
fn covered(run: &Run) -> u64 {
    let mut spans: Vec<_> = run
        .finished()
        .phases
        .iter()
        .map(|totals| (totals.started_us, totals.started_us + totals.wall_us))
        .collect();
    spans.sort_unstable();
    let (mut covered, mut until) = (0, 0);
    for (start, end) in spans {
        covered += end.max(until) - start.max(until);
        until = until.max(end);
    }
    covered
}

/// Sum and number of the spans between two kinds of events of one package.
fn spans(
    run: &Run,
    start: impl Fn(&EventKind) -> Option<u32>,
    end: impl Fn(&EventKind) -> Option<u32>,
) -> (u64, u64) {
    let mut open = BTreeMap::new();
    let (mut sum, mut count) = (0, 0);
    for Event { at, kind, .. } in &run.events {
        if let Some(package) = start(kind) {
            open.insert(package, *at);
        }
        if let Some(package) = end(kind) {
            sum += at - open[&package];
            count += 1;
        }
    }
    (sum, count)
}

fn assert_phases_agree_with_events(run: &Run) {
    let downloads = spans(
        run,
        |kind| match kind {
            EventKind::FetchStarted { package, .. } => Some(package.0),
            _ => None,
        },
        |kind| match kind {
            EventKind::Downloaded { package, .. } => Some(package.0),
            _ => None,
        },
    );
    let extracts = spans(
        run,
        |kind| match kind {
            EventKind::ExtractStarted { package, .. } => Some(package.0),
            _ => None,
        },
        |kind| match kind {
            EventKind::Fetched(fetched) => Some(fetched.package.0),
            _ => None,
        },
    );
    let linked = |pass| {
        let links = run.links();
        let links = links.iter().filter(|link| link.pass == pass);
        (links.clone().map(|link| link.end - link.start).sum(), links.count() as u64)
    };
    for (phase, expected) in [
        (Phase::Download, downloads),
        (Phase::Extract, extracts),
        (Phase::LinkWarm, linked(LinkPass::Warm)),
        (Phase::LinkCold, linked(LinkPass::Cold)),
    ] {
        let totals = run.phase(phase).map_or((0, 0), |totals| (totals.busy_us, totals.count));
        assert_eq!(totals, expected, "{phase:?}");
    }
    let mut told = Vec::new();
    for event in &run.events {
        match &event.kind {
            EventKind::PhaseStarted { phase } => {
                assert_eq!(run.phase(*phase).unwrap().started_us, event.at);
            }
            EventKind::PhaseFinished(totals) => {
                assert_eq!(event.at, totals.started_us + totals.wall_us);
                let wall = u32::try_from(totals.wall_us).unwrap();
                let busy = u32::try_from(totals.busy_us).unwrap();
                let expected = f64::from(busy) / f64::from(wall.max(1));
                assert!((totals.parallelism - expected).abs() < 1e-9, "{totals:?}");
                assert!(totals.utilisation.is_none_or(|share| (0.0..=1.0).contains(&share)));
                told.push(*totals);
            }
            _ => {}
        }
    }
    told.sort_by_key(|totals| totals.started_us);
    assert_eq!(told, run.finished().phases);
}

/// Share of the run's wall that no phase covers, in percent.
fn uncovered(run: &Run) -> u64 {
    let wall = run.finished().wall_us;
    (wall - covered(run)) * 100 / wall
}

#[test]
fn the_phases_cover_the_run_and_their_numbers_are_those_of_the_events() {
    let registry = Registry::start();
    // Copies of many files: a run long enough for its phases to matter.
    let project = sample::of_many(300, 25);
    project.write(&registry);
    let install = |site: &Site, mode| {
        let flags =
            Flags { link_mode: Some(mode), import_method: Some(ImportMethod::Copy), ..Flags::default() };
        run::install_well(site, flags)
    };
    for mode in MODES {
        // On a busy machine any pause between two phases can be long, in one run or another.
        let mut best = [100; 2];
        for _ in 0..5 {
            let site = Site::new();
            project.write_into(&site, &registry);
            let cold = install(&site, mode);
            fs::rename(site.modules(), site.root.path().join("cold")).unwrap();
            let warm = install(&site, mode);
            assert_phases_agree_with_events(&cold);
            assert_phases_agree_with_events(&warm);
            assert_eq!((cold.links().len(), warm.links().len()), (300, 300));
            best = [best[0].min(uncovered(&cold)), best[1].min(uncovered(&warm))];
            if best.iter().all(|percent| *percent < 5) {
                break;
            }
        }
        assert!(
            best.iter().all(|percent| *percent < 5),
            "{mode:?}: {best:?} percent of cold and warm are of no phase"
        );
    }
}

fn schema() -> Validator {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/event.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn assert_is_a_whole_stream(run: &Run) {
    let schema = schema();
    for (seq, event) in (1..).zip(&run.events) {
        if let Err(error) = schema.validate(&serde_json::to_value(event).unwrap()) {
            panic!("{event:?}: {error}");
        }
        assert_eq!(event.seq, seq);
        let (first, last) = (seq == 1, seq == run.events.len() as u64);
        assert_eq!(matches!(event.kind, EventKind::RunStarted(_)), first);
        assert_eq!(matches!(event.kind, EventKind::RunFinished(_)), last);
    }
}

#[test]
fn the_stream_has_no_gaps_and_begins_and_ends_as_it_should_whatever_the_outcome() {
    let registry = Registry::start();
    let project = sample::of_many(30, 3);
    let site = project.write(&registry);
    for mode in MODES {
        let fresh = || {
            let site = Site::new();
            project.write_into(&site, &registry);
            site
        };
        let flags = || Flags { link_mode: Some(mode), ..Flags::default() };
        assert_is_a_whole_stream(&run::install_well(&fresh(), flags()));
        let cancelled = run::install_watched(&fresh(), flags(), |event, controls| {
            if matches!(event.kind, EventKind::Fetched(_)) {
                controls.cancel("api");
            }
        });
        assert_is_a_whole_stream(&cancelled);
        assert!(matches!(cancelled.finished().outcome, Outcome::Cancelled | Outcome::Done));
        let broken = project.clone().integrity("many-7@1.0.0", "sha512-AAAA").setting("fetchRetries: 0");
        let refused = fresh();
        broken.write_into(&refused, &registry);
        let failed = run::install(&refused, flags());
        assert_eq!(failed.failure().code.as_deref(), Some("ERR_PNPM_TARBALL_INTEGRITY"));
        assert_is_a_whole_stream(&failed);
    }
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    assert_is_a_whole_stream(&run::install(&site, Flags::default()));
}

#[test]
fn standard_output_and_the_recording_are_the_same_lines_and_each_fits_the_schema() {
    let registry = Registry::start();
    let project = sample::of_every_shape();
    let validator = schema();
    for mode in MODES {
        let site = project.write(&registry);
        for temperature in ["cold", "warm"] {
            let arguments = ["install", "--json", "--record", "run.jsonl", "--link-mode", mode.name()];
            let output = run::pacwatch(&site, &arguments).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(fs::read_to_string(site.project.join("run.jsonl")).unwrap(), text);
            let mut kinds = BTreeSet::new();
            for line in text.lines() {
                let value: Value = serde_json::from_str(line).unwrap();
                if let Err(error) = validator.validate(&value) {
                    panic!("{line}: {error}");
                }
                let event: Event = serde_json::from_value(value.clone()).unwrap();
                assert_ne!(event.kind, EventKind::Unknown, "{line}");
                kinds.insert(value["kind"].as_str().unwrap().to_owned());
            }
            assert!(kinds.contains("planned") && kinds.contains("imported"), "{kinds:?}");
            fs::rename(site.modules(), site.root.path().join(temperature)).unwrap();
        }
    }
}
