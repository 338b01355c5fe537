//! Whether a version of Node.js lies in the range of `engines.node`, with prereleases counted as pnpm counts them
//! (npm's `includePrerelease`): `21.0.0-nightly` satisfies `>=16`, and does not satisfy `>=21.0.0`.

use node_semver::Version;

use crate::core::version_range::parse_range;

/// The node version that was given is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node version is set to {version:?}, which is not an exact version")]
pub struct InvalidNodeVersion {
    /// What was given.
    pub version: String,
}

/// Reads an exact version, with or without a `v` before it.
pub(super) fn parse_version(version: &str) -> Result<Version, InvalidNodeVersion> {
    let text = version.trim();
    Version::parse(text.strip_prefix('v').unwrap_or(text))
        .map_err(|_| InvalidNodeVersion { version: version.to_owned() })
}

/// Whether `version` satisfies `range`. A range that cannot be read is satisfied by nothing.
#[must_use]
pub fn satisfies_engine(version: &Version, range: &str) -> bool {
    // An alternative that says nothing allows everything, which the library does not know.
    if range.split("||").any(|alternative| alternative.trim().is_empty()) {
        return true;
    }
    let Ok(whole) = parse_range(range) else {
        return false;
    };
    if whole.satisfies(version) {
        return true;
    }
    if version.pre_release.is_empty() {
        return false;
    }
    range.split("||").any(|alternative| prerelease_satisfies(version, alternative.trim()))
}

/// The library counts a prerelease only where the range names one of the same numbers. Beyond that npm compares by
/// order alone, but for what it had to complete (`9`, `^9.0.0`, `1 - 2`): there the lower end counts prereleases in.
fn prerelease_satisfies(version: &Version, alternative: &str) -> bool {
    let Ok(range) = parse_range(alternative) else {
        return false;
    };
    if names_these_numbers(alternative, version) {
        let mut exact = version.clone();
        exact.build.clear();
        return parse_range(exact.to_string()).is_ok_and(|exact| range.allows_any(&exact));
    }
    let release = Version { pre_release: Vec::new(), build: Vec::new(), ..version.clone() };
    range.satisfies(&release)
}

/// Whether a comparator of the range has the numbers of the version written out in full, so that order decides.
fn names_these_numbers(alternative: &str, version: &Version) -> bool {
    if alternative.split_whitespace().any(|word| word == "-") {
        return false;
    }
    let mut words = alternative.split_whitespace();
    while let Some(word) = words.next() {
        let operand = word.trim_start_matches(['<', '>', '=', '~', '^']);
        let operator = &word[..word.len() - operand.len()];
        let operand = if operand.is_empty() { words.next().unwrap_or_default() } else { operand };
        let Ok(bound) = Version::parse(operand.trim_start_matches(['v', 'V'])) else {
            continue;
        };
        let is_completed = operator.starts_with(['~', '^']) && bound.pre_release.is_empty();
        if !is_completed
            && (bound.major, bound.minor, bound.patch) == (version.major, version.minor, version.patch)
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{parse_version, satisfies_engine};

    fn satisfies(version: &str, range: &str) -> bool {
        satisfies_engine(&parse_version(version).unwrap(), range)
    }

    #[test]
    fn releases_are_compared_as_everywhere() {
        assert!(satisfies("22.11.0", ">=18"));
        assert!(satisfies("v22.11.0", "^18 || ^20 || >=22"));
        assert!(!satisfies("16.0.0", "^18.17.0 || >=20.5.0"));
        assert!(!satisfies("16.0.0", "not a range"));
        assert!(satisfies("16.0.0", "*"));
        assert!(satisfies("16.0.0", "") && satisfies("16.0.0-rc.1", " "));
    }

    #[test]
    fn prereleases_count_where_npm_counts_them() {
        for (version, range, expected) in [
            ("21.0.0-nightly20230801", "^14.18.0 || >=16.0.0", true),
            ("9.0.0-alpha.1", ">=9.0.0", false),
            ("9.0.0-alpha.1", "<9.0.0", true),
            ("9.0.0-alpha.1", "9", true),
            ("9.0.0-alpha.1", ">=9", true),
            ("9.0.0-alpha.1", "^9.0.0", true),
            ("9.0.0-alpha.1", ">= 9.0.0", false),
            ("9.0.0-alpha.1", ">8", true),
            ("9.0.0-alpha.1", "^8", false),
        ] {
            assert_eq!(satisfies(version, range), expected, "{version} in {range}");
        }
    }

    #[test]
    fn what_is_not_an_exact_version_is_refused() {
        assert!(parse_version("22").is_err());
        assert!(parse_version("lts").is_err());
    }
}
