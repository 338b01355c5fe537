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

mod downloads;
mod failure;
mod footer;
mod header;
mod help;
mod lanes;
mod log;
mod phases;
mod throughput;

use ratatui::Frame;

use crate::core::model::{Model, Pool};
use crate::tui::layout::{Needs, arrange};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;

/// Draws one frame.
pub fn render(frame: &mut Frame, model: &Model, state: &mut ViewState, theme: &Theme) {
    state.hits.clear();
    let frozen = state.frozen.take();
    let shown = frozen.as_ref().map_or(model, |frozen| &frozen.model);
    let now = frozen.as_ref().map_or(state.now, |frozen| frozen.now);
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let areas = arrange(
        frame.area(),
        Needs {
            phases: rows(phases::ROWS),
            lanes: rows(shown.lanes(Pool::Link).len() + shown.lanes(Pool::Extract).len()),
            failure: failure::rows(shown, frame.area().width),
            downloads: !shown.downloads_over(),
        },
    );
    phases::render(frame, areas.phases, shown, now, theme);
    lanes::render(frame, areas.lanes, shown, now, theme);
    if shown.failure().is_some() {
        failure::render(frame, areas.downloads, shown, theme);
    } else {
        downloads::render(frame, areas.downloads, shown, now, theme);
    }
    throughput::render(frame, areas.throughput, shown, now, theme);
    log::render(frame, areas.log, shown, state, theme);
    state.frozen = frozen;
    header::render(frame, areas.header, model, state, theme);
    footer::render(frame, areas.footer, model, state, theme);
    help::render(frame, frame.area(), state, theme);
}
