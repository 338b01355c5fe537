//! No stream, however wrong, breaks the model or anything that is drawn or written from it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod synthetic;

use pacwatch::core::event::{
    AnsweredBy, Event, EventKind, Fetched, ImportMethod, Imported, Knob, LinkPass, MetadataCache,
    MetadataReceived, PackageId, PackageSeen, Phase, PhaseTotals, SkipReason, Why,
};
use pacwatch::core::model::{Model, Pool};
use pacwatch::core::report::plain;
use pacwatch::core::report::summary::summary;
use pacwatch::tui::action::Pane;
use pacwatch::tui::state::ViewState;
use pacwatch::tui::theme::Theme;
use pacwatch::tui::view;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use synthetic::Script;

fn folded<'a>(events: impl IntoIterator<Item = &'a Event>) -> Model {
    let mut model = Model::default();
    for event in events {
        model.apply(event);
    }
    model
}

fn hostile_number() -> impl Strategy<Value = u64> {
    prop_oneof![0..10_u64, 0..3_000_000_u64, Just(u64::MAX), any::<u64>()]
}

fn hostile_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{1b}]0;owned\u{7}\u{1b}[2J\n".to_owned()),
        any::<String>(),
        Just("日本語".repeat(900))
    ]
}

#[expect(clippy::too_many_lines, reason = "one strategy a kind")]
fn hostile_kind() -> impl Strategy<Value = EventKind> {
    let package = || prop_oneof![0..20_u32, any::<u32>()].prop_map(PackageId);
    let lane = || prop_oneof![0..4_u16, any::<u16>()];
    let pass = || select(vec![LinkPass::Warm, LinkPass::Cold]);
    prop_oneof![
        (package(), any::<u32>(), lane(), proptest::option::of(hostile_number())).prop_map(
            |(package, attempt, lane, size)| EventKind::FetchStarted {
                package,
                attempt,
                lane,
                size,
                host: None
            }
        ),
        (package(), hostile_number(), proptest::option::of(hostile_number()))
            .prop_map(|(package, bytes, size)| EventKind::FetchProgress { package, bytes, size }),
        (package(), lane(), hostile_number(), hostile_text()).prop_map(|(package, lane, bytes, text)| {
            EventKind::Downloaded {
                package,
                lane,
                bytes,
                answered_by: Some(Box::new(AnsweredBy { host: text.clone(), http: text })),
            }
        }),
        (package(), lane()).prop_map(|(package, lane)| EventKind::ExtractStarted { package, lane }),
        (package(), lane(), hostile_number(), hostile_number(), any::<u32>()).prop_map(
            |(package, lane, us, bytes, files)| EventKind::Fetched(Fetched {
                package,
                lane,
                attempts: files,
                queue_us: us,
                first_byte_us: us,
                body_us: us,
                extract_queue_us: us,
                extract_us: us,
                bytes_in: bytes,
                bytes_out: bytes,
                files,
                unblocked: vec![package],
            })
        ),
        (package(), lane(), pass()).prop_map(|(package, lane, pass)| EventKind::LinkStarted {
            package,
            lane,
            pass
        }),
        (package(), lane(), pass(), hostile_number()).prop_map(|(package, lane, pass, link_us)| {
            EventKind::Imported(Imported {
                package,
                lane,
                pass,
                method: ImportMethod::Copy,
                files: u32::MAX,
                link_us,
            })
        }),
        (package(), any::<u32>(), hostile_number(), hostile_text()).prop_map(
            |(package, attempt, delay_ms, reason)| {
                EventKind::Retry {
                    package,
                    attempt,
                    max_attempts: 3,
                    delay_ms,
                    reason,
                    status: Some(u16::MAX),
                }
            }
        ),
        (hostile_number(), any::<u32>()).prop_map(|(received, number)| EventKind::NetworkSample {
            received,
            in_flight: number,
            waiting: number,
            permits: number
        }),
        (package(), hostile_text()).prop_map(|(package, message)| EventKind::Warning {
            code: None,
            message,
            package: Some(package)
        }),
        (select(vec![Knob::NetworkConcurrency, Knob::ExtractThreads, Knob::LinkThreads]), any::<u32>())
            .prop_map(|(knob, to)| EventKind::ConcurrencyChanged { knob, from: to, to, by: "api".into() }),
        (select(Phase::ALL.to_vec()), hostile_number(), any::<f64>()).prop_map(|(phase, number, float)| {
            EventKind::PhaseFinished(PhaseTotals {
                phase,
                started_us: number,
                wall_us: number,
                busy_us: number,
                parallelism: float,
                count: number,
                workers: Some(u32::MAX),
                utilisation: Some(float),
            })
        }),
        (package(), hostile_text()).prop_map(|(package, detail)| EventKind::Skipped {
            package,
            reason: SkipReason::FetchFailure,
            detail
        }),
        (hostile_text(), any::<u32>(), lane()).prop_map(|(name, attempt, lane)| {
            EventKind::MetadataRequested { name, attempt, lane, host: None }
        }),
        (hostile_text(), lane(), hostile_number()).prop_map(|(name, lane, number)| {
            EventKind::MetadataReceived(Box::new(MetadataReceived {
                name: name.clone(),
                cache: MetadataCache::Miss,
                lane: Some(lane),
                bytes: number,
                queue_us: number,
                first_byte_us: number,
                body_us: number,
                read_us: number,
                answered_by: Some(AnsweredBy { host: name.clone(), http: name }),
            }))
        }),
        proptest::collection::vec(proptest::collection::vec(package(), 0..3), 0..9)
            .prop_map(|dependencies| EventKind::DependenciesKnown { dependencies }),
        select(Phase::ALL.to_vec()).prop_map(|phase| EventKind::PhaseStarted { phase }),
        (package(), hostile_text(), hostile_text()).prop_map(|(package, name, version)| {
            EventKind::PackageSeen(Box::new(PackageSeen {
                package,
                name,
                dep_path: version.clone(),
                version,
                why: Why::Transitive,
                optional: true,
                size: Some(u64::MAX),
            }))
        }),
    ]
}

/// Everything a view may ask, asked.
fn look_at(model: &Model) {
    for now in [0, model.now(), u64::MAX] {
        for phase in Phase::ALL {
            let numbers = model.phase_numbers(phase, now);
            assert!(numbers.utilisation.is_none_or(|share| (0.0..=1.0).contains(&share)));
            assert!(numbers.parallelism.is_none_or(|factor| factor >= 0.0));
            assert_eq!(model.phase_history(phase, now, 9).len(), 9);
        }
        for pool in Pool::ALL {
            for (_, lane) in model.lanes(pool).take(3) {
                assert!(lane.history(now, 7).iter().all(|share| (0.0..=1.0).contains(share)));
            }
        }
        assert!(model.network().history(now, 9).iter().all(|rate| *rate >= 0.0));
    }
    for now in [0, model.now(), u64::MAX] {
        let share = model.verdict(now).map_or(0.0, |verdict| verdict.share);
        assert!((0.0..=1.0).contains(&share), "{share}");
        assert!(model.unfinished(3).len() <= 3);
    }
    let path = model.critical_path();
    assert!(path.is_sorted_by_key(|step| step.from) && path.iter().all(|step| step.from < step.to));
    assert!(model.in_flight().len() <= model.packages().len());
    let text = summary(model, 60);
    assert!(!text.contains('\u{1b}'), "{text}");
    for (width, height, now) in [(1, 1, 0), (33, 9, u64::MAX), (80, 24, model.now()), (140, 40, model.now())]
    {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut state = ViewState { now, ..ViewState::default() };
        let detail = model.packages().map(|(id, _)| id).min();
        for (pane, detail) in Pane::ALL.map(|pane| (pane, None)).into_iter().chain([(Pane::Packages, detail)])
        {
            state.pane = pane;
            state.table.detail = detail;
            terminal.draw(|frame| view::render(frame, model, &mut state, &Theme::dark())).unwrap();
        }
        terminal.draw(|frame| view::render_inline(frame, model, &mut state, &Theme::dark())).unwrap();
        state.pane = Pane::Overview;
        terminal.draw(|frame| view::render(frame, model, &mut state, &Theme::dark())).unwrap();
        for cell in terminal.backend().buffer().content() {
            assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_stream_breaks_the_model(
        events in proptest::collection::vec((hostile_number(), hostile_kind()), 0..80),
    ) {
        let events: Vec<Event> = (1..).zip(events).map(|(seq, (at, kind))| Event { seq, at, kind }).collect();
        let model = folded(&events);
        look_at(&model);
        let mut out = Vec::new();
        plain::write_all(&events, &mut out).unwrap();
        prop_assert!(!out.contains(&0x1b));
    }

    #[test]
    fn a_real_stream_may_be_cut_shuffled_and_doubled(
        swaps in proptest::collection::vec((any::<Index>(), any::<Index>()), 0..200),
        cut in any::<Index>(),
        doubled in any::<Index>(),
    ) {
        let mut events = synthetic::run(&Script { cold: 30, warm: 5, ..Script::default() });
        for (one, other) in swaps {
            let length = events.len();
            events.swap(one.index(length), other.index(length));
        }
        events.drain(..cut.index(events.len()) / 2);
        let again = events[doubled.index(events.len())].clone();
        events.push(again);
        let model = folded(&events);
        look_at(&model);
        let known = model.packages().len() as u64;
        let totals = folded(events.iter().filter(|event| !matches!(event.kind, EventKind::RunFinished(_)))).totals();
        prop_assert!(totals.imported <= known && totals.fetched <= known && totals.found_in_store <= known);
    }
}
