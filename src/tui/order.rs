//! Which packages a table shows, and in which order.
//!
//! Sorting all packages at every frame would cost more than drawing them; the order is kept for a while and only made
//! anew when the viewer asks for another one or some time has passed.

use std::cmp::{Ordering, Reverse};

use crate::core::event::PackageId;
use crate::core::model::{Model, Package, PackageState};
use crate::tui::state::Column;

/// Microseconds of the run that an order stays good for, for each package of it: a table of 10,000 rows is sorted five
/// times a second.
const GOOD_FOR_EACH_US: u64 = 20;

/// The rows of the table of packages.
#[derive(Debug, Clone, Default)]
pub struct Order {
    ids: Vec<PackageId>,
    key: Option<(Column, bool, String)>,
    made_at: u64,
    made_of: usize,
}

impl Order {
    /// The packages that have the words of a filter, sorted.
    pub fn rows(
        &mut self,
        model: &Model,
        now: u64,
        sort: Column,
        reversed: bool,
        filter: &str,
    ) -> &[PackageId] {
        let same = self
            .key
            .as_ref()
            .is_some_and(|(column, way, words)| *column == sort && *way == reversed && words == filter);
        let good_for = GOOD_FOR_EACH_US.saturating_mul(self.made_of as u64);
        let is_fresh = same
            && self.made_of == model.packages().len()
            && now >= self.made_at
            && now - self.made_at <= good_for;
        if !is_fresh {
            self.make(model, now, sort, reversed, filter);
        }
        &self.ids
    }

    fn make(&mut self, model: &Model, now: u64, sort: Column, reversed: bool, filter: &str) {
        let filter_words = Words::new(filter);
        let mut rows: Vec<(PackageId, &Package)> =
            model.packages().filter(|(id, package)| filter_words.fit(*id, package, now)).collect();
        rows.sort_unstable_by(|(left_id, left), (right_id, right)| {
            let order = compare(sort, left, right, now);
            let order = if reversed { order.reverse() } else { order };
            order.then(left_id.cmp(right_id))
        });
        self.ids.clear();
        self.ids.extend(rows.into_iter().map(|(id, _)| id));
        self.key = Some((sort, reversed, filter.to_owned()));
        self.made_at = now;
        self.made_of = model.packages().len();
    }
}

/// Names from A to Z, states from the busiest, numbers from the largest, beginnings from the first.
fn compare(column: Column, left: &Package, right: &Package, now: u64) -> Ordering {
    let largest = |number: fn(&Package) -> u64| Reverse(number(left)).cmp(&Reverse(number(right)));
    match column {
        Column::Name => (&left.name, &left.version).cmp(&(&right.name, &right.version)),
        Column::State => state_rank(left.state).cmp(&state_rank(right.state)),
        Column::Size => largest(|package| package.bytes),
        Column::Files => largest(|package| package.files.into()),
        Column::Queue => largest(|package| package.timings.queue_us),
        Column::FirstByte => largest(|package| package.timings.first_byte_us),
        Column::Body => largest(|package| package.timings.body_us),
        Column::Extract => largest(|package| package.timings.extract_us),
        Column::Link => largest(|package| package.timings.link_us),
        Column::Total => Reverse(left.work_us(now)).cmp(&Reverse(right.work_us(now))),
        Column::Began => began(left).cmp(&began(right)),
    }
}

fn state_rank(state: PackageState) -> u8 {
    match state {
        PackageState::Retrying => 0,
        PackageState::Downloading => 1,
        PackageState::Extracting => 2,
        PackageState::Linking => 3,
        PackageState::Downloaded => 4,
        PackageState::Stored => 5,
        PackageState::Seen => 6,
        PackageState::Imported => 7,
        PackageState::Skipped => 8,
    }
}

fn began(package: &Package) -> u64 {
    let timings = &package.timings;
    timings.fetch_started.or(timings.link_started).or(timings.found_in_store).unwrap_or(u64::MAX)
}

/// A filter: words that the name must have, `state:word`, and `size>1MB`, `time>200ms` and the like.
struct Words {
    words: Vec<Word>,
}

enum Word {
    Name(String),
    State(String),
    Size(Ordering, u64),
    Time(Ordering, u64),
}

impl Words {
    fn new(filter: &str) -> Self {
        Self { words: filter.split_whitespace().map(Word::parse).collect() }
    }

    fn fit(&self, id: PackageId, package: &Package, now: u64) -> bool {
        self.words.iter().all(|word| match word {
            Word::Name(name) => package.label(id).to_lowercase().contains(name),
            Word::State(state) => state_name(package.state).contains(state.as_str()),
            Word::Size(way, bytes) => package.bytes.cmp(bytes) == *way,
            Word::Time(way, us) => package.work_us(now).cmp(us) == *way,
        })
    }
}

impl Word {
    fn parse(text: &str) -> Self {
        let text = text.to_lowercase();
        if let Some(state) = text.strip_prefix("state:") {
            return Self::State(state.to_owned());
        }
        for (sign, way) in [('>', Ordering::Greater), ('<', Ordering::Less)] {
            match text.split_once(sign) {
                Some(("size", amount)) => {
                    if let Some(bytes) =
                        amount_of(amount, &[("gb", 1e9), ("mb", 1e6), ("kb", 1e3), ("b", 1.0), ("", 1.0)])
                    {
                        return Self::Size(way, bytes);
                    }
                }
                Some(("time", amount)) => {
                    if let Some(us) = amount_of(amount, &[("us", 1.0), ("ms", 1e3), ("s", 1e6), ("", 1e3)]) {
                        return Self::Time(way, us);
                    }
                }
                _ => {}
            }
        }
        Self::Name(text)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast is capped, and a minus is refused"
)]
fn amount_of(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let number: f64 = number.parse().ok().filter(|number: &f64| *number >= 0.0)?;
    Some((number * factor) as u64)
}

/// The name of a state.
#[must_use]
pub fn state_name(state: PackageState) -> &'static str {
    match state {
        PackageState::Seen => "known",
        PackageState::Downloading => "downloading",
        PackageState::Retrying => "retrying",
        PackageState::Downloaded => "downloaded",
        PackageState::Extracting => "unpacking",
        PackageState::Stored => "stored",
        PackageState::Linking => "linking",
        PackageState::Imported => "linked",
        PackageState::Skipped => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{Event, EventKind, Fetched, PackageSeen, Why};

    fn model() -> Model {
        let mut model = Model::default();
        for (number, (name, body_us, bytes_in)) in
            [("alpha", 100_000, 10), ("beta", 300_000, 2_000_000), ("alphabet", 200_000, 500)]
                .into_iter()
                .enumerate()
        {
            let package = PackageId(u32::try_from(number).unwrap());
            let kinds = [
                EventKind::PackageSeen(Box::new(PackageSeen {
                    package,
                    name: name.into(),
                    version: "1.0.0".into(),
                    dep_path: format!("{name}@1.0.0"),
                    why: Why::Direct,
                    optional: false,
                    size: None,
                })),
                EventKind::FetchStarted { package, attempt: 1, lane: 0, size: None, host: None },
                EventKind::Fetched(Fetched {
                    package,
                    lane: 0,
                    attempts: 1,
                    queue_us: 0,
                    first_byte_us: 0,
                    body_us,
                    extract_queue_us: 0,
                    extract_us: 0,
                    bytes_in,
                    bytes_out: 0,
                    files: 1,
                    unblocked: Vec::new(),
                }),
            ];
            for kind in kinds {
                model.apply(&Event { seq: 0, at: 0, kind });
            }
        }
        model
    }

    fn shown(sort: Column, reversed: bool, filter: &str) -> Vec<u32> {
        Order::default().rows(&model(), 0, sort, reversed, filter).iter().map(|id| id.0).collect()
    }

    #[test]
    fn the_slowest_come_first_and_names_from_a_to_z() {
        assert_eq!(shown(Column::Total, false, ""), [1, 2, 0]);
        assert_eq!(shown(Column::Total, true, ""), [0, 2, 1]);
        assert_eq!(shown(Column::Name, false, ""), [0, 2, 1]);
    }

    #[test]
    fn a_filter_is_words_states_sizes_and_times() {
        assert_eq!(shown(Column::Name, false, "ALPHA"), [0, 2]);
        assert_eq!(shown(Column::Name, false, "alpha bet"), [2]);
        assert_eq!(shown(Column::Name, false, "size>1mb"), [1]);
        assert_eq!(shown(Column::Name, false, "time<150ms"), [0]);
        assert_eq!(shown(Column::Name, false, "state:stored time>150"), [2, 1]);
        assert_eq!(shown(Column::Name, false, "state:linked"), [] as [u32; 0]);
        assert_eq!(shown(Column::Name, false, "size>lots"), [] as [u32; 0]);
    }
}
