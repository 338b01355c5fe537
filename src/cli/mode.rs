//! Which face a run shows. The choice is pure, so that every line of the table below is a test.
//!
//! The first line that fits decides:
//!
//! | when                                            | mode      |
//! |-------------------------------------------------|-----------|
//! | `--json`                                        | JSON      |
//! | `--headless`                                    | plain     |
//! | standard output is no terminal                  | plain     |
//! | standard input is no terminal (no keys)         | plain     |
//! | continuous integration                          | plain     |
//! | `TERM` is `dumb`                                | plain     |
//! | the terminal is smaller than [`SMALLEST`]       | plain     |
//! | otherwise                                       | dashboard |

/// Fewest columns and rows on which the dashboard says anything.
pub const SMALLEST: (u16, u16) = (20, 6);

/// The face of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The live view, which owns the terminal while it runs.
    Dashboard,
    /// Lines for people and logs.
    Plain,
    /// Events, one JSON object a line.
    Json,
}

/// What the choice depends on besides the flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings<'env> {
    /// Standard output is a terminal.
    pub stdout_is_terminal: bool,
    /// Standard input is a terminal.
    pub stdin_is_terminal: bool,
    /// The run is part of continuous integration.
    pub is_ci: bool,
    /// The variable `TERM`.
    pub term: Option<&'env str>,
    /// Columns and rows of the terminal, where it tells.
    pub size: Option<(u16, u16)>,
}

/// The face of a run that was asked for with `--headless` or `--json`, or with neither.
#[must_use]
pub fn choose_mode(headless: bool, json: bool, surroundings: &Surroundings<'_>) -> Mode {
    if json {
        return Mode::Json;
    }
    let is_large_enough =
        surroundings.size.is_none_or(|(columns, rows)| columns >= SMALLEST.0 && rows >= SMALLEST.1);
    let shows = !headless
        && surroundings.stdout_is_terminal
        && surroundings.stdin_is_terminal
        && !surroundings.is_ci
        && surroundings.term != Some("dumb")
        && is_large_enough;
    if shows { Mode::Dashboard } else { Mode::Plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESK: Surroundings<'static> = Surroundings {
        stdout_is_terminal: true,
        stdin_is_terminal: true,
        is_ci: false,
        term: Some("xterm-256color"),
        size: Some((80, 24)),
    };

    #[test]
    fn every_line_of_the_table() {
        for (line, headless, json, surroundings, mode) in [
            ("at a desk", false, false, DESK, Mode::Dashboard),
            ("--json", false, true, DESK, Mode::Json),
            ("--json --headless", true, true, DESK, Mode::Json),
            ("--headless", true, false, DESK, Mode::Plain),
            ("into a pipe", false, false, Surroundings { stdout_is_terminal: false, ..DESK }, Mode::Plain),
            ("out of a pipe", false, false, Surroundings { stdin_is_terminal: false, ..DESK }, Mode::Plain),
            ("in CI", false, false, Surroundings { is_ci: true, ..DESK }, Mode::Plain),
            ("TERM=dumb", false, false, Surroundings { term: Some("dumb"), ..DESK }, Mode::Plain),
            ("no TERM", false, false, Surroundings { term: None, ..DESK }, Mode::Dashboard),
            ("smallest", false, false, Surroundings { size: Some(SMALLEST), ..DESK }, Mode::Dashboard),
            ("too narrow", false, false, Surroundings { size: Some((19, 24)), ..DESK }, Mode::Plain),
            ("too low", false, false, Surroundings { size: Some((80, 5)), ..DESK }, Mode::Plain),
            ("unknown size", false, false, Surroundings { size: None, ..DESK }, Mode::Dashboard),
        ] {
            assert_eq!(choose_mode(headless, json, &surroundings), mode, "{line}");
        }
    }
}
