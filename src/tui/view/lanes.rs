//! A row a worker: how busy it was, and what it does now. A panel of the overview shows the link and extract pools; the
//! pane shows them all, network permits too.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::format::{count, duration, percent, ratio};
use crate::core::model::{Lane, MetadataRequest, Model, Pool};
use crate::tui::action::Pane;
use crate::tui::state::ViewState;
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
        let mut facts = vec![busy(Pool::Link), busy(Pool::Extract)];
        let hidden = wanted.saturating_sub(usize::from(area.height) - 1);
        if hidden > 0 {
            facts.push(format!("{hidden} more in pane {}", Pane::Lanes as usize + 1));
        }
        titled(frame, area, "lanes", facts, theme)
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

/// What stands in a row of the pane.
enum Row<'model> {
    Pool(Pool),
    Lane(Pool, u16, &'model Lane),
}

/// The pane: every worker of every pool, as far down as the viewer went.
pub(super) fn pane(
    frame: &mut Frame,
    area: Rect,
    model: &Model,
    now: u64,
    state: &mut ViewState,
    theme: &Theme,
) {
    let mut rows = Vec::new();
    for pool in [Pool::Link, Pool::Extract, Pool::Network] {
        rows.push(Row::Pool(pool));
        rows.extend(model.lanes(pool).map(|(index, lane)| Row::Lane(pool, index, lane)));
    }
    let top = state.rows[Pane::Lanes as usize].scroll(rows.len(), area.height.into());
    for (row, place) in rows.into_iter().skip(top).zip(area.rows()) {
        match row {
            Row::Pool(pool) => {
                titled(frame, place, pool.name(), pool_facts(model, pool, now), theme);
            }
            Row::Lane(pool, index, lane) => {
                frame.render_widget(line(model, pool, index, lane, now, place.width, theme), place);
            }
        }
    }
}

fn pool_facts(model: &Model, pool: Pool, now: u64) -> Vec<String> {
    let workers = u64::from(model.workers(pool));
    let lanes = model.lanes(pool);
    let tasks: u64 = lanes.map(|(_, lane)| lane.tasks).fold(0, u64::saturating_add);
    let busy = model.lanes(pool).map(|(_, lane)| lane.busy_until(now)).fold(0, u64::saturating_add);
    let mut facts = vec![
        format!("{} of {} busy", count(model.busy_lanes(pool) as u64), count(workers)),
        format!("{} tasks", count(tasks)),
    ];
    if let Some(share) = ratio(busy, now.saturating_mul(workers)) {
        facts.push(format!("{} of the run in use", percent(share)));
    }
    facts
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
    let style = match pool {
        Pool::Link => theme.link,
        Pool::Extract => theme.extract,
        Pool::Network => theme.network,
    };
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
    let what = match lane.task {
        Some(task) => Some((model.label(task.package), task.since)),
        None => {
            metadata(model, pool, index).map(|(name, request)| (format!("metadata of {name}"), request.since))
        }
    };
    match what {
        Some((what, since)) => {
            let age = duration(now.saturating_sub(since));
            let name = keep_end(&what, room.saturating_sub(age.len() + 2), theme);
            spans.push(Span::styled(name, theme.strong));
            spans.push(Span::styled(format!("  {age}"), theme.dim));
        }
        None if u32::from(index) >= model.workers(pool) => spans.push(Span::styled("off", theme.dim)),
        None => spans.push(Span::styled("idle", theme.dim)),
    }
    Line::from(spans)
}

/// The metadata that a network permit is used for.
fn metadata(model: &Model, pool: Pool, index: u16) -> Option<(&str, &MetadataRequest)> {
    if pool == Pool::Network { model.metadata().on_lane(index) } else { None }
}
