//! Which specifiers mean a place on this machine, and which place.
//!
//! Everything here is text: no file is looked at. The rules are those of pnpm's `resolving-local-resolver`, as pnpm 12
//! was seen to apply them.

use std::path::{Path, PathBuf};

use crate::core::path::{relative, without_dots};

/// What becomes of what is at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A folder is linked.
    Link,
    /// A folder is copied, and its dependencies are installed.
    Copy,
    /// A tarball is unpacked.
    Unpack,
}

/// A specifier that means a place on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalSpecifier {
    /// What becomes of it.
    pub usage: Use,
    /// Absolute path, without `.` and `..`.
    pub place: PathBuf,
    /// The specifier as pnpm would write it into a manifest.
    pub normalized: String,
}

/// Why a specifier is refused though it looks like a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It has the prefix `path:`.
    PathPrefix,
    /// It has a prefix that nobody knows, such as `portal:`.
    UnknownPrefix(String),
}

const PREFIXES: [&str; 3] = ["file:", "link:", "workspace:"];

/// Finds the place that a specifier means; `None` when it means none.
pub(super) fn parse(
    specifier: &str,
    injected: bool,
    project_dir: &Path,
    home: Option<&Path>,
) -> Result<Option<LocalSpecifier>, Refusal> {
    let is_tarball = is_tarball(specifier);
    let usage = if specifier.starts_with("link:") {
        Use::Link
    } else if specifier.starts_with("file:") {
        if is_tarball { Use::Unpack } else { Use::Copy }
    } else if specifier.starts_with("path:") {
        return Err(Refusal::PathPrefix);
    } else if specifier.starts_with("workspace:") {
        if injected { Use::Copy } else { Use::Link }
    } else if is_tarball {
        Use::Unpack
    } else if specifier.contains(['/', '\\']) || specifier.starts_with('.') {
        if let Some(prefix) = unknown_prefix(specifier) {
            return Err(Refusal::UnknownPrefix(prefix.to_owned()));
        }
        if injected { Use::Copy } else { Use::Link }
    } else {
        return Ok(None);
    };
    let path = path_of(specifier);
    let below_home = path.strip_prefix("~/").zip(home);
    let place = match below_home {
        Some((rest, home)) => without_dots(&home.join(rest)),
        None => without_dots(&project_dir.join(&path)),
    };
    let prefix = if usage == Use::Link { "link:" } else { "file:" };
    let normalized = if below_home.is_some() || path.starts_with('/') {
        format!("{prefix}{path}")
    } else {
        format!("{prefix}{}", way(project_dir, &place))
    };
    Ok(Some(LocalSpecifier { usage, place, normalized }))
}

/// The path from a folder to a place, with `/`; empty for the folder itself, as pnpm writes it.
pub(super) fn way(from: &Path, to: &Path) -> String {
    let way = relative(&without_dots(from), to);
    if way == Path::new(".") { String::new() } else { way.to_string_lossy().replace('\\', "/") }
}

fn is_tarball(specifier: &str) -> bool {
    let specifier = specifier.to_ascii_lowercase();
    [".tgz", ".tar.gz", ".tar"].iter().any(|ending| specifier.ends_with(ending))
}

/// The path of a specifier, with `/`: slashes between prefix and path become one, or none before `.` and `~`.
fn path_of(specifier: &str) -> String {
    let specifier = specifier.replace('\\', "/");
    let Some(path) = PREFIXES.iter().find_map(|prefix| specifier.strip_prefix(prefix)) else {
        return specifier;
    };
    let bare = path.trim_start_matches('/');
    if path.starts_with('/') && !bare.starts_with(['.', '~']) { format!("/{bare}") } else { bare.to_owned() }
}

/// `portal:` of `portal:../x`. A single letter is the drive of a Windows path, and a colon may stand further on.
fn unknown_prefix(specifier: &str) -> Option<&str> {
    let end = specifier.find(':')?;
    let scheme = &specifier[..end];
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte));
    is_scheme.then(|| &specifier[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(specifier: &str, injected: bool) -> Option<(Use, String, String)> {
        let home = Some(Path::new("/home/me"));
        parse(specifier, injected, Path::new("/work/a"), home)
            .unwrap()
            .map(|local| (local.usage, local.place.display().to_string(), local.normalized))
    }

    #[test]
    fn every_form_leads_to_its_place() {
        for (specifier, usage, place, normalized) in [
            ("file:../b", Use::Copy, "/work/b", "file:../b"),
            ("file:b", Use::Copy, "/work/a/b", "file:b"),
            ("file:./b/../../c/", Use::Copy, "/work/c", "file:../c"),
            ("file:..\\b", Use::Copy, "/work/b", "file:../b"),
            ("file:/b", Use::Copy, "/b", "file:/b"),
            ("file:///b", Use::Copy, "/b", "file:/b"),
            ("file://./b", Use::Copy, "/work/a/b", "file:b"),
            ("file:~/b", Use::Copy, "/home/me/b", "file:~/b"),
            ("file:../b.tgz", Use::Unpack, "/work/b.tgz", "file:../b.tgz"),
            ("file:b.TAR.GZ", Use::Unpack, "/work/a/b.TAR.GZ", "file:b.TAR.GZ"),
            ("file:b.tar", Use::Unpack, "/work/a/b.tar", "file:b.tar"),
            ("link:../b", Use::Link, "/work/b", "link:../b"),
            ("link:.", Use::Link, "/work/a", "link:"),
            ("link:", Use::Link, "/work/a", "link:"),
            ("link:b.tgz", Use::Link, "/work/a/b.tgz", "link:b.tgz"),
            ("link:~/b", Use::Link, "/home/me/b", "link:~/b"),
            ("workspace:../b", Use::Link, "/work/b", "link:../b"),
            ("workspace:/b", Use::Link, "/b", "link:/b"),
            ("./b", Use::Link, "/work/a/b", "link:b"),
            ("..", Use::Link, "/work", "link:.."),
            ("/b", Use::Link, "/b", "link:/b"),
            ("~/b/c", Use::Link, "/home/me/b/c", "link:~/b/c"),
            ("b/c/d", Use::Link, "/work/a/b/c/d", "link:b/c/d"),
            ("b/c:d", Use::Link, "/work/a/b/c:d", "link:b/c:d"),
            ("./b.tgz", Use::Unpack, "/work/a/b.tgz", "file:b.tgz"),
            ("ftp://x/y.tgz", Use::Unpack, "/work/a/ftp:/x/y.tgz", "file:ftp:/x/y.tgz"),
        ] {
            let expected = Some((usage, place.to_owned(), normalized.to_owned()));
            assert_eq!(parsed(specifier, false), expected, "{specifier}");
        }
    }

    #[test]
    fn an_injected_folder_is_copied_unless_it_says_link() {
        for (specifier, usage) in [
            ("./b", Use::Copy),
            ("workspace:../b", Use::Copy),
            ("link:../b", Use::Link),
            ("file:b", Use::Copy),
        ] {
            assert_eq!(parsed(specifier, true).map(|(usage, _, _)| usage), Some(usage), "{specifier}");
        }
    }

    #[test]
    fn what_is_no_path_means_no_place() {
        for specifier in ["", "^1.0.0", "latest", "foo:bar", "runtime:22", "weird spec"] {
            assert_eq!(parsed(specifier, false), None, "{specifier}");
        }
    }

    #[test]
    fn unknown_prefixes_are_named() {
        let refused = |specifier| parse(specifier, false, Path::new("/work/a"), None).unwrap_err();
        assert_eq!(refused("path:../b"), Refusal::PathPrefix);
        for (specifier, prefix) in [
            ("portal:../b", "portal:"),
            ("FILE:../b", "FILE:"),
            ("foo://bar/baz", "foo:"),
            ("foo:a/b", "foo:"),
        ] {
            assert_eq!(refused(specifier), Refusal::UnknownPrefix(prefix.to_owned()), "{specifier}");
        }
    }
}
