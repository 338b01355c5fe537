//! The keys, made from the key table; or what the viewer has to know first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::event::Knob;
use crate::core::model::Model;
use crate::core::model::format::duration;
use crate::tui::action::Action;
use crate::tui::keymap::{BINDINGS, label};
use crate::tui::state::ViewState;
use crate::tui::theme::Theme;
use crate::tui::widget::text::keep_start;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &ViewState, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let mut spans = Vec::new();
    let banner = banner(model, state);
    let says_how_to_leave = banner.is_some() && state.frozen.is_none();
    if let Some(banner) = banner {
        let banner = keep_start(&format!(" {banner} "), usize::from(area.width), theme);
        spans.push(Span::styled(banner, theme.banner));
        spans.push(Span::raw("  "));
    }
    let ended = model.outcome().is_some();
    let roomy = area.width >= 60;
    let gap = if roomy { "   " } else { "  " };
    for binding in BINDINGS.iter().filter(|binding| !binding.footer.is_empty()) {
        let key = label(binding.action);
        let (keys, what) = match binding.action {
            Action::Quit if says_how_to_leave => continue,
            Action::Quit if !ended => (key.to_owned(), "cancel".to_owned()),
            Action::NetworkDown | Action::LinkDown if ended => continue,
            Action::Freeze if ended && state.frozen.is_none() => continue,
            Action::NetworkDown => (
                format!("{}/{key}", label(Action::NetworkUp)),
                knob(model, Knob::NetworkConcurrency, binding.footer, roomy),
            ),
            Action::LinkDown => (
                format!("{key}/{}", label(Action::LinkUp)),
                knob(model, Knob::LinkThreads, binding.footer, roomy),
            ),
            _ => (key.to_owned(), binding.footer.to_owned()),
        };
        let used: usize = spans.iter().map(Span::width).sum();
        if used + keys.len() + what.len() + 1 > usize::from(area.width) {
            continue;
        }
        spans.push(Span::styled(keys, theme.key));
        spans.push(Span::styled(format!(" {what}{gap}"), theme.dim));
    }
    frame.render_widget(Line::from(spans), area);
}

fn knob(model: &Model, knob: Knob, name: &str, with_value: bool) -> String {
    let knobs = model.knobs();
    let value = match knob {
        Knob::NetworkConcurrency => knobs.network_concurrency,
        Knob::ExtractThreads => knobs.extract_threads,
        Knob::LinkThreads => knobs.link_threads,
    };
    if value > 0 && with_value { format!("{name} {value}") } else { name.to_owned() }
}

fn banner(model: &Model, state: &ViewState) -> Option<String> {
    if let Some(frozen) = &state.frozen {
        return Some(format!("frozen at {}, {} to go on", duration(frozen.now), label(Action::Freeze)));
    }
    if model.outcome().is_some() {
        return Some("any key leaves".to_owned());
    }
    (state.cancelling || model.cancelled_by().is_some())
        .then(|| format!("cancelling; {} again leaves at once", label(Action::Quit)))
}
