//! What references of a lockfile point at, as the updates need it.

use crate::core::lockfile::model::{Importer, ImporterDependency, Lockfile, Snapshot};
use crate::core::lockfile::{Reference, reference, split};
use node_semver::Version;

/// The kind of a version's text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::core) enum VersionText {
    /// A plain version.
    Plain(Version),
    /// A version behind the prefix of a registry or runtime, `name:1.0.0`.
    Prefixed,
    /// A path, a URL, or anything else.
    Other,
}

impl VersionText {
    pub fn of(text: &str) -> Self {
        if let Ok(version) = Version::parse(text) {
            return Self::Plain(version);
        }
        match text.split_once(':') {
            Some((_, rest)) if Version::parse(rest).is_ok() => Self::Prefixed,
            _ => Self::Other,
        }
    }
}

/// The groups of an importer that stand in the lockfile.
pub(super) fn groups(importer: &Importer) -> [&indexmap::IndexMap<String, ImporterDependency>; 3] {
    [&importer.dependencies, &importer.dev_dependencies, &importer.optional_dependencies]
}

/// The dependencies of an importer as (alias, dependency, optional).
pub(in crate::core) fn dependencies(
    importer: &Importer,
) -> impl Iterator<Item = (&String, &ImporterDependency, bool)> {
    let required = importer.dependencies.iter().chain(&importer.dev_dependencies);
    required
        .map(|(alias, dependency)| (alias, dependency, false))
        .chain(importer.optional_dependencies.iter().map(|(alias, dependency)| (alias, dependency, true)))
}

/// The position of the snapshot a reference points at; `None` for links and for what the lockfile lacks.
pub(super) fn position(lockfile: &Lockfile, alias: &str, value: &str) -> Option<usize> {
    match reference(alias, value) {
        Reference::Package(dep_path) => lockfile.snapshots.get_index_of(dep_path.as_ref()),
        Reference::Link(_) => None,
    }
}

/// The edges of a snapshot as (alias, reference, optional), those that are shadowed included.
pub(in crate::core) fn all_edges(snapshot: &Snapshot) -> impl Iterator<Item = (&String, &String, bool)> {
    let plain = snapshot.dependencies.iter().map(|(alias, value)| (alias, value, false));
    plain.chain(snapshot.optional_dependencies.iter().map(|(alias, value)| (alias, value, true)))
}

/// How a peer suffix names what a reference points at: `name@version`, or `name@` where a suffix would not have the
/// text of the reference.
pub(super) fn peer_id(alias: &str, value: &str) -> String {
    let Reference::Package(dep_path) = reference(alias, value) else {
        return format!("{alias}@");
    };
    let parts = split(&dep_path);
    match VersionText::of(parts.version) {
        VersionText::Other => format!("{}@", parts.name),
        VersionText::Prefixed if parts.version.starts_with("runtime:") => format!("{}@", parts.name),
        VersionText::Plain(_) | VersionText::Prefixed => format!("{}@{}", parts.name, parts.version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_named_by_its_own_name_and_by_its_version_where_that_is_one() {
        assert_eq!(peer_id("a", "1.0.0(b@1.0.0)"), "a@1.0.0");
        assert_eq!(peer_id("alias", "@s/real@1.0.0"), "@s/real@1.0.0");
        assert_eq!(peer_id("a", "link:../a"), "a@");
        assert_eq!(peer_id("a", "file:a.tgz"), "a@");
        assert_eq!(peer_id("a", "a@https://host/a.tgz"), "a@");
        assert_eq!(peer_id("a", "a@work:1.0.0"), "a@work:1.0.0");
        assert_eq!(peer_id("node", "runtime:22.0.0"), "node@");
    }
}
