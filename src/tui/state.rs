//! What the viewer chose: the pane, what is selected, sorted and filtered, whether the picture is held still.
//!
//! What is selected is remembered by what it is, never by its row: rows move under a selection as a run goes on.

use ratatui::layout::Rect;

use crate::core::event::PackageId;
use crate::core::model::{LogLevel, Model};
use crate::tui::action::{Action, Pane};
use crate::tui::keymap::Keymap;
use crate::tui::order::Order;

/// A picture that is held still.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The model as it was.
    pub model: Box<Model>,
    /// The run's time then.
    pub now: u64,
}

/// A column of the table of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Column {
    /// Name and version.
    Name,
    /// Where it stands.
    State,
    /// Bytes of its tarball.
    Size,
    /// Files in it.
    Files,
    /// Wait for a permit.
    Queue,
    /// Request sent to first byte.
    FirstByte,
    /// First byte to last.
    Body,
    /// Verify, inflate, write.
    Extract,
    /// Filling the slot.
    Link,
    /// All of these together, but the wait for a permit.
    #[default]
    Total,
    /// When its first stage began.
    Began,
}

impl Column {
    /// All columns, in the order they stand and are sorted by one after the other.
    pub const ALL: [Self; 11] = [
        Self::Name,
        Self::State,
        Self::Size,
        Self::Files,
        Self::Queue,
        Self::FirstByte,
        Self::Body,
        Self::Extract,
        Self::Link,
        Self::Total,
        Self::Began,
    ];
}

/// How the table of packages is looked at.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What it is sorted by.
    pub sort: Column,
    /// The order is turned round: names from the end, numbers from the smallest.
    pub reversed: bool,
    /// The selected package.
    pub selected: Option<PackageId>,
    /// The viewer went to it, so that it stays selected wherever its row moves. Until then the first row is.
    pub chosen: bool,
    /// The package whose detail is open.
    pub detail: Option<PackageId>,
    /// The lines of the detail that are gone through.
    pub detail_rows: Rows,
}

/// Rows that are gone through in a pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rows {
    /// The selected row, or the first one shown where none is selected.
    pub at: usize,
    /// The first row shown.
    pub top: usize,
    /// How many there are, as the last frame had it.
    pub count: usize,
    /// How many fit, as the last frame had it.
    pub page: usize,
}

impl Rows {
    /// Takes in how many rows there are and fit, and keeps the selected one in sight.
    pub fn fit(&mut self, count: usize, page: usize) {
        self.count = count;
        self.page = page.max(1);
        self.at = self.at.min(count.saturating_sub(1));
        self.top = self.top.min(self.at).max((self.at + 1).saturating_sub(self.page));
        self.top = self.top.min(count.saturating_sub(self.page));
    }

    /// Takes in how many lines there are and fit, where none is selected; returns the first one to show.
    pub fn scroll(&mut self, count: usize, page: usize) -> usize {
        self.page = page.max(1);
        self.count = count.saturating_sub(self.page) + 1;
        self.at = self.at.min(self.count - 1);
        self.top = self.at;
        self.top
    }

    /// Goes to another row.
    pub fn go(&mut self, action: Action) {
        let last = self.count.saturating_sub(1);
        self.at = match action {
            Action::Up => self.at.saturating_sub(1),
            Action::Down => self.at.saturating_add(1),
            Action::PageUp => self.at.saturating_sub(self.page),
            Action::PageDown => self.at.saturating_add(self.page),
            Action::First => 0,
            Action::Last => last,
            _ => self.at,
        }
        .min(last);
    }
}

/// What a click means at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// As if the key of the action were pressed.
    Action(Action),
    /// The row of the present pane.
    Row(usize),
    /// Sort by the column; again, the other way round.
    Column(Column),
}

/// How far a viewer is who wants to leave a run that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Quitting {
    /// Nothing of the kind.
    #[default]
    No,
    /// The viewer is asked whether work may be lost.
    Asked,
    /// The run was asked to stop.
    Cancelling,
}

/// The viewer's choices, and the time it is.
#[derive(Debug, Clone, Default)]
pub struct ViewState {
    /// Microseconds since the run began; goes on while the picture is held still.
    pub now: u64,
    /// The pane on screen.
    pub pane: Pane,
    /// The picture that is shown instead of the present one.
    pub frozen: Option<Frozen>,
    /// The help page is open, from this line on.
    pub help: Option<usize>,
    /// The table of packages.
    pub table: Table,
    /// Its rows.
    pub order: Order,
    /// The words that packages must have.
    pub filter: String,
    /// The words that log entries must have.
    pub log_filter: String,
    /// The filter is being typed.
    pub typing: bool,
    /// The least that a log entry must matter to be shown.
    pub level: Option<LogLevel>,
    /// Log entries between the newest one and the lowest one shown.
    pub log_back: usize,
    /// The rows of each pane.
    pub rows: [Rows; Pane::ALL.len()],
    /// Where clicks mean what, as the last frame had it.
    pub hits: Vec<(Rect, Hit)>,
    /// How far the viewer is on the way out.
    pub quitting: Quitting,
    /// The mouse is ours.
    pub mouse: bool,
    /// Only a few rows are drawn, without panes.
    pub inline: bool,
    /// Which keys mean what.
    pub keymap: Keymap,
}

impl ViewState {
    /// The time of the picture on screen.
    #[must_use]
    pub fn shown_now(&self) -> u64 {
        self.frozen.as_ref().map_or(self.now, |frozen| frozen.now)
    }

    /// Holds the picture still, or lets it go on.
    pub fn toggle_freeze(&mut self, model: &Model) {
        self.frozen = match self.frozen.take() {
            Some(_) => None,
            None => Some(Frozen { model: Box::new(model.clone()), now: self.now }),
        };
    }

    /// The words that what is on screen must have.
    pub fn words(&mut self) -> &mut String {
        if self.pane == Pane::Log { &mut self.log_filter } else { &mut self.filter }
    }

    /// The rows of the pane on screen.
    pub fn rows(&mut self) -> &mut Rows {
        &mut self.rows[self.pane as usize]
    }

    /// What a click at a place means.
    #[must_use]
    pub fn hit(&self, x: u16, y: u16) -> Option<Hit> {
        self.hits.iter().rev().find(|(area, _)| area.contains((x, y).into())).map(|(_, hit)| *hit)
    }
}
