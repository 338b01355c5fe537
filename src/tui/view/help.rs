//! The help page, made from the key table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::tui::keymap::BINDINGS;
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{clean, columns, keep_start, pad_end, titled};

const KEYS: usize = 12;
const WIDTH: u16 = 86;

const LEGEND: [(&str, &str); 6] = [
    ("wall", "from the first task's start to the last one's end"),
    ("busy", "time of all tasks added up"),
    ("par", "busy / wall: how many tasks ran at a time"),
    ("in use", "share of the pool's time that was busy"),
    ("bars", "how busy, from the run's beginning (left) to now (right)"),
    ("lanes", "time and number of tasks of one worker, then what it does"),
];

pub(super) fn render(frame: &mut Frame, area: Rect, state: &mut ViewState, theme: &Theme) {
    let Some(top) = state.help else { return };
    let mut lines: Vec<Line> = BINDINGS
        .iter()
        .filter(|binding| binding.place.covers(state.pane))
        .map(|binding| line(&state.keymap.labels(binding.action).join(" "), binding.help, theme))
        .collect();
    lines.push(Line::default());
    lines.extend(LEGEND.iter().map(|(word, meaning)| line(word, meaning, theme)));

    // Around it there is a margin where there is room, so that nothing of the pane below reads on.
    let margin = u16::from(area.width > WIDTH + 4);
    let width = if margin > 0 { WIDTH + 2 } else { area.width };
    let height = area.height.min(u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(1 + margin));
    let page =
        Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, page);
    let title = format!("help: {}", state.pane.name());
    let room = usize::from(height.saturating_sub(1 + margin));
    let hidden = lines.len().saturating_sub(room);
    let top = top.min(hidden);
    state.help = Some(top);
    let facts = match hidden {
        0 => "any key closes it".to_owned(),
        _ => format!("{} more lines, arrows go through them", hidden - top),
    };
    let inner = Rect { x: page.x + margin, width: width - 2 * margin, ..page };
    let body = titled(frame, inner, &title, vec![facts], theme);
    if margin > 0 {
        box_in(frame, page, theme);
    }
    for (mut line, row) in lines.into_iter().skip(top).zip(body.rows()) {
        if let Some(last) = line.spans.last_mut() {
            let room = usize::from(row.width).saturating_sub(KEYS + 1);
            if columns(&last.content) > room {
                last.content = keep_start(&last.content, room, theme).into();
            }
        }
        frame.render_widget(line, row);
    }
}

/// Lines at its sides and its foot.
fn box_in(frame: &mut Frame, page: Rect, theme: &Theme) {
    let side = if theme.glyphs.ascii { "|" } else { "│" };
    let corners = if theme.glyphs.ascii { ["+", "+", "+", "+"] } else { ["┌", "┐", "└", "┘"] };
    let (left, right, foot) = (page.x, page.right() - 1, page.bottom() - 1);
    let buffer = frame.buffer_mut();
    let mut put = |x, y, symbol: &str| {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(theme.dim);
        }
    };
    for y in page.y..foot {
        put(left, y, side);
        put(right, y, side);
    }
    for x in left..right {
        put(x, foot, theme.glyphs.rule);
    }
    for ((x, y), symbol) in
        [(left, page.y), (right, page.y), (left, foot), (right, foot)].into_iter().zip(corners)
    {
        put(x, y, symbol);
    }
}

fn line(keys: &str, meaning: &str, theme: &Theme) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {}", pad_end(clean(keys, theme), KEYS)), theme.key),
        Span::styled(clean(meaning, theme), theme.text),
    ])
}
