//! The fold: what the model says after the events it was given, and the texts made from it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod synthetic;

use pacwatch::core::event::{
    Event, EventKind, Knob, LinkMode, Outcome, PackageId, Phase, PhaseTotals, Planned,
};
use pacwatch::core::model::{Model, PackageState, PhaseStatus, Pool};
use pacwatch::core::report::plain;
use pacwatch::core::report::summary::summary;

use synthetic::Script;

fn folded<'a>(events: impl IntoIterator<Item = &'a Event>) -> Model {
    let mut model = Model::default();
    for event in events {
        model.apply(event);
    }
    model
}

#[test]
fn live_numbers_and_the_engines_totals_agree() {
    for link_mode in [LinkMode::Inline, LinkMode::Deferred, LinkMode::Pipelined] {
        let events = synthetic::run(&Script { link_mode, ..Script::default() });
        let live =
            folded(events.iter().filter(|event| {
                !matches!(event.kind, EventKind::PhaseFinished(_) | EventKind::RunFinished(_))
            }));
        let ended = folded(&events);
        for phase in [Phase::Extract, Phase::LinkWarm, Phase::LinkCold] {
            let (live, ended) = (live.phase_numbers(phase, live.now()), ended.phase_numbers(phase, 0));
            assert_eq!((live.busy_us, live.count), (ended.busy_us, ended.count), "{phase:?} {link_mode:?}");
        }
        let (live, ended) = (live.totals(), ended.totals());
        assert_eq!(live, ended, "{link_mode:?}");
    }
}

#[test]
fn the_lanes_of_a_pool_add_up_to_the_phases_it_works_for() {
    let events = synthetic::run(&Script { link_mode: LinkMode::Inline, ..Script::default() });
    let model = folded(&events);
    let busy = |pool| model.lanes(pool).map(|(_, lane)| lane.busy_us).sum::<u64>();
    let phase = |phase| model.phase_numbers(phase, model.now()).busy_us.unwrap();
    assert_eq!(busy(Pool::Link), phase(Phase::LinkWarm) + phase(Phase::LinkCold));
    assert_eq!(busy(Pool::Extract), phase(Phase::Extract));
}

#[test]
fn inline_works_on_one_link_lane_and_deferred_on_all() {
    let most_at_once = |link_mode| {
        let mut model = Model::default();
        let mut most = 0;
        for event in synthetic::run(&Script { link_mode, warm: 0, ..Script::default() }) {
            model.apply(&event);
            most = most.max(model.busy_lanes(Pool::Link));
        }
        most
    };
    assert_eq!(most_at_once(LinkMode::Inline), 1);
    assert_eq!(most_at_once(LinkMode::Deferred), 2);
}

#[test]
fn a_retried_download_keeps_its_age_and_counts_its_attempts() {
    let id = PackageId(0);
    let at = |at, kind| Event { seq: 1, at, kind };
    let started = |attempt| EventKind::FetchStarted { package: id, attempt, lane: 0, size: None, host: None };
    let mut model = Model::default();
    model.apply(&at(100, started(1)));
    model.apply(&at(
        200,
        EventKind::Retry {
            package: id,
            attempt: 1,
            max_attempts: 3,
            delay_ms: 1,
            reason: "closed".into(),
            status: None,
        },
    ));
    assert_eq!(model.package(id).unwrap().state, PackageState::Retrying);
    assert_eq!(model.busy_lanes(Pool::Network), 0);
    model.apply(&at(1_200, started(2)));
    let downloads = model.in_flight();
    assert_eq!(downloads.len(), 1);
    let (_, since, package) = downloads[0];
    assert_eq!((since, package.attempt, package.retries), (100, 2, 1));
    model.apply(&at(1_500, EventKind::Downloaded { package: id, lane: 0, bytes: 10, answered_by: None }));
    assert!(model.in_flight().is_empty());
    assert_eq!(model.phase_numbers(Phase::Download, 1_500).busy_us, Some(400));
}

#[test]
fn to_wait_for_an_extract_worker_is_no_work_on_a_package() {
    let id = PackageId(0);
    let mut model = Model::default();
    for (at, kind) in [
        (100, EventKind::FetchStarted { package: id, attempt: 1, lane: 0, size: None, host: None }),
        (400, EventKind::Downloaded { package: id, lane: 0, bytes: 10, answered_by: None }),
    ] {
        model.apply(&Event { seq: 1, at, kind });
    }
    let package = model.package(id).unwrap();
    assert_eq!((package.work_us(9_000), package.total_us(9_000)), (300, 8_900));
}

#[test]
fn what_is_left_is_the_rest_of_known_sizes_and_as_much_as_the_others_had_for_unknown_ones() {
    let mut model = Model::default();
    let started = |id, lane, size| EventKind::FetchStarted {
        package: PackageId(id),
        attempt: 1,
        lane,
        size,
        host: None,
    };
    for (at, kind) in [
        (0, EventKind::Planned(Planned { downloads: 4, ..Planned::default() })),
        (0, EventKind::PhaseStarted { phase: Phase::Download }),
        (0, started(0, 0, None)),
        (0, started(1, 1, Some(5_000))),
        (0, started(2, 2, None)),
        (
            1_000_000,
            EventKind::Downloaded { package: PackageId(0), lane: 0, bytes: 1_000, answered_by: None },
        ),
        (1_000_000, EventKind::FetchProgress { package: PackageId(1), bytes: 2_000, size: None }),
    ] {
        model.apply(&Event { seq: 0, at, kind });
    }
    let left = model.left_to_download(1_000_000).unwrap();
    // 3,000 of the one whose size is known, and two times the 1,000 that the first one had.
    assert_eq!((left.packages, left.bytes), (3, 5_000));
    assert_eq!(Model::default().left_to_download(1), None);
}

#[test]
fn the_oldest_download_stands_first() {
    let mut model = Model::default();
    for (number, at) in [(5, 30), (3, 10), (4, 20)] {
        let package = PackageId(number);
        let lane = u16::try_from(number).unwrap();
        model.apply(&Event {
            seq: 1,
            at,
            kind: EventKind::FetchStarted { package, attempt: 1, lane, size: None, host: None },
        });
    }
    let order: Vec<u32> = model.in_flight().iter().map(|(id, ..)| id.0).collect();
    assert_eq!(order, [3, 4, 5]);
}

#[test]
fn telling_a_thing_twice_counts_it_once() {
    let events = synthetic::run(&Script::default());
    let events: Vec<Event> = events
        .into_iter()
        .filter(|event| {
            !matches!(
                event.kind,
                EventKind::Warning { .. } | EventKind::Retry { .. } | EventKind::RunFinished(_)
            )
        })
        .collect();
    let once = folded(&events);
    let twice = folded(events.iter().flat_map(|event| [event, event]));
    assert_eq!(once.totals(), twice.totals());
    for phase in Phase::ALL {
        assert_eq!(once.phase_numbers(phase, once.now()), twice.phase_numbers(phase, twice.now()));
    }
}

#[test]
fn a_huge_package_number_takes_no_room() {
    let mut model = Model::default();
    let package = PackageId(u32::MAX);
    for kind in [
        EventKind::FetchStarted {
            package,
            attempt: u32::MAX,
            lane: u16::MAX,
            size: Some(u64::MAX),
            host: None,
        },
        EventKind::Downloaded { package, lane: u16::MAX, bytes: u64::MAX, answered_by: None },
    ] {
        model.apply(&Event { seq: 1, at: u64::MAX, kind });
    }
    assert_eq!(model.packages().len(), 1);
    assert_eq!(model.lanes(Pool::Network).len(), 0);
    assert_eq!(model.totals().bytes_downloaded, u64::MAX);
}

#[test]
fn a_run_that_ends_leaves_nobody_at_work() {
    let events = synthetic::run(&Script { outcome: Outcome::Failed, ..Script::default() });
    let before_end = folded(&events[..events.len() - 1]);
    assert!(!before_end.in_flight().is_empty());
    let model = folded(&events);
    assert!(model.in_flight().is_empty());
    for pool in Pool::ALL {
        assert_eq!(model.busy_lanes(pool), 0);
    }
    assert_eq!(model.phase(Phase::Download).status, PhaseStatus::Stopped);
}

#[test]
fn a_phase_that_a_failure_cut_short_is_not_done() {
    let mut model = Model::default();
    let totals = |phase, count| PhaseTotals {
        phase,
        started_us: 10,
        wall_us: 90,
        busy_us: 90,
        parallelism: 1.0,
        count,
        workers: Some(2),
        utilisation: Some(0.5),
    };
    let ended = |outcome| {
        let events = synthetic::run(&Script { outcome, ..Script::default() });
        events.into_iter().next_back().unwrap().kind
    };
    for kind in [
        EventKind::Planned(Planned { packages: 3, cold: 3, downloads: 3, ..Planned::default() }),
        EventKind::PhaseFinished(totals(Phase::Resolve, 1)),
        EventKind::PhaseFinished(totals(Phase::Download, 3)),
        EventKind::PhaseFinished(totals(Phase::Extract, 2)),
    ] {
        model.apply(&Event { seq: 1, at: 100, kind });
    }
    let EventKind::RunFinished(mut finished) = ended(Outcome::Failed) else {
        panic!("a run ends with its end")
    };
    finished.phases.clear();
    model.apply(&Event { seq: 2, at: 100, kind: EventKind::RunFinished(finished) });
    let status = |phase| model.phase_numbers(phase, 100).status;
    assert_eq!(status(Phase::Resolve), PhaseStatus::Done);
    assert_eq!(status(Phase::Download), PhaseStatus::Done);
    assert_eq!(status(Phase::Extract), PhaseStatus::Stopped);
    let log: Vec<_> = model.log().entries().map(|entry| entry.text.as_str()).collect();
    assert!(
        log.iter().any(|text| text.contains("extract ended after") && text.contains("2 of 3 tasks")),
        "{log:?}"
    );
}

#[test]
fn what_is_told_late_stands_where_it_was_told() {
    let mut model = Model::default();
    for (seq, at, by) in [(1, 500, "key"), (2, 200, "api")] {
        model.apply(&Event {
            seq,
            at,
            kind: EventKind::ConcurrencyChanged { knob: Knob::LinkThreads, from: 1, to: 2, by: by.into() },
        });
    }
    let times: Vec<_> = model.log().entries().map(|entry| entry.at).collect();
    assert_eq!(times, [500, 500]);
}

#[test]
fn the_plain_lines_of_a_run() {
    for (name, outcome) in [("done", Outcome::Done), ("failed", Outcome::Failed)] {
        let events = synthetic::run(&Script { cold: 1_200, outcome, ..Script::default() });
        let mut out = Vec::new();
        plain::write_all(&events, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains('\u{1b}'));
        insta::assert_snapshot!(format!("plain_{name}"), text);
    }
}

#[test]
fn the_summary_of_a_whole_run_fits_twenty_lines() {
    let model = folded(&synthetic::run(&Script::default()));
    let text = summary(&model, 100);
    assert!(text.lines().count() <= 20, "{text}");
    insta::assert_snapshot!("summary_100", text);
    insta::assert_snapshot!("summary_40", summary(&model, 40));
}
