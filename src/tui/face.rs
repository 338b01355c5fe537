//! What a frame is drawn on: the whole terminal, or a few rows at its end.

use std::io;

use crate::core::model::format;
use crate::core::model::{Log, LogLevel, Model};
use crate::tui::inline::InlineScreen;
use crate::tui::state::ViewState;
use crate::tui::terminal::{Screen, Taken};
use crate::tui::theme::Theme;
use crate::tui::view;

/// Log entries that one frame leaves above the rows at most; the next frame has the others.
const TOLD_A_FRAME: usize = 200;

/// The dashboard's face.
pub(super) enum Face {
    /// The alternate screen.
    Full(Screen),
    /// A few rows.
    Inline {
        /// The terminal, as far as it is taken.
        screen: Screen,
        /// The rows.
        rows: Box<InlineScreen>,
        /// Log entries that were left above.
        told: u64,
    },
}

impl Face {
    /// Takes the terminal over, or only its last rows.
    pub fn enter(inline: bool, mouse: bool) -> io::Result<Self> {
        if inline {
            let screen = Screen::enter(Taken::Rows, false)?;
            Ok(Self::Inline { screen, rows: Box::new(InlineScreen::new()?), told: 0 })
        } else {
            Ok(Self::Full(Screen::enter(Taken::Whole, mouse)?))
        }
    }

    /// The frame before is written, so that the next one can be drawn.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn is_free(&self) -> io::Result<bool> {
        match self {
            Self::Full(screen) | Self::Inline { screen, .. } => screen.is_free(),
        }
    }

    /// Draws a frame.
    pub fn draw(&mut self, model: &Model, state: &mut ViewState, theme: &Theme) -> io::Result<()> {
        match self {
            Self::Full(screen) => screen.draw(|frame| view::render(frame, model, state, theme)),
            Self::Inline { screen, rows, told } => {
                let lines = tell(model.log(), told);
                let frame = rows.frame(&lines, view::INLINE_ROWS, |frame| {
                    view::render_inline(frame, model, state, theme);
                })?;
                screen.write(&frame)
            }
        }
    }

    /// All that is to stay above the rows was drawn.
    pub fn has_told_all(&self, model: &Model) -> bool {
        match self {
            Self::Full(_) => true,
            Self::Inline { told, .. } => *told >= model.log().written(),
        }
    }

    /// The face leaves as soon as the run ends.
    pub fn is_inline(&self) -> bool {
        matches!(self, Self::Inline { .. })
    }

    /// Takes the mouse with the next frame, or leaves it.
    pub fn take_mouse(&mut self, mouse: bool) {
        if let Self::Full(screen) = self {
            screen.take_mouse(mouse);
        }
    }

    /// Takes the terminal back.
    pub fn reenter(&mut self) -> io::Result<()> {
        match self {
            Self::Full(screen) | Self::Inline { screen, .. } => screen.reenter(),
        }
    }
}

/// The lines that the next frame leaves above the rows. `told` counts the log entries that were left there, or gave way
/// in the log before the terminal took them.
fn tell(log: &Log, told: &mut u64) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in log.since(*told).take(TOLD_A_FRAME) {
        if entry.number > *told {
            let missed = format::counted(entry.number - *told, "line", "lines");
            lines.push(format!("({missed} left out: the terminal was too slow)"));
        }
        *told = entry.number + 1;
        let (seconds, millis) = (entry.at / 1_000_000, entry.at / 1000 % 1000);
        let word = match entry.level {
            LogLevel::Info => "",
            LogLevel::Notice => "note: ",
            LogLevel::Warning => "warning: ",
            LogLevel::Error => "error: ",
        };
        lines.push(format!("[{seconds:>4}.{millis:03}] {word}{}", format::printable(&entry.text)));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{Event, EventKind};

    #[test]
    fn what_gave_way_in_the_log_before_it_could_be_told_is_counted() {
        let mut model = Model::default();
        for number in 0..700_u64 {
            let message = format!("warning {number}");
            model.apply(&Event {
                seq: number,
                at: 0,
                kind: EventKind::Warning { code: None, message, package: None },
            });
        }
        let mut told = 0;
        let lines = tell(model.log(), &mut told);
        assert_eq!(lines[0], "(200 lines left out: the terminal was too slow)");
        assert!(lines[1].ends_with("warning: warning 200"), "{}", lines[1]);
        while told < 700 {
            assert!(!tell(model.log(), &mut told).iter().any(|line| line.contains("left out")));
        }
        assert!(tell(model.log(), &mut told).is_empty());
    }
}
