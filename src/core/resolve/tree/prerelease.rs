//! Ranges the way npm reads them with `includePrerelease`: a prerelease lies in a range if it lies between its ends.
//!
//! And an end that the range does not spell out (`^18`, `18.x`, the lower end of `1.0.0 - 2.0.0`) begins with the first
//! prerelease of the version it stands for, while `^18.0.0` leaves out `18.0.0-rc.1`.

use node_semver::{MAX_SAFE_INTEGER, Range, Version};

use crate::core::version_range::parse_range;

/// A range with prereleases.
pub(super) struct WithPrereleases {
    /// Of the parts between `||` each a list of conditions that all have to hold.
    parts: Vec<Vec<Condition>>,
}

struct Condition {
    range: Range,
    /// Its lower end is not spelled out.
    open_below: bool,
}

impl WithPrereleases {
    /// Reads a range. Conditions that are none are left out; a part with only such ones fits nothing.
    pub(super) fn parse(range: &str) -> Self {
        Self { parts: range.split("||").filter_map(conditions).collect() }
    }

    /// Whether a version lies in the range.
    pub(super) fn fits(&self, version: &Version) -> bool {
        if !version.is_prerelease() {
            return self.any(|condition| condition.range.satisfies(version));
        }
        let only = |version: &Version| parse_range(version.to_string()).ok();
        let release = Version::new(version.major, version.minor, version.patch);
        // Overlapping with the range of one version asks for the ends alone, not for what prereleases are allowed.
        let (Some(point), Some(release)) = (only(version), only(&release)) else { return false };
        self.any(|condition| {
            condition.range.allows_any(&point)
                || (condition.open_below && condition.range.allows_any(&release))
        })
    }

    fn any(&self, holds: impl Fn(&Condition) -> bool) -> bool {
        self.parts.iter().any(|part| part.iter().all(&holds))
    }
}

fn conditions(part: &str) -> Option<Vec<Condition>> {
    let mut joined = String::with_capacity(part.len());
    for word in part.split_whitespace() {
        // `>= 1.2` is one condition.
        if !joined.is_empty() && !joined.ends_with(['<', '>', '=', '~', '^']) {
            joined.push(' ');
        }
        joined.push_str(word);
    }
    let words: Vec<&str> = joined.split_whitespace().collect();
    let mut conditions = Vec::new();
    let mut rest = words.as_slice();
    while let [first, tail @ ..] = rest {
        let (text, open_below) = if let ["-", last, after @ ..] = tail {
            rest = after;
            (format!("{first} - {last}"), !has_prerelease(first))
        } else {
            rest = tail;
            (upper_end(first).unwrap_or_else(|| (*first).to_owned()), is_partial(first))
        };
        if let Ok(range) = parse_range(&text) {
            conditions.push(Condition { range, open_below });
        }
    }
    (words.is_empty() || !conditions.is_empty()).then_some(conditions)
}

fn version_of(condition: &str) -> &str {
    condition.trim_start_matches(['<', '>', '=', '~', '^']).trim_start_matches('v')
}

fn has_prerelease(condition: &str) -> bool {
    version_of(condition).split('+').next().is_some_and(|version| version.contains('-'))
}

/// Whether a number is missing: `18`, `18.x`, `^18.0`.
fn is_partial(condition: &str) -> bool {
    let numbers = version_of(condition).split(['-', '+']).next().unwrap_or_default();
    let mut numbers = numbers.split('.');
    (0..3).any(|_| matches!(numbers.next(), None | Some("" | "x" | "X" | "*")))
}

/// `<=18` means `<19.0.0-0` and `<18.1` means `<18.1.0-0`, which the parser reads otherwise.
fn upper_end(condition: &str) -> Option<String> {
    let (step, version) = match condition.strip_prefix("<=") {
        Some(version) => (1, version),
        None => (0, condition.strip_prefix('<')?),
    };
    let version = version.trim_start_matches('v');
    if version.contains(['-', '+']) {
        return None;
    }
    let mut numbers = version.split('.').map(|number| number.parse::<u64>().ok());
    let major = numbers.next()??;
    let minor = numbers.next().flatten();
    let patch = numbers.next().flatten();
    let end = |number: u64| number.checked_add(step).filter(|end| *end <= MAX_SAFE_INTEGER);
    match (minor, patch) {
        (Some(_), Some(_)) => None,
        (Some(minor), None) => Some(format!("<{major}.{}.0-0", end(minor)?)),
        (None, _) => Some(format!("<{}.0.0-0", end(major)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prereleases_lie_in_a_range_by_its_ends_alone() {
        for (range, version, fits) in [
            ("^18.0.0", "18.1.0-rc.1", true),
            ("^18.0.0", "18.0.0-rc.1", false),
            ("^18", "18.0.0-rc.1", true),
            ("18.x", "18.0.0-rc.1", true),
            (">= 17 <19", "19.0.0-rc.1", false),
            ("<=18", "18.9.0", true),
            ("<=18", "19.0.0-alpha", false),
            ("<18.1", "18.1.0-alpha", false),
            ("1.0.0 - 2.0.0", "1.0.0-rc.1", true),
            ("1.0.0 - 2.0.0", "1.5.0-rc.1", true),
            ("*", "1.0.0-rc.1", true),
            ("", "1.0.0", true),
            ("^1 || ^2.0.0-rc.1", "2.0.0-rc.2", true),
            ("nonsense!", "1.0.0", false),
            ("^18.0.0", "18.2.0", true),
        ] {
            let version_read = Version::parse(version).unwrap();
            assert_eq!(WithPrereleases::parse(range).fits(&version_read), fits, "{range} {version}");
        }
    }
}
