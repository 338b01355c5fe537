//! Specifiers that ask for a package of a registry.

use std::sync::Arc;

use node_semver::Version;
use percent::decoded;
use url::Url;

use super::range::{RangeMatcher, is_any, is_range};
use crate::core::resolve::SelectorKind;
use crate::core::version_range::parse_range;

/// A package of a registry, as a specifier asks for it.
#[derive(Debug, Clone)]
pub struct RegistrySpecifier {
    /// Name at the registry.
    pub name: Arc<str>,
    /// The version, range or tag.
    pub text: Arc<str>,
    /// Which of these it is.
    pub kind: SelectorKind,
    /// The range, ready to be asked.
    pub range: Option<Arc<RangeMatcher>>,
    /// What is to be written into a manifest whatever is picked: the URL of a tarball.
    pub kept: Option<Arc<str>>,
}

impl RegistrySpecifier {
    /// What a tag points at.
    #[must_use]
    pub fn tag(name: Arc<str>, tag: &str) -> Self {
        Self { name, text: tag.into(), kind: SelectorKind::Tag, range: None, kept: None }
    }

    /// Reads a specifier; `None` when it asks for something else than a package of a registry.
    ///
    /// Forms: a version, range or tag of the package that is called as the alias says; `npm:name`, `npm:name@selector`,
    /// `npm:selector`; the URL of a tarball below `registry`, the one that serves the package.
    #[must_use]
    pub fn parse(specifier: &str, alias: Option<&str>, registry: &str) -> Option<Self> {
        let alias = alias.filter(|alias| !alias.is_empty());
        let (name, selector) = match specifier.strip_prefix("npm:") {
            Some(rest) if alias.is_some() && is_range(rest) => (alias, rest),
            Some(rest) => {
                let (name, selector) = split_name(rest);
                (Some(name), selector.unwrap_or("latest"))
            }
            None => (alias, specifier),
        };
        if let Some(name) = name.filter(|name| !name.is_empty())
            && let Some(found) = Self::select(name.into(), selector)
        {
            return Some(found);
        }
        let (name, version) = tarball_of(selector.strip_prefix(registry).map(|_| selector)?)?;
        Some(Self {
            name: name.into(),
            text: version.into(),
            kind: SelectorKind::Version,
            range: None,
            kept: Some(selector.into()),
        })
    }

    /// A version, range or tag of a package; `None` when the text is none of these.
    #[must_use]
    pub fn select(name: Arc<str>, selector: &str) -> Option<Self> {
        let of_kind = |kind, text: &str, range| Self { name, text: text.into(), kind, range, kept: None };
        if is_any(selector) {
            return Some(of_kind(SelectorKind::Range, "*", RangeMatcher::parse("*").map(Arc::new)));
        }
        if let Ok(mut version) = Version::parse(selector) {
            // Versions are looked up without their build metadata.
            version.build.clear();
            return Some(of_kind(SelectorKind::Version, &version.to_string(), None));
        }
        // Whatever has a matcher is a range; only upper bounds that are mended for it can leave a range without.
        let range = RangeMatcher::parse(selector).map(Arc::new);
        if range.is_some() && !selector.contains("<=") || parse_range(selector).is_ok() {
            return Some(of_kind(SelectorKind::Range, selector, range));
        }
        is_tag(selector).then(|| of_kind(SelectorKind::Tag, selector, None))
    }
}

/// `name@selector`: the last `@` divides, but not one at the very beginning.
#[must_use]
pub(super) fn split_name(text: &str) -> (&str, Option<&str>) {
    match text.rfind('@') {
        Some(at) if at > 0 => (&text[..at], Some(&text[at + 1..])),
        _ => (text, None),
    }
}

/// Which registry a specifier leads to is decided by the name it is about: that after `npm:`, else the alias.
#[must_use]
pub fn routed_name<'a>(alias: Option<&'a str>, specifier: &'a str) -> &'a str {
    specifier.strip_prefix("npm:").unwrap_or(alias.unwrap_or_default())
}

fn is_tag(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte))
}

/// Name and version of the tarball at `…/<name>/-/<bare name>-<version>.tgz`.
fn tarball_of(url: &str) -> Option<(String, &str)> {
    let parsed = Url::parse(url).ok()?;
    let (name, _) = parsed.path().strip_prefix('/')?.split_once("/-/")?;
    let name = decoded(name)?;
    let (_, file) = url.rsplit_once("/-/").filter(|(before, _)| !before.contains("/-/"))?;
    let file = file.split(['?', '#']).next()?;
    let bare = name.rsplit('/').next()?;
    let version = file.strip_suffix(".tgz").unwrap_or(file).strip_prefix(bare)?.strip_prefix('-')?;
    Version::parse(version).ok()?;
    Some((name, version))
}

mod percent {
    /// The text that `%2f` and the like stand for; `None` when it is no UTF-8.
    pub(super) fn decoded(text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut plain = Vec::with_capacity(bytes.len());
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
            if let Some(decoded) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
                plain.push(decoded);
                at += 3;
            } else {
                plain.push(byte);
                at += 1;
            }
        }
        String::from_utf8(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTRY: &str = "http://127.0.0.1:4873/";

    fn parse(specifier: &str, alias: Option<&str>) -> Option<(String, String, SelectorKind)> {
        RegistrySpecifier::parse(specifier, alias, REGISTRY)
            .map(|found| (found.name.to_string(), found.text.to_string(), found.kind))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what was parsed")]
    fn found(name: &str, text: &str, kind: SelectorKind) -> Option<(String, String, SelectorKind)> {
        Some((name.to_owned(), text.to_owned(), kind))
    }

    #[test]
    fn versions_ranges_and_tags_are_told_apart() {
        use SelectorKind::{Range, Tag, Version};
        for (specifier, text, kind) in [
            ("1.0.0", "1.0.0", Version),
            ("v1.0.0", "1.0.0", Version),
            ("1.0.0+build", "1.0.0", Version),
            ("1.0.0-rc.1", "1.0.0-rc.1", Version),
            ("^1.0.0", "^1.0.0", Range),
            ("x", "x", Range),
            ("", "*", Range),
            ("||", "*", Range),
            ("latest", "latest", Tag),
            ("next-11", "next-11", Tag),
        ] {
            assert_eq!(parse(specifier, Some("a")), found("a", text, kind), "{specifier:?}");
        }
        for specifier in ["./a", "user/repo", "file:x", "git+ssh://h/x", "http://127.0.0.1/x.tgz", "a b"] {
            assert_eq!(parse(specifier, Some("a")), None, "{specifier:?}");
        }
    }

    #[test]
    fn an_alias_leads_to_another_package() {
        use SelectorKind::{Range, Tag, Version};
        assert_eq!(parse("npm:b@1.0.0", Some("a")), found("b", "1.0.0", Version));
        assert_eq!(parse("npm:@s/b@^1", Some("a")), found("@s/b", "^1", Range));
        assert_eq!(parse("npm:@s/b", Some("a")), found("@s/b", "latest", Tag));
        assert_eq!(parse("npm:b", Some("a")), found("b", "latest", Tag));
        assert_eq!(parse("npm:^1", Some("a")), found("a", "^1", Range));
    }

    #[test]
    fn the_url_of_a_tarball_of_the_registry_is_a_version() {
        use SelectorKind::Version;
        let url = "http://127.0.0.1:4873/@s%2fb/-/b-1.0.0.tgz";
        assert_eq!(parse(url, Some("a")), found("@s/b", "1.0.0", Version));
        assert_eq!(RegistrySpecifier::parse(url, None, REGISTRY).unwrap().kept.as_deref(), Some(url));
        assert_eq!(parse("http://127.0.0.1:4873/b/-/c-1.0.0.tgz", Some("a")), None);
        assert_eq!(parse("http://127.0.0.1:1/b/-/b-1.0.0.tgz", Some("a")), None);
    }

    #[test]
    fn the_name_after_npm_decides_about_the_registry() {
        assert_eq!(routed_name(Some("@a/x"), "^1"), "@a/x");
        assert_eq!(routed_name(Some("@a/x"), "npm:@b/y@1"), "@b/y@1");
    }
}
