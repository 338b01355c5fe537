//! `resolutionMode: time-based`: the latest time of publishing for what is below direct dependencies.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What is known of when direct dependencies were published.
pub(super) struct Published {
    /// Milliseconds since 1970: nothing below may be newer.
    pub(super) by: Option<i64>,
    /// Package id → when it was published, as the registry writes it.
    pub(super) time: BTreeMap<Arc<str>, Arc<str>>,
}

/// The limit is an hour after the newest direct dependency, but not later than `latest`.
pub(super) fn limit(time: BTreeMap<Arc<str>, Arc<str>>, latest: Option<i64>) -> Published {
    const HOUR: i64 = 3_600_000;
    let newest = time.values().filter_map(|text| milliseconds(text)).max();
    let by = match (newest.map(|newest| newest + HOUR), latest) {
        (Some(limit), Some(latest)) => Some(limit.min(latest)),
        (limit, latest) => limit.or(latest),
    };
    Published { by, time }
}

/// Milliseconds since 1970 of a time as registries write it: `2020-01-31T23:59:59.999Z`, with or without the fraction,
/// and with an offset (`+02:00`) in place of the `Z`.
fn milliseconds(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', ' '])?;
    let mut date = date.splitn(3, '-').map(|number| number.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, offset) = if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        (clock, 0)
    } else {
        let (clock, offset) = time.split_at(time.rfind(['+', '-'])?);
        let (hours, minutes) = offset[1..].split_once(':')?;
        let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
        (clock, if offset.starts_with('-') { -minutes } else { minutes })
    };
    let mut clock = clock.splitn(3, ':');
    let hours: i64 = clock.next()?.parse().ok()?;
    let minutes: i64 = clock.next()?.parse().ok()?;
    let (seconds, fraction) =
        clock.next().map_or(("0", ""), |text| text.split_once('.').unwrap_or((text, "")));
    let fraction: i64 = fraction.chars().chain("000".chars()).take(3).collect::<String>().parse().ok()?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(-9999..=9999).contains(&year) {
        return None;
    }
    // Days since 1970, with years that begin in March so that the leap day is their last.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let minutes = (days * 24 + hours) * 60 + minutes - offset;
    Some((minutes * 60 + seconds.parse::<i64>().ok()?) * 1000 + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_registries_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2000-02-29T12:30:15.250Z", Some(951_827_415_250)),
            ("2020-01-31T23:59:59Z", Some(1_580_515_199_000)),
            ("2020-02-01T01:59:59+02:00", Some(1_580_515_199_000)),
            ("1969-12-31T23:59:59.5Z", Some(-500)),
            ("yesterday", None),
            ("2020-13-01T00:00:00Z", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn the_limit_is_an_hour_after_the_newest_and_never_later_than_the_release_age_allows() {
        let time: BTreeMap<Arc<str>, Arc<str>> =
            [("a@1.0.0", "1970-01-01T00:00:01Z"), ("b@1.0.0", "1970-01-01T00:00:00Z")]
                .into_iter()
                .map(|(id, at)| (Arc::from(id), Arc::from(at)))
                .collect();
        assert_eq!(limit(time.clone(), None).by, Some(3_601_000));
        assert_eq!(limit(time, Some(5)).by, Some(5));
        assert_eq!(limit(BTreeMap::new(), Some(5)).by, Some(5));
    }
}
