//! Each knob and setting: its value, where it came from, and the keys that turn it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::Model;
use crate::tui::action::{Action, Pane};
use crate::tui::state::{Hit, ViewState};
use crate::tui::theme::Theme;
use crate::tui::widget::text::{columns, keep_end, keep_start, pad_end, titled};

const NAME: usize = 38;
const ORIGIN: usize = 34;

/// A knob that can be turned now: the name of its setting, its value, and the actions that turn it.
fn knobs(model: &Model) -> [(&'static str, String, Vec<Action>); 4] {
    let knobs = model.knobs();
    let mode = knobs.link_mode.map_or_else(String::new, |mode| mode.name().to_owned());
    [
        (
            "networkConcurrency",
            knobs.network_concurrency.to_string(),
            vec![Action::NetworkDown, Action::NetworkUp],
        ),
        ("extractThreads", knobs.extract_threads.to_string(), vec![Action::ExtractDown, Action::ExtractUp]),
        ("linkThreads", knobs.link_threads.to_string(), vec![Action::LinkDown, Action::LinkUp]),
        ("linkMode", mode, vec![Action::LinkMode]),
    ]
}

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &mut ViewState, theme: &Theme) {
    if area.height < 2 {
        return;
    }
    let settings = model.run().map_or(&[][..], |run| &run.settings);
    let body = titled(frame, area, "settings", vec![format!("theme {}", theme.name.name())], theme);
    let mut lines: Vec<[String; 3]> = Vec::new();
    for (name, value, actions) in knobs(model) {
        let origin = settings
            .iter()
            .find(|setting| setting.name == name)
            .map_or("", |setting| setting.origin.as_str());
        let turned = model.marks().iter().any(|mark| mark.text.starts_with(name));
        let origin = match (turned, origin) {
            (true, "") => "turned".to_owned(),
            (true, origin) => format!("turned; began from {origin}"),
            (false, origin) => origin.to_owned(),
        };
        let keys: Vec<String> = actions.iter().map(|action| state.keymap.label(*action)).collect();
        lines.push([format!("{name}  {}", keys.concat()), value, origin]);
    }
    let is_knob =
        |name: &str| ["networkConcurrency", "extractThreads", "linkThreads", "linkMode"].contains(&name);
    for setting in settings.iter().filter(|setting| !is_knob(&setting.name)) {
        lines.push([setting.name.clone(), setting.value.clone(), setting.origin.clone()]);
    }
    let rows = &mut state.rows[Pane::Settings as usize];
    rows.fit(lines.len(), usize::from(body.height));
    let (top, at) = (rows.top, rows.at);
    let width = usize::from(area.width);
    let widest = |part: usize| lines.iter().map(|line| columns(&line[part])).max().unwrap_or(0);
    let name = (widest(0) + 2).min(NAME).min(width * 3 / 5);
    let origin = if width >= 70 { widest(2).min(ORIGIN).min(width / 3) } else { 0 };
    let value = width.saturating_sub(name + origin + 4).min(widest(1));
    for ((position, [setting, current, from]), row) in
        lines.into_iter().enumerate().skip(top).zip(body.rows())
    {
        state.hits.push((row, Hit::Row(position)));
        let mark = if position == at { theme.glyphs.running } else { " " };
        let style = if from.is_empty() || from == "default" { theme.text } else { theme.strong };
        let mut spans = vec![
            Span::styled(format!("{mark} "), theme.strong),
            Span::styled(pad_end(keep_end(&setting, name.saturating_sub(1), theme), name), theme.text),
            Span::styled(pad_end(cut(&current, value, theme), value + 2), style),
        ];
        if origin > 0 {
            spans.push(Span::styled(keep_end(&from, origin, theme), theme.dim));
        }
        frame.render_widget(Line::from(spans), row);
        if position == at {
            frame.buffer_mut().set_style(row, theme.selected);
        }
    }
}

/// Paths and addresses tell most at their end, all else at its beginning.
fn cut(value: &str, width: usize, theme: &Theme) -> String {
    if value.contains('/') { keep_end(value, width, theme) } else { keep_start(value, width, theme) }
}
