//! What can be read off a specifier without resolving it.

use std::borrow::Cow;

use node_semver::{Range, Version};

use crate::core::version_range::parse_range;

/// The name by which registries know what a specifier asks for: of `npm:name@range` and `jsr:` ones the name inside,
/// otherwise the alias. `None` when there is no way to tell.
pub(super) fn real_name<'a>(alias: Option<&'a str>, specifier: &'a str) -> Option<Cow<'a, str>> {
    let alias = alias.filter(|alias| !alias.is_empty());
    if let Some(inner) = specifier.strip_prefix("npm:") {
        // A range alone keeps the alias; every part of it has to be one, since the parser passes over those that are not.
        let is_range = inner.split("||").all(|part| part.trim().is_empty() || parse_range(part).is_ok());
        if alias.is_none() || !is_range {
            let name = split_alias(inner).0;
            return (!name.is_empty()).then_some(Cow::Borrowed(name));
        }
    } else if let Some(inner) = specifier.strip_prefix("jsr:") {
        let name = match inner.strip_prefix('@') {
            Some(_) => Some(split_alias(inner).0),
            None => alias,
        };
        let (scope, bare) = name?.strip_prefix('@')?.split_once('/')?;
        return Some(Cow::Owned(format!("@jsr/{scope}__{bare}")));
    }
    alias.map(Cow::Borrowed)
}

/// The name and the range of a dependency; of `npm:name@range` those inside.
pub(super) fn unwrap_npm<'a>(alias: &'a str, specifier: &'a str) -> (&'a str, &'a str) {
    specifier.strip_prefix("npm:").map_or((alias, specifier), split_alias)
}

/// `name@range` at its last `@`; a leading one begins a scope. Without a range it is `*`.
fn split_alias(text: &str) -> (&str, &str) {
    match text.rfind('@') {
        None | Some(0) => (text, "*"),
        Some(position) => (&text[..position], &text[position + 1..]),
    }
}

/// Whether what a specifier means may depend on the folder of the manifest that has it.
pub(super) fn is_relative(specifier: &str) -> bool {
    match specifier.split_once(':') {
        Some((scheme, _)) => matches!(scheme, "link" | "file" | "workspace"),
        None => {
            specifier.contains(['/', '\\'])
                || [".tgz", ".tar.gz", ".tar"].iter().any(|end| specifier.ends_with(end))
        }
    }
}

/// Whether a specifier names a folder or file, relative to the project that has it.
pub(super) fn is_local_path(specifier: &str) -> bool {
    ["link:", "file:", "workspace:."].iter().any(|start| specifier.starts_with(start))
}

/// The range that versions of a peer are compared with: without `workspace:`; of a named-registry or `npm:` specifier
/// its version; `*` for what has none. Each part of a `||` is looked at by itself.
pub(super) fn peer_range(declared: &str) -> String {
    if declared.contains("||") {
        let parts: Vec<String> = declared.split("||").map(|part| peer_range(part.trim())).collect();
        return parts.join(" || ");
    }
    if declared.contains("workspace:") || declared.contains("catalog:") || parse_range(declared).is_ok() {
        return declared.strip_prefix("workspace:").unwrap_or(declared).to_owned();
    }
    let Some((scheme, body)) = declared.split_once(':') else { return "*".to_owned() };
    let version = body.rfind('@').filter(|position| *position > 0).map(|position| &body[position + 1..]);
    let candidates = [Some(body), version];
    let range = candidates.into_iter().flatten().find(|text| !scheme.is_empty() && parse_range(text).is_ok());
    range.unwrap_or("*").to_owned()
}

/// Whether a version fits a range, where a prerelease fits if the release it leads to does.
pub(super) fn fits_with_prereleases(range: &Range, version: &Version) -> bool {
    range.satisfies(version)
        || (version.is_prerelease()
            && range.satisfies(&Version::new(version.major, version.minor, version.patch)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_name_is_the_one_inside_an_alias() {
        for (alias, specifier, name) in [
            ("a", "^1", Some("a")),
            ("a", "npm:b@^1", Some("b")),
            ("a", "npm:b@^1 || ^2", Some("b")),
            ("a", "npm:@s/b@1", Some("@s/b")),
            ("a", "npm:b", Some("b")),
            ("a", "npm:^1", Some("a")),
            ("a", "jsr:@s/b@1", Some("@jsr/s__b")),
            ("@s/b", "jsr:^1", Some("@jsr/s__b")),
            ("a", "jsr:^1", None),
        ] {
            assert_eq!(real_name(Some(alias), specifier).as_deref(), name, "{alias} {specifier}");
        }
        assert_eq!(real_name(None, "npm:b@1").as_deref(), Some("b"));
        assert_eq!(real_name(None, "^1"), None);
        assert_eq!(unwrap_npm("a", "npm:@s/b"), ("@s/b", "*"));
    }

    #[test]
    fn peers_are_compared_by_the_version_inside_their_specifier() {
        for (declared, range) in [
            ("^1", "^1"),
            ("workspace:^1", "^1"),
            ("work:5.x.x", "5.x.x"),
            ("npm:bar@^5", "^5"),
            ("catalog:x", "catalog:x"),
            ("git://host/x", "*"),
            ("no@1", "*"),
            ("work:^1 || work:^2", "^1 || ^2"),
        ] {
            assert_eq!(peer_range(declared), range, "{declared}");
        }
    }

    #[test]
    fn a_prerelease_fits_where_its_release_does() {
        let fits = |range: &str, version: &str| {
            fits_with_prereleases(&parse_range(range).unwrap(), &Version::parse(version).unwrap())
        };
        assert!(fits("^1.0.0", "1.2.0-beta.1"));
        assert!(!fits("^2.0.0", "1.2.0-beta.1"));
        assert!(fits("^1.0.0", "1.0.0"));
    }
}
