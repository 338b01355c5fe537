//! Where each panel goes at each size; pure.
//!
//! Four shapes: one line; compact (rows without titles); stacked (the usual terminal); wide (two columns below the
//! phases).

use ratatui::layout::{Constraint, Layout, Rect};

/// What asks for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// Rows of phases.
    pub phases: u16,
    /// Rows of lanes.
    pub lanes: u16,
    /// A failure has to be explained.
    pub failure: bool,
}

/// The place of each panel; an empty one is not drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// Project, state, totals.
    pub header: Rect,
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
    /// Keys.
    pub footer: Rect,
}

/// Narrowest screen with two columns.
pub const WIDE: u16 = 110;

/// Lowest body that has titles.
pub const TITLED: u16 = 16;

/// Shares the screen out.
#[must_use]
pub fn arrange(area: Rect, needs: Needs) -> Areas {
    let header = if area.height >= TITLED { 2 } else { 1 };
    let footer = u16::from(area.height >= 3);
    let [header, body, footer] = Layout::vertical([
        Constraint::Length(header),
        Constraint::Min(0),
        Constraint::Length(footer),
    ])
    .areas(area);
    let mut areas = Areas {
        header,
        footer,
        ..Areas::default()
    };
    if body.height + 3 < TITLED {
        compact(&mut areas, body, needs);
    } else if area.width >= WIDE && body.height >= needs.phases + 12 {
        wide(&mut areas, body, needs);
    } else {
        stacked(&mut areas, body, needs);
    }
    areas
}

fn compact(areas: &mut Areas, body: Rect, needs: Needs) {
    if needs.failure {
        let failure = body.height.min(4);
        [areas.downloads, areas.phases] =
            Layout::vertical([Constraint::Length(failure), Constraint::Min(0)]).areas(body);
        return;
    }
    let phases = needs.phases.min((body.height * 5).div_ceil(8));
    let lanes = needs.lanes.min(body.height - phases);
    [areas.phases, areas.lanes, areas.downloads] = Layout::vertical([
        Constraint::Length(phases),
        Constraint::Length(lanes),
        Constraint::Min(0),
    ])
    .areas(body);
}

fn stacked(areas: &mut Areas, body: Rect, needs: Needs) {
    let phases = (needs.phases + 1).min(body.height);
    let mut rest = body.height - phases;
    let failure = if needs.failure { 6.min(rest) } else { 0 };
    rest -= failure;
    let lanes = (needs.lanes + 1).min(rest.div_ceil(2));
    let lanes = if lanes < 2 { 0 } else { lanes };
    rest -= lanes;
    let throughput = u16::from(rest >= 3) + u16::from(rest >= 12) * 3;
    rest -= throughput;
    let downloads = if needs.failure {
        failure
    } else {
        (rest.div_ceil(2) + u16::from(rest < 10)).min(rest)
    };
    [
        areas.phases,
        areas.lanes,
        areas.downloads,
        areas.throughput,
        areas.log,
    ] = Layout::vertical([
        Constraint::Length(phases),
        Constraint::Length(lanes),
        Constraint::Length(downloads),
        Constraint::Length(throughput),
        Constraint::Min(0),
    ])
    .areas(body);
}

fn wide(areas: &mut Areas, body: Rect, needs: Needs) {
    let [phases, below] =
        Layout::vertical([Constraint::Length(needs.phases + 1), Constraint::Min(0)]).areas(body);
    let [left, _, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Fill(1)]).areas(below);
    let lanes = (needs.lanes + 1).min(left.height * 2 / 3);
    [areas.lanes, areas.log] = Layout::vertical([Constraint::Length(lanes), Constraint::Min(0)]).areas(left);
    let throughput = (right.height / 4).clamp(4, 8);
    [areas.throughput, areas.downloads] =
        Layout::vertical([Constraint::Length(throughput), Constraint::Min(0)]).areas(right);
    areas.phases = phases;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_the_panels_stay_inside_and_apart() {
        for width in 1..=210 {
            for height in 1..=60 {
                for (phases, lanes, failure) in [(9, 4, false), (9, 130, true), (0, 0, false)] {
                    let area = Rect::new(0, 0, width, height);
                    let areas = arrange(
                        area,
                        Needs {
                            phases,
                            lanes,
                            failure,
                        },
                    );
                    let all = [
                        areas.header,
                        areas.phases,
                        areas.lanes,
                        areas.downloads,
                        areas.throughput,
                        areas.log,
                        areas.footer,
                    ];
                    for (index, panel) in all.iter().enumerate() {
                        assert!(
                            panel.is_empty() || area.intersection(*panel) == *panel,
                            "{panel:?} in {area:?}"
                        );
                        for other in &all[index + 1..] {
                            assert!(
                                panel.intersection(*other).is_empty(),
                                "{panel:?} {other:?} in {area:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_usual_terminal_has_every_panel() {
        let areas = arrange(
            Rect::new(0, 0, 80, 24),
            Needs {
                phases: 9,
                lanes: 4,
                failure: false,
            },
        );
        for panel in [
            areas.header,
            areas.phases,
            areas.lanes,
            areas.downloads,
            areas.throughput,
            areas.log,
        ] {
            assert!(!panel.is_empty(), "{areas:?}");
        }
        assert_eq!(areas.phases.height, 10);
        assert_eq!(areas.lanes.height, 5);
    }
}
