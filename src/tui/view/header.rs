//! Project, knobs, state and elapsed time; below them the totals.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::Outcome;
use crate::core::model::format::{bytes, count, counted, duration, rate};
use crate::core::model::{Headline, Model};
use crate::tui::state::{Quitting, ViewState};
use crate::tui::theme::Theme;
use crate::tui::widget::text::{columns, facts, keep_end, split_top};

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let [first, second] = split_top(area);
    let width = usize::from(area.width);
    let (symbol, word, style) = headline(model, state, theme);
    let elapsed = duration(if model.outcome().is_some() { model.wall_us() } else { state.now });
    let mut right = format!("{symbol} {word}  {elapsed}");
    if columns(&right) > width {
        right = keep_end(&format!("{symbol} {elapsed}"), width, theme);
    }
    let room = width - columns(&right).min(width);
    let mut left = Vec::new();
    // One row has to say how far the run is, too.
    let single = second.is_empty();
    if room > 12 && !(single && width < 60) {
        left.push(Span::styled("pacwatch ", theme.title));
    }
    let used: usize = left.iter().map(Span::width).sum();
    let project = keep_end(model.project(), room.saturating_sub(used + 2).min(40), theme);
    left.push(Span::styled(project, theme.strong));
    let used: usize = left.iter().map(Span::width).sum();
    if room > used + 8 {
        left.push(Span::raw("   "));
        let parts = if single {
            totals(model, state, theme).into_iter().skip(1).collect()
        } else {
            knobs(model, theme)
        };
        left.extend(facts(parts, room - used - 4, theme));
    }
    let used: usize = left.iter().map(Span::width).sum();
    left.push(Span::raw(" ".repeat(width.saturating_sub(used + columns(&right)))));
    left.push(Span::styled(right, style));
    frame.render_widget(Line::from(left), first);
    frame.render_widget(Line::from(facts(totals(model, state, theme), width, theme)), second);
}

fn headline(model: &Model, state: &ViewState, theme: &Theme) -> (&'static str, &'static str, Style) {
    let glyphs = &theme.glyphs;
    match model.headline() {
        Headline::Ended(Outcome::Done) => (glyphs.done, "done", theme.good),
        Headline::Ended(Outcome::UpToDate) => (glyphs.done, "already up to date", theme.good),
        Headline::Ended(Outcome::Failed) => (glyphs.stopped, "failed", theme.bad),
        Headline::Ended(Outcome::Cancelled) => (glyphs.stopped, "cancelled", theme.warning),
        Headline::Cancelling => (glyphs.stopped, "cancelling", theme.warning),
        Headline::Running | Headline::Waiting if state.quitting == Quitting::Cancelling => {
            (glyphs.stopped, "cancelling", theme.warning)
        }
        Headline::Running => (glyphs.running, "running", theme.running),
        Headline::Waiting => (glyphs.pending, "starting", theme.dim),
    }
}

fn knobs(model: &Model, theme: &Theme) -> Vec<(String, Style)> {
    let knobs = model.knobs();
    let mut parts = Vec::new();
    if model.run().is_none() {
        return parts;
    }
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
    let planned = model.planned().copied().unwrap_or_default();
    let of = |done: u64, all: u64| match all {
        0 => count(done),
        _ if model.outcome().is_some() => count(done),
        _ => format!("{}/{}", count(done), count(all)),
    };
    let to_link = u64::from(planned.warm) + u64::from(planned.cold);
    let mut parts = vec![
        (counted(totals.packages, "package", "packages"), theme.strong),
        (format!("{} fetched", of(totals.fetched, planned.downloads.into())), theme.network),
        (format!("{} linked", of(totals.imported, to_link)), theme.link),
        (bytes(model.received()), theme.text),
    ];
    let projects = model.importers().len() as u64;
    if projects > 1 {
        parts.insert(1, (counted(projects, "project", "projects"), theme.text));
    }
    if !model.downloads_over() {
        parts.push((rate(model.download_rate(state.now)), theme.text));
    }
    let mut more = |number: u64, one: &str, many: &str, style: Style| {
        if number > 0 {
            parts.push((counted(number, one, many), style));
        }
    };
    more(totals.retries, "retry", "retries", theme.warning);
    more(totals.warnings, "warning", "warnings", theme.warning);
    more(totals.found_in_store, "in store", "in store", theme.text);
    more(totals.in_place, "in place", "in place", theme.text);
    more(totals.skipped, "skipped", "skipped", theme.dim);
    more(totals.files, "file", "files", theme.text);
    parts
}
