//! Points in time as registries write them.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Reads a publish time as milliseconds since 1970: RFC 3339 with any offset, and the two shorter forms that registries
/// send to save bytes, `2026-01-31T10:20Z` and `2026-01-31` (pnpm: `resolving-resolver-base/src/publish_time.rs`).
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = days_since_epoch(date)?.checked_mul(DAY)?;
    if rest.is_empty() {
        return Some(day);
    }
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (hours, rest) = (two_digits(rest.get(..2)?)?, rest.get(2..)?);
    let rest = rest.strip_prefix(':')?;
    let (minutes, rest) = (two_digits(rest.get(..2)?)?, rest.get(2..)?);
    let (seconds, millis, rest) = match rest.strip_prefix(':') {
        Some(rest) => seconds_and_fraction(rest)?,
        None if rest == "Z" => (0, 0, rest),
        None => return None,
    };
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let offset = offset_minutes(rest)?;
    Some(day + ((hours * 60 + minutes - offset) * 60 + seconds) * 1000 + millis)
}

fn seconds_and_fraction(text: &str) -> Option<(i64, i64, &str)> {
    let (seconds, rest) = (two_digits(text.get(..2)?)?, text.get(2..)?);
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some((seconds, 0, rest));
    };
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    let millis = fraction
        .bytes()
        .take(digits)
        .chain([b'0'; 3])
        .take(3)
        .fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some((seconds, millis, &fraction[digits..]))
}

fn offset_minutes(text: &str) -> Option<i64> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    Some(sign * (two_digits(hours)? * 60 + two_digits(minutes)?))
}

fn two_digits(text: &str) -> Option<i64> {
    let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Days from 1970-01-01 to a date `YYYY-MM-DD` of the Gregorian calendar.
fn days_since_epoch(date: &str) -> Option<i64> {
    let bytes = date.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    let year: i64 = date.get(..4)?.parse().ok()?;
    let (month, day) = (two_digits(date.get(5..7)?)?, two_digits(date.get(8..10)?)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    // Years that begin in March have the leap day at their end.
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(
        year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468,
    )
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Milliseconds since 1970 as `2026-01-31T10:20:30.400Z`.
#[must_use]
pub fn as_iso(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(DAY), millis.rem_euclid(DAY));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, millis) = (rest / 1000, rest % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_that_registries_write_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("2024-02-29T12:30:15.250Z", Some(1_709_209_815_250)),
            ("2024-02-29T12:30:15Z", Some(1_709_209_815_000)),
            ("2024-02-29T12:30:15.250999+00:00", Some(1_709_209_815_250)),
            ("2024-02-29T14:30:15.25+02:00", Some(1_709_209_815_250)),
            ("2024-02-29T12:30Z", Some(1_709_209_800_000)),
            ("2024-02-29", Some(1_709_164_800_000)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("2024-02-29T25:00:00Z", None),
            ("2024-02-29T12:30:15", None),
            ("2024-02-29T12:30", None),
            ("yesterday", None),
            ("", None),
            ("é024-02-2", None),
        ] {
            assert_eq!(parse_timestamp(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for millis in [0, 1, -1, 951_782_400_000, 1_709_209_815_250, 4_102_444_800_000, -62_135_596_800_000] {
            assert_eq!(parse_timestamp(&as_iso(millis)), Some(millis), "{}", as_iso(millis));
        }
        assert_eq!(as_iso(1_709_209_815_250), "2024-02-29T12:30:15.250Z");
    }
}
