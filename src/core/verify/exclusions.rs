//! Packages that a policy leaves alone: `minimumReleaseAgeExclude`, `trustPolicyExclude` (pnpm:
//! `config/src/version_policy.rs`).

use node_semver::Version;

/// A pattern for names, with exact versions or without.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    /// What stands between the stars of the name.
    pieces: Vec<String>,
    /// The versions it is about; none means all.
    versions: Vec<String>,
}

/// Packages that a policy leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exclusions {
    rules: Vec<Rule>,
}

/// A rule that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExclusionError {
    /// What stands behind the name is no list of versions.
    #[error("{0:?} names something else than exact versions, separated by ||")]
    Versions(String),
    /// A star in the name, and versions.
    #[error("{0:?} has a pattern for names together with versions; only one of them is possible")]
    PatternWithVersions(String),
}

impl ExclusionError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Versions(_) => "ERR_PNPM_INVALID_VERSION_UNION",
            Self::PatternWithVersions(_) => "ERR_PNPM_NAME_PATTERN_IN_VERSION_UNION",
        })
    }
}

impl Exclusions {
    /// Reads rules: `name`, `@scope/*`, `name@1.0.0 || 1.0.1`.
    ///
    /// # Errors
    /// A rule has something else than exact versions, or versions of a pattern.
    pub fn new(rules: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ExclusionError> {
        let rules = rules.into_iter().map(|text| Rule::new(text.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Whether the policy leaves this version alone.
    #[must_use]
    pub fn contains(&self, name: &str, version: &str) -> bool {
        self.rules.iter().any(|rule| {
            rule.fits(name)
                && (rule.versions.is_empty() || rule.versions.iter().any(|exact| exact == version))
        })
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether the policy leaves every version of a package alone.
    #[must_use]
    pub fn contains_all_of(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.versions.is_empty() && rule.fits(name))
    }
}

impl Rule {
    fn new(text: &str) -> Result<Self, ExclusionError> {
        let scope = usize::from(text.starts_with('@'));
        let (name, versions) = match text[scope..].find('@') {
            None => (text, Vec::new()),
            Some(position) => {
                let (name, versions) = (&text[..scope + position], &text[scope + position + 1..]);
                let versions: Option<Vec<String>> = versions
                    .split("||")
                    .map(|version| Some(Version::parse(version.trim()).ok()?.to_string()))
                    .collect();
                (name, versions.ok_or_else(|| ExclusionError::Versions(text.to_owned()))?)
            }
        };
        if name.contains('*') && !versions.is_empty() {
            return Err(ExclusionError::PatternWithVersions(text.to_owned()));
        }
        Ok(Self { pieces: name.split('*').map(str::to_owned).collect(), versions })
    }

    fn fits(&self, name: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == name);
        };
        let Some(mut rest) =
            name.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()))
        else {
            return false;
        };
        middle.iter().all(|piece| match rest.find(piece.as_str()) {
            Some(start) => {
                rest = &rest[start + piece.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_a_name_a_pattern_or_versions_of_a_name() {
        let exclusions =
            Exclusions::new(["react", "@scope/*", "lodash@4.17.20 || 4.17.21", "@a/b@1.0.0"]).unwrap();
        for (name, version, expected) in [
            ("react", "19.0.0", true),
            ("react-dom", "19.0.0", false),
            ("@scope/x", "1.0.0", true),
            ("@scope", "1.0.0", false),
            ("lodash", "4.17.21", true),
            ("lodash", "4.17.22", false),
            ("@a/b", "1.0.0", true),
            ("@a/b", "1.0.1", false),
        ] {
            assert_eq!(exclusions.contains(name, version), expected, "{name}@{version}");
        }
        assert!(exclusions.contains_all_of("react") && !exclusions.contains_all_of("lodash"));
        assert!(!Exclusions::default().contains("react", "1.0.0"));
    }

    #[test]
    fn ranges_and_versions_of_patterns_are_refused() {
        let error = |rule: &str| Exclusions::new([rule]).unwrap_err().code().unwrap();
        assert_eq!(error("react@^19"), "ERR_PNPM_INVALID_VERSION_UNION");
        assert_eq!(error("react@"), "ERR_PNPM_INVALID_VERSION_UNION");
        assert_eq!(error("is-*@1.0.0"), "ERR_PNPM_NAME_PATTERN_IN_VERSION_UNION");
    }
}
