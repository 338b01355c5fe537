//! The wire form: what is written is what the schema says, and what is read again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod synthetic;

use std::collections::BTreeSet;

use pacwatch::core::event::{
    AnsweredBy, Event, EventKind, ImportMethod, ImporterKnown, ImportersKnown, Knob, LinkMode, MetadataCache,
    MetadataReceived, Outcome, PackageId, PackagePlaced, PeerIssueKind, Phase, SkipReason, Why,
};
use pacwatch::core::report::json::write_line;
use serde_json::Value;

use synthetic::Script;

/// The name of a kind on the wire. Without a wildcard, so that a new kind asks for its sample and its schema.
fn wire_name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::RunStarted(_) => "run_started",
        EventKind::RunFinished(_) => "run_finished",
        EventKind::PhaseStarted { .. } => "phase_started",
        EventKind::PhaseFinished(_) => "phase_finished",
        EventKind::PackageSeen(_) => "package_seen",
        EventKind::Resolved { .. } => "resolved",
        EventKind::Deprecated { .. } => "deprecated",
        EventKind::PackagePlaced(_) => "package_placed",
        EventKind::LockfileWritten { .. } => "lockfile_written",
        EventKind::ImportersKnown(_) => "importers_known",
        EventKind::DependenciesKnown { .. } => "dependencies_known",
        EventKind::Planned(_) => "planned",
        EventKind::MetadataRequested { .. } => "metadata_requested",
        EventKind::MetadataReceived(_) => "metadata_received",
        EventKind::FetchStarted { .. } => "fetch_started",
        EventKind::FetchProgress { .. } => "fetch_progress",
        EventKind::Downloaded { .. } => "downloaded",
        EventKind::ExtractStarted { .. } => "extract_started",
        EventKind::Fetched(_) => "fetched",
        EventKind::FoundInStore { .. } => "found_in_store",
        EventKind::LinkStarted { .. } => "link_started",
        EventKind::Imported(_) => "imported",
        EventKind::Retry { .. } => "retry",
        EventKind::Warning { .. } => "warning",
        EventKind::PeerIssue { .. } => "peer_issue",
        EventKind::Skipped { .. } => "skipped",
        EventKind::ConcurrencyChanged { .. } => "concurrency_changed",
        EventKind::LinkModeChanged { .. } => "link_mode_changed",
        EventKind::Paused { .. } => "paused",
        EventKind::Resumed { .. } => "resumed",
        EventKind::NetworkSample { .. } => "network_sample",
        EventKind::CancelRequested { .. } => "cancel_requested",
        EventKind::ImportMethodChosen { .. } => "import_method_chosen",
        EventKind::Unknown => "unknown",
    }
}

const KINDS: usize = 34;

fn requested(host: Option<String>) -> EventKind {
    EventKind::MetadataRequested { name: "@scope/a".into(), attempt: 1, lane: 0, host }
}

fn received(cache: MetadataCache, lane: Option<u16>) -> EventKind {
    EventKind::MetadataReceived(Box::new(MetadataReceived {
        name: "@scope/a".into(),
        cache,
        lane,
        bytes: 100,
        queue_us: 1,
        first_byte_us: 2,
        body_us: 3,
        read_us: 4,
        answered_by: lane.map(|_| AnsweredBy { host: "127.0.0.1".into(), http: "HTTP/1.1".into() }),
    }))
}

/// At least one event of every kind, with optional fields present and absent.
fn samples() -> Vec<Event> {
    let mut events = synthetic::run(&Script::default());
    events.extend(synthetic::run(&Script { outcome: Outcome::Failed, ..Script::default() }));
    let package = PackageId(7);
    let more = [
        requested(None),
        requested(Some("127.0.0.1".into())),
        received(MetadataCache::Failed, Some(0)),
        received(MetadataCache::Miss, Some(0)),
        received(MetadataCache::Revalidated, Some(0)),
        received(MetadataCache::Hit, None),
        EventKind::FoundInStore { package, shared_with: Some(PackageId(0)) },
        EventKind::Retry {
            package,
            attempt: 1,
            max_attempts: 3,
            delay_ms: 10,
            reason: "the connection was closed".into(),
            status: None,
        },
        EventKind::Warning { code: None, message: "the disk is nearly full".into(), package: None },
        EventKind::PeerIssue {
            importer: "packages/a".into(),
            peer: "react".into(),
            wanted: "^18.0.0".into(),
            found: None,
            parents: vec!["b@1.0.0".into()],
            issue: PeerIssueKind::Missing,
        },
        EventKind::PeerIssue {
            importer: ".".into(),
            peer: "react".into(),
            wanted: "^18.0.0".into(),
            found: Some("17.0.2".into()),
            parents: Vec::new(),
            issue: PeerIssueKind::Bad,
        },
        EventKind::ImportersKnown(Box::new(ImportersKnown {
            importers: vec![
                ImporterKnown { id: ".".into(), ..ImporterKnown::default() },
                ImporterKnown {
                    id: "packages/a".into(),
                    name: Some("@scope/a".into()),
                    dependencies: 2,
                    packages: vec![PackageId(0)],
                },
            ],
            left_out: 3,
        })),
        EventKind::DependenciesKnown { dependencies: vec![vec![PackageId(1), PackageId(7)], Vec::new()] },
        EventKind::Resolved { package },
        EventKind::Deprecated { package, message: "use something else".into() },
        EventKind::PackagePlaced(Box::new(PackagePlaced {
            package,
            dep_path: "a@1.0.0(b@2.0.0)".into(),
            why: Why::Transitive,
            optional: false,
        })),
        EventKind::LockfileWritten { path: "/project/pnpm-lock.yaml".into(), packages: 3 },
        EventKind::CancelRequested { by: "SIGINT".into() },
        EventKind::LinkModeChanged { from: LinkMode::Deferred, to: LinkMode::Pipelined, by: "key".into() },
        EventKind::Paused { by: "key".into() },
        EventKind::Resumed { by: "api".into() },
        EventKind::ImportMethodChosen {
            wanted: ImportMethod::Auto,
            method: ImportMethod::Hardlink,
            tried: vec!["reflink: not supported".into()],
        },
        EventKind::Unknown,
    ];
    let reasons = [
        SkipReason::UnsupportedPlatform,
        SkipReason::UnsupportedEngine,
        SkipReason::FetchFailure,
        SkipReason::ResolutionFailure,
        SkipReason::Unreachable,
    ];
    let skips =
        reasons.map(|reason| EventKind::Skipped { package, reason, detail: "for another system".into() });
    let knobs = [Knob::NetworkConcurrency, Knob::ExtractThreads, Knob::LinkThreads];
    let turns = knobs.map(|knob| EventKind::ConcurrencyChanged { knob, from: 1, to: 2, by: "key".into() });
    let phases = Phase::ALL.map(|phase| EventKind::PhaseStarted { phase });
    for kind in more.into_iter().chain(skips).chain(turns).chain(phases) {
        events.push(Event { seq: events.len() as u64 + 1, at: 5, kind });
    }
    events
}

fn schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/event.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_kind_of_event_fits_the_schema_and_reads_back_as_it_was() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let mut kinds = BTreeSet::new();
    for event in samples() {
        let line = serde_json::to_value(&event).unwrap();
        assert_eq!(line["kind"], wire_name(&event.kind));
        if let Err(error) = validator.validate(&line) {
            panic!("{line}: {error}");
        }
        let read: Event = serde_json::from_value(line).unwrap();
        assert_eq!(read, event);
        kinds.insert(wire_name(&event.kind));
    }
    assert_eq!(kinds.len(), KINDS);
}

#[test]
fn the_schema_knows_every_field_and_asks_for_it() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for event in samples().iter().filter(|event| event.kind != EventKind::Unknown) {
        let line = serde_json::to_value(event).unwrap();
        let fields = line.as_object().unwrap();
        for field in fields.keys() {
            let mut without = fields.clone();
            without.remove(field);
            let without = Value::Object(without);
            // Without its kind a line is of no kind, and that alone is wrong with it.
            assert!(!validator.is_valid(&without), "{field} may be absent: {without}");
            let mut wrong = fields.clone();
            wrong.insert(field.clone(), serde_json::json!({"never": "this"}));
            assert!(!validator.is_valid(&Value::Object(wrong)), "{field} may be anything");
        }
    }
}

#[test]
fn recordings_fit_the_schema_and_are_written_again_as_they_were() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/recordings");
    let mut recordings = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "ndjson") {
            continue;
        }
        recordings += 1;
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Err(error) = validator.validate(&serde_json::from_str(line).unwrap()) {
                panic!("{line}: {error}");
            }
            let event: Event = serde_json::from_str(line).unwrap();
            assert_ne!(event.kind, EventKind::Unknown, "{line}");
            let mut written = Vec::new();
            write_line(&event, &mut written).unwrap();
            assert_eq!(written, format!("{line}\n").into_bytes());
        }
    }
    assert!(recordings > 0);
}

#[test]
fn a_kind_of_a_later_version_is_ignored() {
    let line = r#"{"seq":3,"at":17,"kind":"moon_phase","phase":"waxing","more":{"a":[1,null]}}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert_eq!(event, Event { seq: 3, at: 17, kind: EventKind::Unknown });
    assert!(jsonschema::validator_for(&schema()).unwrap().is_valid(&serde_json::from_str(line).unwrap()));
    let line = r#"{"seq":4,"at":18,"kind":"phase_started","phase":"bins","later":true}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert_eq!(event.kind, EventKind::PhaseStarted { phase: Phase::Bins });
}
