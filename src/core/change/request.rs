//! What stands on the command line, taken apart.

use node_semver::Version;

use crate::core::lockfile::is_valid_package_name;
use crate::core::version_range::parse_range;

/// A dependency as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The name it will have; `None` where only what is installed can tell.
    pub alias: Option<String>,
    /// What it is to be; `None` for the usual.
    pub specifier: Option<String>,
}

impl Request {
    /// Takes `name`, `name@specifier` or a specifier alone apart (pnpm: `resolving-parse-wanted-dependency`).
    pub fn parse(text: &str) -> Self {
        let (name, specifier) = match split_name(text) {
            Some((name, specifier)) => (name, specifier.trim()),
            None => (text, ""),
        };
        if is_valid_package_name(name) {
            let specifier = Some(specifier.to_owned()).filter(|text| !text.is_empty());
            Self { alias: Some(name.to_owned()), specifier }
        } else {
            Self { alias: None, specifier: Some(text.to_owned()) }
        }
    }
}

/// Splits at the first `@` that does not begin a scope.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().skip(1).position(|byte| byte == b'@')? + 1;
    Some((&text[..at], &text[at + 1..]))
}

/// Which dependencies an update is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// A name or a pattern; with `!` in front all but those.
    pub pattern: String,
    /// What to move to.
    pub version: Option<String>,
}

impl Selector {
    /// Takes `name`, `@scope/*`, `!name` or `name@version` apart.
    pub fn parse(text: &str) -> Self {
        let start = usize::from(text.starts_with('!'));
        match split_name(&text[start..]) {
            Some((name, version)) => {
                Self { pattern: text[..start + name.len()].to_owned(), version: Some(version.to_owned()) }
            }
            None => Self { pattern: text.to_owned(), version: None },
        }
    }
}

/// Whether a specifier is a version, a range or a tag of the package with the alias itself.
pub fn is_of_registry(specifier: &str) -> bool {
    Version::parse(specifier).is_ok() || parse_range(specifier).is_ok() || is_tag(specifier)
}

/// Whether a specifier is a tag.
pub fn is_tag(specifier: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    !specifier.is_empty()
        && specifier.bytes().all(is_plain)
        && Version::parse(specifier).is_err()
        && parse_range(specifier).is_err()
        && !specifier.starts_with('.')
        && !specifier.starts_with('~')
}

/// The name and the range behind `npm:`; without a range it is empty. `None` for a range alone.
pub fn npm_alias(specifier: &str) -> Option<(&str, &str)> {
    let rest = specifier.strip_prefix("npm:")?;
    if rest.is_empty() || parse_range(rest).is_ok() {
        return None;
    }
    Some(split_name(rest).unwrap_or((rest, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_name_a_specifier_or_both() {
        for (text, alias, specifier) in [
            ("ms", Some("ms"), None),
            ("ms@2", Some("ms"), Some("2")),
            ("ms@ 2", Some("ms"), Some("2")),
            ("ms@", Some("ms"), None),
            ("@s/a", Some("@s/a"), None),
            ("@s/a@^1", Some("@s/a"), Some("^1")),
            ("my-ms@npm:ms@2", Some("my-ms"), Some("npm:ms@2")),
            ("../folder", None, Some("../folder")),
            ("file:../folder", None, Some("file:../folder")),
            ("user/repo", None, Some("user/repo")),
            ("https://user@host.test/a.tgz", None, Some("https://user@host.test/a.tgz")),
        ] {
            let request = Request::parse(text);
            assert_eq!(
                (request.alias.as_deref(), request.specifier.as_deref()),
                (alias, specifier),
                "{text}"
            );
        }
    }

    #[test]
    fn a_selector_is_a_pattern_with_a_version_or_without() {
        for (text, pattern, version) in [
            ("ms", "ms", None),
            ("@s/*", "@s/*", None),
            ("!@s/a", "!@s/a", None),
            ("ms@2", "ms", Some("2")),
            ("@s/a@latest", "@s/a", Some("latest")),
        ] {
            let selector = Selector::parse(text);
            assert_eq!(
                (selector.pattern.as_str(), selector.version.as_deref()),
                (pattern, version),
                "{text}"
            );
        }
    }

    #[test]
    fn what_a_registry_answers_is_told_from_all_else() {
        for (specifier, expected) in [
            ("1.0.0", true),
            ("^1 || 2", true),
            ("latest", true),
            ("*", true),
            ("../a", false),
            ("user/repo", false),
            ("npm:a@1", false),
            ("https://host.test/a.tgz", false),
            ("workspace:*", false),
        ] {
            assert_eq!(is_of_registry(specifier), expected, "{specifier}");
        }
        assert!(is_tag("next") && !is_tag("1.0.0") && !is_tag("*") && !is_tag("x"));
        assert_eq!(npm_alias("npm:@s/a@^1"), Some(("@s/a", "^1")));
        assert_eq!(npm_alias("npm:ms"), Some(("ms", "")));
        assert_eq!(npm_alias("npm:^1"), None);
    }
}
