//! What is always on screen: what the run waits for (or, once it ended, what set its wall time), and what holds it back.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::Knob;
use crate::core::model::format::{duration, percent};
use crate::core::model::{Bottleneck, Model, Step, Unfinished, Verdict};
use crate::tui::action::Action;
use crate::tui::keymap::Keymap;
use crate::tui::theme::Theme;
use crate::tui::widget::text::{clean, columns, keep_end, keep_start, longest_fitting};

/// Silence of a run, microseconds, from which it is worth a warning.
const SILENCE_US: u64 = 1_000_000;

/// Age of unfinished work, microseconds, from which it is worth a warning.
const OLD_US: u64 = 5_000_000;

const LABEL: usize = 10;

/// Columns that the name of what is waited for keeps where there is little room.
const NAMED: usize = 16;

/// Pieces of the critical path that are told at most.
const PIECES: usize = 5;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, keymap: &Keymap, theme: &Theme) {
    let mut rows = area.rows();
    let width = usize::from(area.width);
    let verdict = || verdict(model, now, width, keymap, theme);
    let waiting = || waiting(model, now, width, theme);
    let lines = match area.height {
        0 => return,
        // With one row, silence matters most, then the verdict.
        1 if model.silence_us(now) >= SILENCE_US => vec![waiting()],
        1 => vec![verdict().unwrap_or_else(waiting)],
        _ => vec![waiting(), verdict().or_else(|| failure(model, width, theme)).unwrap_or_default()],
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
        let steps = model.critical_path();
        let told = (1..=PIECES).rev().map(|pieces| critical_path(model, &steps, pieces));
        return labelled("critical", longest_fitting(told, room, theme), theme.text, theme);
    }
    let silence = model.silence_us(now);
    let oldest = model.unfinished(1).into_iter().next();
    // What a paused run waits for is its viewer, unless something is still under way.
    if let Some(paused) = model.paused_since()
        && oldest.as_ref().is_none_or(|oldest| oldest.package.is_none() && oldest.metadata.is_none())
    {
        let text = format!("for you: paused for {}", duration(now.saturating_sub(paused)));
        return labelled("waiting", keep_start(&text, room, theme), theme.warning, theme);
    }
    let Some(oldest) = oldest else {
        let text =
            if silence >= SILENCE_US { format!("nothing for {}", duration(silence)) } else { String::new() };
        return labelled("waiting", text, theme.dim, theme);
    };
    let age = now.saturating_sub(oldest.since);
    let is_late = silence >= SILENCE_US || age >= OLD_US || oldest.retries > 0;
    let host = oldest.host.as_ref().map_or(String::new(), |host| format!(" ({host})"));
    let failed = if oldest.retries > 0 { format!(", {} failed", oldest.retries) } else { String::new() };
    let silent =
        if silence >= SILENCE_US { format!("; nothing for {}", duration(silence)) } else { String::new() };
    let (stage, age) = (oldest.stage, duration(age));
    let who = subject(model, &oldest);
    // The name gives way to what happens to it down to a few columns, then the rest does, the least telling first.
    let rest = longest_fitting(
        [
            format!(" {stage}{host} for {age}{failed}{silent}"),
            format!(" {stage} for {age}{failed}{silent}"),
            format!(" {stage} for {age}{failed}"),
            format!(" {stage} for {age}"),
            format!(" {age}{failed}"),
        ],
        room.saturating_sub(columns(&who).min(NAMED)),
        theme,
    );
    let name = keep_end(&who, room.saturating_sub(columns(&rest)), theme);
    labelled("waiting", format!("{name}{rest}"), if is_late { theme.warning } else { theme.text }, theme)
}

/// A run that failed has no verdict: its failure is what is to be looked at.
fn failure(model: &Model, width: usize, theme: &Theme) -> Option<Line<'static>> {
    let failure = model.failure()?;
    let code = failure.code.as_ref().map_or(String::new(), |code| format!("{code}: "));
    let about = model.about(failure).map_or(String::new(), |label| format!("{label}: "));
    let text = format!("{code}{about}{}", failure.message);
    Some(labelled("failure", keep_start(&text, width.saturating_sub(LABEL), theme), theme.bad, theme))
}

fn subject(model: &Model, unfinished: &Unfinished) -> String {
    match (unfinished.package, &unfinished.metadata) {
        (Some(package), _) => model.label(package),
        (None, Some(name)) => format!("metadata of {name}"),
        (None, None) => unfinished.phase.name().to_owned(),
    }
}

/// The longest pieces of the chain that set the wall time, in their order.
fn critical_path(model: &Model, steps: &[Step], pieces: usize) -> String {
    let mut lengths: Vec<u64> = steps.iter().map(Step::duration_us).collect();
    lengths.sort_unstable_by(|left, right| right.cmp(left));
    let least = lengths.get(pieces - 1).copied().unwrap_or(0);
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

fn verdict(model: &Model, now: u64, width: usize, keymap: &Keymap, theme: &Theme) -> Option<Line<'static>> {
    let verdict = model.verdict(now)?;
    let name = match verdict.bottleneck {
        Bottleneck::Nothing => verdict.bottleneck.name().to_owned(),
        _ => format!("{} ({})", verdict.bottleneck.name(), percent(verdict.share)),
    };
    let room = width.saturating_sub(LABEL + columns(&name));
    let (evidence, brief) = (part(": ", &verdict.evidence), part(": ", &verdict.brief));
    let key = key(&verdict).filter(|_| model.outcome().is_none()).map(|action| keymap.label(action));
    let key = key.filter(|key| !key.is_empty());
    let advice = match (&verdict.advice, &key) {
        (Some(advice), Some(key)) => format!("; {advice} ({key})"),
        (Some(advice), None) => format!("; {advice}"),
        (None, _) => String::new(),
    };
    let press = key.map_or(String::new(), |key| format!("; try {key}"));
    // What is told is told whole: of two parts that do not both fit, the shorter form of one, or one alone.
    let forms = [
        (&evidence, &advice),
        (&brief, &advice),
        (&brief, &press),
        (&String::new(), &advice),
        (&brief, &String::new()),
        (&String::new(), &press),
    ];
    let fits = |(evidence, advice): &(&String, &String)| columns(evidence) + columns(advice) <= room;
    let (evidence, advice) = forms.into_iter().find(fits).map_or_else(
        || (String::new(), String::new()),
        |(evidence, advice)| (clean(evidence, theme), clean(advice, theme)),
    );
    Some(Line::from(vec![
        Span::styled(format!("{:<LABEL$}", "verdict"), theme.title),
        Span::styled(keep_start(&name, width.saturating_sub(LABEL), theme), theme.strong),
        Span::styled(evidence, theme.text),
        Span::styled(advice, theme.good),
    ]))
}

fn part(before: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{before}{text}") }
}

/// What turns the knob that the advice is about.
fn key(verdict: &Verdict) -> Option<Action> {
    match (verdict.knob, verdict.bottleneck) {
        (Some((Knob::NetworkConcurrency, steps)), _) if steps < 0 => Some(Action::NetworkDown),
        (Some((Knob::NetworkConcurrency, _)), _) => Some(Action::NetworkUp),
        (Some((Knob::ExtractThreads, _)), _) => Some(Action::ExtractUp),
        (Some((Knob::LinkThreads, _)), _) => Some(Action::LinkUp),
        (None, Bottleneck::LinkSerialisation) => Some(Action::LinkMode),
        (None, _) => None,
    }
}
