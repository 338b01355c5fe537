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
use ratatui::buffer::Buffer;
use ratatui::style::Style;
use ratatui::{Frame, Terminal};

use crate::tui::terminal::{FrameWriter, held};

/// The rows at the terminal's end.
pub(super) struct InlineScreen {
    /// Draws into memory; what it holds is written row by row.
    terminal: Terminal<TestBackend>,
    writer: FrameWriter,
}

impl InlineScreen {
    pub fn new() -> io::Result<Self> {
        let terminal = Terminal::new(TestBackend::new(1, 1)).map_err(io::Error::other)?;
        Ok(Self { terminal, writer: FrameWriter::default() })
    }

    /// Leaves the lines for good, and draws a frame of at most `height` rows below them.
    pub fn draw(&mut self, told: &[String], height: u16, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        if !held() {
            return Ok(());
        }
        let (columns, rows) = crossterm::terminal::size()?;
        // One row stays for the line above.
        let height = height.min(rows.saturating_sub(1)).max(1);
        self.terminal.backend_mut().resize(columns.max(1), height);
        self.terminal.draw(render).map_err(io::Error::other)?;
        write_frame(&mut self.writer, told, self.terminal.backend().buffer())?;
        self.writer.flush()
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
    let cells: Vec<_> = (0..buffer.area.width).filter_map(|x| buffer.cell((x, y))).collect();
    let is_blank =
        |symbol: &str, style: Style| symbol == " " && (style == Style::reset() || style == Style::default());
    let last = cells.iter().rposition(|cell| !is_blank(cell.symbol(), plain(cell.style())));
    let mut shown = &cells[..last.map_or(0, |last| last + 1)];
    let written = u16::try_from(shown.len()).unwrap_or(u16::MAX);
    while let Some(first) = shown.first() {
        let style = first.style();
        let run = shown.iter().take_while(|cell| cell.style() == style).count();
        let mut text = String::new();
        let mut covered = 0;
        for cell in &shown[..run] {
            // What a wide character covers is no text of its own.
            if covered > 0 {
                covered -= 1;
                continue;
            }
            text.push_str(cell.symbol());
            covered = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        queue!(out, PrintStyledContent(StyledContent::new(style.into_crossterm(), text)))?;
        shown = &shown[run..];
    }
    // Behind the last column the cursor stands on it still, and what it would clear was just written.
    if written < buffer.area.width { queue!(out, Clear(ClearType::UntilNewLine)) } else { Ok(()) }
}

/// The style without what a blank does not show.
fn plain(style: Style) -> Style {
    Style { fg: None, ..style }
        .remove_modifier(ratatui::style::Modifier::BOLD | ratatui::style::Modifier::DIM)
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
