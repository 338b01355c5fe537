//! The dashboard's screens at the sizes people have, as snapshots.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod recordings;
mod synthetic;

use pacwatch::core::event::{Event, EventKind, LaneCounts, LinkMode, Outcome, SkipReason};
use pacwatch::core::model::{LogLevel, Model, Pool};
use pacwatch::tui::action::Pane;
use pacwatch::tui::state::{Column, Hit, Quitting, ViewState};
use pacwatch::tui::theme::Theme;
use pacwatch::tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use recordings::recording;
use synthetic::Script;

const SIZES: [(u16, u16); 4] = [(40, 10), (80, 24), (120, 40), (200, 50)];

/// The model and the time once every event up to a moment is in.
fn until(events: &[Event], at: u64) -> (Model, ViewState) {
    let mut model = Model::default();
    for event in events.iter().filter(|event| event.at <= at) {
        model.apply(event);
    }
    (model, ViewState { now: at, ..ViewState::default() })
}

fn whole(events: &[Event]) -> (Model, ViewState) {
    let (model, mut state) = until(events, u64::MAX);
    state.now = model.wall_us();
    (model, state)
}

fn draw(model: &Model, state: &mut ViewState, theme: &Theme, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::render(frame, model, state, theme)).unwrap();
    text_of(terminal.backend().buffer())
}

fn text_of(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        for x in 0..buffer.area.width {
            row.push_str(buffer[(x, y)].symbol());
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn snapshots(name: &str, model: &Model, state: &mut ViewState, theme: &Theme) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw(model, state, theme, width, height));
    }
}

/// A moment in the middle of the cold pass.
fn in_cold_pass(events: &[Event]) -> u64 {
    let (model, _) = whole(events);
    let cold = model.phase(pacwatch::core::event::Phase::LinkCold).totals.unwrap();
    cold.started_us + cold.wall_us / 2
}

#[test]
fn start() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = until(&events, 5_000);
    snapshots("start", &model, &mut state, &Theme::dark());
}

#[test]
fn before_the_first_event() {
    snapshots("waiting", &Model::default(), &mut ViewState::default(), &Theme::dark());
}

#[test]
fn in_the_middle_of_the_downloads() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = until(&events, 900_000);
    snapshots("downloads", &model, &mut state, &Theme::dark());
}

#[test]
fn inline_keeps_one_link_lane_busy() {
    let events = synthetic::run(&Script { link_mode: LinkMode::Inline, ..Script::default() });
    let (model, mut state) = until(&events, in_cold_pass(&events));
    snapshots("inline", &model, &mut state, &Theme::dark());
}

#[test]
fn deferred_keeps_all_link_lanes_busy() {
    let lanes = LaneCounts { network: 16, extract: 4, link: 8 };
    let events = synthetic::run(&Script { lanes, ..Script::default() });
    let (model, mut state) = until(&events, in_cold_pass(&events));
    snapshots("deferred", &model, &mut state, &Theme::dark());
}

#[test]
fn finished() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = whole(&events);
    snapshots("finished", &model, &mut state, &Theme::dark());
}

#[test]
fn failed() {
    let events = synthetic::run(&Script { outcome: Outcome::Failed, ..Script::default() });
    let (model, mut state) = whole(&events);
    snapshots("failed", &model, &mut state, &Theme::dark());
}

#[test]
fn cancelling_and_frozen() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = until(&events, 900_000);
    state.quitting = Quitting::Cancelling;
    insta::assert_snapshot!("cancelling_80x24", draw(&model, &mut state, &Theme::dark(), 80, 24));
    let (earlier, _) = until(&events, 500_000);
    state.now = 500_000;
    state.quitting = Quitting::No;
    state.toggle_freeze(&earlier);
    state.now = 900_000;
    insta::assert_snapshot!("frozen_80x24", draw(&model, &mut state, &Theme::dark(), 80, 24));
}

#[test]
fn every_pane() {
    let events = synthetic::run(&Script::default());
    for pane in Pane::ALL {
        let (model, mut state) = until(&events, 900_000);
        state.pane = pane;
        snapshots(&format!("pane_{}", pane.name()), &model, &mut state, &Theme::dark());
    }
}

#[test]
fn help() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = until(&events, 900_000);
    state.help = Some(0);
    snapshots("help", &model, &mut state, &Theme::dark());
}

#[test]
fn ascii_without_colours_draws_ascii_only() {
    let events = synthetic::run(&Script::default());
    let (model, mut state) = until(&events, 900_000);
    let theme = Theme::mono().with_ascii();
    snapshots("ascii", &model, &mut state, &theme);
    for help in [None, Some(0)] {
        state.help = help;
        for (width, height) in SIZES {
            let screen = draw(&model, &mut state, &theme, width, height);
            assert!(screen.is_ascii(), "{screen}");
        }
    }
}

#[test]
fn a_recording_shows_what_was_seen_when_it_was_made() {
    // The viewer doubled the number of requests at one time after 0.7 s.
    let events = recording("knob-turned");
    let (model, mut state) = until(&events, 780_000);
    snapshots("recorded_running", &model, &mut state, &Theme::dark());
    let (model, mut state) = whole(&events);
    snapshots("recorded_finished", &model, &mut state, &Theme::dark());
}

/// The moment at which most of a real run is done.
fn late(events: &[Event]) -> u64 {
    whole(events).0.wall_us() * 7 / 10
}

#[test]
fn every_pane_of_a_real_run() {
    let events = recording("latency");
    for pane in Pane::ALL {
        let (model, mut state) = until(&events, late(&events));
        state.pane = pane;
        snapshots(&format!("real_{}", pane.name()), &model, &mut state, &Theme::dark());
    }
}

#[test]
fn the_detail_of_a_package_of_a_real_run() {
    let events = recording("one-package");
    let (model, mut state) = whole(&events);
    state.pane = Pane::Packages;
    state.table.detail = model.slowest(1).first().map(|(id, _)| *id);
    snapshots("real_detail", &model, &mut state, &Theme::dark());
}

#[test]
fn real_runs_that_ended() {
    for name in [
        "bandwidth",
        "extraction",
        "inline",
        "one-package",
        "warm",
        "up-to-date",
        "failed",
        "resolution",
        "verification",
    ] {
        let (model, mut state) = whole(&recording(name));
        snapshots(&format!("ended_{name}"), &model, &mut state, &Theme::dark());
    }
}

#[test]
fn a_silent_run_says_what_it_waits_for() {
    let (model, mut state) = until(&recording("failed"), 5_000_000);
    snapshots("silent", &model, &mut state, &Theme::dark());
}

#[test]
fn an_inline_face_of_a_real_run() {
    let events = recording("latency");
    let (model, mut state) = until(&events, late(&events));
    state.inline = true;
    for (width, height) in [(20, 5), (60, 8), (120, 8)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view::render_inline(frame, &model, &mut state, &Theme::dark())).unwrap();
        insta::assert_snapshot!(format!("rows_{width}x{height}"), text_of(terminal.backend().buffer()));
    }
}

#[test]
fn the_log_shows_what_matters_enough_and_has_the_words() {
    let events = recording("failed");
    let (model, mut state) = whole(&events);
    state.pane = Pane::Log;
    state.level = Some(LogLevel::Warning);
    let warnings = draw(&model, &mut state, &Theme::dark(), 100, 20);
    assert!(warnings.contains("error: failed after"), "{warnings}");
    assert!(!warnings.contains("plan: "), "{warnings}");
    state.level = None;
    state.log_filter = "PLAN packages".to_owned();
    let filtered = draw(&model, &mut state, &Theme::dark(), 100, 20);
    assert!(filtered.contains("plan: 99 packages"), "{filtered}");
    assert!(!filtered.contains("failed after 1m"), "{filtered}");
    state.log_filter = "no such words".to_owned();
    assert!(draw(&model, &mut state, &Theme::dark(), 100, 20).contains("no entry fits"));
}

#[test]
fn a_turned_knob_is_marked_on_the_axis_of_the_phases() {
    let (model, mut state) = whole(&recording("knob-turned"));
    let screen = draw(&model, &mut state, &Theme::dark(), 120, 40);
    let axis = screen.lines().find(|line| line.contains("phases")).unwrap();
    assert!(axis.contains(Theme::dark().glyphs.mark), "{axis}");
}

#[test]
fn a_paused_run_waits_for_its_viewer_and_marks_stand_beside_the_times_of_the_axis() {
    let mut events = recording("latency");
    events.retain(|event| event.at <= 500_000);
    let at = events.last().unwrap().at;
    let (mut model, mut state) = until(&events, at);
    let under_way: Vec<_> = model.in_flight().iter().map(|(id, ..)| *id).collect();
    for package in under_way {
        let kind = EventKind::Downloaded { package, lane: 0, bytes: 1, answered_by: None };
        model.apply(&Event { seq: 0, at, kind });
    }
    let busy: Vec<_> = model.lanes(Pool::Extract).filter_map(|(_, lane)| lane.task).collect();
    for task in busy {
        let detail = String::new();
        let kind = EventKind::Skipped { package: task.package, reason: SkipReason::Unreachable, detail };
        model.apply(&Event { seq: 0, at, kind });
    }
    model.apply(&Event { seq: 0, at, kind: EventKind::Paused { by: "key".into() } });
    state.now = at + 2_000;
    let screen = draw(&model, &mut state, &Theme::dark(), 80, 24);
    assert!(screen.contains("waiting   for you: paused for 2.00 ms"), "{screen}");
    assert!(screen.contains("none; the run is paused"), "{screen}");
    let axis = screen.lines().find(|line| line.contains("phases")).unwrap();
    let time = pacwatch::core::model::format::duration(state.now);
    assert!(axis.contains(&format!("◆ {time} ")), "{axis}");
}

#[test]
fn wide_and_hostile_names_stay_in_their_columns() {
    let mut events = recording("latency");
    for event in &mut events {
        if let EventKind::PackageSeen(seen) = &mut event.kind {
            seen.name = match seen.package.0 % 4 {
                0 => "日本語の名前".repeat(6),
                1 => "e\u{301}a\u{308}\u{20dd}".repeat(12),
                2 => "\u{1b}[2J\u{202e}evil\n".to_owned(),
                _ => "🦀👩‍👩‍👧‍👦".repeat(9),
            };
        }
    }
    for (width, height) in [(20, 6), (40, 10), (80, 24), (300, 100)] {
        for pane in Pane::ALL {
            for at in [late(&events), u64::MAX] {
                let (model, mut state) = until(&events, at);
                state.pane = pane;
                state.now = state.now.min(model.wall_us());
                let theme = Theme::dark();
                let screen = draw(&model, &mut state, &theme, width, height);
                assert!(!screen.contains('\u{1b}') && !screen.contains('\u{202e}'), "{screen}");
                state.table.detail = state.table.selected;
                draw(&model, &mut state, &theme, width, height);
                // Wide characters do not push what stands behind them out of its column.
                if pane == Pane::Packages && width >= 80 {
                    state.table.detail = None;
                    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
                    terminal.draw(|frame| view::render(frame, &model, &mut state, &theme)).unwrap();
                    let buffer = terminal.backend().buffer();
                    let head = state
                        .hits
                        .iter()
                        .find_map(|(area, hit)| (*hit == Hit::Column(Column::State)).then_some(*area));
                    let head = head.unwrap();
                    let first = buffer[(head.x, head.y + 1)].symbol();
                    assert!(first == " ", "{first:?} in the gap before the state");
                }
            }
        }
    }
}

#[test]
fn the_first_row_is_selected_until_the_viewer_goes_to_another_and_that_one_is_followed() {
    let events = recording("latency");
    let theme = Theme::dark();
    let (early, mut state) = until(&events, late(&events) / 2);
    state.pane = Pane::Packages;
    draw(&early, &mut state, &theme, 80, 24);
    let first = state.table.selected;
    let (model, _) = whole(&events);
    state.now = model.wall_us();
    draw(&model, &mut state, &theme, 80, 24);
    assert_eq!(state.table.selected, model.slowest(1).first().map(|(id, _)| *id));
    assert_eq!(state.rows().at, 0);
    // Gone to, a package stays selected wherever it moves.
    state.table.selected = first;
    state.table.chosen = true;
    for sort in [Column::Name, Column::Size, Column::Total] {
        state.table.sort = sort;
        draw(&model, &mut state, &theme, 80, 24);
        assert_eq!(state.table.selected, first, "{sort:?}");
    }
}

#[test]
fn the_selected_row_is_of_one_colour_and_reversed() {
    use ratatui::style::Modifier;

    let (model, mut state) = whole(&recording("latency"));
    state.pane = Pane::Packages;
    for theme in [Theme::dark(), Theme::light(), Theme::high_contrast(), Theme::mono()] {
        let mut terminal = Terminal::new(TestBackend::new(200, 30)).unwrap();
        terminal.draw(|frame| view::render(frame, &model, &mut state, &theme)).unwrap();
        let row = state.hits.iter().find_map(|(area, hit)| (*hit == Hit::Row(0)).then_some(*area)).unwrap();
        let buffer = terminal.backend().buffer();
        let cells = row.positions().map(|position| &buffer[position]);
        let looks: Vec<_> = cells.map(|cell| (cell.fg, cell.bg, cell.modifier)).collect();
        assert!(looks.iter().all(|look| (look.0, look.1) == (looks[0].0, looks[0].1)), "{:?}", theme.name);
        assert!(looks.iter().all(|look| look.2.contains(Modifier::REVERSED)), "{:?}", theme.name);
    }
}

#[test]
fn no_size_is_too_small() {
    let events = synthetic::run(&Script::default());
    let failed = synthetic::run(&Script { outcome: Outcome::Failed, ..Script::default() });
    for (model, state) in [until(&events, 0), until(&events, 900_000), whole(&events), whole(&failed)] {
        for help in [None, Some(0)] {
            for width in 1..=20 {
                for height in 1..=8 {
                    let mut state = ViewState { help, ..state.clone() };
                    draw(&model, &mut state, &Theme::dark(), width, height);
                }
            }
        }
    }
}

#[test]
fn without_colours_no_cell_has_one() {
    use ratatui::style::Color;

    let events = synthetic::run(&Script { outcome: Outcome::Failed, ..Script::default() });
    for (model, mut state) in [until(&events, 500_000), whole(&events)] {
        let mut terminal = Terminal::new(TestBackend::new(130, 40)).unwrap();
        terminal.draw(|frame| view::render(frame, &model, &mut state, &Theme::mono())).unwrap();
        for cell in terminal.backend().buffer().content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
        }
    }
}
