//! Asks the run for what a key means.

use crate::core::control::Controls;
use crate::core::event::{Knob, LinkMode};
use crate::tui::action::Action;

const NETWORK_STEP: u32 = 8;

/// Turns the knob that the action is about; other actions do nothing.
pub(super) fn turn(controls: &Controls, action: Action) {
    let knobs = controls.knobs();
    let network = knobs.network_concurrency;
    let (knob, steps) = match action {
        Action::NetworkUp => (Knob::NetworkConcurrency, distance(network, next_multiple(network))),
        Action::NetworkDown => (Knob::NetworkConcurrency, distance(network, previous_multiple(network))),
        Action::ExtractUp => (Knob::ExtractThreads, 1),
        Action::ExtractDown => (Knob::ExtractThreads, -1),
        Action::LinkUp => (Knob::LinkThreads, 1),
        Action::LinkDown => (Knob::LinkThreads, -1),
        Action::LinkMode => {
            let next = match knobs.link_mode {
                LinkMode::Inline => LinkMode::Deferred,
                LinkMode::Deferred => LinkMode::Pipelined,
                LinkMode::Pipelined => LinkMode::Inline,
            };
            return controls.set_link_mode(next, "key");
        }
        Action::Pause => return controls.set_paused(!controls.is_paused(), "key"),
        _ => return,
    };
    controls.nudge(knob, steps, "key");
}

fn next_multiple(value: u32) -> u32 {
    (value / NETWORK_STEP).saturating_add(1).saturating_mul(NETWORK_STEP)
}

fn previous_multiple(value: u32) -> u32 {
    (value.saturating_sub(1) / NETWORK_STEP * NETWORK_STEP).max(1)
}

fn distance(from: u32, to: u32) -> i32 {
    i32::try_from(i64::from(to) - i64::from(from)).unwrap_or(0)
}
