//! Points in time as they are written.

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

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
    use crate::core::registry::parse_timestamp;

    #[test]
    fn what_is_written_is_read_back() {
        for millis in [0, 1, -1, 951_782_400_000, 1_709_209_815_250, 4_102_444_800_000, -62_135_596_800_000] {
            assert_eq!(parse_timestamp(&as_iso(millis)), Some(millis), "{}", as_iso(millis));
        }
        assert_eq!(as_iso(1_709_209_815_250), "2024-02-29T12:30:15.250Z");
    }
}
