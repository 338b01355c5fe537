//! Selectors of packages in settings: `name`, `name@range`, `parent>child`.

use crate::core::lockfile::is_valid_package_name;
use crate::core::version_range::parse_range;
use node_semver::Version;

/// `name` or `name@range`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PackageSelector {
    /// The package.
    pub name: String,
    /// The range behind the `@`, which may be empty.
    pub range: Option<String>,
}

impl PackageSelector {
    /// Reads a selector; `None` if it does not begin with the name of a package.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, range) = match text.bytes().skip(1).position(|byte| byte == b'@') {
            Some(position) => (&text[..=position], Some(text[position + 2..].to_owned())),
            None => (text, None),
        };
        is_valid_package_name(name).then(|| Self { name: name.to_owned(), range })
    }

    /// Whether a package is meant. A range means no package whose version is not known.
    #[must_use]
    pub fn selects(&self, name: &str, version: Option<&str>) -> bool {
        self.name == name
            && self
                .range
                .as_deref()
                .is_none_or(|range| version.is_some_and(|version| satisfies(version, range)))
    }
}

/// Splits `parent>child` into both; without a parent only the child is there. A `>` counts as the separator unless it
/// is part of a range, which is told by the character before it.
#[must_use]
pub fn parent_and_child(selector: &str) -> (Option<&str>, &str) {
    let separator = selector
        .as_bytes()
        .windows(2)
        .position(|pair| pair[1] == b'>' && !matches!(pair[0], b' ' | b'|' | b'@'));
    match separator {
        Some(before) => (Some(&selector[..=before]), &selector[before + 2..]),
        None => (None, selector),
    }
}

/// Whether a version lies in a range; what is no version or no range does not.
pub(in crate::core::lockfile) fn satisfies(version: &str, range: &str) -> bool {
    match (Version::parse(version), parse_range(range)) {
        (Ok(version), Ok(range)) => range.satisfies(&version),
        _ => false,
    }
}

/// Whether some version lies in both; the same text always does, and an empty range allows everything.
pub(super) fn intersects(range: &str, specifier: &str) -> bool {
    if range.is_empty() || range == specifier {
        return true;
    }
    match (parse_range(range), parse_range(specifier)) {
        (Ok(range), Ok(specifier)) => range.allows_any(&specifier),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_a_name_with_or_without_a_range() {
        let parsed = |text| PackageSelector::parse(text).map(|selector| (selector.name, selector.range));
        assert_eq!(parsed("a"), Some(("a".into(), None)));
        assert_eq!(parsed("a@^1"), Some(("a".into(), Some("^1".into()))));
        assert_eq!(parsed("@s/a@>=1 <2"), Some(("@s/a".into(), Some(">=1 <2".into()))));
        assert_eq!(parsed("a@"), Some(("a".into(), Some(String::new()))));
        assert_eq!(parsed(""), None);
        assert_eq!(parsed("../a"), None);
        assert_eq!(parsed("a b@1"), None);
    }

    #[test]
    fn a_greater_than_separates_unless_it_belongs_to_a_range() {
        assert_eq!(parent_and_child("a>b"), (Some("a"), "b"));
        assert_eq!(parent_and_child("a@1>b@>2"), (Some("a@1"), "b@>2"));
        assert_eq!(parent_and_child("a@>1"), (None, "a@>1"));
        assert_eq!(parent_and_child("a@1 || >2"), (None, "a@1 || >2"));
        assert_eq!(parent_and_child("a@1 ||>2"), (None, "a@1 ||>2"));
        assert_eq!(parent_and_child("@s/é>é"), (Some("@s/é"), "é"));
    }

    #[test]
    fn a_range_selects_versions_in_it() {
        let selector = PackageSelector::parse("a@^1").unwrap();
        assert!(selector.selects("a", Some("1.2.3")));
        assert!(!selector.selects("a", Some("2.0.0")));
        assert!(!selector.selects("a", None));
        assert!(PackageSelector::parse("a").unwrap().selects("a", None));
    }
}
