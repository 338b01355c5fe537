//! What a frame is drawn on: the whole terminal, or a few rows at its end.

use std::io;

use crate::core::model::format::printable;
use crate::core::model::{LogLevel, Model};
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

    /// Draws a frame.
    pub fn draw(&mut self, model: &Model, state: &mut ViewState, theme: &Theme) -> io::Result<()> {
        match self {
            Self::Full(screen) => screen.draw(|frame| view::render(frame, model, state, theme)),
            Self::Inline { rows, told, .. } => {
                let entries = model.log().since(*told).take(TOLD_A_FRAME);
                let lines: Vec<String> = entries
                    .map(|entry| {
                        *told = entry.number + 1;
                        let (seconds, millis) = (entry.at / 1_000_000, entry.at / 1000 % 1000);
                        let word = match entry.level {
                            LogLevel::Info => "",
                            LogLevel::Notice => "note: ",
                            LogLevel::Warning => "warning: ",
                            LogLevel::Error => "error: ",
                        };
                        format!("[{seconds:>4}.{millis:03}] {word}{}", printable(&entry.text))
                    })
                    .collect();
                rows.draw(&lines, view::INLINE_ROWS, |frame| view::render_inline(frame, model, state, theme))
            }
        }
    }

    /// The face leaves as soon as the run ends.
    pub fn is_inline(&self) -> bool {
        matches!(self, Self::Inline { .. })
    }

    /// Takes the mouse, or leaves it.
    pub fn take_mouse(&mut self, mouse: bool) -> io::Result<()> {
        match self {
            Self::Full(screen) => screen.take_mouse(mouse),
            Self::Inline { .. } => Ok(()),
        }
    }

    /// Takes the terminal back.
    pub fn reenter(&mut self) -> io::Result<()> {
        match self {
            Self::Full(screen) | Self::Inline { screen, .. } => screen.reenter(),
        }
    }
}
