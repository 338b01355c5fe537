//! The downloads under way, the oldest first: a hung one rises to the top.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::event::PackageId;
use crate::core::model::format::{bytes, count, counted, duration, ratio};
use crate::core::model::{Model, Package, PackageState};
use crate::tui::theme::Theme;
use crate::tui::widget::bars::progress;
use crate::tui::widget::text::{keep_end, pad_end, pad_start, titled};

const SIZE: usize = 21;
const AGE: usize = 9;
const ATTEMPT: usize = 7;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let downloads = model.in_flight();
    let mut facts = vec![format!("{} in flight", count(downloads.len() as u64))];
    if let Some(sample) = model.network().latest().filter(|_| model.outcome().is_none()) {
        facts.push(format!("{} waiting", count(model.requests().1)));
        facts.push(counted(sample.permits.into(), "permit", "permits"));
    }
    let body = if area.height >= 2 { titled(frame, area, "downloads", facts, theme) } else { area };
    if downloads.is_empty() {
        let peak = model.network().peak_in_flight();
        let held_back = model.outcome().is_none()
            && model.network().latest().is_some_and(|sample| sample.waiting > 0 && sample.in_flight > 0);
        let text = if model.paused_since().is_some() {
            "none; the run is paused, the next ones start when it goes on".to_owned()
        } else if held_back {
            "none; the next ones start when the extract pool has caught up".to_owned()
        } else if peak == 0 {
            "none".to_owned()
        } else {
            format!("none; at most {peak} at one time")
        };
        let text = keep_end(&text, usize::from(body.width), theme);
        frame.render_widget(Span::styled(text, theme.dim), body);
    }
    for ((id, since, package), row) in downloads.into_iter().zip(body.rows()) {
        frame.render_widget(line(id, since, package, now, row.width, theme), row);
    }
}

fn line(id: PackageId, since: u64, package: &Package, now: u64, width: u16, theme: &Theme) -> Line<'static> {
    let width = usize::from(width);
    let bar = if width >= 70 { (width / 6).min(24) } else { 0 };
    let attempt = if width >= 50 { ATTEMPT } else { 0 };
    let name_room = width.saturating_sub(SIZE + AGE + attempt + bar + 1);
    let size = match package.body_size {
        Some(size) => format!("{} of {}", bytes(package.bytes), bytes(size)),
        None if package.bytes == 0 => "no answer yet".to_owned(),
        None => bytes(package.bytes),
    };
    let mut spans = vec![Span::styled(
        pad_end(keep_end(&package.label(id), name_room, theme), name_room + 1),
        theme.text,
    )];
    if bar > 0 {
        let share = package.body_size.and_then(|size| ratio(package.bytes, size)).unwrap_or(0.0);
        spans.push(Span::styled(progress(share, bar, theme), theme.network));
    }
    spans.push(Span::styled(pad_start(&size, SIZE), theme.text));
    spans.push(Span::styled(pad_start(&duration(now.saturating_sub(since)), AGE), theme.text));
    if attempt > 0 {
        let (text, style) = match (package.state, package.attempt) {
            (PackageState::Retrying, _) => ("waits".to_owned(), theme.warning),
            (_, 0 | 1) => (String::new(), theme.text),
            (_, attempt) => (format!("try {attempt}"), theme.warning),
        };
        spans.push(Span::styled(pad_start(&text, attempt), style));
    }
    Line::from(spans)
}
