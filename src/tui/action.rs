//! What a viewer can do, and the panes there are.

/// A pane: what the screen is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Pane {
    /// Phases, lanes, downloads, throughput, log: as much of each as there is room for.
    #[default]
    Overview,
    /// All packages as a table, with a waterfall.
    Packages,
    /// What a worker does, and did.
    Lanes,
    /// Throughput, requests, percentiles.
    Network,
    /// The projects.
    Importers,
    /// The log.
    Log,
    /// The knobs and settings.
    Settings,
}

impl Pane {
    /// All panes, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Overview,
        Self::Packages,
        Self::Lanes,
        Self::Network,
        Self::Importers,
        Self::Log,
        Self::Settings,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Packages => "packages",
            Self::Lanes => "lanes",
            Self::Network => "network",
            Self::Importers => "importers",
            Self::Log => "log",
            Self::Settings => "settings",
        }
    }

    /// The pane so many steps further, round the corner.
    #[must_use]
    pub fn step(self, steps: isize) -> Self {
        let count = Self::ALL.len().cast_signed();
        let index = (self as isize + steps).rem_euclid(count);
        Self::ALL[index.cast_unsigned()]
    }
}

/// An action of the viewer. [`keymap`](super::keymap) says which keys mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask a run under way to stop, and leave when it has; leave at once when it ended.
    Quit,
    /// Show or hide the help.
    Help,
    /// Show a pane.
    Show(Pane),
    /// Show the next pane.
    NextPane,
    /// Show the pane before.
    PreviousPane,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Open what is selected.
    Open,
    /// Close what is open, or clear the filter.
    Back,
    /// Type a filter.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Turn the order round.
    Reverse,
    /// To the package that took longest.
    Slowest,
    /// Show only log entries that matter more.
    Level,
    /// More requests at one time.
    NetworkUp,
    /// Fewer requests at one time.
    NetworkDown,
    /// One more extract worker.
    ExtractUp,
    /// One extract worker less.
    ExtractDown,
    /// One more link worker.
    LinkUp,
    /// One link worker less.
    LinkDown,
    /// Link what is not linked yet in the next of the ways.
    LinkMode,
    /// Hold new work back, or let it go on.
    Pause,
    /// Hold the picture still, or let it go on.
    Freeze,
    /// The next look.
    Theme,
    /// Take the mouse, or leave it to the terminal.
    Mouse,
    /// Give the terminal back to the shell for a while.
    Suspend,
}

impl Action {
    /// Whether it means anything where only a few rows are drawn.
    #[must_use]
    pub fn works_inline(self) -> bool {
        matches!(
            self,
            Self::Quit
                | Self::NetworkUp
                | Self::NetworkDown
                | Self::ExtractUp
                | Self::ExtractDown
                | Self::LinkUp
                | Self::LinkDown
                | Self::LinkMode
                | Self::Pause
                | Self::Theme
                | Self::Suspend
        )
    }
}
