//! A few rows below what the terminal shows already, without the alternate screen: what was told scrolls away above
//! them, as any program's lines do.
//!
//! Nothing is ever asked of the terminal, so none can leave the run waiting. The cursor rests at the first row: a
//! terminal that breaks its lines anew when its size changes keeps the cursor with its line, and the next frame begins
//! there and clears whatever is below.

use std::io::{self, Write};

use crossterm::cursor::{MoveToColumn, MoveUp};
use crossterm::queue;
use crossterm::style::{Print, PrintStyledContent, StyledContent};
use crossterm::terminal::{Clear, ClearType, DisableLineWrap, EnableLineWrap};
use ratatui::backend::{IntoCrossterm, TestBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use ratatui::{Frame, Terminal};
use unicode_width::UnicodeWidthStr;

/// The rows at the terminal's end.
pub(super) struct InlineScreen {
    /// Draws into memory; what it holds is written row by row.
    terminal: Terminal<TestBackend>,
}

impl InlineScreen {
    pub fn new() -> io::Result<Self> {
        let terminal = Terminal::new(TestBackend::new(1, 1)).map_err(io::Error::other)?;
        Ok(Self { terminal })
    }

    /// A frame that leaves the lines for good, and has at most `height` rows below them.
    pub fn frame(
        &mut self,
        told: &[String],
        height: u16,
        render: impl FnOnce(&mut Frame),
    ) -> io::Result<Vec<u8>> {
        let (columns, rows) = crossterm::terminal::size()?;
        // One row stays for the line above.
        let height = height.min(rows.saturating_sub(1)).max(1);
        self.terminal.backend_mut().resize(columns.max(1), height);
        self.terminal.draw(render).map_err(io::Error::other)?;
        let mut frame = Vec::new();
        write_frame(&mut frame, told, self.terminal.backend().buffer())?;
        Ok(frame)
    }
}

fn write_frame(out: &mut impl Write, told: &[String], buffer: &Buffer) -> io::Result<()> {
    queue!(out, MoveToColumn(0))?;
    if !told.is_empty() {
        // Long lines go on in the next row, as the rows of a frame never may.
        queue!(out, EnableLineWrap)?;
        for line in told {
            queue!(out, Print(line), Clear(ClearType::UntilNewLine), Print("\r\n"))?;
        }
        queue!(out, DisableLineWrap)?;
    }
    for y in 0..buffer.area.height {
        if y > 0 {
            queue!(out, Print("\r\n"))?;
        }
        write_row(out, buffer, y)?;
    }
    queue!(out, Clear(ClearType::FromCursorDown), MoveToColumn(0))?;
    if buffer.area.height > 1 {
        queue!(out, MoveUp(buffer.area.height - 1))?;
    }
    Ok(())
}

/// Writes a row up to its last cell that shows anything.
fn write_row(out: &mut impl Write, buffer: &Buffer, y: u16) -> io::Result<()> {
    let mut cells = Vec::new();
    let mut x = 0;
    let mut written = 0;
    let mut shown = 0;
    while let Some(cell) = buffer.cell((x, y)).filter(|_| x < buffer.area.width) {
        cells.push(cell);
        // What a wide character covers is no text of its own.
        x += u16::try_from(cell.symbol().width()).unwrap_or(1).max(1);
        if !is_blank(cell) {
            (written, shown) = (x, cells.len());
        }
    }
    for run in cells[..shown].chunk_by(|left, right| left.style() == right.style()) {
        let text: String = run.iter().map(|cell| cell.symbol()).collect();
        let style = run[0].style();
        queue!(out, PrintStyledContent(StyledContent::new(style.into_crossterm(), text)))?;
    }
    // Behind the last column the cursor stands on it still, and what it would clear was just written.
    if written < buffer.area.width { queue!(out, Clear(ClearType::UntilNewLine)) } else { Ok(()) }
}

fn is_blank(cell: &Cell) -> bool {
    cell.symbol() == " "
        && cell.bg == Color::Reset
        && !cell.modifier.intersects(Modifier::REVERSED | Modifier::UNDERLINED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Stylize;

    fn screen_after(frames: &[(&[String], Buffer)]) -> String {
        let mut parser = vt100::Parser::new(6.try_into().unwrap(), 20.try_into().unwrap(), 100);
        parser.process(b"$ install\r\n");
        for (told, buffer) in frames {
            let mut bytes = Vec::new();
            write_frame(&mut bytes, told, buffer).unwrap();
            parser.process(&bytes);
        }
        parser.screen().contents()
    }

    fn frame(rows: &[&str]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, u16::try_from(rows.len()).unwrap()));
        for (y, row) in (0..).zip(rows) {
            buffer.set_line(0, y, &ratatui::text::Line::from((*row).to_owned().bold()), 20);
        }
        buffer
    }

    #[test]
    fn a_frame_takes_the_place_of_the_one_before() {
        let frames = [(&[][..], frame(&["one long line", "two"])), (&[][..], frame(&["1", "2"]))];
        assert_eq!(screen_after(&frames), "$ install\n1\n2");
    }

    #[test]
    fn what_was_told_stays_above() {
        let told = ["first told".to_owned(), "a line that is longer than the screen".to_owned()];
        let frames = [(&[][..], frame(&["1", "2"])), (&told[..], frame(&["日本 3", "4"]))];
        assert_eq!(
            screen_after(&frames),
            "$ install\nfirst told\na line that is longer than the screen\n日本 3\n4"
        );
    }
}
