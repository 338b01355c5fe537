//! Times as registries write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 of a publish time: RFC 3339, or one of the shorter forms in which some registries leave out
/// seconds or the time of day.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let days = days_since_1970(date)?;
    let mut milliseconds = days * 86_400_000;
    if rest.is_empty() {
        return Some(milliseconds);
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let zone_at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone_at);
    let mut parts = clock.split(':');
    let (hours, minutes) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    milliseconds += hours * 3_600_000 + minutes * 60_000;
    match parts.next() {
        // The form without seconds is in universal time.
        None if zone != "Z" => return None,
        None => {}
        Some(seconds) => milliseconds += seconds_to_milliseconds(seconds)?,
    }
    if parts.next().is_some() {
        return None;
    }
    Some(milliseconds - offset(zone)?)
}

/// A publish time as a date for `If-Modified-Since`; an HTTP date is taken as well.
#[must_use]
pub(super) fn http_date(text: &str) -> Option<String> {
    let time = match parse_timestamp(text) {
        Some(milliseconds) => UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).ok()?),
        None => httpdate::parse_http_date(text).ok()?,
    };
    // Dates beyond the year 9999 cannot be written.
    (time < UNIX_EPOCH + Duration::from_secs(253_402_300_800)).then(|| httpdate::fmt_http_date(time))
}

/// Milliseconds since 1970.
#[must_use]
pub fn milliseconds_since_1970(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time as registries write it, in universal time with milliseconds.
#[must_use]
pub fn format_timestamp(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    // Years are counted from March, so that the leap day is their last.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hours, minutes) = (rest / 3_600_000, rest / 60_000 % 60);
    let (seconds, thousandths) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}Z")
}

fn two_digits(text: &str) -> Option<i64> {
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn seconds_to_milliseconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = two_digits(whole)?;
    if whole > 60 || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    Some(whole * 1000 + thousandths)
}

fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600_000 + minutes * 60_000))
}

/// Days from 1 January 1970 in the Gregorian calendar. Counting years from March puts the leap day at their end.
fn days_since_1970(date: &str) -> Option<i64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || !year.bytes().all(|byte| byte.is_ascii_digit()) || parts.next().is_some() {
        return None;
    }
    let (year, month, day): (i64, i64, i64) = (year.parse().ok()?, two_digits(month)?, two_digits(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let era_days = year.div_euclid(400) * 146_097;
    let year = year.rem_euclid(400);
    Some(era_days + year * 365 + year / 4 - year / 100 + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_times_and_their_shorter_forms_are_understood() {
        assert_eq!(parse_timestamp("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(parse_timestamp("2024-12-02T18:34:35.216000+00:00"), Some(1_733_164_475_216));
        assert_eq!(parse_timestamp("2024-12-02T20:34:35+02:00"), Some(1_733_164_475_000));
        assert_eq!(parse_timestamp("2024-12-02T18:34Z"), Some(1_733_164_440_000));
        assert_eq!(parse_timestamp("2024-12-02"), Some(1_733_097_600_000));
        assert_eq!(parse_timestamp("2000-02-29T00:00:00Z"), Some(951_782_400_000));
    }

    #[test]
    fn a_time_that_is_written_is_read_again() {
        for text in ["1970-01-01T00:00:00.000Z", "2000-02-29T23:59:59.999Z", "2026-11-21T15:33:04.667Z"] {
            assert_eq!(format_timestamp(parse_timestamp(text).unwrap()), text);
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "yesterday",
            "2024-13-01",
            "2023-02-29",
            "2024-12-02T",
            "2024-12-02T25:00:00Z",
            "2024-12-02T18:34",
            "2024-12-02T18:34:35",
            "2024-12-02T18:34:35.Z",
            "２024-12-02",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_is_written_as_an_http_date() {
        assert_eq!(http_date("2024-12-02T18:34:35.216Z").as_deref(), Some("Mon, 02 Dec 2024 18:34:35 GMT"));
        assert_eq!(
            http_date("Mon, 02 Dec 2024 18:34:35 GMT").as_deref(),
            Some("Mon, 02 Dec 2024 18:34:35 GMT")
        );
        assert_eq!(http_date("soon"), None);
    }
}
