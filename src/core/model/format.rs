//! Numbers and foreign text made fit to be read: units for people, and nothing that a terminal would obey.
//!
//! Whatever comes from a lockfile, a registry or a server passes [`printable`] before it is shown.

use std::borrow::Cow;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Microseconds as people say them, at most 8 columns: `0.85 ms`, `850 ms`, `3.42 s`, `2m 05s`, `1h 02m`.
#[must_use]
pub fn duration(micros: u64) -> String {
    let seconds = micros / 1_000_000;
    match micros {
        // Less than can be told.
        0..5 => "0 ms".to_owned(),
        5..9_995 => format!("{}.{:02} ms", (micros + 5) / 1000, (micros + 5) % 1000 / 10),
        9_995..999_500 => format!("{} ms", (micros + 500) / 1000),
        999_500..59_995_000 => {
            let hundredths = (micros + 5_000) / 10_000;
            format!("{}.{:02} s", hundredths / 100, hundredths % 100)
        }
        _ if seconds < HOUR => format!("{}m {:02}s", seconds / MINUTE, seconds % MINUTE),
        _ if seconds < 1000 * HOUR => format!("{}h {:02}m", seconds / HOUR, seconds % HOUR / MINUTE),
        _ => format!("{}d", (seconds / (24 * HOUR)).min(9_999_999)),
    }
}

/// Bytes in decimal units, at most 8 columns: `512 B`, `12.3 kB`, `52.1 MB`.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut unit = 0;
    let mut scale = 1000_u64;
    // 999.95 of a unit would read as 1000.0 of it.
    while unit + 1 < UNITS.len() && count >= scale.saturating_mul(1000) - scale / 20 {
        unit += 1;
        scale = scale.saturating_mul(1000);
    }
    let tenths = (u128::from(count) * 10 + u128::from(scale / 2)) / u128::from(scale);
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

/// Bytes a second.
#[must_use]
pub fn rate(bytes_a_second: u64) -> String {
    format!("{}/s", bytes(bytes_a_second))
}

/// A count with its thousands set off: `1,355`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count with the word that goes with it: `1 retry`, `1,355 retries`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A factor, such as a phase's parallelism: `12.6x`. One that no run can have is shown as `-`.
#[must_use]
pub fn factor(value: f64) -> String {
    if !value.is_finite() || !(0.0..1e6).contains(&value) {
        "-".to_owned()
    } else if value < 99.95 {
        format!("{value:.1}x")
    } else {
        format!("{value:.0}x")
    }
}

/// A share between 0 and 1 in percent.
#[must_use]
pub fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.0}%", share.clamp(0.0, 1.0) * 100.0) } else { "-".to_owned() }
}

/// `part / whole`; none where it means nothing.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The text on one line and without anything a terminal would act upon or that would hide what stands beside it:
/// control characters, the direction overrides and the characters without a width become `?`, line ends a space. What
/// joins characters into one picture, which each terminal draws as wide as it likes, goes the same way: the joiners and
/// skin tones; flags become the two letters they are made of.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|character| match character {
                '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
                plain if is_plain(plain) => plain,
                '\u{1f1e6}'..='\u{1f1ff}' => letter_of_flag(character),
                _ => '?',
            })
            .collect(),
    )
}

fn letter_of_flag(character: char) -> char {
    u32::from(character)
        .checked_sub(0x1_f1e6)
        .and_then(|nth| char::from_digit(nth + 10, 36))
        .map_or('?', |letter| letter.to_ascii_uppercase())
}

fn is_plain(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{20e3}'
                | '\u{1f1e6}'..='\u{1f1ff}'
                | '\u{1f3fb}'..='\u{1f3ff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_three_digits_and_fit_eight_columns() {
        let shown = |micros| {
            let text = duration(micros);
            assert!(text.len() <= 8, "{text}");
            text
        };
        assert_eq!(shown(0), "0 ms");
        assert_eq!(shown(4), "0 ms");
        assert_eq!(shown(7), "0.01 ms");
        assert_eq!(shown(850), "0.85 ms");
        assert_eq!(shown(9_994), "9.99 ms");
        assert_eq!(shown(12_400), "12 ms");
        assert_eq!(shown(999_499), "999 ms");
        assert_eq!(shown(999_500), "1.00 s");
        assert_eq!(shown(59_994_999), "59.99 s");
        assert_eq!(shown(59_995_000), "0m 59s");
        assert_eq!(shown(125_000_000), "2m 05s");
        assert_eq!(shown(3_725_000_000), "1h 02m");
        assert_eq!(shown(u64::MAX), "9999999d");
    }

    #[test]
    fn bytes_change_unit_before_they_need_a_fifth_digit() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(999_949), "999.9 kB");
        assert_eq!(bytes(999_950), "1.0 MB");
        assert_eq!(bytes(52_100_000), "52.1 MB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_355), "1,355");
        assert_eq!(count(39_744_000), "39,744,000");
    }

    #[test]
    fn foreign_text_cannot_speak_to_the_terminal() {
        assert_eq!(printable("react@18.2.0"), "react@18.2.0");
        assert_eq!(printable("a\u{1b}[2Jb\u{9b}c\u{7f}"), "a?[2Jb?c?");
        assert_eq!(printable("two\nlines"), "two lines");
        assert_eq!(printable("\u{202e}gpj.exe"), "?gpj.exe");
        assert_eq!(printable("日本"), "日本");
        assert_eq!(printable("👩\u{200d}👧 🇩🇪 👍🏽 ❤\u{fe0f}"), "👩?👧 DE 👍? ❤?");
    }
}
