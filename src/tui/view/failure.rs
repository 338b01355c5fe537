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
    let width = usize::from(width);
    let about = model.about(failure).map_or(String::new(), |label| format!("{label}: "));
    let message = wrapped(&format!("{about}{}", failure.message), width);
    let help = failure.help.as_ref().map_or(0, |help| wrapped(&format!("help: {help}"), width));
    u16::try_from(message + help + 1).unwrap_or(u16::MAX)
}

/// Rows of a text whose words move to the next row where they do not fit, and are cut there where none takes them.
fn wrapped(text: &str, width: usize) -> usize {
    let width = width.max(1);
    let (rows, _) = text.split_whitespace().map(columns).fold((1, 0), |(rows, used), word| match used {
        0 => (rows + word.saturating_sub(1) / width, word.saturating_sub(1) % width + 1),
        _ if used + 1 + word <= width => (rows, used + 1 + word),
        _ => (rows + 1 + word.saturating_sub(1) / width, word.saturating_sub(1) % width + 1),
    });
    rows
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
