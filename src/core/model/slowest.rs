//! Which packages took longest, and with what.

use std::cmp::Reverse;

use crate::core::event::PackageId;
use crate::core::model::fold::Model;
use crate::core::model::package::{Package, PackageState};

impl Package {
    /// The time spent on it so far, microseconds: waits for a permit and a worker that the engine measured, and all its
    /// work; not the wait for the cold pass to begin.
    #[must_use]
    pub fn total_us(&self, now: u64) -> u64 {
        let timings = &self.timings;
        let fetch = match (timings.fetch_started, timings.fetched) {
            (Some(_), Some(_)) => [
                timings.queue_us,
                timings.first_byte_us,
                timings.body_us,
                timings.extract_queue_us,
                timings.extract_us,
            ]
            .into_iter()
            .fold(0, u64::saturating_add),
            (Some(started), None) => now.saturating_sub(started),
            _ => 0,
        };
        fetch.saturating_add(timings.link_us)
    }

    /// The work on it that took longest, and how long, microseconds.
    #[must_use]
    pub fn longest_stage(&self) -> (&'static str, u64) {
        let timings = &self.timings;
        [
            ("first byte", timings.first_byte_us),
            ("body", timings.body_us),
            ("unpack", timings.extract_us),
            ("link", timings.link_us),
        ]
        .into_iter()
        .max_by_key(|(_, took)| *took)
        .unwrap_or_default()
    }

    /// The work on it, waits for a permit or a worker left out, microseconds.
    #[must_use]
    pub fn work_us(&self, now: u64) -> u64 {
        let timings = &self.timings;
        let waits_now = match (self.state, timings.downloaded, timings.fetched) {
            (PackageState::Downloaded, Some(downloaded), None) => now.saturating_sub(downloaded),
            _ => 0,
        };
        let waits = timings.queue_us.saturating_add(timings.extract_queue_us).saturating_add(waits_now);
        self.total_us(now).saturating_sub(waits)
    }
}

impl Model {
    /// The packages on which most work was done, the slowest first. Waits do not count: with few permits every package
    /// waits, and the last one longest.
    #[must_use]
    pub fn slowest(&self, most: usize) -> Vec<(PackageId, &Package)> {
        let now = self.now();
        let mut packages: Vec<_> =
            self.packages().filter(|(_, package)| package.longest_stage().1 > 0).collect();
        packages.sort_unstable_by_key(|(id, package)| (Reverse(package.work_us(now)), *id));
        packages.truncate(most);
        packages
    }
}
