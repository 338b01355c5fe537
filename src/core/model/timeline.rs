//! How much of something happened when, over a whole run, in bounded room.
//!
//! A timeline holds a fixed number of buckets. When the run outgrows them, neighbours are merged and each bucket
//! spans twice the time, so the picture always reaches from the run's beginning to now.

const BUCKETS: usize = 256;
const FIRST_WIDTH_US: u64 = 4_096;

/// Amounts spread over the time of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    width: u64,
    buckets: Vec<u64>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self { width: FIRST_WIDTH_US, buckets: Vec::new() }
    }
}

impl Timeline {
    /// Adds an amount that came evenly between two moments (microseconds since the run began).
    pub fn add(&mut self, from: u64, to: u64, amount: u64) {
        if amount == 0 {
            return;
        }
        let to = to.max(from);
        self.reach(to);
        let (first, last) = (self.index(from), self.index(to));
        let span = u128::from(to - from);
        let mut placed = 0;
        for index in first..=last {
            let end = (index as u64 + 1).saturating_mul(self.width).min(to);
            let until_here = if index == last || span == 0 {
                amount
            } else {
                let part = u128::from(amount) * u128::from(end.saturating_sub(from)) / span;
                u64::try_from(part).unwrap_or(amount)
            };
            self.buckets[index] = self.buckets[index].saturating_add(until_here - placed);
            placed = until_here;
        }
    }

    /// Adds a stretch of work: its amount is its length.
    pub fn add_span(&mut self, from: u64, to: u64) {
        self.add(from, to, to.saturating_sub(from));
    }

    /// The amounts between two moments, cut into equal columns.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a drawing has far fewer columns than a float has digits, and floats are cut to the buckets there are"
    )]
    pub fn columns(&self, from: u64, to: u64, columns: usize) -> Vec<f64> {
        let width = self.width as f64;
        let column_span = to.saturating_sub(from) as f64 / columns.max(1) as f64;
        (0..columns)
            .map(|column| {
                let start = from as f64 + column_span * column as f64;
                let end = start + column_span;
                let first = (start / width) as usize;
                let last = ((end / width) as usize).min(self.buckets.len().saturating_sub(1));
                let mut sum = 0.0;
                for index in first..=last {
                    let Some(amount) = self.buckets.get(index) else {
                        break;
                    };
                    let bucket_start = index as f64 * width;
                    let overlap = end.min(bucket_start + width) - start.max(bucket_start);
                    sum += *amount as f64 * (overlap / width).clamp(0.0, 1.0);
                }
                sum
            })
            .collect()
    }

    /// The same amounts as a share of a capacity of `capacity` a microsecond, each between 0 and 1. For work,
    /// the capacity is the number of workers.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share is drawn with a few levels")]
    pub fn shares(&self, to: u64, columns: usize, capacity: f64) -> Vec<f64> {
        let full = to as f64 / columns.max(1) as f64 * capacity;
        let mut amounts = self.columns(0, to, columns);
        for amount in &mut amounts {
            *amount = if full > 0.0 { (*amount / full).clamp(0.0, 1.0) } else { 0.0 };
        }
        amounts
    }

    fn index(&self, at: u64) -> usize {
        usize::try_from(at / self.width).unwrap_or(usize::MAX).min(BUCKETS - 1)
    }

    fn reach(&mut self, at: u64) {
        while at / self.width >= BUCKETS as u64 {
            self.buckets = self
                .buckets
                .chunks(2)
                .map(|pair| pair.iter().fold(0, |sum: u64, amount| sum.saturating_add(*amount)))
                .collect();
            self.width = self.width.saturating_mul(2);
        }
        let needed = self.index(at) + 1;
        if self.buckets.len() < needed {
            self.buckets.resize(needed, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_spread_over_the_time_it_took() {
        let mut timeline = Timeline::default();
        timeline.add(0, 4 * FIRST_WIDTH_US, 400);
        assert_eq!(timeline.columns(0, 4 * FIRST_WIDTH_US, 4), [100.0; 4]);
        assert_eq!(timeline.columns(0, 8 * FIRST_WIDTH_US, 4), [200.0, 200.0, 0.0, 0.0]);
    }

    #[test]
    fn growing_keeps_the_sum() {
        let mut timeline = Timeline::default();
        timeline.add(0, FIRST_WIDTH_US, 100);
        timeline.add(1_000_000_000, 1_000_000_000, 50);
        let sum: f64 = timeline.columns(0, 2_000_000_000, 10).iter().sum();
        assert!((sum - 150.0).abs() < 1.0, "{sum}");
        assert!(timeline.buckets.len() <= BUCKETS);
    }

    #[test]
    fn the_end_of_time_is_a_moment_like_any_other() {
        let mut timeline = Timeline::default();
        timeline.add(u64::MAX, u64::MAX, u64::MAX);
        timeline.add(0, u64::MAX, u64::MAX);
        timeline.add_span(5, 1);
        assert_eq!(timeline.columns(0, u64::MAX, 7).len(), 7);
        assert_eq!(timeline.shares(0, 3, 1.0), [0.0; 3]);
    }
}
