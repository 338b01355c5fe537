//! What the model says held a run back, on recordings of real runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod recordings;

use pacwatch::core::event::{Event, EventKind, Knob, LinkMode, Phase, PhaseTotals};
use pacwatch::core::model::{Bottleneck, Model, Pool, Verdict};

use recordings::recording;

/// The model once every event up to a moment is in.
fn until(events: &[Event], at: u64) -> Model {
    let mut model = Model::default();
    for event in events.iter().filter(|event| event.at <= at) {
        model.apply(event);
    }
    model
}

/// The model of a whole run.
fn whole(events: &[Event]) -> Model {
    until(events, u64::MAX)
}

fn verdict(name: &str) -> Verdict {
    let model = whole(&recording(name));
    model.verdict(model.wall_us()).unwrap_or_else(|| panic!("{name} has no verdict"))
}

#[track_caller]
fn assert_verdict(name: &str, bottleneck: Bottleneck, knob: Option<(Knob, i32)>, evidence: &[&str]) {
    let verdict = verdict(name);
    assert_eq!((verdict.bottleneck, verdict.knob), (bottleneck, knob), "{name}: {}", verdict.line());
    for part in evidence {
        assert!(verdict.line().contains(part), "{name}: no {part:?} in {}", verdict.line());
    }
}

#[test]
fn a_registry_that_is_far_away_with_few_requests_at_a_time() {
    assert_verdict(
        "latency",
        Bottleneck::RegistryLatency,
        Some((Knob::NetworkConcurrency, 1)),
        &["half of the answers took", "try more network concurrency"],
    );
}

#[test]
fn a_narrow_link() {
    assert_verdict("bandwidth", Bottleneck::Bandwidth, None, &["MB came at"]);
}

#[test]
fn one_extract_worker_on_a_machine_with_two_processors() {
    assert_verdict(
        "extraction",
        Bottleneck::Extraction,
        Some((Knob::ExtractThreads, 1)),
        &["1 extract worker was busy", "try more extract threads"],
    );
}

#[test]
fn slots_linked_one_at_a_time() {
    assert_verdict(
        "inline",
        Bottleneck::LinkSerialisation,
        None,
        &["192 slots linked one at a time", "try link mode deferred"],
    );
}

#[test]
fn a_large_package_that_comes_last() {
    let model = whole(&recording("one-package"));
    let verdict = verdict("one-package");
    let Bottleneck::OnePackage(package) = verdict.bottleneck else { panic!("{}", verdict.line()) };
    assert!(model.label(package).starts_with("highcharts@"), "{}", verdict.line());
    let on_path = model.critical_path();
    assert!(on_path.iter().any(|step| step.package == Some(package) && step.what == "body"), "{on_path:?}");
}

#[test]
fn a_lockfile_that_has_to_be_made() {
    assert_verdict(
        "resolution",
        Bottleneck::ResolutionChain,
        None,
        &["for 100 answers", "each tells what to ask for next", "keep pnpm-lock.yaml"],
    );
}

#[test]
fn while_resolution_runs_metadata_is_what_it_waits_for() {
    let events = recording("resolution");
    let at = 500_000;
    let model = until(&events, at);
    let waiting = model.unfinished(1).remove(0);
    assert!(waiting.metadata.is_some() || waiting.package.is_some(), "{waiting:?}");
    assert!(model.metadata().answered() > 0 && model.metadata().times().count() > 0);
}

#[test]
fn files_copied_out_of_a_warm_store() {
    assert_verdict("warm", Bottleneck::DiskMetadata, None, &["files by copy", "try the store on this disk"]);
}

#[test]
fn a_lockfile_that_is_checked_against_policies() {
    assert_verdict(
        "verification",
        Bottleneck::RegistryLatency,
        None,
        &["checking the lockfile against the policies took", "trustLockfile"],
    );
    let model = whole(&recording("verification"));
    let path = model.critical_path();
    let longest = path.iter().max_by_key(|step| step.duration_us()).unwrap();
    assert_eq!(longest.phase, Phase::Verify, "{path:?}");
}

#[test]
fn scripts_that_take_long() {
    // Made up: scripts are not run yet, so that there is nothing to record.
    let mut model = Model::default();
    for (at, kind) in [
        (20_000, EventKind::PhaseStarted { phase: Phase::Resolve }),
        (30_000, EventKind::PhaseFinished(totals(Phase::Resolve, 20_000, 10_000))),
        (40_000, EventKind::PhaseStarted { phase: Phase::LinkCold }),
        (90_000, EventKind::PhaseFinished(totals(Phase::LinkCold, 40_000, 50_000))),
        (100_000, EventKind::PhaseStarted { phase: Phase::Build }),
    ] {
        model.apply(&Event { seq: 0, at, kind });
    }
    let verdict = model.verdict(2_000_000).unwrap();
    assert_eq!(verdict.bottleneck, Bottleneck::Scripts);
    assert_eq!(verdict.line(), "scripts: they took 1.90 s; try allowBuilds without those that need not run");
}

fn totals(phase: Phase, started_us: u64, wall_us: u64) -> PhaseTotals {
    PhaseTotals {
        phase,
        started_us,
        wall_us,
        busy_us: wall_us,
        parallelism: 1.0,
        count: 1,
        workers: None,
        utilisation: None,
    }
}

/// A recording, held for some time from a moment on.
fn held(name: &str, at: u64, for_us: u64) -> Vec<Event> {
    let mut events: Vec<Event> = recording(name).into_iter().filter(|event| event.at <= at).collect();
    let by = || "key".to_owned();
    events.push(Event { seq: 0, at, kind: EventKind::Paused { by: by() } });
    events.push(Event { seq: 0, at: at + for_us, kind: EventKind::Resumed { by: by() } });
    events
}

#[test]
fn a_pause_is_not_held_against_the_line() {
    let events = recording("bandwidth");
    // Nothing is being unpacked at this moment, which would go on while the run is held.
    let at = events
        .iter()
        .map(|event| event.at)
        .find(|at| *at > 1_000_000 && until(&events, *at).busy_lanes(Pool::Extract) == 0)
        .unwrap();
    let without = until(&events, at).verdict(at).unwrap();
    let with = whole(&held("bandwidth", at, 500_000)).verdict(at + 500_000).unwrap();
    assert_eq!((with.bottleneck, &with.evidence), (without.bottleneck, &without.evidence));
    assert!(with.share < without.share);
}

#[test]
fn a_run_that_was_held_for_most_of_its_time() {
    let verdict = whole(&held("bandwidth", 1_000_000, 9_000_000)).verdict(10_000_000).unwrap();
    assert_eq!(verdict.line(), "pause: new work was held back for 9.00 s");
    assert_eq!(verdict.knob, None);
}

#[test]
fn what_was_linked_before_inline_was_chosen_was_not_linked_one_at_a_time() {
    let mut events = recording("inline");
    let at = events.last().unwrap().at;
    let (from, to, by) = (LinkMode::Pipelined, LinkMode::Inline, "key".to_owned());
    events.retain(|event| !matches!(event.kind, EventKind::RunFinished(_)));
    events.push(Event { seq: 0, at, kind: EventKind::LinkModeChanged { from, to, by } });
    let verdict = whole(&events).verdict(at).unwrap();
    assert_ne!(verdict.bottleneck, Bottleneck::LinkSerialisation, "{}", verdict.line());
}

#[test]
fn a_registry_that_does_not_answer() {
    let mut model = Model::default();
    let asked = |attempt| EventKind::MetadataRequested {
        name: "a".into(),
        attempt,
        lane: 0,
        host: Some("registry.example".into()),
    };
    for (at, kind) in [(0, EventKind::PhaseStarted { phase: Phase::Resolve }), (10_000, asked(1))] {
        model.apply(&Event { seq: 0, at, kind });
    }
    let waiting = model.unfinished(1).remove(0);
    assert_eq!((waiting.stage, waiting.host.as_deref()), ("has no answer", Some("registry.example")));
    assert_eq!(
        model.verdict(3_010_000).unwrap().line(),
        "registry latency: no answer to a request for metadata for 3.00 s; try whether the registry can be reached"
    );
    // Too early to say.
    assert_eq!(model.verdict(500_000).unwrap().bottleneck, Bottleneck::ResolutionChain);
}

#[test]
fn nothing_to_do() {
    assert_verdict("up-to-date", Bottleneck::Nothing, None, &["nothing to do"]);
}

#[test]
fn a_run_that_failed_has_its_failure_in_place_of_a_verdict() {
    let model = whole(&recording("failed"));
    assert_eq!(model.verdict(model.wall_us()), None);
    assert!(model.failure().unwrap().message.contains("espree"));
}

#[test]
fn a_run_says_what_it_waits_for_from_the_first_second_of_silence() {
    let events = recording("failed");
    // All other packages have come; one is asked for again and again, with pauses.
    let at = 5_000_000;
    let model = until(&events, at);
    let waiting = model.unfinished(1).remove(0);
    assert_eq!(model.label(waiting.package.unwrap()), "espree@9.6.1");
    assert_eq!((waiting.stage, waiting.retries), ("waits to try again", 1));
    assert_eq!(waiting.host.as_deref(), Some("127.0.0.1"));
    assert!(model.silence_us(at) > 1_000_000);
}

#[test]
fn a_verdict_comes_while_the_run_is_under_way_and_stays_what_it_is() {
    for name in ["latency", "bandwidth", "extraction", "inline"] {
        let events = recording(name);
        let last = whole(&events);
        // Before the last tenth, so that the end has no say.
        let at = last.wall_us() * 8 / 10;
        let live = until(&events, at).verdict(at).map(|verdict| verdict.bottleneck);
        assert_eq!(live, last.verdict(last.wall_us()).map(|verdict| verdict.bottleneck), "{name}");
    }
}

#[test]
fn too_little_to_judge_by_is_no_verdict() {
    assert_eq!(Model::default().verdict(0), None);
    let events = recording("latency");
    assert_eq!(until(&events, 100_000).verdict(100_000), None);
}

#[test]
fn the_critical_path_covers_the_run_without_overlap() {
    for name in ["latency", "bandwidth", "extraction", "inline", "one-package", "warm", "verification"] {
        let model = whole(&recording(name));
        let path = model.critical_path();
        assert!(path.windows(2).all(|pair| pair[0].to <= pair[1].from), "{name}: {path:?}");
        let covered: u64 = path.iter().map(pacwatch::core::model::Step::duration_us).sum();
        assert!(covered * 100 >= model.wall_us() * 80, "{name}: {covered} of {}", model.wall_us());
    }
}
