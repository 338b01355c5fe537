//! Whether a version lies in a range, by npm's rules as pnpm applies them.

use std::borrow::Cow;

use node_semver::{Range, Version};

use crate::core::version_range::parse_range;

/// A range that is ready to be asked.
#[derive(Debug, Clone)]
pub struct RangeMatcher {
    range: Range,
    /// Only then can a prerelease lie in it.
    may_hold_prereleases: bool,
}

impl RangeMatcher {
    /// Reads a range; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = if is_any(text) { "*" } else { text };
        let range = parse_range(with_whole_upper_bounds(text)).ok()?;
        // The dash before a prerelease may be left out.
        let names_prerelease =
            |byte: u8| byte == b'-' || (byte.is_ascii_alphabetic() && !b"xXvV".contains(&byte));
        Some(Self { range, may_hold_prereleases: text.bytes().any(names_prerelease) })
    }

    /// The version, if it is one and lies in the range.
    #[must_use]
    pub fn take(&self, version: &str) -> Option<Version> {
        let version = match Shape::of(version) {
            Shape::Release(version) => version,
            Shape::Prerelease if !self.may_hold_prereleases => return None,
            Shape::Prerelease | Shape::Other => Version::parse(version).ok()?,
        };
        self.range.satisfies(&version).then_some(version)
    }

    /// Whether a version lies in the range.
    #[must_use]
    pub fn allows(&self, version: &str) -> bool {
        self.take(version).is_some()
    }
}

/// What a version looks like. Nearly all are three numbers, which are read here; the rest is the library's.
enum Shape {
    Release(Version),
    /// Three numbers, a `-` and more.
    Prerelease,
    Other,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut numbers = [0_u64; 3];
        let mut rest = text.as_bytes();
        for (place, number) in numbers.iter_mut().enumerate() {
            if place > 0 {
                match rest {
                    [b'.', tail @ ..] => rest = tail,
                    _ => return Self::Other,
                }
            }
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            // Up to 15 digits stay below the largest number that npm allows.
            if digits == 0 || digits > 15 {
                return Self::Other;
            }
            let (head, tail) = rest.split_at(digits);
            *number = head.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
            rest = tail;
        }
        match rest {
            [] => Self::Release(Version::new(numbers[0], numbers[1], numbers[2])),
            [b'-', ..] if !text.contains('+') => Self::Prerelease,
            _ => Self::Other,
        }
    }
}

/// Whether a version is a prerelease.
#[must_use]
pub fn is_prerelease(version: &str) -> bool {
    match Shape::of(version) {
        Shape::Release(_) => false,
        Shape::Prerelease | Shape::Other => {
            Version::parse(version).is_ok_and(|version| version.is_prerelease())
        }
    }
}

/// Whether a range stands for all versions: one of its alternatives is empty.
#[must_use]
pub fn is_any(range: &str) -> bool {
    range.split("||").any(|part| part.trim().is_empty())
}

/// Whether a text is a range.
#[must_use]
pub fn is_range(text: &str) -> bool {
    text.split("||").map(str::trim).all(|part| part.is_empty() || parse_range(part).is_ok())
}

/// `<=1.2` holds all of `1.2.x`; the library takes it for `<=1.2.0`.
fn with_whole_upper_bounds(range: &str) -> Cow<'_, str> {
    if !range.contains("<=") {
        return Cow::Borrowed(range);
    }
    let mut words = Vec::new();
    let mut rest = range.split_whitespace().peekable();
    while let Some(word) = rest.next() {
        let separate = (word == "<=").then(|| rest.peek().and_then(|version| whole_upper_bound(version)));
        match (separate.flatten(), word.strip_prefix("<=").and_then(whole_upper_bound)) {
            (Some(bound), _) => {
                rest.next();
                words.push(bound);
            }
            (None, Some(bound)) => words.push(bound),
            (None, None) => words.push(word.to_owned()),
        }
    }
    Cow::Owned(words.join(" "))
}

fn whole_upper_bound(version: &str) -> Option<String> {
    let number = |text: &str| -> Option<u64> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok())?
    };
    match version.split_once('.') {
        None => Some(format!("<{}.0.0-0", number(version)?.checked_add(1)?)),
        Some((major, minor)) => Some(format!("<{}.{}.0-0", number(major)?, number(minor)?.checked_add(1)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(range: &str, version: &str) -> bool {
        RangeMatcher::parse(range).unwrap().allows(version)
    }

    #[test]
    fn releases_lie_in_ranges() {
        for (range, inside, outside) in [
            ("^1.2.3", "1.9.0", "2.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("1.x", "1.0.0", "2.0.0"),
            (">1.0 <1.2.0", "1.1.9", "1.0.5"),
            ("1.0.0 || 2.0.0", "2.0.0", "1.0.1"),
            ("1.0.0 - 1.2", "1.2.7", "1.3.0"),
            ("<=1.2", "1.2.7", "1.3.0"),
            ("<= 1", "1.9.9", "2.0.0"),
            (">=1.0.0 || nonsense", "7.0.0", "0.9.0"),
            ("=v1.0.0", "1.0.0", "1.0.1"),
            ("^ 1.0.0", "1.2.0", "2.0.0"),
            ("^0.2.3", "0.2.9", "0.3.0"),
        ] {
            assert!(allows(range, inside), "{inside} in {range}");
            assert!(!allows(range, outside), "{outside} not in {range}");
        }
    }

    #[test]
    fn a_prerelease_lies_only_in_a_range_that_names_one_of_the_same_version() {
        assert!(allows("^1.1.0-0", "1.1.0-rc.1"));
        assert!(allows(">=1.0.0-alpha <2", "1.0.0-beta"));
        assert!(!allows("^1.1.0-0", "1.2.0-rc.1"));
        assert!(!allows("*", "1.0.0-rc.1"));
        assert!(!allows(">=1.0.0", "1.1.0-rc.1"));
        assert!(!allows("<2", "2.0.0-rc.1"));
    }

    #[test]
    fn build_metadata_does_not_matter() {
        assert!(allows(">=1.0.1", "1.0.1+b2"));
        assert!(allows("^1.0.0", "1.0.0+a-b"));
    }

    #[test]
    fn an_empty_alternative_stands_for_all_versions() {
        for range in ["", " ", "||", "1 ||", "*"] {
            assert!(allows(range, "99.0.0"), "{range:?}");
        }
    }

    #[test]
    fn what_is_no_version_lies_in_no_range() {
        for version in ["", "1", "1.0", "latest", "1.0.0.0", "99999999999999999999.0.0"] {
            assert!(!allows("*", version), "{version}");
        }
    }

    #[test]
    fn what_is_no_range_is_noticed() {
        assert!(RangeMatcher::parse("latest").is_none());
        assert!(!is_range("latest") && is_range("1.x || ") && is_range("^1"));
    }
}
