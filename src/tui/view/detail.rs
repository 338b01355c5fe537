//! All that is known of one package: when each stage of it ran, what it is, who needs it, and whether it set the wall
//! time of the run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::core::event::{LinkPass, PackageId, Why};
use crate::core::model::format::{bytes, count, counted, duration};
use crate::core::model::{Model, Package, PackageState};
use crate::tui::order::state_name;
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::view::packages::segments;
use crate::tui::widget::text::{broken, keep_start, pad_end, pad_start, titled};
use crate::tui::widget::waterfall;

const LABEL: usize = 14;
const TIME: usize = 10;
const STAGE: usize = 12;

/// Packages that a list of dependencies names before it counts the rest.
const LISTED: usize = 60;

pub(super) fn render(
    frame: &mut Frame,
    area: Rect,
    id: PackageId,
    model: &Model,
    now: u64,
    state: &mut ViewState,
    theme: &Theme,
) {
    let Some(package) = model.package(id) else { return };
    if area.is_empty() {
        return;
    }
    let mut facts = vec![state_name(package.state).to_owned()];
    let total = package.total_us(now);
    if total > 0 {
        facts.push(format!("{} of work and waits", duration(total)));
    }
    let body = titled(frame, area, &package.label(id), facts, theme);
    let width = usize::from(body.width);
    let mut lines = timeline(package, now, width, theme);
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.extend(about(id, package, model, width, theme));
    let top = state.table.detail_rows.scroll(lines.len(), body.height.into());
    for (line, row) in lines.into_iter().skip(top).zip(body.rows()) {
        frame.render_widget(line, row);
    }
}

/// A line a stage, on an axis from the package's first moment to its last.
fn timeline(package: &Package, now: u64, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let segments = segments(package, now);
    let segments: Vec<_> = segments.into_iter().filter(|(_, from, to)| to > from).collect();
    let (Some(first), Some(last)) =
        (segments.iter().map(|segment| segment.1).min(), segments.iter().map(|segment| segment.2).max())
    else {
        return Vec::new();
    };
    let fixed = STAGE + 2 * TIME + 2;
    let bar = width.saturating_sub(fixed);
    let heads = format!("{:STAGE$}{}{}", "stage", pad_start("began", TIME), pad_start("took", TIME));
    let mut lines = vec![Line::from(Span::styled(keep_start(&heads, width, theme), theme.dim))];
    for (segment, from, to) in segments {
        let (_, style) = segment.look(theme);
        let mut spans = vec![
            Span::styled(pad_end(segment.name().to_owned(), STAGE), theme.text),
            Span::styled(pad_start(&duration(from), TIME), theme.dim),
            Span::styled(pad_start(&duration(to - from), TIME), style),
            Span::raw("  "),
        ];
        let place = [(segment, from - first, to - first)];
        spans.extend(waterfall::line(&place, last - first, bar, theme));
        lines.push(Line::from(spans));
    }
    lines
}

/// The facts, each with its name; long ones go on below.
fn about(id: PackageId, package: &Package, model: &Model, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut fact = |label: &'static str, text: String, style: Style| {
        for (position, part) in broken(&text, width.saturating_sub(LABEL), theme).into_iter().enumerate() {
            let label = if position == 0 { label } else { "" };
            lines.push(Line::from(vec![
                Span::styled(format!("{label:LABEL$}"), theme.title),
                Span::styled(part, style),
            ]));
        }
    };
    fact("why", why(id, package, model), theme.text);
    if !package.dep_path.is_empty() && package.dep_path != package.label(id) {
        fact("dep path", package.dep_path.clone(), theme.text);
    }
    fact("size", size(package), theme.text);
    if package.retries > 0 {
        let text = format!("{}, {} failed", package.attempt.max(1), package.retries);
        fact("attempts", text, theme.warning);
    } else if package.attempt > 0 {
        fact("attempts", package.attempt.to_string(), theme.text);
    }
    if let Some(host) = &package.host {
        fact("host", host.to_string(), theme.text);
    }
    if let Some(text) = linked(package) {
        fact("link", text, theme.text);
    }
    fact("critical path", critical(id, package, model), theme.text);
    if model.knows_dependencies() {
        fact("dependencies", listed(model.dependencies(id), model), theme.text);
        fact("dependents", dependents(id, model), theme.text);
    }
    lines
}

fn why(id: PackageId, package: &Package, model: &Model) -> String {
    let mut text = match package.why {
        None => "not told".to_owned(),
        Some(Why::Direct) => {
            let projects: Vec<&str> =
                model.dependent_importers(id).map(|importer| importer.id.as_str()).collect();
            match projects.as_slice() {
                [] | ["."] => "package.json names it".to_owned(),
                projects => format!("named by the package.json of {}", projects.join(", ")),
            }
        }
        Some(Why::Transitive) => {
            let dependents = model.dependents(id);
            match dependents.as_slice() {
                [] => "another package needs it".to_owned(),
                [only] => format!("{} needs it", model.label(*only)),
                [first, rest @ ..] => {
                    let others = counted(rest.len() as u64, "other package", "other packages");
                    format!("{} and {others} need it", model.label(*first))
                }
            }
        }
    };
    if package.optional {
        text.push_str("; optional: the install goes on without it");
    }
    text
}

fn size(package: &Package) -> String {
    let mut parts = Vec::new();
    if package.bytes > 0 {
        let of = package.body_size.filter(|size| *size != package.bytes);
        let of = of.map_or_else(String::new, |size| format!(" of {}", bytes(size)));
        parts.push(format!("{}{of} received", bytes(package.bytes)));
    }
    if let Some(unpacked) = package.unpacked {
        parts.push(format!("{} unpacked", bytes(unpacked)));
    }
    let files = package.files.max(package.linked_files);
    if files > 0 {
        parts.push(counted(files.into(), "file", "files"));
    }
    if package.timings.found_in_store.is_some() {
        parts.push("was in the store".to_owned());
    }
    if parts.is_empty() { "not known".to_owned() } else { parts.join(", ") }
}

fn linked(package: &Package) -> Option<String> {
    let pass = match package.pass? {
        LinkPass::Warm => "warm pass: its files were in the store before",
        LinkPass::Cold => "cold pass: its files were downloaded",
    };
    let method = package.method.map_or(String::new(), |method| {
        format!("{} by {}; ", counted(package.linked_files.into(), "file", "files"), method.name())
    });
    Some(format!("{method}{pass}"))
}

fn critical(id: PackageId, package: &Package, model: &Model) -> String {
    if model.outcome().is_none() {
        return match package.state {
            PackageState::Imported | PackageState::Skipped => "not any more".to_owned(),
            _ => "known once the run is over".to_owned(),
        };
    }
    let steps = model.critical_path();
    let parts: Vec<String> = steps
        .iter()
        .filter(|step| step.package == Some(id))
        .map(|step| format!("{} {}", step.what, duration(step.duration_us())))
        .collect();
    if parts.is_empty() { "it did not set the wall time".to_owned() } else { parts.join(", ") }
}

fn dependents(id: PackageId, model: &Model) -> String {
    let projects: Vec<String> =
        model.dependent_importers(id).map(|importer| format!("project {}", importer.id)).collect();
    let packages = model.dependents(id);
    match (projects.is_empty(), packages.is_empty()) {
        (true, _) => listed(&packages, model),
        (false, true) => projects.join(", "),
        (false, false) => format!("{}, {}", projects.join(", "), listed(&packages, model)),
    }
}

fn listed(packages: &[PackageId], model: &Model) -> String {
    if packages.is_empty() {
        return "none".to_owned();
    }
    let mut labels: Vec<String> = packages.iter().take(LISTED).map(|id| model.label(*id)).collect();
    labels.sort_unstable();
    let more = packages.len().saturating_sub(LISTED) as u64;
    let more = if more > 0 { format!(" and {} more", count(more)) } else { String::new() };
    format!("{}{more}", labels.join(", "))
}
