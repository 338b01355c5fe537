//! The log, the newest entry at the bottom.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::format::duration;
use crate::core::model::{LogLevel, Model};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{keep_start, pad_start, titled};

const TIME: usize = 9;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &mut ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let entries = model.log().entries();
    let total = entries.len();
    let title_rows = usize::from(area.height >= 3);
    let room = usize::from(area.height) - title_rows;
    state.log_back = state.log_back.min(total.saturating_sub(room));
    let facts = if state.log_back > 0 { vec![format!("{} newer below", state.log_back)] } else { Vec::new() };
    let body = if title_rows > 0 { titled(frame, area, "log", facts, theme) } else { area };
    let end = total - state.log_back;
    for (entry, row) in entries.skip(end.saturating_sub(room)).zip(body.rows()).take(room.min(end)) {
        let (word, style) = match entry.level {
            LogLevel::Info => ("", theme.text),
            LogLevel::Notice => ("note: ", theme.warning),
            LogLevel::Warning => ("warning: ", theme.warning),
            LogLevel::Error => ("error: ", theme.bad),
        };
        let width = usize::from(row.width).saturating_sub(TIME + 2);
        let line = Line::from(vec![
            Span::styled(pad_start(&duration(entry.at), TIME), theme.dim),
            Span::raw("  "),
            Span::styled(keep_start(&format!("{word}{}", entry.text), width, theme), style),
        ]);
        frame.render_widget(line, row);
    }
}
