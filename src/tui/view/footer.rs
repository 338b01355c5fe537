//! The keys, made from the key table; or what the viewer has to know first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::event::Knob;
use crate::core::model::Model;
use crate::core::model::format::duration;
use crate::tui::action::Action;
use crate::tui::keymap::BINDINGS;
use crate::tui::state::{Hit, Quitting, ViewState};
use crate::tui::theme::Theme;
use crate::tui::widget::text::keep_start;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, state: &mut ViewState, theme: &Theme) {
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
    let inline = state.inline;
    let roomy = area.width >= 60;
    let gap = if roomy { "   " } else { "  " };
    let label = |action| state.keymap.label(action);
    let here =
        BINDINGS.iter().filter(|binding| !binding.footer.is_empty() && binding.place.covers(state.pane));
    for binding in here.filter(|binding| !inline || binding.action.works_inline()) {
        let key = label(binding.action);
        let (keys, what) = match binding.action {
            Action::Quit if says_how_to_leave => continue,
            Action::Quit if !ended => (key, "cancel".to_owned()),
            Action::NetworkDown
            | Action::ExtractDown
            | Action::LinkDown
            | Action::LinkMode
            | Action::Pause
                if ended =>
            {
                continue;
            }
            Action::Freeze if ended && state.frozen.is_none() => continue,
            Action::Pause if model.paused_since().is_some() => (key, "go on".to_owned()),
            Action::NetworkDown => (
                format!("{}{key}", label(Action::NetworkUp)),
                knob(model, Knob::NetworkConcurrency, binding.footer, roomy),
            ),
            Action::ExtractDown => (
                format!("{key}{}", label(Action::ExtractUp)),
                knob(model, Knob::ExtractThreads, binding.footer, roomy),
            ),
            Action::LinkDown => (
                format!("{key}{}", label(Action::LinkUp)),
                knob(model, Knob::LinkThreads, binding.footer, roomy),
            ),
            _ => (key, binding.footer.to_owned()),
        };
        if keys.is_empty() {
            continue;
        }
        let used: usize = spans.iter().map(Span::width).sum();
        if used + keys.len() + what.len() + 1 > usize::from(area.width) {
            continue;
        }
        let from = area.x.saturating_add(u16::try_from(used).unwrap_or(u16::MAX));
        let width = u16::try_from(keys.len() + what.len() + 1).unwrap_or(u16::MAX);
        let place = Rect { x: from, width, ..area };
        state.hits.push((place.intersection(area), Hit::Action(binding.action)));
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

fn banner(model: &Model, state: &mut ViewState) -> Option<String> {
    if state.typing {
        return Some(format!("filter: {}_  (Enter keeps it, Esc drops it)", state.words()));
    }
    let label = |action| state.keymap.label(action);
    if state.quitting == Quitting::Asked {
        return Some("cancel the run? y: yes, any other key: go on, Ctrl-C: at once".to_owned());
    }
    if let Some(frozen) = &state.frozen {
        let behind = duration(state.now.saturating_sub(frozen.now));
        return Some(format!("frozen, {behind} behind; {} to go on", label(Action::Freeze)));
    }
    if model.outcome().is_some() {
        return Some(format!("{} leaves", label(Action::Quit)));
    }
    if state.quitting == Quitting::Cancelling || model.cancelled_by().is_some() {
        return Some(format!("cancelling; {} again leaves at once", label(Action::Quit)));
    }
    let paused = model.paused_since()?;
    let since = duration(state.now.saturating_sub(paused));
    Some(format!("paused for {since}; {} to go on", label(Action::Pause)))
}
