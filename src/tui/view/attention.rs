//! What is always on screen: what the run waits for (or, once it ended, what set its wall time), and what holds it back.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::core::model::format::{duration, percent};
use crate::core::model::{Model, Unfinished};
use crate::tui::theme::Theme;
use crate::tui::widget::text::{clean, keep_end, keep_start};

/// Silence of a run, microseconds, from which it is worth a warning.
const SILENCE_US: u64 = 1_000_000;

/// Age of unfinished work, microseconds, from which it is worth a warning.
const OLD_US: u64 = 5_000_000;

const LABEL: usize = 10;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    let mut rows = area.rows();
    let width = usize::from(area.width);
    let verdict = || verdict(model, now, width, theme);
    let waiting = || waiting(model, now, width, theme);
    let lines = match area.height {
        0 => return,
        // With one row, silence matters most, then the verdict.
        1 if model.silence_us(now) >= SILENCE_US => vec![waiting()],
        1 => vec![verdict().unwrap_or_else(waiting)],
        _ => vec![waiting(), verdict().unwrap_or_default()],
    };
    for line in lines {
        if let Some(row) = rows.next() {
            frame.render_widget(line, row);
        }
    }
}

fn labelled(label: &'static str, text: String, style: Style, theme: &Theme) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{label:<LABEL$}"), theme.title), Span::styled(text, style)])
}

fn waiting(model: &Model, now: u64, width: usize, theme: &Theme) -> Line<'static> {
    let room = width.saturating_sub(LABEL);
    if model.outcome().is_some() {
        return labelled("critical", keep_start(&critical_path(model), room, theme), theme.text, theme);
    }
    let silence = model.silence_us(now);
    let Some(oldest) = model.unfinished(1).into_iter().next() else {
        let text =
            if silence >= SILENCE_US { format!("nothing for {}", duration(silence)) } else { String::new() };
        return labelled("waiting", text, theme.dim, theme);
    };
    let age = now.saturating_sub(oldest.since);
    let is_late = silence >= SILENCE_US || age >= OLD_US || oldest.retries > 0;
    let mut rest = format!(" {} for {}", oldest.stage, duration(age));
    if let Some(host) = &oldest.host {
        rest = format!(" {} ({host}) for {}", oldest.stage, duration(age));
    }
    if oldest.retries > 0 {
        rest = format!("{rest}, {} failed", oldest.retries);
    }
    if silence >= SILENCE_US {
        rest = format!("{rest}; nothing for {}", duration(silence));
    }
    let name = keep_end(&subject(model, &oldest), room.saturating_sub(rest.width()).max(8), theme);
    let text = keep_start(&format!("{name}{rest}"), room, theme);
    labelled("waiting", text, if is_late { theme.warning } else { theme.text }, theme)
}

fn subject(model: &Model, unfinished: &Unfinished) -> String {
    match (unfinished.package, &unfinished.metadata) {
        (Some(package), _) => model.label(package),
        (None, Some(name)) => format!("metadata of {name}"),
        (None, None) => unfinished.phase.name().to_owned(),
    }
}

/// The longest pieces of the chain that set the wall time, in their order.
fn critical_path(model: &Model) -> String {
    const PIECES: usize = 5;
    let steps = model.critical_path();
    let mut lengths: Vec<u64> = steps.iter().map(crate::core::model::Step::duration_us).collect();
    lengths.sort_unstable_by(|left, right| right.cmp(left));
    let least = lengths.get(PIECES - 1).copied().unwrap_or(0);
    let mut said = None;
    let pieces: Vec<String> = steps
        .iter()
        .filter(|step| step.duration_us() >= least)
        .map(|step| {
            // A package is named at its first piece.
            let who = match step.package.filter(|package| said != Some(*package)) {
                Some(package) => {
                    said = Some(package);
                    model.label(package)
                }
                None if step.package.is_some() => String::new(),
                None => step.phase.name().to_owned(),
            };
            let what = if step.package.is_some() || step.what != "runs" { step.what } else { "" };
            let words: Vec<&str> = [who.as_str(), what].into_iter().filter(|word| !word.is_empty()).collect();
            format!("{} {}", words.join(" "), duration(step.duration_us()))
        })
        .collect();
    if pieces.is_empty() { "nothing took any time".to_owned() } else { pieces.join(", ") }
}

fn verdict(model: &Model, now: u64, width: usize, theme: &Theme) -> Option<Line<'static>> {
    let verdict = model.verdict(now)?;
    let name = format!("{} ({})", verdict.bottleneck.name(), percent(verdict.share));
    let mut spans = vec![
        Span::styled(format!("{:<LABEL$}", "verdict"), theme.title),
        Span::styled(clean(&name, theme), theme.strong),
    ];
    let mut room = width.saturating_sub(LABEL + name.width());
    // What to try matters more than the last numbers of the evidence.
    let advice = verdict.advice.map(|advice| format!("; try {advice}")).unwrap_or_default();
    let advice = keep_start(&advice, room.saturating_sub(10), theme);
    room = room.saturating_sub(advice.width() + 2);
    if room >= 12 {
        spans.push(Span::styled(format!(": {}", keep_start(&verdict.evidence, room, theme)), theme.text));
    }
    spans.push(Span::styled(advice, theme.good));
    Some(Line::from(spans))
}
