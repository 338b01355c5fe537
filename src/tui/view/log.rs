//! The log, the newest entry at the bottom; only what matters enough and has the viewer's words.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::format::{count, duration};
use crate::core::model::{LogEntry, LogLevel, Model};
use crate::tui::action::{Action, Pane};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{broken, keep_start, pad_start, titled};

const TIME: usize = 9;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &mut ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    // The overview shows what is filtered in the log's own pane only by how much it matters.
    let words = if state.pane == Pane::Log { state.log_filter.to_lowercase() } else { String::new() };
    let entries: Vec<&LogEntry> =
        model.log().entries().filter(|entry| fits(entry, state.level, &words)).collect();
    let title_rows = usize::from(area.height >= 3);
    let room = usize::from(area.height) - title_rows;
    state.rows[Pane::Log as usize].page = room;
    state.log_back = state.log_back.min(entries.len().saturating_sub(room));
    let body =
        if title_rows > 0 { titled(frame, area, "log", facts(model, state, &entries), theme) } else { area };
    if entries.is_empty() && (state.level.is_some() || !words.is_empty()) {
        let text = keep_start("no entry fits", usize::from(body.width), theme);
        frame.render_widget(Span::styled(text, theme.dim), body);
    }
    let end = entries.len() - state.log_back;
    let width = usize::from(body.width).saturating_sub(TIME + 2);
    let mut lines: VecDeque<Line> = VecDeque::new();
    for entry in entries[..end].iter().rev() {
        if lines.len() >= room {
            break;
        }
        let (word, style) = match entry.level {
            LogLevel::Info => ("", theme.text),
            LogLevel::Notice => ("note: ", theme.warning),
            LogLevel::Warning => ("warning: ", theme.warning),
            LogLevel::Error => ("error: ", theme.bad),
        };
        let text = format!("{word}{}", entry.text);
        // Only in its own pane an entry may have as many rows as it needs.
        let parts = match state.pane {
            Pane::Log => broken(&text, width, theme),
            _ => vec![keep_start(&text, width, theme)],
        };
        for (position, part) in parts.into_iter().enumerate().rev() {
            let time = if position == 0 { duration(entry.at) } else { String::new() };
            lines.push_front(Line::from(vec![
                Span::styled(pad_start(&time, TIME), theme.dim),
                Span::raw("  "),
                Span::styled(part, style),
            ]));
        }
    }
    let above = lines.len().saturating_sub(room);
    for (line, row) in lines.into_iter().skip(above).zip(body.rows()) {
        frame.render_widget(line, row);
    }
}

fn fits(entry: &LogEntry, level: Option<LogLevel>, words: &str) -> bool {
    let matters = level.is_none_or(|least| entry.level >= least);
    let text = || entry.text.to_lowercase();
    matters && (words.is_empty() || words.split_whitespace().all(|word| text().contains(word)))
}

fn facts(model: &Model, state: &ViewState, entries: &[&LogEntry]) -> Vec<String> {
    let mut facts = Vec::new();
    let all = model.log().entries().len();
    if entries.len() < all {
        facts.push(format!("{} of {}", count(entries.len() as u64), count(all as u64)));
    }
    if let Some(level) = state.level {
        let what = match level {
            LogLevel::Info => "everything",
            LogLevel::Notice => "notes and worse",
            LogLevel::Warning => "warnings and worse",
            LogLevel::Error => "errors",
        };
        facts.push(format!("{what} ({})", state.keymap.label(Action::Level)));
    }
    if state.pane == Pane::Log && !state.log_filter.is_empty() {
        facts.push(format!("filter: {}", state.log_filter));
    }
    if state.log_back > 0 {
        facts.push(format!("{} newer below", count(state.log_back as u64)));
    }
    facts
}
