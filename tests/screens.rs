//! The dashboard's screens at the sizes people have, as snapshots.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod synthetic;

use pacwatch::core::event::{Event, LaneCounts, LinkMode, Outcome};
use pacwatch::core::model::Model;
use pacwatch::tui::action::Pane;
use pacwatch::tui::state::{Quitting, ViewState};
use pacwatch::tui::theme::Theme;
use pacwatch::tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

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
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..height {
        let mut row = String::new();
        for x in 0..width {
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

/// A real run, in which the viewer doubled the number of requests at one time after 0.7 s.
fn recorded() -> Vec<Event> {
    include_str!("../assets/recordings/knob-turned.ndjson")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_recording_shows_what_was_seen_when_it_was_made() {
    let events = recorded();
    let (model, mut state) = until(&events, 780_000);
    snapshots("recorded_running", &model, &mut state, &Theme::dark());
    let (model, mut state) = whole(&events);
    snapshots("recorded_finished", &model, &mut state, &Theme::dark());
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
