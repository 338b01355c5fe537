//! The one table of actions and keys; the footer and the help page are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::action::Action;

/// A key that means an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// How it is shown.
    pub label: &'static str,
    /// What the terminal reports.
    pub code: KeyCode,
    /// Held with the control key.
    pub control: bool,
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// The keys that mean it, the one to advertise first.
    pub keys: &'static [Key],
    /// A word for the footer; empty when it does not stand there.
    pub footer: &'static str,
    /// A sentence for the help page.
    pub help: &'static str,
}

const fn plain(label: &'static str, code: KeyCode) -> Key {
    Key { label, code, control: false }
}

const fn control(label: &'static str, letter: char) -> Key {
    Key { label, code: KeyCode::Char(letter), control: true }
}

/// All bindings, in the order the footer and the help page show them.
pub const BINDINGS: &[Binding] = &[
    Binding {
        action: Action::Quit,
        keys: &[plain("q", KeyCode::Char('q')), control("Ctrl-C", 'c')],
        footer: "quit",
        help: "cancel the run and leave; a second time: without waiting for it",
    },
    Binding {
        action: Action::NetworkUp,
        keys: &[plain("+", KeyCode::Char('+')), plain("=", KeyCode::Char('='))],
        footer: "",
        help: "more requests at one time (to the next multiple of 8)",
    },
    Binding {
        action: Action::NetworkDown,
        keys: &[plain("-", KeyCode::Char('-'))],
        footer: "network",
        help: "fewer requests at one time",
    },
    Binding {
        action: Action::LinkUp,
        keys: &[plain("]", KeyCode::Char(']'))],
        footer: "",
        help: "one more link worker",
    },
    Binding {
        action: Action::LinkDown,
        keys: &[plain("[", KeyCode::Char('['))],
        footer: "link",
        help: "one link worker less",
    },
    Binding {
        action: Action::Freeze,
        keys: &[plain("p", KeyCode::Char('p'))],
        footer: "freeze",
        help: "hold the picture still; the run goes on",
    },
    Binding {
        action: Action::LogBack,
        keys: &[plain("Up", KeyCode::Up), plain("k", KeyCode::Char('k'))],
        footer: "",
        help: "older log entries",
    },
    Binding {
        action: Action::LogForward,
        keys: &[plain("Down", KeyCode::Down), plain("j", KeyCode::Char('j'))],
        footer: "",
        help: "newer log entries",
    },
    Binding {
        action: Action::Suspend,
        keys: &[control("Ctrl-Z", 'z')],
        footer: "",
        help: "back to the shell; `fg` brings the dashboard again",
    },
    Binding {
        action: Action::Help,
        keys: &[plain("?", KeyCode::Char('?'))],
        footer: "help",
        help: "show or hide this page",
    },
];

/// The action that a key means.
#[must_use]
pub fn action(event: &KeyEvent) -> Option<Action> {
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    BINDINGS
        .iter()
        .find(|binding| binding.keys.iter().any(|key| key.code == event.code && key.control == control))
        .map(|binding| binding.action)
}

/// The key to advertise for an action.
#[must_use]
pub fn label(action: Action) -> &'static str {
    BINDINGS
        .iter()
        .find(|binding| binding.action == action)
        .and_then(|binding| binding.keys.first())
        .map_or("", |key| key.label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen = Vec::new();
        for key in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(!seen.contains(&(key.code, key.control)), "{} is bound twice", key.label);
            seen.push((key.code, key.control));
        }
    }

    #[test]
    fn control_c_is_not_the_letter_c() {
        let pressed = |code, modifiers| action(&KeyEvent::new(code, modifiers));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(pressed(KeyCode::Char('+'), KeyModifiers::SHIFT), Some(Action::NetworkUp));
    }
}
