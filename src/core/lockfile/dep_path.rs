//! Dep paths and references: the two kinds of text by which a lockfile points at packages.
//!
//! A dep path is `name@version`, then optionally `(patch_hash=…)`, then peers as `(name@version…)`. A reference is what
//! stands as the value of an alias: a dep path, the part of it after `alias@`, or `link:` and a path. Nothing here
//! trusts the text: every function returns slices of what it was given, and nothing panics.

use std::borrow::Cow;

/// The parts of a dep path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepPath<'a> {
    /// The key of `packages`: name and version without patch and peers.
    pub package_id: &'a str,
    /// Package name, scope included; empty where there is none.
    pub name: &'a str,
    /// Version, or what stands in its place (URL, `file:…`, `runtime:…`).
    pub version: &'a str,
    /// SHA-256 of the patch, in hexadecimal digits.
    pub patch_hash: Option<&'a str>,
    /// The peers, parentheses included; empty where there are none.
    pub peers: &'a str,
}

/// Takes a dep path apart.
#[must_use]
pub fn split(dep_path: &str) -> DepPath<'_> {
    let (package_id, suffix) = dep_path.split_at(suffix_start(dep_path));
    let (patch_hash, peers) = match suffix.strip_prefix("(patch_hash=") {
        Some(rest) => match rest.find(')') {
            Some(end) => (Some(&rest[..end]), &rest[end + 1..]),
            None => (None, suffix),
        },
        None => (None, suffix),
    };
    let (name, version) = split_package_id(package_id);
    DepPath { package_id, name, version, patch_hash, peers }
}

/// The key of `packages` for a dep path: what remains without patch and peers.
#[must_use]
pub fn package_id(dep_path: &str) -> &str {
    &dep_path[..suffix_start(dep_path)]
}

/// What remains of a dep path without peers; a patch stays.
#[must_use]
pub fn without_peers(dep_path: &str) -> &str {
    &dep_path[..dep_path.len() - split(dep_path).peers.len()]
}

/// Where patch and peers begin: the first of the balanced parentheses that end the text.
fn suffix_start(dep_path: &str) -> usize {
    if !dep_path.ends_with(')') {
        return dep_path.len();
    }
    let mut depth = 0_usize;
    for (position, byte) in dep_path.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' => depth = depth.saturating_sub(1),
            _ if depth == 0 => return position + 1,
            _ => {}
        }
    }
    dep_path.len()
}

/// Splits `name@version` at the first `@` that does not begin a scope.
fn split_package_id(package_id: &str) -> (&str, &str) {
    match package_id.bytes().skip(1).position(|byte| byte == b'@') {
        Some(position) => (&package_id[..=position], &package_id[position + 2..]),
        None => ("", package_id),
    }
}

/// What a reference points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference<'a> {
    /// A snapshot, by dep path.
    Package(Cow<'a, str>),
    /// A folder, by its path: from the importer's folder in an importer, from the lockfile's folder in a snapshot.
    Link(&'a str),
}

/// Reads the value that stands behind an alias in an importer (`version`) or a snapshot.
///
/// It is a whole dep path if it begins with `@`, or has an `@` before its first `(` and its first `:`; otherwise it is
/// what follows `alias@`.
#[must_use]
pub fn reference<'a>(alias: &str, value: &'a str) -> Reference<'a> {
    if let Some(target) = value.strip_prefix("link:") {
        return Reference::Link(target);
    }
    if is_dep_path(value) {
        return Reference::Package(Cow::Borrowed(value));
    }
    let mut dep_path = String::with_capacity(alias.len() + 1 + value.len());
    dep_path.push_str(alias);
    dep_path.push('@');
    dep_path.push_str(value);
    Reference::Package(Cow::Owned(dep_path))
}

fn is_dep_path(value: &str) -> bool {
    match value.bytes().find(|byte| matches!(byte, b'@' | b'(' | b':')) {
        Some(first) => first == b'@',
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dep_path_is_taken_apart() {
        let parts = split("@scope/name@1.0.0(patch_hash=ab12)(a@1.0.0)(b@2.0.0(c@1.0.0))");
        assert_eq!(
            parts,
            DepPath {
                package_id: "@scope/name@1.0.0",
                name: "@scope/name",
                version: "1.0.0",
                patch_hash: Some("ab12"),
                peers: "(a@1.0.0)(b@2.0.0(c@1.0.0))",
            }
        );
        assert_eq!(split("pkg@file:dir(1)/x").version, "file:dir(1)/x");
        assert_eq!(split("ms@http://127.0.0.1:1/ms.tgz").name, "ms");
        assert_eq!(package_id("a@1.0.0(b@1.0.0)"), "a@1.0.0");
        assert_eq!(without_peers("a@1.0.0(patch_hash=ab)(b@1.0.0)"), "a@1.0.0(patch_hash=ab)");
        assert_eq!(without_peers("a@1.0.0(b@1.0.0)"), "a@1.0.0");
    }

    #[test]
    fn odd_texts_are_taken_apart_without_a_panic() {
        for text in
            ["", "@", "a", ")", "()", "(patch_hash=", "é@1", "@é", "a@1)(", "((((", "a@1(patch_hash=x"]
        {
            let parts = split(text);
            assert!(text.starts_with(parts.package_id), "{text}");
        }
    }

    #[test]
    fn a_reference_is_a_dep_path_or_what_follows_the_alias() {
        let package = |value: &'static str| Reference::Package(Cow::Borrowed(value));
        assert_eq!(reference("a", "1.2.3"), package("a@1.2.3"));
        assert_eq!(reference("a", "1.2.3(peer@1.0.0)"), package("a@1.2.3(peer@1.0.0)"));
        assert_eq!(reference("a", "real@1.2.3"), package("real@1.2.3"));
        assert_eq!(reference("a", "@scope/real@1.2.3"), package("@scope/real@1.2.3"));
        assert_eq!(reference("a", "file:loc/a.b@c"), package("a@file:loc/a.b@c"));
        assert_eq!(reference("a", "locpkg@file:t.tgz"), package("locpkg@file:t.tgz"));
        assert_eq!(reference("a", "http://h/react.tgz"), package("a@http://h/react.tgz"));
        assert_eq!(reference("a", "link:../b"), Reference::Link("../b"));
    }
}
