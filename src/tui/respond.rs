//! What a key or a click changes: the viewer's choices here, and what is asked of the run as a [`Wish`].
//!
//! Pure: nothing is drawn and nothing is asked, so every key can be tried without a terminal.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::core::model::{LogLevel, Model};
use crate::tui::action::{Action, Pane};
use crate::tui::state::{Column, Hit, Quitting, Rows, ViewState};

/// Rows that a turn of the wheel goes.
const WHEEL_ROWS: usize = 3;

/// Most characters of a filter.
const LONGEST_FILTER: usize = 200;

/// What the loop is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Nothing more.
    Nothing,
    /// Quit; what that means depends on how the run stands.
    Quit,
    /// The viewer said yes to losing work.
    Cancel,
    /// Leave, as the run has ended.
    Leave,
    /// Back to the shell for a while.
    Suspend,
    /// Ask the run for something.
    Turn(Action),
    /// The next theme.
    Theme,
    /// Take the mouse, or leave it.
    Mouse,
}

/// Takes a key in.
pub fn key(state: &mut ViewState, model: &Model, key: &KeyEvent) -> Wish {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let meant = state.keymap.action(key);
    if state.typing && !control {
        type_filter(state, key.code);
        return Wish::Nothing;
    }
    if state.quitting == Quitting::Asked && meant != Some(Action::Quit) {
        state.quitting = Quitting::No;
        return if matches!(key.code, KeyCode::Char('y' | 'Y')) { Wish::Cancel } else { Wish::Nothing };
    }
    match meant {
        Some(action) if !state.inline || action.works_inline() => act(state, model, action),
        _ => Wish::Nothing,
    }
}

fn type_filter(state: &mut ViewState, code: KeyCode) {
    match code {
        KeyCode::Enter => state.typing = false,
        KeyCode::Esc => {
            state.typing = false;
            state.words().clear();
        }
        KeyCode::Backspace => {
            state.words().pop();
        }
        KeyCode::Char(character) if state.words().chars().count() < LONGEST_FILTER => {
            state.words().push(character);
        }
        _ => {}
    }
}

/// Does what an action means.
pub fn act(state: &mut ViewState, model: &Model, action: Action) -> Wish {
    if state.help.is_some() && scroll_help(state, action) {
        return Wish::Nothing;
    }
    match action {
        Action::Quit => return Wish::Quit,
        Action::Suspend => return Wish::Suspend,
        Action::Theme => return Wish::Theme,
        Action::Mouse => {
            state.mouse = !state.mouse;
            return Wish::Mouse;
        }
        Action::Help => state.help = Some(0),
        Action::Freeze => state.toggle_freeze(model),
        Action::Show(pane) => show(state, pane),
        Action::NextPane => show(state, state.pane.step(1)),
        Action::PreviousPane => show(state, state.pane.step(-1)),
        Action::Back => back(state),
        Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::First | Action::Last => {
            go(state, action);
        }
        Action::Filter => {
            if !matches!(state.pane, Pane::Packages | Pane::Log) {
                show(state, Pane::Packages);
            }
            state.table.detail = None;
            state.typing = true;
        }
        Action::Sort => sort_by(state, next_column(state.table.sort)),
        Action::Reverse => state.table.reversed = !state.table.reversed,
        Action::Slowest => {
            show(state, Pane::Packages);
            state.filter.clear();
            sort_by(state, Column::Total);
            state.table.selected = None;
            state.table.chosen = false;
            state.rows().at = 0;
        }
        Action::Open => {
            if state.pane == Pane::Packages {
                open(state);
            }
        }
        Action::Level => state.level = next_level(state.level),
        Action::NetworkUp
        | Action::NetworkDown
        | Action::ExtractUp
        | Action::ExtractDown
        | Action::LinkUp
        | Action::LinkDown
        | Action::LinkMode
        | Action::Pause => return Wish::Turn(action),
    }
    Wish::Nothing
}

/// While the help is open, keys that go through rows go through it; all others close it.
fn scroll_help(state: &mut ViewState, action: Action) -> bool {
    let Some(top) = state.help else { return false };
    state.help = match action {
        Action::Up => Some(top.saturating_sub(1)),
        Action::Down => Some(top.saturating_add(1)),
        Action::PageUp => Some(top.saturating_sub(10)),
        Action::PageDown => Some(top.saturating_add(10)),
        Action::First => Some(0),
        Action::Quit | Action::Suspend => return false,
        _ => None,
    };
    true
}

fn show(state: &mut ViewState, pane: Pane) {
    state.pane = pane;
    state.table.detail = None;
}

/// Opens the detail of the selected package.
fn open(state: &mut ViewState) {
    state.table.detail = state.table.selected;
    state.table.chosen = true;
    state.table.detail_rows = Rows::default();
}

fn back(state: &mut ViewState) {
    if state.table.detail.take().is_some() {
        return;
    }
    if matches!(state.pane, Pane::Packages | Pane::Log) && !state.words().is_empty() {
        state.words().clear();
    } else if state.frozen.is_some() {
        state.frozen = None;
    } else {
        state.pane = Pane::Overview;
    }
}

fn go(state: &mut ViewState, action: Action) {
    match state.pane {
        Pane::Overview | Pane::Log => {
            let page = state.rows[Pane::Log as usize].page.max(1);
            state.log_back = match action {
                Action::Up => state.log_back.saturating_add(1),
                Action::Down => state.log_back.saturating_sub(1),
                Action::PageUp => state.log_back.saturating_add(page),
                Action::PageDown => state.log_back.saturating_sub(page),
                Action::First => usize::MAX,
                _ => 0,
            };
        }
        Pane::Packages if state.table.detail.is_some() => state.table.detail_rows.go(action),
        Pane::Packages => {
            state.rows().go(action);
            // The next frame selects what is in that row.
            state.table.selected = None;
            state.table.chosen = action != Action::First;
        }
        Pane::Lanes | Pane::Network | Pane::Importers | Pane::Settings => state.rows().go(action),
    }
}

fn sort_by(state: &mut ViewState, column: Column) {
    state.table.sort = column;
    state.table.reversed = false;
}

fn next_column(column: Column) -> Column {
    let position = Column::ALL.iter().position(|other| *other == column).map_or(0, |position| position + 1);
    Column::ALL[position % Column::ALL.len()]
}

fn next_level(level: Option<LogLevel>) -> Option<LogLevel> {
    match level {
        None => Some(LogLevel::Notice),
        Some(LogLevel::Notice) => Some(LogLevel::Warning),
        Some(LogLevel::Warning) => Some(LogLevel::Error),
        Some(LogLevel::Info | LogLevel::Error) => None,
    }
}

/// Takes a click or a turn of the wheel in.
pub fn mouse(state: &mut ViewState, model: &Model, event: &MouseEvent) -> Wish {
    let wheel = match event.kind {
        MouseEventKind::ScrollUp => Action::Up,
        MouseEventKind::ScrollDown => Action::Down,
        MouseEventKind::Down(MouseButton::Left) => return click(state, model, *event),
        _ => return Wish::Nothing,
    };
    for _ in 0..WHEEL_ROWS {
        act(state, model, wheel);
    }
    Wish::Nothing
}

fn click(state: &mut ViewState, model: &Model, event: MouseEvent) -> Wish {
    match state.hit(event.column, event.row) {
        Some(Hit::Action(action)) => return act(state, model, action),
        Some(Hit::Row(row)) => {
            let again = state.pane == Pane::Packages && state.rows().at == row;
            state.rows().at = row;
            if again {
                open(state);
            } else {
                state.table.selected = None;
                state.table.chosen = true;
            }
        }
        Some(Hit::Column(column)) if state.table.sort == column => {
            state.table.reversed = !state.table.reversed;
        }
        Some(Hit::Column(column)) => sort_by(state, column),
        None => {}
    }
    Wish::Nothing
}
