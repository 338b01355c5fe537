//! Why the run failed and what to do about it, in place of the downloads.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use crate::core::model::Model;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{clean, titled};

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, theme: &Theme) {
    let Some(failure) = model.failure() else { return };
    if area.is_empty() {
        return;
    }
    let code = failure.code.as_deref().unwrap_or_default();
    let body = if area.height >= 3 {
        titled(frame, area, "why it failed", code, theme)
    } else {
        area
    };
    let about = failure
        .package
        .map_or(String::new(), |package| format!("{}: ", model.label(package)));
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
