//! The one table of actions and keys; the footer, the help page, the names in the viewer's file and the documentation
//! are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::tui::action::{Action, Pane};

/// A key, as the terminal reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which.
    pub code: KeyCode,
    /// Held with the control key.
    pub control: bool,
}

/// Where an action means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In every pane.
    Everywhere,
    /// In these panes.
    In(&'static [Pane]),
}

impl Place {
    /// Whether it is in a pane.
    #[must_use]
    pub fn covers(self, pane: Pane) -> bool {
        match self {
            Self::Everywhere => true,
            Self::In(panes) => panes.contains(&pane),
        }
    }
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Its name in the viewer's file.
    pub name: &'static str,
    /// The keys that mean it unless the viewer chose others, the one to advertise first.
    pub keys: &'static [&'static str],
    /// Where it means something.
    pub place: Place,
    /// A word for the footer; empty when it does not stand there.
    pub footer: &'static str,
    /// A sentence for the help page.
    pub help: &'static str,
}

/// Panes with rows to go through.
const ROWS: Place = Place::In(&[
    Pane::Overview,
    Pane::Packages,
    Pane::Lanes,
    Pane::Network,
    Pane::Importers,
    Pane::Log,
    Pane::Settings,
]);
const TABLE: Place = Place::In(&[Pane::Packages]);
const FILTERED: Place = Place::In(&[Pane::Packages, Pane::Log]);

macro_rules! bindings {
    ($($action:expr, $name:literal, [$($key:literal),+], $place:expr, $footer:literal, $help:literal;)+) => {
        /// All bindings, in the order the footer and the help page show them.
        pub const BINDINGS: &[Binding] = &[
            $(Binding {
                action: $action, name: $name, keys: &[$($key),+], place: $place, footer: $footer, help: $help,
            }),+
        ];
    };
}

bindings! {
    Action::Quit, "quit", ["q", "ctrl-c"], Place::Everywhere, "quit",
        "cancel the run and leave; asks once when work would be lost";
    Action::Help, "help", ["?"], Place::Everywhere, "help", "show or hide this page";
    Action::NextPane, "next-pane", ["tab"], Place::Everywhere, "pane", "the next pane";
    Action::PreviousPane, "previous-pane", ["backtab"], Place::Everywhere, "", "the pane before";
    Action::Show(Pane::Overview), "overview", ["1"], Place::Everywhere, "", "phases, lanes, downloads, log";
    Action::Show(Pane::Packages), "packages", ["2"], Place::Everywhere, "", "all packages, as a table";
    Action::Show(Pane::Lanes), "lanes", ["3"], Place::Everywhere, "", "what each worker does, and did";
    Action::Show(Pane::Network), "network", ["4"], Place::Everywhere, "", "throughput, requests, percentiles";
    Action::Show(Pane::Importers), "importers", ["5"], Place::Everywhere, "", "the projects of the workspace";
    Action::Show(Pane::Log), "log", ["6"], Place::Everywhere, "", "what was told in words";
    Action::Show(Pane::Settings), "settings", ["7"], Place::Everywhere, "", "each knob and setting, and its origin";
    Action::Filter, "filter", ["/"], FILTERED, "filter", "show only what has these words";
    Action::Sort, "sort", ["s"], TABLE, "sort", "sort by the next column";
    Action::Reverse, "reverse", ["r"], TABLE, "", "turn the order round";
    Action::Slowest, "slowest", ["w"], TABLE, "slowest", "to the package that took most work";
    Action::Open, "open", ["enter"], TABLE, "detail", "all that is known of the package";
    Action::Level, "level", ["l"], Place::In(&[Pane::Log, Pane::Overview]), "", "show only log entries that matter more";
    Action::Back, "back", ["esc"], Place::Everywhere, "", "close what is open, or clear the filter";
    Action::Up, "up", ["up", "k"], ROWS, "", "one row up";
    Action::Down, "down", ["down", "j"], ROWS, "", "one row down";
    Action::PageUp, "page-up", ["pageup", "ctrl-b"], ROWS, "", "a page up";
    Action::PageDown, "page-down", ["pagedown", "ctrl-f"], ROWS, "", "a page down";
    Action::First, "first", ["home", "g"], ROWS, "", "to the first row";
    Action::Last, "last", ["end", "G"], ROWS, "", "to the last row";
    Action::NetworkUp, "network-up", ["+", "="], Place::Everywhere, "", "more requests at one time (to the next multiple of 8)";
    Action::NetworkDown, "network-down", ["-"], Place::Everywhere, "network", "fewer requests at one time";
    Action::ExtractUp, "extract-up", ["}"], Place::Everywhere, "", "one more extract worker";
    Action::ExtractDown, "extract-down", ["{"], Place::Everywhere, "extract", "one extract worker less";
    Action::LinkUp, "link-up", ["]"], Place::Everywhere, "", "one more link worker";
    Action::LinkDown, "link-down", ["["], Place::Everywhere, "link", "one link worker less";
    Action::LinkMode, "link-mode", ["m"], Place::Everywhere, "mode",
        "link what is not linked yet in the next way: inline, deferred, pipelined";
    Action::Pause, "pause", ["p"], Place::Everywhere, "pause", "hold new work back; what is under way ends";
    Action::Freeze, "freeze", ["space"], Place::Everywhere, "freeze", "hold the picture still; the run goes on";
    Action::Theme, "theme", ["t"], Place::Everywhere, "", "the next theme";
    Action::Mouse, "mouse", ["M"], Place::Everywhere, "", "take the mouse, or leave it to the terminal";
    Action::Suspend, "suspend", ["ctrl-z"], Place::Everywhere, "", "back to the shell; `fg` brings the dashboard again";
}

/// Which keys mean what: the table above, changed as the viewer likes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// The keys of each binding, in the order of [`BINDINGS`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys =
            BINDINGS.iter().map(|binding| binding.keys.iter().filter_map(|name| Key::parse(name)).collect());
        Self { keys: keys.collect() }
    }
}

/// What is wrong with a key that a viewer chose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// No action has that name.
    #[error("keys: there is no action {0:?}")]
    NoAction(String),
    /// No key has that name.
    #[error("keys.{action}: {key:?} is no key; write a character, a name such as \"pageup\", or \"ctrl-x\"")]
    NoKey {
        /// The action.
        action: String,
        /// What was written.
        key: String,
    },
    /// A key would mean two things.
    #[error("keys: {key} means both {first} and {second}")]
    Twice {
        /// The key.
        key: String,
        /// One of its actions.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
}

impl Keymap {
    /// The table with other keys for some actions, by their names. An empty list takes an action's keys away.
    ///
    /// # Errors
    /// When a name is not known, or a key would mean two things.
    pub fn with<'a>(changes: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Result<Self, KeymapError> {
        let mut map = Self::default();
        for (action, names) in changes {
            let position = BINDINGS
                .iter()
                .position(|binding| binding.name == action)
                .ok_or_else(|| KeymapError::NoAction(action.to_owned()))?;
            map.keys[position] = names
                .iter()
                .map(|name| {
                    Key::parse(name)
                        .ok_or_else(|| KeymapError::NoKey { action: action.to_owned(), key: name.clone() })
                })
                .collect::<Result<_, _>>()?;
        }
        map.without_doubles()
    }

    fn without_doubles(self) -> Result<Self, KeymapError> {
        let mut seen: Vec<(Key, &'static str)> = Vec::new();
        for (binding, keys) in BINDINGS.iter().zip(&self.keys) {
            for key in keys {
                if let Some((_, first)) = seen.iter().find(|(other, _)| other == key) {
                    return Err(KeymapError::Twice { key: key.label(), first, second: binding.name });
                }
                seen.push((*key, binding.name));
            }
        }
        Ok(self)
    }

    /// The action that a key means.
    #[must_use]
    pub fn action(&self, event: &KeyEvent) -> Option<Action> {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let key = Key { code: event.code, control };
        let position = self.keys.iter().position(|keys| keys.contains(&key))?;
        Some(BINDINGS[position].action)
    }

    /// The keys of an action, as they are shown.
    #[must_use]
    pub fn labels(&self, action: Action) -> Vec<String> {
        let position = BINDINGS.iter().position(|binding| binding.action == action);
        position.map_or_else(Vec::new, |position| self.keys[position].iter().map(|key| key.label()).collect())
    }

    /// The key to advertise for an action; empty when it has none.
    #[must_use]
    pub fn label(&self, action: Action) -> String {
        self.labels(action).into_iter().next().unwrap_or_default()
    }
}

/// Names of keys that are no characters.
const NAMED: [(&str, KeyCode, &str); 15] = [
    ("enter", KeyCode::Enter, "Enter"),
    ("esc", KeyCode::Esc, "Esc"),
    ("tab", KeyCode::Tab, "Tab"),
    ("backtab", KeyCode::BackTab, "Shift-Tab"),
    ("space", KeyCode::Char(' '), "Space"),
    ("backspace", KeyCode::Backspace, "Backspace"),
    ("delete", KeyCode::Delete, "Del"),
    ("up", KeyCode::Up, "Up"),
    ("down", KeyCode::Down, "Down"),
    ("left", KeyCode::Left, "Left"),
    ("right", KeyCode::Right, "Right"),
    ("pageup", KeyCode::PageUp, "PgUp"),
    ("pagedown", KeyCode::PageDown, "PgDn"),
    ("home", KeyCode::Home, "Home"),
    ("end", KeyCode::End, "End"),
];

impl Key {
    /// Reads a key's name: a character, a name such as `pageup`, `f5`, or one of these after `ctrl-`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (control, name) = match name.strip_prefix("ctrl-") {
            Some(rest) if !rest.is_empty() => (true, rest),
            _ => (false, name),
        };
        let mut characters = name.chars();
        let code = match (characters.next(), characters.next()) {
            (Some(character), None) => KeyCode::Char(character),
            _ => match NAMED.iter().find(|(named, ..)| *named == name) {
                Some((_, code, _)) => *code,
                None => KeyCode::F(
                    name.strip_prefix('f')?.parse().ok().filter(|number| (1..=12).contains(number))?,
                ),
            },
        };
        Some(Self { code, control })
    }

    /// How it is shown.
    #[must_use]
    pub fn label(self) -> String {
        let named =
            NAMED.iter().find(|(_, code, _)| *code == self.code).map(|(.., label)| (*label).to_owned());
        let text = named.unwrap_or_else(|| match self.code {
            KeyCode::Char(character) if self.control => character.to_uppercase().to_string(),
            KeyCode::Char(character) => character.to_string(),
            KeyCode::F(number) => format!("F{number}"),
            _ => String::new(),
        });
        if self.control { format!("Ctrl-{text}") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_one_and_none_means_two_things() {
        for binding in BINDINGS {
            for name in binding.keys {
                assert!(Key::parse(name).is_some(), "{name}");
            }
        }
        assert!(Keymap::default().without_doubles().is_ok());
    }

    #[test]
    fn control_c_is_not_the_letter_c() {
        let map = Keymap::default();
        let pressed = |code, modifiers| map.action(&KeyEvent::new(code, modifiers));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(pressed(KeyCode::Char('c'), KeyModifiers::NONE), None);
        assert_eq!(pressed(KeyCode::Char('+'), KeyModifiers::SHIFT), Some(Action::NetworkUp));
        assert_eq!(pressed(KeyCode::Char('G'), KeyModifiers::SHIFT), Some(Action::Last));
    }

    #[test]
    fn a_viewer_chooses_other_keys() {
        let keys = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let map = Keymap::with([("quit", keys(&["x", "ctrl-q"]).as_slice())]).unwrap();
        assert_eq!(map.labels(Action::Quit), ["x", "Ctrl-Q"]);
        assert_eq!(map.action(&KeyEvent::from(KeyCode::Char('q'))), None);
        assert_eq!(
            Keymap::with([("quit", keys(&["p"]).as_slice())]),
            Err(KeymapError::Twice { key: "p".into(), first: "quit", second: "pause" })
        );
        assert!(matches!(Keymap::with([("fly", keys(&["x"]).as_slice())]), Err(KeymapError::NoAction(_))));
        assert!(matches!(
            Keymap::with([("quit", keys(&["hyper"]).as_slice())]),
            Err(KeymapError::NoKey { .. })
        ));
    }
}
