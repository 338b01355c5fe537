//! Why the run failed and what to do about it, in place of the downloads.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::core::model::Model;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{clean, columns, titled};

/// Rows the panel asks for at a width, its title included.
pub(super) fn rows(model: &Model, width: u16) -> u16 {
    let Some(failure) = model.failure() else { return 0 };
    // Words that do not fit move to the next row: allow for some.
    let width = usize::from(width).saturating_sub(6).max(1);
    let about = model.about(failure).map_or(0, |label| columns(&label) + 2);
    let message = (about + columns(&failure.message)).div_ceil(width).max(1);
    let help = failure.help.as_ref().map_or(0, |help| (columns(help) + 6).div_ceil(width));
    u16::try_from(message + help + 1).unwrap_or(u16::MAX)
}

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, theme: &Theme) {
    let Some(failure) = model.failure() else { return };
    if area.is_empty() {
        return;
    }
    let code = failure.code.clone().unwrap_or_default();
    let narrow = usize::from(area.width) < columns(&code) + 20;
    let facts = if narrow || code.is_empty() { Vec::new() } else { vec![code.clone()] };
    let title = if narrow && !code.is_empty() { &code } else { "why it failed" };
    let body = if area.height >= 2 { titled(frame, area, title, facts, theme) } else { area };
    let about = model.about(failure).map_or(String::new(), |label| format!("{label}: "));
    let mut lines = vec![Line::from(vec![
        Span::styled(clean(&about, theme), theme.strong),
        Span::styled(clean(&failure.message, theme), theme.bad),
    ])];
    if let Some(help) = &failure.help {
        lines.push(Line::from(vec![
            Span::styled("help: ", theme.strong),
            Span::styled(clean(help, theme), theme.text),
        ]));
    }
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), body);
}
