//! Bytes a second over the run.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::core::model::Model;
use crate::core::model::format::{bytes, rate};
use crate::tui::theme::Theme;
use crate::tui::widget::bars::{chart, history};
use crate::tui::widget::text::{columns, titled};

const TITLE: &str = "throughput  ";

/// Samples come at least this often while downloads run.
const SAMPLE_LAG_US: u64 = 250_000;

pub(super) fn render(frame: &mut Frame, area: Rect, model: &Model, now: u64, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let present = rate(model.download_rate(now));
    let present = match (model.downloads_over(), model.received()) {
        (true, 0) => "nothing downloaded".to_owned(),
        (true, _) => format!("mean {present}"),
        (false, _) => present,
    };
    if area.height == 1 {
        let facts = format!("  {present}");
        let columns = usize::from(area.width).saturating_sub(TITLE.len() + columns(&facts));
        let (shares, _) = shares(model, now, columns);
        let line = Line::from(vec![
            Span::styled(TITLE, theme.title),
            Span::styled(history(&shares, theme), theme.network),
            Span::styled(facts, theme.text),
        ]);
        frame.render_widget(line, area);
        return;
    }
    let (shares, peak) = shares(model, now, usize::from(area.width));
    let mut facts = vec![present];
    if model.received() > 0 {
        facts.extend([format!("peak {}", rate(peak)), format!("{} in all", bytes(model.received()))]);
    }
    let body = titled(frame, area, TITLE.trim_end(), facts, theme);
    chart(frame, body, &shares, theme.network, theme);
}

/// The history as shares of its highest column, and that column's bytes a second.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are not negative; a cast is capped"
)]
fn shares(model: &Model, now: u64, columns: usize) -> (Vec<f64>, u64) {
    // A sample that is about to come is no lull.
    let until = model.network().latest().map_or(now, |sample| sample.at);
    let until = if now.saturating_sub(until) <= SAMPLE_LAG_US { until } else { now };
    let mut rates = model.network().history(until, columns);
    let peak = rates.iter().copied().fold(0.0, f64::max);
    if peak > 0.0 {
        for rate in &mut rates {
            *rate /= peak;
        }
    }
    (rates, peak as u64)
}
