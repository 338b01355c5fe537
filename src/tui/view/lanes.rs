//! A row a worker of the link and extract pools: how busy it was, and what it does now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::format::{count, duration};
use crate::core::model::{Lane, Model, Pool};
use crate::tui::theme::Theme;
use crate::tui::widget::bars::history;
use crate::tui::widget::text::{keep_end, pad_end, pad_start, titled};

const LABEL: usize = 11;
const BUSY: usize = 9;
const TASKS: usize = 8;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let link: Vec<_> = model.lanes(Pool::Link).collect();
    let extract: Vec<_> = model.lanes(Pool::Extract).collect();
    let wanted = link.len() + extract.len();
    // One row more than there is work for is the title's.
    let body = if usize::from(area.height) > wanted || area.height >= 4 {
        let busy =
            |pool| format!("{} {}/{} busy", Pool::name(pool), model.busy_lanes(pool), model.workers(pool));
        titled(frame, area, "lanes", vec![busy(Pool::Link), busy(Pool::Extract)], theme)
    } else {
        area
    };
    let room = usize::from(body.height);
    // Both pools keep a share of the rows when there are too few.
    let link_rows =
        if wanted <= room { link.len() } else { link.len().min(room - (room / 2).min(extract.len())) };
    let extract_rows = extract.len().min(room - link_rows);
    let rows = link
        .iter()
        .take(link_rows)
        .map(|(index, lane)| (Pool::Link, *index, *lane))
        .chain(extract.iter().take(extract_rows).map(|(index, lane)| (Pool::Extract, *index, *lane)));
    for ((pool, index, lane), row) in rows.zip(body.rows()) {
        frame.render_widget(line(model, pool, index, lane, now, row.width, theme), row);
    }
}

fn line(
    model: &Model,
    pool: Pool,
    index: u16,
    lane: &Lane,
    now: u64,
    width: u16,
    theme: &Theme,
) -> Line<'static> {
    let width = usize::from(width);
    let style = if pool == Pool::Link { theme.link } else { theme.extract };
    let (busy, tasks) = (width >= 50, width >= 72);
    let fixed = LABEL + if busy { BUSY } else { 0 } + if tasks { TASKS } else { 0 } + 2;
    let bar = (width.saturating_sub(fixed) * 2 / 5).min(100);
    let room = width.saturating_sub(fixed + bar);
    let mut spans = vec![
        Span::styled(pad_end(format!("{} {index}", pool.name()), LABEL), theme.text),
        Span::styled(history(&lane.history(now, bar), theme), style),
    ];
    if busy {
        spans.push(Span::styled(pad_start(&duration(lane.busy_until(now)), BUSY), theme.text));
    }
    if tasks {
        spans.push(Span::styled(pad_start(&count(lane.tasks), TASKS), theme.dim));
    }
    spans.push(Span::raw("  "));
    match lane.task {
        Some(task) => {
            let age = duration(now.saturating_sub(task.since));
            let name = keep_end(&model.label(task.package), room.saturating_sub(age.len() + 2), theme);
            spans.push(Span::styled(name, theme.strong));
            spans.push(Span::styled(format!("  {age}"), theme.dim));
        }
        None if u32::from(index) >= model.workers(pool) => spans.push(Span::styled("off", theme.dim)),
        None => spans.push(Span::styled("idle", theme.dim)),
    }
    Line::from(spans)
}
