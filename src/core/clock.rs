//! The run's clock: microseconds since the run began, monotonic.
//!
//! Time is read where a thing happens and travels inside its event. Nothing here knows wall-clock time
//! except the one conversion that `run_started` needs.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A copyable clock. All copies of one clock share the same zero.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    zero: Instant,
}

impl Clock {
    /// A clock whose zero is now.
    #[must_use]
    pub fn start() -> Self {
        Self { zero: Instant::now() }
    }

    /// Microseconds since the clock's zero.
    #[must_use]
    pub fn now(self) -> u64 {
        micros(self.zero.elapsed())
    }
}

/// A duration in whole microseconds; one that does not fit (half a million years) is capped.
#[must_use]
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Milliseconds since the Unix epoch, 0 on a machine whose clock stands before it.
#[must_use]
pub fn unix_millis() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
