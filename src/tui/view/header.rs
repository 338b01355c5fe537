//! Project, knobs, state and elapsed time; below them the totals.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::core::event::Outcome;
use crate::core::model::format::{bytes, count, duration, rate};
use crate::core::model::{Headline, Model};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{facts, keep_end, split_top};

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let [first, second] = split_top(area);
    let width = usize::from(area.width);
    let (symbol, word, style) = headline(model, state, theme);
    let elapsed = duration(if model.outcome().is_some() {
        model.wall_us()
    } else {
        state.now
    });
    let mut right = format!("{symbol} {word}  {elapsed}");
    if right.width() > width {
        right = keep_end(&format!("{symbol} {elapsed}"), width, theme);
    }
    let room = width - right.width().min(width);
    let mut left = Vec::new();
    if room > 12 {
        left.push(Span::styled("pacwatch ", theme.title));
    }
    let used: usize = left.iter().map(Span::width).sum();
    let project = keep_end(model.project(), room.saturating_sub(used + 2).min(40), theme);
    left.push(Span::styled(project, theme.strong));
    let used: usize = left.iter().map(Span::width).sum();
    if room > used + 6 {
        left.push(Span::raw("   "));
        left.extend(facts(knobs(model, theme), room - used - 5, theme));
    }
    let used: usize = left.iter().map(Span::width).sum();
    left.push(Span::raw(" ".repeat(width.saturating_sub(used + right.width()))));
    left.push(Span::styled(right, style));
    frame.render_widget(Line::from(left), first);
    frame.render_widget(
        Line::from(facts(totals(model, state, theme), width, theme)),
        second,
    );
}

fn headline(model: &Model, state: &ViewState, theme: &Theme) -> (&'static str, &'static str, Style) {
    let glyphs = &theme.glyphs;
    match model.headline() {
        Headline::Ended(Outcome::Done) => (glyphs.done, "done", theme.good),
        Headline::Ended(Outcome::UpToDate) => (glyphs.done, "already up to date", theme.good),
        Headline::Ended(Outcome::Failed) => (glyphs.stopped, "failed", theme.bad),
        Headline::Ended(Outcome::Cancelled) => (glyphs.stopped, "cancelled", theme.warning),
        Headline::Cancelling => (glyphs.stopped, "cancelling", theme.warning),
        Headline::Running | Headline::Waiting if state.cancelling => {
            (glyphs.stopped, "cancelling", theme.warning)
        }
        Headline::Running => (glyphs.running, "running", theme.running),
        Headline::Waiting => (glyphs.pending, "starting", theme.dim),
    }
}

fn knobs(model: &Model, theme: &Theme) -> Vec<(String, Style)> {
    let knobs = model.knobs();
    let mut parts = Vec::new();
    if let Some(mode) = knobs.link_mode {
        parts.push((format!("link mode {}", mode.name()), theme.link));
    }
    if let Some(method) = knobs.import_method {
        parts.push((method.name().to_owned(), theme.text));
    }
    parts.push((format!("network {}", knobs.network_concurrency), theme.text));
    parts.push((format!("extract {}", knobs.extract_threads), theme.text));
    parts.push((format!("link {}", knobs.link_threads), theme.text));
    parts
}

fn totals(model: &Model, state: &ViewState, theme: &Theme) -> Vec<(String, Style)> {
    let totals = model.totals();
    if totals.packages == 0 {
        return Vec::new();
    }
    let mut parts = vec![
        (format!("{} packages", count(totals.packages)), theme.strong),
        (format!("{} fetched", count(totals.fetched)), theme.network),
        (format!("{} linked", count(totals.imported)), theme.link),
        (bytes(model.received()), theme.text),
    ];
    if model.outcome().is_none() {
        parts.push((rate(model.network().rate(state.now)), theme.text));
    }
    for (number, what, style) in [
        (totals.retries, "retries", theme.warning),
        (totals.warnings, "warnings", theme.warning),
        (totals.found_in_store, "in store", theme.text),
        (totals.in_place, "in place", theme.text),
        (totals.skipped, "skipped", theme.dim),
        (totals.files, "files", theme.text),
    ] {
        if number > 0 {
            parts.push((format!("{} {what}", count(number)), style));
        }
    }
    parts
}
