//! Where each panel goes at each size; pure.
//!
//! Four shapes: one line; compact (rows without titles); stacked (the usual terminal); wide (two columns below the
//! phases).

use ratatui::layout::{Constraint, Layout, Rect};

/// What is around every pane; an empty place is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shell {
    /// Project, state, totals.
    pub header: Rect,
    /// The panes by number.
    pub tabs: Rect,
    /// The pane.
    pub body: Rect,
    /// What the run waits for, and what holds it back.
    pub attention: Rect,
    /// Keys.
    pub footer: Rect,
}

/// Lowest screen that shows the panes by number.
const WITH_TABS: u16 = 20;

/// Lowest screen with two rows of attention.
const ATTENTIVE: u16 = 10;

/// Shares the screen out between the pane and what is around it.
#[must_use]
pub fn shell(area: Rect) -> Shell {
    let header = if area.height >= TITLED { 2 } else { 1 };
    let tabs = u16::from(area.height >= WITH_TABS);
    let attention = if area.height >= ATTENTIVE { 2 } else { u16::from(area.height >= 6) };
    let footer = u16::from(area.height >= 3);
    let rows = [header, tabs, 0, attention, footer].map(Constraint::Length);
    let rows = [rows[0], rows[1], Constraint::Min(0), rows[3], rows[4]];
    let [header, tabs, body, attention, footer] = Layout::vertical(rows).areas(area);
    Shell { header, tabs, body, attention, footer }
}

/// What asks for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Rows of phases.
    pub phases: u16,
    /// Rows of lanes.
    pub lanes: u16,
    /// Rows that explain a failure, title included; 0 without one.
    pub failure: u16,
    /// There are, or will be, downloads to list.
    pub downloads: bool,
}

/// The place of each panel of the overview; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// A row a phase.
    pub phases: Rect,
    /// A row a worker.
    pub lanes: Rect,
    /// Downloads under way, or why the run failed.
    pub downloads: Rect,
    /// Bytes a second.
    pub throughput: Rect,
    /// The log.
    pub log: Rect,
}

/// Narrowest screen with two columns.
pub const WIDE: u16 = 110;

/// Lowest screen that has titles.
pub const TITLED: u16 = 16;

/// Lowest body of the overview that has titles.
const TITLED_BODY: u16 = 11;

/// Shares the body of the overview out.
#[must_use]
pub fn arrange(body: Rect, needs: Needs) -> Areas {
    let mut areas = Areas::default();
    if body.height < TITLED_BODY {
        compact(&mut areas, body, needs);
    } else if body.width >= WIDE && body.height >= needs.phases.saturating_add(12) {
        wide(&mut areas, body, needs);
    } else {
        stacked(&mut areas, body, needs);
    }
    areas
}

fn compact(areas: &mut Areas, body: Rect, needs: Needs) {
    let failure = needs.failure.min(body.height.saturating_sub(1));
    let rest = body.height - failure;
    let phases = needs.phases.min(if failure > 0 { rest } else { (rest * 5).div_ceil(8) });
    let lanes = needs.lanes.min(rest - phases);
    let downloads = failure.max(if needs.downloads { rest - phases - lanes } else { 0 });
    let order = [phases, lanes, downloads];
    if failure > 0 {
        [areas.downloads, areas.phases] = vertical(body, [downloads, phases]);
    } else {
        [areas.phases, areas.lanes, areas.downloads] = vertical(body, order);
    }
}

fn stacked(areas: &mut Areas, body: Rect, needs: Needs) {
    let phases = (needs.phases + 1).min(body.height);
    let mut rest = body.height - phases;
    let failure = needs.failure.min(rest);
    rest -= failure;
    let lanes_share = if needs.downloads { rest.div_ceil(2) } else { rest * 2 / 3 };
    let lanes = (needs.lanes + 1).min(lanes_share);
    let lanes = if lanes < 2 { 0 } else { lanes };
    rest -= lanes;
    let throughput = if rest >= 12 { 4 } else { u16::from(rest >= 3) };
    rest -= throughput;
    let downloads = match (failure, needs.downloads) {
        (0, true) => (rest.div_ceil(2) + u16::from(rest < 10)).min(rest),
        (failure, _) => failure,
    };
    let log = body.height - phases - lanes - throughput - downloads;
    [areas.phases, areas.lanes, areas.downloads, areas.throughput, areas.log] =
        vertical(body, [phases, lanes, downloads, throughput, log]);
}

fn wide(areas: &mut Areas, body: Rect, needs: Needs) {
    let [phases, below] = vertical(body, [needs.phases + 1, body.height - needs.phases - 1]);
    areas.phases = phases;
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Fill(1)]).areas(below);
    let throughput = (right.height / 4).clamp(4, 8);
    let beside = right.height - throughput;
    if needs.failure > 0 || needs.downloads {
        [areas.throughput, areas.downloads] = vertical(right, [throughput, beside]);
        let lanes = (needs.lanes + 1).min(left.height * 2 / 3);
        [areas.lanes, areas.log] = vertical(left, [lanes, left.height - lanes]);
    } else {
        [areas.throughput, areas.log] = vertical(right, [throughput, beside]);
        areas.lanes = left;
    }
}

/// Rows one below the other.
fn vertical<const N: usize>(area: Rect, heights: [u16; N]) -> [Rect; N] {
    let mut y = area.y;
    heights.map(|height| {
        let rows = Rect { y, height: height.min(area.bottom().saturating_sub(y)), ..area };
        y = rows.bottom();
        rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_the_panels_stay_inside_and_apart() {
        for width in 1..=210 {
            for height in 1..=60 {
                for (phases, lanes, failure) in [(9, 4, 0), (9, 130, 5), (9, 6, 5_000), (0, 0, 0)] {
                    let area = Rect::new(0, 0, width, height);
                    let shell = shell(area);
                    let needs = Needs { phases, lanes, failure, downloads: width % 2 == 0 };
                    let areas = arrange(shell.body, needs);
                    let all = [
                        shell.header,
                        shell.tabs,
                        shell.attention,
                        areas.phases,
                        areas.lanes,
                        areas.downloads,
                        areas.throughput,
                        areas.log,
                        shell.footer,
                    ];
                    for (index, panel) in all.iter().enumerate() {
                        assert!(
                            panel.is_empty() || area.intersection(*panel) == *panel,
                            "{panel:?} in {area:?}"
                        );
                        for other in &all[index + 1..] {
                            assert!(panel.intersection(*other).is_empty(), "{panel:?} {other:?} in {area:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_usual_terminal_has_every_panel() {
        let shell = shell(Rect::new(0, 0, 80, 24));
        assert_eq!((shell.header.height, shell.tabs.height, shell.attention.height), (2, 1, 2));
        let areas = arrange(shell.body, Needs { phases: 9, lanes: 4, failure: 0, downloads: true });
        for panel in [areas.phases, areas.lanes, areas.downloads] {
            assert!(!panel.is_empty(), "{areas:?}");
        }
        assert_eq!(areas.phases.height, 10);
    }
}
