//! A row a phase: state in symbol and word, when it was how busy, and its numbers.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::Phase;
use crate::core::model::format::{count, duration, factor, percent};
use crate::core::model::{Model, PhaseNumbers, PhaseStatus};
use crate::tui::theme::Theme;
use crate::tui::widget::bars::history_with_gaps;
use crate::tui::widget::text::{columns, pad_end, pad_start};

/// Rows the panel asks for, its title not counted. Why a run failed needs the rows of what never began.
pub(super) fn rows(model: &Model) -> usize {
    if model.failure().is_some() { model.phases_begun().len() } else { Phase::ALL.len() }
}

const NAME: usize = 12;
const SHORTEST_BAR: usize = 8;

/// A column right of the bar: its head, its width, and the screen width from which it is shown.
struct Column {
    head: &'static str,
    width: usize,
    from: u16,
    cell: fn(&PhaseNumbers) -> Option<String>,
}

const COLUMNS: [Column; 6] = [
    Column { head: "wall", width: 9, from: 0, cell: |numbers| Some(duration(numbers.wall_us)) },
    Column { head: "busy", width: 9, from: 56, cell: |numbers| numbers.busy_us.map(duration) },
    Column { head: "par", width: 7, from: 36, cell: |numbers| numbers.parallelism.map(factor) },
    Column { head: "count", width: 14, from: 66, cell: |numbers| Some(tasks(numbers)) },
    Column { head: "done", width: 6, from: 50, cell: |numbers| numbers.progress().map(percent) },
    Column { head: "in use", width: 8, from: 88, cell: |numbers| numbers.utilisation.map(percent) },
];

const STATE: usize = 8;
const STATE_FROM: u16 = 74;

fn tasks(numbers: &PhaseNumbers) -> String {
    match numbers.expected {
        Some(expected) if numbers.status != PhaseStatus::Done => {
            format!("{}/{}", count(numbers.count.min(expected)), count(expected))
        }
        _ => count(numbers.count),
    }
}

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    let mut rows = area.rows().collect::<Vec<_>>();
    if rows.len() > self::rows(model) {
        let row = rows.remove(0);
        frame.render_widget(title(area.width, now, theme), row);
        marks(frame, row, model, now, theme);
    }
    for (row, phase) in rows.into_iter().zip(chosen(model, usize::from(area.height).min(self::rows(model)))) {
        frame.render_widget(phase_line(model, phase, now, area.width, theme), row);
    }
}

/// The phases to show when there are fewer rows than phases: those under way, then the ones that ended last.
fn chosen(model: &Model, room: usize) -> Vec<Phase> {
    let mut phases = Phase::ALL.to_vec();
    phases.sort_by_key(|phase| {
        let state = model.phase(*phase);
        let rank = match state.status {
            PhaseStatus::Running | PhaseStatus::Stopped => 0,
            PhaseStatus::Done => 1,
            PhaseStatus::Pending => 2,
        };
        (rank, std::cmp::Reverse(state.wall_us(model.now())))
    });
    phases.truncate(room.max(1));
    phases.sort_unstable();
    phases
}

fn bar_width(width: u16) -> usize {
    let state = if width >= STATE_FROM { STATE } else { 0 };
    let columns: usize =
        COLUMNS.iter().filter(|column| width >= column.from).map(|column| column.width).sum();
    usize::from(width).saturating_sub(NAME + state + columns).max(SHORTEST_BAR)
}

fn title(width: u16, now: u64, theme: &Theme) -> Line<'static> {
    let rule = theme.glyphs.rule;
    let before_bar = NAME + if width >= STATE_FROM { STATE } else { 0 };
    let bar = bar_width(width);
    let ruled = |columns: usize| Span::styled(rule.repeat(columns), theme.dim);
    let mut spans =
        vec![ruled(1), Span::styled(" phases ", theme.title), ruled(before_bar - 10), Span::raw(" ")];
    // The axis of all bars.
    let (from, to) = ("0", duration(now));
    if bar >= from.len() + columns(&to) + 6 {
        spans.push(Span::styled(format!("{from} "), theme.text));
        spans.push(ruled(bar - from.len() - columns(&to) - 2));
        spans.push(Span::styled(format!(" {to}"), theme.text));
    } else {
        spans.push(ruled(bar));
    }
    for column in COLUMNS.iter().filter(|column| width >= column.from) {
        spans.push(Span::raw(" "));
        spans.push(ruled(column.width.saturating_sub(column.head.len() + 2)));
        spans.push(Span::styled(format!(" {}", column.head), theme.text));
    }
    Line::from(spans)
}

/// The moments at which somebody turned a knob or paused, on the axis.
fn marks(frame: &mut Frame, row: Rect, model: &Model, now: u64, theme: &Theme) {
    let before_bar = NAME + if row.width >= STATE_FROM { STATE } else { 0 };
    let bar = bar_width(row.width);
    for mark in model.marks() {
        let column = u128::from(mark.at.min(now)) * bar as u128 / u128::from(now.max(1));
        let column = usize::try_from(column).unwrap_or(bar).min(bar.saturating_sub(1));
        // Beside the times at the axis' ends, where it would be over them.
        let on_axis = |x: &u16| {
            let symbol = frame.buffer_mut()[(*x, row.y)].symbol().to_owned();
            symbol == theme.glyphs.rule || symbol == theme.glyphs.mark
        };
        let x = row.x.saturating_add(u16::try_from(before_bar + column).unwrap_or(u16::MAX));
        let last = row.right().saturating_sub(1);
        let first = row.x.saturating_add(u16::try_from(before_bar).unwrap_or(u16::MAX)).min(last);
        let place = (first..=x.min(last)).rev().find(on_axis);
        if let Some(cell) = place.and_then(|x| frame.buffer_mut().cell_mut((x, row.y))) {
            cell.set_symbol(theme.glyphs.mark).set_style(theme.warning);
        }
    }
}

fn phase_line(model: &Model, phase: Phase, now: u64, width: u16, theme: &Theme) -> Line<'static> {
    let numbers = model.phase_numbers(phase, now);
    let (symbol, word, style) = match numbers.status {
        PhaseStatus::Pending if model.outcome().is_some() => (theme.glyphs.pending, "not run", theme.dim),
        PhaseStatus::Pending => (theme.glyphs.pending, "", theme.dim),
        PhaseStatus::Running => (theme.glyphs.running, "running", theme.running),
        PhaseStatus::Done => (theme.glyphs.done, "done", theme.good),
        PhaseStatus::Stopped => (theme.glyphs.stopped, "stopped", theme.bad),
    };
    let text = match numbers.status {
        PhaseStatus::Pending => theme.dim,
        PhaseStatus::Running => theme.strong,
        PhaseStatus::Done | PhaseStatus::Stopped => theme.text,
    };
    let mut spans = vec![
        Span::styled(format!("{symbol} "), style),
        Span::styled(pad_end(phase.name().to_owned(), NAME - 2), text),
    ];
    if width >= STATE_FROM {
        spans.push(Span::styled(pad_end(word.to_owned(), STATE), style));
    }
    let shares = model.phase_history(phase, now, bar_width(width));
    spans.push(Span::styled(history_with_gaps(&shares, theme), color(phase, theme)));
    for column in COLUMNS.iter().filter(|column| width >= column.from) {
        let cell = match numbers.status {
            PhaseStatus::Pending => String::new(),
            _ => (column.cell)(&numbers).unwrap_or_else(|| "-".to_owned()),
        };
        spans.push(Span::styled(pad_start(&cell, column.width), text));
    }
    Line::from(spans)
}

fn color(phase: Phase, theme: &Theme) -> Style {
    match phase {
        Phase::Download => theme.network,
        Phase::Extract => theme.extract,
        Phase::LinkWarm | Phase::LinkCold => theme.link,
        Phase::Resolve | Phase::Verify | Phase::Bins | Phase::Build | Phase::State => theme.text,
    }
}
