//! Shares drawn as characters: one row for a history, several for a chart.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::theme::Theme;

const LEVELS: f64 = 8.0;

/// A share between 0 and 1 as one character; any share above 0 is visible.
#[must_use]
pub fn level(share: f64, theme: &Theme) -> &'static str {
    theme.glyphs.levels[steps(share, LEVELS)]
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn steps(share: f64, full: f64) -> usize {
    if share.is_finite() { (share.clamp(0.0, 1.0) * full).ceil() as usize } else { 0 }
}

/// A row of shares.
#[must_use]
pub fn history(shares: &[f64], theme: &Theme) -> String {
    shares.iter().map(|share| level(*share, theme)).collect()
}

/// A row of shares with gaps; where there is no gap, even nothing is visible.
#[must_use]
pub fn history_with_gaps(shares: &[Option<f64>], theme: &Theme) -> String {
    shares.iter().map(|share| share.map_or(" ", |share| level(share.max(0.001), theme))).collect()
}

/// A bar that fills from the left.
#[must_use]
pub fn progress(share: f64, width: usize, theme: &Theme) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a screen's width")]
    let filled = steps(share, width as f64).min(width);
    let (full, empty) = if theme.glyphs.ascii { ("#", ".") } else { ("━", "╌") };
    format!("{}{}", full.repeat(filled), empty.repeat(width - filled))
}

/// Columns that grow from the bottom of the area; one value a column, each between 0 and 1.
pub fn chart(frame: &mut Frame, area: Rect, values: &[f64], style: Style, theme: &Theme) {
    let height = usize::from(area.height);
    #[expect(clippy::cast_precision_loss, reason = "a screen's height")]
    let full = height as f64 * LEVELS;
    for (x, value) in (area.x..area.right()).zip(values) {
        let filled = steps(*value, full);
        for (from_bottom, y) in (area.y..area.bottom()).rev().enumerate() {
            let here = filled.saturating_sub(from_bottom * 8).min(8);
            if here > 0
                && let Some(cell) = frame.buffer_mut().cell_mut((x, y))
            {
                cell.set_symbol(theme.glyphs.levels[here]).set_style(style);
            }
        }
    }
}
