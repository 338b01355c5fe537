//! Reading ranges of versions.
//!
//! Every range is read here and nowhere else: ranges come out of manifests of strangers, and the library panics on some
//! of them (a tilde or an equals sign before a wildcard). It must never let such a text through.

use std::borrow::Cow;

use node_semver::{Range, SemverError};

/// Reads a range. `~x` and `=x` are what npm takes them for, any version.
///
/// # Errors
/// When the text is no range.
#[expect(clippy::disallowed_methods, reason = "this is the one place where the library reads ranges")]
pub fn parse_range(text: impl AsRef<str>) -> Result<Range, SemverError> {
    Range::parse(without_traps(text.as_ref()))
}

/// A word that the library passes over.
const NO_RANGE: &str = "!";

/// The same range without the comparators that the library panics on.
fn without_traps(text: &str) -> Cow<'_, str> {
    let mut safe = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(length) = text[at..].find(['~', '=']) {
        let start = at + length;
        at = start + 1;
        let is_tilde = text[start..].starts_with('~');
        let before = &text[..start];
        if !before.is_empty() && !before.ends_with([' ', '\t', '|']) {
            continue;
        }
        let mut rest = text[at..].trim_start();
        if is_tilde {
            rest = rest.strip_prefix('>').unwrap_or(rest).trim_start();
        }
        rest = rest.strip_prefix('v').unwrap_or(rest).trim_start();
        let end = rest.find(|byte: char| byte.is_whitespace() || byte == '|').unwrap_or(rest.len());
        if let Some(instead) = trapped(&rest[..end], is_tilde) {
            safe.push_str(&text[copied..start]);
            // Behind an operator that stands alone it would only be the next trap.
            let follows_operator = before.trim_end().ends_with(['~', '=', '<', '>', '^', 'v']);
            safe.push_str(if follows_operator { NO_RANGE } else { &instead });
            copied = text.len() - rest.len() + end;
            at = copied;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[copied..]);
    Cow::Owned(safe)
}

/// What stands for a comparator with this version, if the library panics on it.
fn trapped(version: &str, is_tilde: bool) -> Option<String> {
    let is_wildcard = |part: &str| part.starts_with(['x', 'X', '*']);
    let mut parts = version.split('.');
    let major = parts.next()?;
    if is_wildcard(major) {
        let is_version = version.split('.').all(|part| {
            matches!(part, "x" | "X" | "*")
                || (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        });
        // What is no version is left as a word that is no range either.
        return Some(if is_version { "*" } else { NO_RANGE }.to_owned());
    }
    let is_number = !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit());
    (is_tilde && is_number && parts.next().is_some_and(is_wildcard)).then(|| format!("~{major}"))
}

#[cfg(test)]
mod tests {
    use node_semver::Version;

    use super::*;

    fn allows(range: &str, version: &str) -> bool {
        parse_range(range).is_ok_and(|range| range.satisfies(&Version::parse(version).unwrap()))
    }

    #[test]
    fn a_wildcard_after_a_tilde_or_an_equals_sign_is_any_version() {
        for range in ["~x", "~*", "~ X", "~>x", "~> v*", "=x", "= *", "=vX", "~x.1.2", "=x.x.x", "^9 || ~x"] {
            assert!(allows(range, "1.2.3"), "{range}");
        }
        assert!(allows("~x <2", "1.2.3") && !allows("~x <2", "2.0.0"));
        assert!(allows(">=1 =* <2", "1.2.3") && !allows(">=1 =* <2", "2.0.0"));
    }

    #[test]
    fn a_wildcard_in_the_middle_leaves_the_rest_open() {
        for range in ["~1.x.3", "~>1.x.0", "~1.*.3-beta"] {
            assert!(allows(range, "1.9.0") && !allows(range, "2.0.0"), "{range}");
        }
    }

    #[test]
    fn nonsense_is_no_range_and_no_panic() {
        for range in ["~xyz", "=xyz", "~x.y", "=*nix", "~é", "=", "~", "~|", "a~x", "~>=x", "~ =x", "=v =x"]
        {
            assert!(!allows(range, "1.2.3"), "{range}");
        }
    }

    #[test]
    fn other_ranges_are_read_as_they_are() {
        for range in ["^1.2.3", "~1.2", ">=1 <=2", "=1.2.3", "1.x", "*", "1 - 2", "~1.2.x || ^2", ">=x"] {
            assert!(matches!(without_traps(range), Cow::Borrowed(_)), "{range}");
            assert!(allows(range, "1.2.3"), "{range}");
        }
    }

    #[test]
    fn no_short_text_panics() {
        let letters = ["~", "=", ">", "<", "^", "x", "*", "1", ".", " ", "|", "-", "v", "é"];
        let mut texts: Vec<String> = vec![String::new()];
        for _ in 0..4 {
            texts = texts.iter().flat_map(|text| letters.map(|letter| format!("{text}{letter}"))).collect();
            for text in &texts {
                let _ = parse_range(text);
                let _ = parse_range(format!("1.0.0 {text}x.1"));
            }
        }
    }
}
