//! When a failed request is worth another attempt, and how long to wait before it.

use std::time::{Duration, SystemTime};

/// pnpm's back-off: `min(shortest × factor^attempt, longest)`, a fixed number of times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts after the first (`fetchRetries`).
    pub retries: u32,
    /// By how much each wait is longer than the one before (`fetchRetryFactor`).
    pub factor: u32,
    /// The first wait (`fetchRetryMintimeout`).
    pub shortest: Duration,
    /// No wait is longer (`fetchRetryMaxtimeout`), whatever the server asks for.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 2, factor: 10, shortest: Duration::from_secs(10), longest: Duration::from_secs(60) }
    }
}

impl RetryPolicy {
    /// How long to wait before the next attempt; `None` when it is time to give up.
    ///
    /// `attempt` counts the retries already made: 0 after the first failure. A server that said when to come
    /// back (`Retry-After`) is believed, within the longest wait.
    #[must_use]
    pub fn delay(&self, attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
        if attempt >= self.retries {
            return None;
        }
        let planned = || {
            let stretch = self.factor.checked_pow(attempt);
            stretch.and_then(|stretch| self.shortest.checked_mul(stretch)).unwrap_or(self.longest)
        };
        Some(retry_after.unwrap_or_else(planned).min(self.longest))
    }
}

/// Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or the date to wait for. `now` is the time to count
/// from; a date that has passed means no wait.
#[must_use]
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit is still a number: a very long time, which the policy caps.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_grow_by_the_factor_up_to_the_longest_and_then_end() {
        let policy = RetryPolicy { retries: 4, ..RetryPolicy::default() };
        let waits: Vec<_> =
            (0..6).map(|attempt| policy.delay(attempt, None).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(10), Some(60), Some(60), Some(60), None, None]);
    }

    #[test]
    fn a_server_that_says_when_to_come_back_is_believed_within_reason() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(0, Some(Duration::from_secs(3))), Some(Duration::from_secs(3)));
        assert_eq!(policy.delay(0, Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(policy.delay(0, Some(Duration::from_secs(86_400))), Some(policy.longest));
        assert_eq!(policy.delay(2, Some(Duration::ZERO)), None, "it buys no further attempt");
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
        assert_eq!(parse_retry_after(" 120 ", now), Some(Duration::from_secs(120)));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2026 07:28:09 GMT", now), Some(Duration::from_secs(9)));
        assert_eq!(parse_retry_after("Wed, 21 Oct 2026 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("99999999999999999999999", now), Some(Duration::from_secs(u64::MAX)));
        for nonsense in ["", "soon", "-1", "1.5", "Wed, 99 Oct"] {
            assert_eq!(parse_retry_after(nonsense, now), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_longest_and_none_shrinks(
            factor in 1_u32..100, attempt in 0_u32..500, shortest in 0_u64..100_000, longest in 0_u64..100_000,
        ) {
            let policy = RetryPolicy {
                retries: 1000,
                factor,
                shortest: Duration::from_millis(shortest),
                longest: Duration::from_millis(longest),
            };
            let (wait, next) = (policy.delay(attempt, None).unwrap(), policy.delay(attempt + 1, None).unwrap());
            prop_assert!(wait <= policy.longest && wait <= next);
        }
    }
}
