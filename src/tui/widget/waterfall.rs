//! A row of a waterfall: when each stage of something ran, on a shared time axis. Each stage has a character of its own,
//! so that it reads without colour.

use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::theme::Theme;

/// A stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segment {
    /// Waits for a permit or a worker.
    Wait,
    /// Request sent to first byte.
    FirstByte,
    /// First byte to last.
    Body,
    /// Verify, inflate, write.
    Extract,
    /// Filling the slot.
    Link,
}

impl Segment {
    /// All stages, in the order a legend lists them.
    pub const ALL: [Self; 5] = [Self::Wait, Self::FirstByte, Self::Body, Self::Extract, Self::Link];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wait => "waits",
            Self::FirstByte => "first byte",
            Self::Body => "body",
            Self::Extract => "unpack",
            Self::Link => "link",
        }
    }

    /// Its character and style.
    #[must_use]
    pub fn look(self, theme: &Theme) -> (&'static str, Style) {
        let ascii = theme.glyphs.ascii;
        match self {
            Self::Wait => (if ascii { "." } else { "·" }, theme.dim),
            Self::FirstByte => (if ascii { "-" } else { "░" }, theme.network),
            Self::Body => (if ascii { "=" } else { "▓" }, theme.network),
            Self::Extract => (if ascii { "x" } else { "▒" }, theme.extract),
            Self::Link => (if ascii { "#" } else { "█" }, theme.link),
        }
    }
}

/// A row of `width` columns from 0 to `end` microseconds. Every stage that took any time has a column at least, a later
/// one over an earlier one.
#[must_use]
pub fn line(segments: &[(Segment, u64, u64)], end: u64, width: usize, theme: &Theme) -> Vec<Span<'static>> {
    let mut cells: Vec<Option<Segment>> = vec![None; width];
    let column = |at: u64| {
        let position = u128::from(at.min(end)) * width as u128 / u128::from(end.max(1));
        usize::try_from(position).unwrap_or(width).min(width)
    };
    for (segment, from, to) in segments.iter().filter(|(_, from, to)| to > from) {
        let first = column(*from).min(width.saturating_sub(1));
        let last = column(*to).max(first + 1).min(width);
        if let Some(cells) = cells.get_mut(first..last) {
            cells.fill(Some(*segment));
        }
    }
    cells
        .chunk_by(|left, right| left == right)
        .map(|run| match run[0] {
            None => Span::raw(" ".repeat(run.len())),
            Some(segment) => {
                let (symbol, style) = segment.look(theme);
                Span::styled(symbol.repeat(run.len()), style)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(segments: &[(Segment, u64, u64)], end: u64, width: usize) -> String {
        line(segments, end, width, &Theme::mono().with_ascii())
            .iter()
            .map(|span| span.content.clone())
            .collect()
    }

    #[test]
    fn stages_stand_where_they_ran() {
        let segments = [(Segment::FirstByte, 0, 30), (Segment::Body, 30, 60), (Segment::Link, 90, 100)];
        assert_eq!(drawn(&segments, 100, 10), "---===   #");
    }

    #[test]
    fn a_short_stage_has_a_column_and_made_up_times_stay_inside() {
        assert_eq!(drawn(&[(Segment::Extract, 50, 51)], 1_000_000, 10), "x         ");
        assert_eq!(drawn(&[(Segment::Link, 999, u64::MAX)], 1_000, 10), "         #");
        assert_eq!(drawn(&[(Segment::Link, u64::MAX - 1, u64::MAX)], 0, 3), "#  ");
        assert_eq!(drawn(&[(Segment::Link, 0, 5)], 10, 0), "");
    }
}
