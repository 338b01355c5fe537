//! The whole run in a few rows: how it goes, the phases that matter now, what it waits for, what holds it back, keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};

use crate::core::model::Model;
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::view::{attention, footer, header, phases};

/// Rows that it asks for.
pub const ROWS: u16 = 8;

/// Draws one frame into all the room there is.
pub fn render(frame: &mut Frame, model: &Model, state: &mut ViewState, theme: &Theme) {
    state.hits.clear();
    let area = frame.area();
    let [header, attention, footer] = match area.height {
        0..=1 => [1, 0, 0],
        2..=3 => [1, area.height - 1, 0],
        4..=5 => [1, 2, 1],
        _ => [2, 2, 1],
    }
    .map(Constraint::Length);
    let [header, phases, attention, footer] =
        Layout::vertical([header, Constraint::Min(0), attention, footer]).areas(area);
    header::render(frame, header, model, state, theme);
    phases::render(frame, phases, model, state.now, theme);
    attention::render(frame, attention, model, state.now, &state.keymap, theme);
    footer::render(frame, footer, model, state, theme);
}
