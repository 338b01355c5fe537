//! The terminal: enter, leave, suspend, panic. One restore that may be called from anywhere, any number of times.
//!
//! Frames are gathered in memory and written at once, between the marks of a synchronised update, so that a
//! terminal never shows half a frame and a panic while drawing leaves nothing behind.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

use crossterm::cursor::{Hide, MoveToColumn, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

/// How much of the terminal is ours: a [`Taken`], or 0.
static HELD: AtomicU8 = AtomicU8::new(0);

/// How much of the terminal is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Its alternate screen.
    Whole = 1,
    /// The rows at its end.
    Rows = 2,
}

static PANIC_HOOK: Once = Once::new();

/// The screen of the dashboard; gives the terminal back when dropped.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<FrameWriter>>,
    taken: Taken,
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub fn enter(taken: Taken, mouse: bool) -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let chained = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                chained(panic);
            }));
        });
        take(taken, mouse)?;
        let terminal = Terminal::new(CrosstermBackend::new(FrameWriter::default()));
        terminal.map(|terminal| Self { terminal, taken, mouse }).inspect_err(|_| restore())
    }

    /// Draws a frame, if the terminal is still ours.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if held() {
            self.terminal.draw(render)?;
        }
        Ok(())
    }

    /// Takes the mouse, or leaves it to the terminal, which then selects text with it.
    pub fn take_mouse(&mut self, mouse: bool) -> io::Result<()> {
        self.mouse = mouse;
        if !held() {
            return Ok(());
        }
        if mouse {
            execute!(io::stdout(), EnableMouseCapture)
        } else {
            execute!(io::stdout(), DisableMouseCapture)
        }
    }

    /// Takes the terminal back after [`restore`] and forgets what was on it.
    pub fn reenter(&mut self) -> io::Result<()> {
        take(self.taken, self.mouse)?;
        // Not `Terminal::clear`, which asks the terminal where its cursor is and waits for the answer.
        self.terminal = Terminal::new(CrosstermBackend::new(FrameWriter::default()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// The terminal was not given back yet.
pub(super) fn held() -> bool {
    HELD.load(Ordering::SeqCst) != 0
}

fn take(what: Taken, mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    HELD.store(what as u8, Ordering::SeqCst);
    let taken = match what {
        Taken::Whole => execute!(io::stdout(), EnterAlternateScreen, DisableLineWrap, Hide),
        Taken::Rows => execute!(io::stdout(), DisableLineWrap, Hide),
    };
    let taken = taken.and_then(|()| if mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) });
    taken.inspect_err(|_| restore())
}

/// Gives the terminal back as it was. Only the first call after taking it does anything.
pub(super) fn restore() {
    let taken = HELD.swap(0, Ordering::SeqCst);
    if taken == 0 {
        return;
    }
    // A terminal that has gone away cannot be restored and need not be.
    let _ = execute!(io::stdout(), EndSynchronizedUpdate, DisableMouseCapture, EnableLineWrap);
    let _ = if taken == Taken::Whole as u8 {
        execute!(io::stdout(), LeaveAlternateScreen, Show)
    } else {
        // The cursor rests at the first of the rows.
        execute!(io::stdout(), MoveToColumn(0), Clear(ClearType::FromCursorDown), Show)
    };
    let _ = disable_raw_mode();
}

/// Gathers a frame; `flush` writes it.
#[derive(Debug, Default)]
pub(super) struct FrameWriter {
    frame: Vec<u8>,
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::with_capacity(self.frame.len() + 16);
        queue!(whole, BeginSynchronizedUpdate)?;
        whole.append(&mut self.frame);
        queue!(whole, EndSynchronizedUpdate)?;
        if !held() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        stdout.write_all(&whole)?;
        stdout.flush()
    }
}
