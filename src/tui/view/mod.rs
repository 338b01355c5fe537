//! The screen.
//!
//! ```text
//! stacked (80x24)                           wide (from 110 columns)
//! ┌ header ──────────────────────────┐      ┌ header ───────────────────────────────────────┐
//! │ project, knobs, state, elapsed   │      │                                               │
//! │ totals                           │      ├ phases ───────────────────────────────────────┤
//! ├ phases ──────────────────────────┤      │ a row a phase: state, history, numbers        │
//! │ a row a phase                    │      ├ lanes ────────────────┬ throughput ───────────┤
//! ├ lanes ───────────────────────────┤      │ a row a worker        │ a chart               │
//! │ a row a worker                   │      │                       ├ downloads ────────────┤
//! ├ downloads (or why it failed) ────┤      ├ log ──────────────────┤ the oldest first      │
//! ├ throughput ──────────────────────┤      │                       │ (or why it failed)    │
//! ├ log ─────────────────────────────┤      │                       │                       │
//! ├ footer ──────────────────────────┤      ├ footer ───────────────┴───────────────────────┤
//! └──────────────────────────────────┘      └───────────────────────────────────────────────┘
//! ```
//!
//! Below 16 rows (compact) titles, throughput and log give way to phases and lanes. All histories share one axis:
//! from the run's beginning to now.

mod attention;
mod detail;
mod downloads;
mod failure;
mod footer;
mod header;
mod help;
mod importers;
mod inline;
mod lanes;
mod log;
mod network;
mod packages;
mod phases;
mod settings;
mod tabs;
mod throughput;

pub use inline::{ROWS as INLINE_ROWS, render as render_inline};

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::core::model::{Model, Pool};
use crate::tui::action::Pane;
use crate::tui::layout::{Needs, arrange, shell};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;

/// Draws one frame.
pub fn render(frame: &mut Frame, model: &Model, state: &mut ViewState, theme: &Theme) {
    state.hits.clear();
    let frozen = state.frozen.take();
    let shown = frozen.as_ref().map_or(model, |frozen| &frozen.model);
    let now = frozen.as_ref().map_or(state.now, |frozen| frozen.now);
    let shell = shell(frame.area());
    match state.pane {
        Pane::Overview => overview(frame, shell.body, shown, now, state, theme),
        Pane::Packages => match state.table.detail {
            Some(id) => detail::render(frame, shell.body, id, shown, now, state, theme),
            None => packages::render(frame, shell.body, shown, now, state, theme),
        },
        Pane::Lanes => lanes::pane(frame, shell.body, shown, now, state, theme),
        Pane::Network => network::render(frame, shell.body, shown, now, theme),
        Pane::Importers => importers::render(frame, shell.body, shown, state, theme),
        Pane::Log => log::render(frame, shell.body, shown, state, theme),
        Pane::Settings => settings::render(frame, shell.body, shown, state, theme),
    }
    attention::render(frame, shell.attention, shown, now, &state.keymap, theme);
    state.frozen = frozen;
    header::render(frame, shell.header, model, state, theme);
    tabs::render(frame, shell.tabs, state, theme);
    footer::render(frame, shell.footer, model, state, theme);
    help::render(frame, frame.area(), state, theme);
}

/// As much of everything as there is room for.
fn overview(frame: &mut Frame, body: Rect, model: &Model, now: u64, state: &mut ViewState, theme: &Theme) {
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let areas = arrange(
        body,
        Needs {
            phases: rows(phases::rows(model)),
            lanes: rows(model.lanes(Pool::Link).len() + model.lanes(Pool::Extract).len()),
            failure: failure::rows(model, body.width),
            downloads: !model.downloads_over(),
        },
    );
    phases::render(frame, areas.phases, model, now, theme);
    lanes::render(frame, areas.lanes, model, now, theme);
    if model.failure().is_some() {
        failure::render(frame, areas.downloads, model, theme);
    } else {
        downloads::render(frame, areas.downloads, model, now, theme);
    }
    throughput::render(frame, areas.throughput, model, now, theme);
    log::render(frame, areas.log, model, state, theme);
}
