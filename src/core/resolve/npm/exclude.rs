//! Packages that a policy leaves alone: `minimumReleaseAgeExclude`, `trustPolicyExclude`.
//!
//! Rules are a name (where `*` stands for any run of characters) or `name@version || version`. pnpm:
//! `config/src/version_policy.rs`.

use indexmap::IndexMap;
use node_semver::Version;

use super::error::NpmError;

/// The rules of a setting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    name: String,
    /// None means all.
    versions: Vec<Box<str>>,
}

/// What the rules say of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Excluded {
    /// Nothing.
    No,
    /// All its versions are left alone.
    All,
    /// These versions are.
    Versions(Vec<Box<str>>),
}

impl Excluded {
    /// Whether a version is left alone.
    #[must_use]
    pub fn covers(&self, version: &str) -> bool {
        match self {
            Self::No => false,
            Self::All => true,
            Self::Versions(versions) => versions.iter().any(|other| **other == *version),
        }
    }

    /// The versions that are left alone, where they are listed.
    #[must_use]
    pub fn versions(&self) -> &[Box<str>] {
        if let Self::Versions(versions) = self { versions } else { &[] }
    }
}

impl Exclusions {
    /// Reads the rules.
    ///
    /// # Errors
    /// When a version is none, or a pattern has one.
    pub fn parse(rules: &[String]) -> Result<Self, NpmError> {
        Ok(Self { rules: rules.iter().map(|rule| Rule::parse(rule)).collect::<Result<_, _>>()? })
    }

    /// The rules, with one for each name: all versions, or the listed ones in order. Names keep the place where they
    /// come first. (pnpm: `merge_package_version_specs`.)
    #[must_use]
    pub fn merged(&self) -> Vec<String> {
        let mut merged: IndexMap<&str, Option<Vec<Version>>> = IndexMap::new();
        for rule in &self.rules {
            let versions = rule.versions.iter().filter_map(|version| Version::parse(version).ok());
            let listed = merged.entry(&rule.name).or_insert_with(|| Some(Vec::new()));
            match listed {
                Some(_) if rule.versions.is_empty() => *listed = None,
                Some(listed) => listed.extend(versions),
                None => {}
            }
        }
        let text = |(name, versions): (&str, Option<Vec<Version>>)| {
            let Some(mut versions) = versions else { return name.to_owned() };
            versions.sort();
            versions.dedup();
            let versions: Vec<String> = versions.iter().map(Version::to_string).collect();
            format!("{name}@{}", versions.join(" || "))
        };
        merged.into_iter().map(text).collect()
    }

    /// What the rules say of a package.
    #[must_use]
    pub fn of(&self, name: &str) -> Excluded {
        let mut listed: Option<Vec<Box<str>>> = None;
        for rule in self.rules.iter().filter(|rule| fits(&rule.name, name)) {
            if rule.versions.is_empty() {
                return Excluded::All;
            }
            let listed = listed.get_or_insert_default();
            for version in &rule.versions {
                if !listed.contains(version) {
                    listed.push(version.clone());
                }
            }
        }
        listed.map_or(Excluded::No, Excluded::Versions)
    }
}

impl Rule {
    fn parse(text: &str) -> Result<Self, NpmError> {
        let skipped = usize::from(text.starts_with('@'));
        let Some(at) = text[skipped..].find('@').map(|at| at + skipped) else {
            return Ok(Self { name: text.to_owned(), versions: Vec::new() });
        };
        let versions: Option<Vec<Box<str>>> = text[at + 1..]
            .split("||")
            .map(|version| Version::parse(version.trim()).ok().map(|version| version.to_string().into()))
            .collect();
        let versions = versions.ok_or_else(|| NpmError::VersionUnion { rule: text.to_owned() })?;
        if text[..at].contains('*') {
            return Err(NpmError::PatternWithVersions { rule: text.to_owned() });
        }
        Ok(Self { name: text[..at].to_owned(), versions })
    }
}

/// Whether a name fits a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(first) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return name.ends_with(piece);
        }
        match name.find(piece) {
            Some(at) => name = &name[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rules: &[&str]) -> Result<Exclusions, NpmError> {
        Exclusions::parse(&rules.iter().map(|&rule| rule.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn names_patterns_and_versions_exclude() {
        let rules = rules(&["a", "@s/*", "is-*-x", "b@1.0.0 || 2.0.0", "b@2.0.0||3.0.0"]).unwrap();
        assert_eq!(rules.of("a"), Excluded::All);
        assert_eq!(rules.of("@s/x"), Excluded::All);
        assert_eq!(rules.of("is-odd-x"), Excluded::All);
        assert_eq!(rules.of("is-odd"), Excluded::No);
        assert_eq!(rules.of("ab"), Excluded::No);
        assert_eq!(rules.of("b"), Excluded::Versions(vec!["1.0.0".into(), "2.0.0".into(), "3.0.0".into()]));
        assert!(rules.of("b").covers("3.0.0") && !rules.of("b").covers("4.0.0"));
    }

    #[test]
    fn rules_of_one_name_are_merged_and_their_versions_put_in_order() {
        let rules =
            rules(&["b@1.10.0", "@s/*", "b@1.9.0 || 1.10.0", "c@1.0.0", "a", "c", "a@1.0.0"]).unwrap();
        assert_eq!(rules.merged(), ["b@1.9.0 || 1.10.0", "@s/*", "c", "a"]);
    }

    #[test]
    fn ranges_and_patterns_with_versions_are_refused() {
        assert!(matches!(rules(&["a@^1.0.0"]), Err(NpmError::VersionUnion { .. })));
        assert!(matches!(rules(&["is-*@1.0.0"]), Err(NpmError::PatternWithVersions { .. })));
    }
}
