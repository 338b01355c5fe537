//! All packages as a table: what each of them cost and, at wide screens, when, on the time axis of the run.
//!
//! ```text
//! ─ packages ─ 443 of 1,355 · by work ──────────────────────────────────────────────
//!   package                    state      size  files  queue  first   body  ...   work  0 ──────── 2.4 s
//! ▶ typescript@5.4.5           linked   5.8 MB    178    2ms   21ms  310ms  ...  402ms     ··fffbbbbx  l
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::PackageId;
use crate::core::model::format::{bytes, count, duration};
use crate::core::model::{Model, Package, PackageState};
use crate::tui::action::Pane;
use crate::tui::order::state_name;
use crate::tui::state::{Column, Hit, ViewState};
use crate::tui::theme::Theme;
use crate::tui::widget::text::{keep_end, keep_start, pad_end, pad_start, titled};
use crate::tui::widget::waterfall::{self, Segment};

/// A column: its head, its width, and the screen width from which it is shown.
struct Shown {
    column: Column,
    head: &'static str,
    width: usize,
    from: u16,
}

const COLUMNS: [Shown; 9] = [
    Shown { column: Column::State, head: "state", width: 13, from: 40 },
    Shown { column: Column::Size, head: "size", width: 9, from: 56 },
    Shown { column: Column::Files, head: "files", width: 7, from: 130 },
    Shown { column: Column::Queue, head: "queue", width: 9, from: 140 },
    Shown { column: Column::FirstByte, head: "first", width: 9, from: 76 },
    Shown { column: Column::Body, head: "body", width: 9, from: 76 },
    Shown { column: Column::Extract, head: "unpack", width: 9, from: 90 },
    Shown { column: Column::Link, head: "link", width: 9, from: 90 },
    Shown { column: Column::Total, head: "work", width: 9, from: 30 },
];

/// Columns of the waterfall at its narrowest.
const NARROWEST_WATERFALL: usize = 20;

const MARK: usize = 2;
const NARROWEST_NAME: usize = 14;
const WIDEST_NAME: usize = 44;

pub(super) fn render(
    frame: &mut Frame,
    area: Rect,
    model: &Model,
    now: u64,
    state: &mut ViewState,
    theme: &Theme,
) {
    if area.height < 2 {
        return;
    }
    let (sort, reversed) = (state.table.sort, state.table.reversed);
    let mut order = std::mem::take(&mut state.order);
    let ids = order.rows(model, now, sort, reversed, &state.filter);
    let way = if reversed { ", turned round" } else { "" };
    let mut facts = vec![
        format!("{} of {}", count(ids.len() as u64), count(model.packages().len() as u64)),
        format!("by {}{way}", head_of(sort)),
    ];
    if !state.filter.is_empty() {
        facts.push(format!("filter: {}", state.filter));
    }
    let body = titled(frame, area, "packages", facts, theme);
    let widths = Widths::of(area.width);
    let head = Rect { height: body.height.min(1), ..body };
    heads(frame, head, &widths, now, state, theme);
    let rows = Rect { y: body.y + head.height, height: body.height - head.height, ..body };
    choose_row(state, ids, usize::from(rows.height));
    if ids.is_empty() {
        let text = match state.filter.as_str() {
            "" => "none is known yet".to_owned(),
            filter => format!("no package fits the filter {filter}"),
        };
        let text = keep_start(&text, usize::from(rows.width), theme);
        frame.render_widget(Span::styled(text, theme.dim), rows);
    }
    let top = state.rows[Pane::Packages as usize].top;
    for ((position, id), row) in ids.iter().enumerate().skip(top).zip(rows.rows()) {
        state.hits.push((row, Hit::Row(position)));
        let Some(package) = model.package(*id) else { continue };
        let is_selected = state.table.selected == Some(*id);
        frame.render_widget(line(*id, package, model, now, is_selected, &widths, theme), row);
        if is_selected {
            frame.buffer_mut().set_style(row, theme.selected);
        }
    }
    state.order = order;
}

/// Keeps the row where the selected package is now, or selects the package of the row.
fn choose_row(state: &mut ViewState, ids: &[PackageId], page: usize) {
    let rows = &mut state.rows[Pane::Packages as usize];
    let selected = state.table.selected.filter(|_| state.table.chosen);
    let selected = selected.and_then(|id| ids.iter().position(|other| *other == id));
    if let Some(position) = selected {
        rows.at = position;
    }
    rows.fit(ids.len(), page);
    state.table.selected = ids.get(rows.at).copied();
}

/// How wide everything is.
struct Widths {
    name: usize,
    columns: Vec<&'static Shown>,
    waterfall: usize,
}

impl Widths {
    fn of(width: u16) -> Self {
        let columns: Vec<&Shown> = COLUMNS.iter().filter(|shown| width >= shown.from).collect();
        let fixed: usize = MARK + columns.iter().map(|shown| shown.width).sum::<usize>();
        let rest = usize::from(width).saturating_sub(fixed);
        let has_waterfall = rest >= NARROWEST_NAME + 6 + NARROWEST_WATERFALL;
        let name = if has_waterfall { (rest * 2 / 5).clamp(NARROWEST_NAME, WIDEST_NAME) } else { rest };
        let waterfall = if has_waterfall { rest - name - 2 } else { 0 };
        Self { name, columns, waterfall }
    }
}

fn head_of(column: Column) -> &'static str {
    match column {
        Column::Name => "name",
        Column::Began => "beginning",
        _ => COLUMNS.iter().find(|shown| shown.column == column).map_or("", |shown| shown.head),
    }
}

fn heads(frame: &mut Frame, area: Rect, widths: &Widths, now: u64, state: &mut ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let marked = |column: Column, head: &str| {
        let mark = match (state.table.sort == column, state.table.reversed) {
            (false, _) => "",
            (true, false) => theme.glyphs.descending,
            (true, true) => theme.glyphs.ascending,
        };
        let style = if mark.is_empty() { theme.dim } else { theme.strong };
        (format!("{head}{mark}"), style)
    };
    let (name, style) = marked(Column::Name, "package");
    let mut spans = vec![Span::styled(pad_end(format!("  {name}"), MARK + widths.name), style)];
    let mut hits = vec![(0, MARK + widths.name, Column::Name)];
    let mut used = MARK + widths.name;
    for shown in &widths.columns {
        let (head, style) = marked(shown.column, shown.head);
        spans.push(Span::styled(placed(shown, &head), style));
        hits.push((used, shown.width, shown.column));
        used += shown.width;
    }
    if widths.waterfall > 0 {
        let to = duration(now);
        let rule = theme.glyphs.rule.repeat(widths.waterfall.saturating_sub(to.len() + 3));
        spans.push(Span::styled(format!("  0 {rule} {to}"), theme.dim));
        hits.push((used, widths.waterfall, Column::Began));
    }
    for (from, width, column) in hits {
        let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        let place = Rect { x: area.x.saturating_add(narrow(from)), width: narrow(width), ..area };
        state.hits.push((place.intersection(area), Hit::Column(column)));
    }
    frame.render_widget(Line::from(spans), area);
}

fn line(
    id: PackageId,
    package: &Package,
    model: &Model,
    now: u64,
    is_selected: bool,
    widths: &Widths,
    theme: &Theme,
) -> Line<'static> {
    let mark = if is_selected { theme.glyphs.running } else { " " };
    let name = pad_end(keep_end(&package.label(id), widths.name.saturating_sub(1), theme), widths.name);
    let mut spans = vec![Span::styled(format!("{mark} "), theme.strong), Span::styled(name, theme.text)];
    for shown in &widths.columns {
        let text = cell(shown.column, package, now);
        spans.push(Span::styled(placed(shown, &text), style_of(shown.column, package, theme)));
    }
    if widths.waterfall > 0 {
        spans.push(Span::raw("  "));
        spans.extend(waterfall::line(
            &segments(package, now),
            model.wall_us().max(now),
            widths.waterfall,
            theme,
        ));
    }
    Line::from(spans)
}

fn style_of(column: Column, package: &Package, theme: &Theme) -> Style {
    match column {
        Column::State if package.retries > 0 => theme.warning,
        Column::Queue => theme.dim,
        Column::FirstByte | Column::Body => theme.network,
        Column::Extract => theme.extract,
        Column::Link => theme.link,
        Column::Total => theme.strong,
        _ => theme.text,
    }
}

/// Numbers stand at the right of their column, words at its left.
fn placed(shown: &Shown, text: &str) -> String {
    match shown.column {
        Column::State => pad_end(format!(" {text}"), shown.width),
        _ => pad_start(text, shown.width),
    }
}

/// What stands in a column; an empty text for what did not happen.
fn cell(column: Column, package: &Package, now: u64) -> String {
    let timings = &package.timings;
    let fetched = timings.fetched.is_some();
    let time = |happened: bool, us: u64| if happened { duration(us) } else { String::new() };
    match column {
        Column::State => match package.retries {
            0 => state_name(package.state).to_owned(),
            retries => format!("{} ({retries})", state_name(package.state)),
        },
        Column::Size if package.bytes > 0 => bytes(package.bytes),
        Column::Files if package.files > 0 => count(package.files.into()),
        Column::Name | Column::Began | Column::Size | Column::Files => String::new(),
        Column::Queue => time(fetched, timings.queue_us),
        Column::FirstByte => time(fetched, timings.first_byte_us),
        Column::Body => time(fetched, timings.body_us),
        Column::Extract => time(fetched, timings.extract_us),
        Column::Link => time(timings.imported.is_some(), timings.link_us),
        Column::Total => {
            let total = package.work_us(now);
            time(total > 0, total)
        }
    }
}

/// The stretches of a package's time, in order.
pub(super) fn segments(package: &Package, now: u64) -> Vec<(Segment, u64, u64)> {
    let timings = &package.timings;
    let mut segments = Vec::new();
    match (timings.fetch_started, timings.fetched) {
        (Some(_), Some(fetched)) => {
            let mut to = fetched;
            let mut back = |segment, took: u64| {
                let from = to.saturating_sub(took);
                segments.push((segment, from, to));
                to = from;
            };
            back(Segment::Extract, timings.extract_us);
            back(Segment::Wait, timings.extract_queue_us);
            back(Segment::Body, timings.body_us);
            back(Segment::FirstByte, timings.first_byte_us);
            back(Segment::Wait, timings.queue_us);
            segments.reverse();
        }
        (Some(started), None) => {
            let segment = if package.bytes > 0 { Segment::Body } else { Segment::FirstByte };
            segments.push((segment, started, timings.downloaded.unwrap_or(now)));
            if let Some(downloaded) = timings.downloaded {
                let waits = package.state == PackageState::Downloaded;
                let segment = if waits { Segment::Wait } else { Segment::Extract };
                segments.push((segment, downloaded, now.max(downloaded)));
            }
        }
        _ => {}
    }
    if let Some(started) = timings.link_started {
        segments.push((Segment::Link, started, timings.imported.unwrap_or(now)));
    }
    segments
}
