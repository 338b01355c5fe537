//! The network: bytes a second and requests in flight over the run, how long requests take, what is left.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::Phase;
use crate::core::model::format::{bytes, count, counted, duration, percent, rate};
use crate::core::model::{Answering, Distribution, Model};
use crate::tui::theme::Theme;
use crate::tui::view::{downloads, throughput};
use crate::tui::widget::bars::chart;
use crate::tui::widget::text::{facts, keep_start, pad_start, titled};

const LABEL: usize = 12;
const CELL: usize = 11;
const NARROW_CELL: usize = 9;

/// Rows of the table of times, with its head and title.
const TIMES: u16 = 5;

/// Rows of the facts.
const FACTS: u16 = 3;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    let charts = area.height.saturating_sub(TIMES + FACTS);
    let downloads_rows = if charts >= 16 { charts / 3 } else { 0 };
    let charts = charts - downloads_rows;
    let in_flight_rows = if charts >= 8 { charts / 2 } else { 0 };
    let [head, times, throughput, in_flight, list] = Layout::vertical([
        Constraint::Length(FACTS),
        Constraint::Length(TIMES),
        Constraint::Length(charts - in_flight_rows),
        Constraint::Length(in_flight_rows),
        Constraint::Length(downloads_rows),
    ])
    .areas(area);
    totals(frame, head, model, now, theme);
    table(frame, times, model, theme);
    throughput::render(frame, throughput, model, now, theme);
    requests(frame, in_flight, model, now, theme);
    downloads::render(frame, list, model, now, theme);
}

fn totals(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    let totals = model.totals();
    let saturation = model.network().saturation().map_or_else(|| "-".to_owned(), percent);
    let lines = [
        vec![
            format!("{} at {}", bytes(model.received()), rate(model.download_rate(now))),
            counted(totals.retries, "failed attempt", "failed attempts"),
        ],
        vec![left(model, now), format!("permits all taken {saturation} of the time")],
        vec![answering(model)],
    ];
    for (parts, row) in lines.into_iter().zip(area.rows()) {
        let width = usize::from(row.width);
        let parts = parts.iter().map(|part| (keep_start(part, width, theme), theme.text)).collect();
        frame.render_widget(Line::from(facts(parts, width, theme)), row);
    }
}

/// Who answers, and how it is talked to; the host of most answers first.
fn answering(model: &Model) -> String {
    let mut hosts: Vec<&Answering> = model.network().answering().iter().collect();
    hosts.sort_by_key(|host| std::cmp::Reverse(host.answers));
    if hosts.is_empty() {
        let yet = if model.outcome().is_some() { "" } else { " yet" };
        return format!("no server told its version of HTTP{yet}");
    }
    let told = |host: &&Answering| {
        format!("{} {} ({})", host.host, host.http, counted(host.answers, "answer", "answers"))
    };
    hosts.iter().map(told).collect::<Vec<_>>().join(", ")
}

/// What is left to download, and how long that takes if nothing changes.
fn left(model: &Model, now: u64) -> String {
    if model.downloads_over() {
        return "nothing left to download".to_owned();
    }
    let Some(left) = model.left_to_download(now) else {
        return "not known yet how much is left".to_owned();
    };
    let time = left.time_us.map_or_else(|| "unknown time".to_owned(), duration);
    format!("{} left, about {}, {time}", counted(left.packages, "package", "packages"), bytes(left.bytes))
}

fn table(frame: &mut Frame, area: Rect, model: &Model, theme: &Theme) {
    if area.height < 3 {
        return;
    }
    let network = model.network();
    let body = titled(frame, area, "time of a request", Vec::new(), theme);
    let heads = ["p50", "p90", "p99", "longest", "requests"];
    let cell = if usize::from(area.width) >= LABEL + heads.len() * CELL { CELL } else { NARROW_CELL };
    let columns = (usize::from(area.width).saturating_sub(LABEL) / cell).min(heads.len());
    let head: String = heads[..columns].iter().map(|head| pad_start(head, cell)).collect();
    let mut lines = vec![Line::from(Span::styled(format!("{:<LABEL$}{head}", ""), theme.dim))];
    let rows: [(&str, &Distribution, Style); 3] = [
        ("permit wait", network.permit_wait(), theme.text),
        ("first byte", network.first_byte(), theme.network),
        ("body", network.body(), theme.network),
    ];
    for (name, times, style) in rows {
        let shown = |share| times.quantile(share).map_or_else(|| "-".to_owned(), duration);
        let cells = [shown(0.5), shown(0.9), shown(0.99), shown(1.0), count(times.count())];
        let cells: String = cells[..columns].iter().map(|text| pad_start(text, cell)).collect();
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<LABEL$}"), theme.text),
            Span::styled(cells, style),
        ]));
    }
    for (line, row) in lines.into_iter().zip(body.rows()) {
        frame.render_widget(line, row);
    }
}

fn requests(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    if area.height < 2 {
        return;
    }
    let network = model.network();
    let mut facts = vec![format!("at most {} at one time", network.peak_in_flight())];
    if model.outcome().is_none() {
        let (now, waiting) = model.requests();
        facts.insert(0, format!("{} now, {} waiting", count(now), count(waiting)));
    }
    let body = titled(frame, area, "requests in flight", facts, theme);
    let numbers = model.phase_history(Phase::Download, now, usize::from(body.width));
    let shares: Vec<f64> = numbers.into_iter().map(|share| share.unwrap_or(0.0)).collect();
    chart(frame, body, &shares, theme.network, theme);
}
