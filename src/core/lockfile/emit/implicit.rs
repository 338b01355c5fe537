//! Texts that YAML would take for something else if they stood without quotes: nothing, a truth value, a number, a
//! point in time, or a merge.

/// Whether a text reads as something else than a text.
pub(super) fn means_something_else(text: &str) -> bool {
    let Some(first) = text.bytes().next() else {
        return true;
    };
    match first {
        b'~' => text == "~",
        b'<' => text == "<<",
        b'n' | b'N' => matches!(text, "null" | "Null" | "NULL"),
        b't' | b'T' => matches!(text, "true" | "True" | "TRUE"),
        b'f' | b'F' => matches!(text, "false" | "False" | "FALSE"),
        b'0'..=b'9' | b'+' | b'-' | b'.' => is_integer(text) || is_float(text) || is_time(text),
        _ => false,
    }
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

/// Digits, with `_` between them.
fn is_digits(text: &str, is_digit: impl Fn(u8) -> bool) -> bool {
    !text.ends_with('_')
        && text.bytes().all(|byte| byte == b'_' || is_digit(byte))
        && text.bytes().any(|byte| byte != b'_')
}

fn is_integer(text: &str) -> bool {
    let text = without_sign(text);
    if let Some(rest) = text.strip_prefix('0') {
        if rest.is_empty() {
            return true;
        }
        let digits = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
        match rest.as_bytes()[0] {
            b'b' => return is_digits(digits, |byte| matches!(byte, b'0' | b'1')),
            b'x' => return is_digits(digits, |byte| byte.is_ascii_hexdigit()),
            b'o' => return is_digits(digits, |byte| matches!(byte, b'0'..=b'7')),
            b'_' => return false,
            _ => return is_digits(rest, |byte| byte.is_ascii_digit()),
        }
    }
    !text.starts_with('_') && is_digits(text, |byte| byte.is_ascii_digit())
}

fn is_float(text: &str) -> bool {
    if text.ends_with('_') {
        return false;
    }
    let unsigned = without_sign(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let is_part = |part: &str| part.bytes().all(|byte| byte == b'_' || byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(end) => (&unsigned[..end], Some(&unsigned[end + 1..])),
        None => (unsigned, None),
    };
    let has_good_exponent = exponent.is_none_or(|exponent| {
        let digits = without_sign(exponent);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    let has_good_mantissa = match mantissa.split_once('.') {
        // Nothing before the point: then there is no sign either.
        Some(("", fraction)) => unsigned.len() == text.len() && !fraction.is_empty() && is_part(fraction),
        Some((whole, fraction)) => !whole.starts_with('_') && is_part(whole) && is_part(fraction),
        None => mantissa.starts_with(|first: char| first.is_ascii_digit()) && is_part(mantissa),
    };
    has_good_mantissa && has_good_exponent
}

/// A day (`2020-12-08`), or a day and a time with an optional fraction and zone.
fn is_time(text: &str) -> bool {
    let mut scanner = Scanner { rest: text };
    if text.len() == 10 && scanner.day(2) && scanner.rest.is_empty() {
        return true;
    }
    let mut scanner = Scanner { rest: text };
    scanner.day(1) && scanner.gap() && scanner.time_of_day() && scanner.zone() && scanner.rest.is_empty()
}

struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    fn digits(&mut self, least: usize, most: usize) -> bool {
        let found = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        self.rest = &self.rest[found..];
        found >= least
    }

    fn mark(&mut self, mark: char) -> bool {
        let rest = self.rest.strip_prefix(mark);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn spaces(&mut self) -> bool {
        let rest = self.rest.trim_start_matches([' ', '\t']);
        let found = rest.len() < self.rest.len();
        self.rest = rest;
        found
    }

    fn day(&mut self, least: usize) -> bool {
        self.digits(4, 4)
            && self.mark('-')
            && self.digits(least, 2)
            && self.mark('-')
            && self.digits(least, 2)
    }

    /// What stands between day and time.
    fn gap(&mut self) -> bool {
        self.mark('T') || self.mark('t') || self.spaces()
    }

    fn time_of_day(&mut self) -> bool {
        let whole =
            self.digits(1, 2) && self.mark(':') && self.digits(2, 2) && self.mark(':') && self.digits(2, 2);
        if whole && self.mark('.') {
            self.digits(0, usize::MAX);
        }
        whole
    }

    fn zone(&mut self) -> bool {
        let had_spaces = self.spaces();
        if self.mark('Z') {
            return true;
        }
        if !(self.mark('+') || self.mark('-')) {
            return !had_spaces;
        }
        self.digits(1, 2) && (!self.mark(':') || self.digits(2, 2))
    }
}
