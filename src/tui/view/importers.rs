//! The projects of the workspace: how many dependencies each has, and how far its packages are.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::event::ImporterKnown;
use crate::core::model::format::{count, counted, percent, ratio};
use crate::core::model::{Model, PackageState};
use crate::tui::action::Pane;
use crate::tui::state::{Hit, ViewState};
use crate::tui::theme::Theme;
use crate::tui::widget::bars::progress;
use crate::tui::widget::text::{keep_end, pad_end, pad_start, split_top, titled};

const NUMBER: usize = 14;
const NARROW_NUMBER: usize = 10;

/// Narrowest screen with all numbers.
const WITH_ALL: usize = 60;
const BAR_FROM: u16 = 70;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &mut ViewState, theme: &Theme) {
    if area.height < 2 {
        return;
    }
    let importers = model.importers();
    let mut facts = Vec::new();
    if !importers.is_empty() {
        facts.push(counted(importers.len() as u64, "project", "projects"));
    }
    if model.projects_left_out() > 0 {
        facts.push(format!("{} left out by --filter", count(model.projects_left_out().into())));
    }
    let body = titled(frame, area, "importers", facts, theme);
    if importers.is_empty() {
        let text = if model.outcome().is_some() { "none were told" } else { "not known yet" };
        frame.render_widget(Span::styled(text, theme.dim), body);
        return;
    }
    let [head, below] = split_top(body);
    let width = usize::from(area.width);
    let bar = if area.width >= BAR_FROM { (width / 5).min(30) } else { 0 };
    // What is in place matters more than what is declared.
    let (left_out, number) = if width < WITH_ALL { (1, NARROW_NUMBER) } else { (0, NUMBER) };
    let name = width.saturating_sub((3 - left_out) * number + bar + 3);
    let cells = |cells: [&str; 3]| -> String {
        cells.iter().skip(left_out).map(|cell| pad_start(cell, number)).collect()
    };
    let heads = format!(
        "  {}{}",
        pad_end("project".to_owned(), name),
        cells(["dependencies", "packages", "in place"])
    );
    frame.render_widget(Span::styled(heads, theme.dim), head);
    let rows = &mut state.rows[Pane::Importers as usize];
    rows.fit(importers.len(), usize::from(below.height));
    let (top, at) = (rows.top, rows.at);
    for ((position, importer), row) in importers.iter().enumerate().skip(top).zip(below.rows()) {
        state.hits.push((row, Hit::Row(position)));
        let all = importer.packages.len() as u64;
        let done = complete(model, importer);
        let share = ratio(done, all).unwrap_or(1.0);
        let mark = if position == at { theme.glyphs.running } else { " " };
        let numbers = cells([&count(importer.dependencies.into()), &count(all), &percent(share)]);
        let mut spans = vec![
            Span::styled(format!("{mark} "), theme.strong),
            Span::styled(pad_end(keep_end(&title(importer), name, theme), name), theme.text),
            Span::styled(numbers, theme.text),
        ];
        if bar > 0 {
            spans.push(Span::styled(format!(" {}", progress(share, bar, theme)), theme.link));
        }
        frame.render_widget(Line::from(spans), row);
        if position == at {
            frame.buffer_mut().set_style(row, theme.selected);
        }
    }
}

fn title(importer: &ImporterKnown) -> String {
    match importer.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("{}  {name}", importer.id),
        None => importer.id.clone(),
    }
}

/// Packages that the project depends on directly and that are in place: linked by this run, or there before it.
fn complete(model: &Model, importer: &ImporterKnown) -> u64 {
    let ended = model.outcome().is_some();
    let is_complete = |package: &&crate::core::event::PackageId| {
        model.package(**package).is_some_and(|package| match package.state {
            PackageState::Imported | PackageState::Skipped => true,
            // Nothing was told of what was in place before.
            PackageState::Seen => ended,
            _ => false,
        })
    };
    importer.packages.iter().filter(is_complete).count() as u64
}
