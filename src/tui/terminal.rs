//! The terminal: enter, leave, suspend, panic. One restore that may be called from anywhere, any number of times.
//!
//! Frames are gathered in memory and written at once, between the marks of a synchronised update, so that a
//! terminal never shows half a frame and a panic while drawing leaves nothing behind. A frame is made only when the one
//! before is written: it is told apart from what the terminal shows, never from what waits to be shown.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

use crossterm::cursor::{Hide, MoveToColumn, Show};
use crossterm::event::{DisableMouseCapture, EnableMouseCapture};
use crossterm::queue;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

use crate::tui::output::{self, Output};

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

/// Ends whatever a frame that was given up half-way had begun (`ST`); means nothing by itself.
const END_OF_SEQUENCE: &[u8] = b"\x1b\\";

/// The screen of the dashboard; gives the terminal back when dropped.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<FrameWriter>>,
    /// What the terminal above has drawn and nobody has written yet.
    drawn: FrameWriter,
    output: Output,
    taken: Taken,
    /// What the next frame begins with: the terminal is taken over by it.
    before: Vec<u8>,
    /// The mouse is to be ours, and is.
    mouse: (bool, bool),
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
        let output = Output::start(held)?;
        let drawn = FrameWriter::default();
        let terminal = Terminal::new(CrosstermBackend::new(drawn.clone()))?;
        let before = take(taken)?;
        Ok(Self { terminal, drawn, output, taken, before, mouse: (mouse, false) })
    }

    /// The terminal took all of the frame before, so that the next one can be drawn.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn is_free(&self) -> io::Result<bool> {
        self.output.is_free()
    }

    /// Draws a frame, if the terminal is still ours. To be called when [`is_free`](Self::is_free).
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if !held() {
            return Ok(());
        }
        self.terminal.draw(render)?;
        let frame = self.drawn.take();
        self.write(&frame)
    }

    /// Writes a frame that was drawn elsewhere. To be called when [`is_free`](Self::is_free).
    pub fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut whole = std::mem::take(&mut self.before);
        match self.mouse {
            (true, false) => queue!(whole, EnableMouseCapture)?,
            (false, true) => queue!(whole, DisableMouseCapture)?,
            _ => {}
        }
        self.mouse.1 = self.mouse.0;
        if !frame.is_empty() {
            whole.reserve(frame.len() + 16);
            queue!(whole, BeginSynchronizedUpdate)?;
            whole.extend_from_slice(frame);
            queue!(whole, EndSynchronizedUpdate)?;
        }
        self.output.write(whole);
        Ok(())
    }

    /// Takes the mouse with the next frame, or leaves it to the terminal, which then selects text with it.
    pub fn take_mouse(&mut self, mouse: bool) {
        self.mouse.0 = mouse;
    }

    /// Takes the terminal back after [`restore`] and forgets what was on it.
    pub fn reenter(&mut self) -> io::Result<()> {
        // What is left of the frame that was being written is not to be taken for one that is wanted again.
        self.output.settle(output::PATIENCE);
        self.before = take(self.taken)?;
        self.mouse.1 = false;
        // Not `Terminal::clear`, which asks the terminal where its cursor is and waits for the answer.
        self.drawn.take();
        self.terminal = Terminal::new(CrosstermBackend::new(self.drawn.clone()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if held() {
            self.output.settle(output::PATIENCE);
        }
        restore();
    }
}

/// The terminal was not given back yet.
pub(super) fn held() -> bool {
    HELD.load(Ordering::SeqCst) != 0
}

/// Takes the terminal; returns what has to be written to it before anything else.
fn take(what: Taken) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match what {
        Taken::Whole => queue!(bytes, EnterAlternateScreen, DisableLineWrap, Hide)?,
        Taken::Rows => queue!(bytes, DisableLineWrap, Hide)?,
    }
    enable_raw_mode()?;
    HELD.store(what as u8, Ordering::SeqCst);
    Ok(bytes)
}

/// Gives the terminal back as it was. Only the first call after taking it does anything.
pub(super) fn restore() {
    let taken = HELD.swap(0, Ordering::SeqCst);
    if taken == 0 {
        return;
    }
    let mut bytes = END_OF_SEQUENCE.to_vec();
    // Writing to memory does not fail.
    let _ = queue!(bytes, EndSynchronizedUpdate, DisableMouseCapture, EnableLineWrap);
    let _ = if taken == Taken::Whole as u8 {
        queue!(bytes, LeaveAlternateScreen, Show)
    } else {
        // The cursor rests at the first of the rows.
        queue!(bytes, MoveToColumn(0), Clear(ClearType::FromCursorDown), Show)
    };
    output::last_words(&bytes);
    let _ = disable_raw_mode();
}

/// Gathers a frame; its clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameWriter {
    frame: Rc<RefCell<Vec<u8>>>,
}

impl FrameWriter {
    /// The frame so far.
    fn take(&self) -> Vec<u8> {
        self.frame.take()
    }
}

impl Write for FrameWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
