//! The end of a run as a short plain text: how it went, the counts, a table of the phases, what to do about a
//! failure. Also what stays in the scrollback when the dashboard leaves.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use crate::core::event::{Failure, Outcome, Totals};
use crate::core::model::format::{bytes, count, counted, duration, factor, percent, printable, rate};
use crate::core::model::{Headline, Model, PhaseStatus};

const NARROWEST: usize = 20;

/// Packages that are named as the slowest.
const SLOWEST: usize = 5;

/// The summary for a terminal of `width` columns, lines ended by `\n`. At most 20 lines of 80 columns, and those a failure
/// takes.
#[must_use]
pub fn summary(model: &Model, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut out = String::new();
    paragraph(&mut out, &headline(model), width);
    if let Some(failure) = model.failure() {
        failure_lines(&mut out, model, failure, width);
    }
    let totals = model.totals();
    if totals.packages > 0 {
        paragraph(&mut out, &counts(model, &totals), width);
    }
    table(&mut out, model, width);
    if let Some(slowest) = slowest(model) {
        paragraph(&mut out, &slowest, width);
    }
    if let Some(verdict) = verdict(model) {
        paragraph(&mut out, &verdict, width);
    }
    out
}

fn headline(model: &Model) -> String {
    let wall = duration(model.wall_us());
    let how = match model.headline() {
        Headline::Ended(Outcome::Done) => format!("Done in {wall}"),
        Headline::Ended(Outcome::UpToDate) => format!("Already up to date, checked in {wall}"),
        Headline::Ended(Outcome::Failed) => format!("Failed after {wall}"),
        Headline::Ended(Outcome::Cancelled) => format!("Cancelled after {wall}{}", by(model)),
        Headline::Waiting => "Nothing happened".to_owned(),
        Headline::Cancelling => {
            format!("Cancelled after {wall}{}; what was under way was not waited for", by(model))
        }
        Headline::Running => format!("The stream ends at {wall}, before its run does"),
    };
    let knobs = model.knobs();
    let mut out = how;
    if !model.project().is_empty() {
        let _ = write!(out, ": {}", printable(model.project()));
    }
    let projects = model.importers().len() as u64;
    if projects > 1 || model.projects_left_out() > 0 {
        let _ = write!(out, ", {}", counted(projects, "project", "projects"));
        if model.projects_left_out() > 0 {
            let all = projects + u64::from(model.projects_left_out());
            let _ = write!(out, " of {}", count(all));
        }
    }
    if let Some(mode) = knobs.link_mode {
        let _ = write!(
            out,
            " (link mode {}, network {}, extract {}, link {}",
            mode.name(),
            knobs.network_concurrency,
            knobs.extract_threads,
            knobs.link_threads
        );
        match knobs.import_method {
            Some(method) => {
                let _ = write!(out, ", {})", method.name());
            }
            None => out.push(')'),
        }
    }
    out
}

fn by(model: &Model) -> String {
    model.cancelled_by().map_or_else(String::new, |by| format!(" (by {})", printable(by)))
}

fn counts(model: &Model, totals: &Totals) -> String {
    let mut out = format!("{} packages: {} fetched", count(totals.packages), count(totals.fetched));
    if totals.bytes_downloaded > 0 {
        let _ = write!(out, " ({}", bytes(totals.bytes_downloaded));
        if totals.bytes_unpacked > 0 {
            let _ = write!(out, ", {} unpacked", bytes(totals.bytes_unpacked));
        }
        let speed = model.download_rate(model.now());
        if speed > 0 {
            let _ = write!(out, ", {}", rate(speed));
        }
        out.push(')');
    }
    let _ = write!(
        out,
        ", {} found in the store, {} in place, {} linked ({} files)",
        count(totals.found_in_store),
        count(totals.in_place),
        count(totals.imported),
        count(totals.files),
    );
    if totals.skipped > 0 {
        let _ = write!(out, ", {} skipped", count(totals.skipped));
    }
    for (number, one, many) in
        [(totals.retries, "retry", "retries"), (totals.warnings, "warning", "warnings")]
    {
        if number > 0 {
            let _ = write!(out, ", {}", counted(number, one, many));
        }
    }
    out
}

fn slowest(model: &Model) -> Option<String> {
    let packages: Vec<String> = model
        .slowest(SLOWEST)
        .into_iter()
        .map(|(id, package)| {
            let (stage, took) = package.longest_stage();
            let whole = package.work_us(model.now());
            let most = if took < whole { format!("{stage} {}", duration(took)) } else { stage.to_owned() };
            format!("{} {} ({most})", printable(&package.label(id)), duration(whole))
        })
        .collect();
    (!packages.is_empty()).then(|| format!("slowest: {}", packages.join(", ")))
}

/// What held the run back; not of one that had nothing to do.
fn verdict(model: &Model) -> Option<String> {
    let ended = matches!(model.outcome(), Some(Outcome::Done | Outcome::Cancelled));
    let verdict = model.verdict(model.now()).filter(|_| ended)?;
    Some(printable(&format!("held back by {}", verdict.line())).into_owned())
}

fn failure_lines(out: &mut String, model: &Model, failure: &Failure, width: usize) {
    let code = failure.code.as_deref().map_or(String::new(), |code| format!("[{code}] "));
    let about = model.about(failure).map_or(String::new(), |label| format!("{label}: "));
    paragraph(out, &printable(&format!("{code}{about}{}", failure.message)), width);
    if let Some(help) = &failure.help {
        paragraph(out, &printable(&format!("Help: {help}")), width);
    }
}

fn table(out: &mut String, model: &Model, width: usize) {
    const HEAD: [&str; 6] = ["wall", "busy", "parallel", "tasks", "workers", "in use"];
    const WIDTHS: [usize; 6] = [9, 9, 9, 9, 8, 7];
    const NAME: usize = 11;
    let begun = model.phases_begun();
    if begun.is_empty() {
        return;
    }
    // A narrow terminal gets the columns that fit.
    let mut columns = 0;
    let mut used = NAME;
    while columns < WIDTHS.len() && used + WIDTHS[columns] <= width {
        used += WIDTHS[columns];
        columns += 1;
    }
    let mut row = |name: &str, cells: [&str; 6], remark: &str| {
        let mut line = format!("{name:<NAME$}");
        for (cell, width) in cells.iter().zip(WIDTHS).take(columns) {
            let _ = write!(line, "{cell:>width$}");
        }
        // Too narrow for the remark: a mark in its place.
        line.push_str(match remark.len() {
            0 => "",
            long if used + long > width => " *",
            _ => remark,
        });
        out.push_str(line.trim_end());
        out.push('\n');
    };
    row("phase", HEAD, "");
    for phase in begun {
        let numbers = model.phase_numbers(phase, model.now());
        let remark = if numbers.status == PhaseStatus::Done { "" } else { "  (not finished)" };
        let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
        row(
            phase.name(),
            [
                &duration(numbers.wall_us),
                &or_dash(numbers.busy_us.map(duration)),
                &or_dash(numbers.parallelism.map(factor)),
                &count(numbers.count),
                &or_dash(numbers.workers.map(|workers| workers.to_string())),
                &or_dash(numbers.utilisation.map(percent)),
            ],
            remark,
        );
    }
}

/// Appends the text, broken at spaces.
fn paragraph(out: &mut String, text: &str, width: usize) {
    let mut column = 0;
    for word in text.split(' ') {
        let word_width = word.width();
        if column > 0 && column + 1 + word_width > width {
            out.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word_width;
    }
    out.push('\n');
}
