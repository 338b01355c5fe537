//! How a time is spread over many packages: percentiles, in room that does not grow with their number.

use hdrhistogram::Histogram;

/// The longest time that is told apart from longer ones, microseconds: an hour.
const LONGEST_US: u64 = 3_600_000_000;

/// Microseconds, as many as there were.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    /// Made with the first time, for most distributions of a run stay empty.
    times: Option<Histogram<u32>>,
}

impl Distribution {
    pub(super) fn add(&mut self, us: u64) {
        if self.times.is_none() {
            // Two digits: what is drawn has no more. The bounds are constants that the library takes.
            self.times = Histogram::new_with_bounds(1, LONGEST_US, 2).ok();
        }
        if let Some(times) = &mut self.times {
            times.saturating_record(us);
        }
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.times.as_ref().map_or(0, Histogram::len)
    }

    /// The time that `share` (0 to 1) of them did not exceed; none without any.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let times = self.times.as_ref().filter(|times| !times.is_empty())?;
        Some(times.value_at_quantile(share.clamp(0.0, 1.0)).min(times.max()))
    }

    /// The longest.
    #[must_use]
    pub fn longest(&self) -> Option<u64> {
        self.quantile(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_two_digits() {
        let mut times = Distribution::default();
        assert_eq!((times.count(), times.quantile(0.5)), (0, None));
        for us in 1..=1000 {
            times.add(us * 100);
        }
        let near = |share, expected: f64| {
            let us = times.quantile(share).map_or(0.0, |us| f64::from(u32::try_from(us).unwrap_or(u32::MAX)));
            (us - expected).abs() / expected < 0.01
        };
        assert!(near(0.5, 50_000.0) && near(0.9, 90_000.0) && near(0.99, 99_000.0));
        assert_eq!(times.count(), 1000);
    }

    #[test]
    fn made_up_times_are_as_good_as_the_longest() {
        let mut times = Distribution::default();
        for us in [0, u64::MAX, 7] {
            times.add(us);
        }
        assert!(times.longest() >= Some(LONGEST_US));
        assert_eq!(times.count(), 3);
    }
}
