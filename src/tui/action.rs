//! What a viewer can do.

/// An action of the viewer. [`keymap`](super::keymap) says which keys mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask a run under way to stop, and leave when it has; leave at once when it ended or was asked before.
    Quit,
    /// More requests at one time.
    NetworkUp,
    /// Fewer requests at one time.
    NetworkDown,
    /// One more link worker.
    LinkUp,
    /// One link worker less.
    LinkDown,
    /// Hold the picture still, or let it go on.
    Freeze,
    /// Show or hide the help.
    Help,
    /// Older log entries.
    LogBack,
    /// Newer log entries.
    LogForward,
    /// Give the terminal back to the shell for a while.
    Suspend,
}
