//! The panes by number, the present one marked; each can be clicked.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::action::{Action, Pane};
use crate::tui::state::{Hit, ViewState};
use crate::tui::theme::Theme;

pub(super) fn render(frame: &mut Frame, area: Rect, state: &mut ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let names = |short: bool| Pane::ALL.map(|pane| tab(pane, state.pane, short));
    let full = names(false);
    let wide: usize = full.iter().map(|text| text.chars().count()).sum();
    let tabs = if wide <= usize::from(area.width) { full } else { names(true) };
    let mut spans = Vec::new();
    let mut used = 0_u16;
    for (pane, text) in Pane::ALL.into_iter().zip(tabs) {
        let width = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
        let place = Rect { x: area.x.saturating_add(used), width, ..area }.intersection(area);
        state.hits.push((place, Hit::Action(Action::Show(pane))));
        used = used.saturating_add(width);
        let style = if pane == state.pane { theme.title } else { theme.dim };
        spans.push(Span::styled(text, style));
    }
    frame.render_widget(Line::from(spans), area);
}

fn tab(pane: Pane, present: Pane, short: bool) -> String {
    let number = pane as usize + 1;
    match (pane == present, short) {
        (true, _) => format!("[{number} {}]", pane.name()),
        (false, true) => format!(" {number} "),
        (false, false) => format!(" {number} {} ", pane.name()),
    }
}
