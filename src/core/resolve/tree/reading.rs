//! What the walk reads off the manifest of a package: its dependencies, its peers, whether it is a leaf.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::model::PeerRequirement;
use crate::core::lockfile::{BundledDependencies, is_valid_package_name};
use crate::core::resolve::{PackageManifest, ResolveError, Resolved};

/// A dependency that a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The name it is installed under.
    pub(super) alias: Arc<str>,
    /// The specifier.
    pub(super) specifier: Arc<str>,
    /// It stands in `optionalDependencies`.
    pub(super) optional: bool,
}

/// Names of dependencies, few at most.
pub(super) type Names = Rc<[Arc<str>]>;

/// The dependencies of a package, sorted by name. What it ships inside its own tarball is left out. A name that stands
/// in both groups, as registries write optional dependencies, is optional.
///
/// # Errors
/// When a name cannot become a folder below `node_modules`.
pub(super) fn dependencies(manifest: &PackageManifest) -> Result<Rc<[Dependency]>, ResolveError> {
    let bundled = |name: &str| match &manifest.bundled_dependencies {
        None | Some(BundledDependencies::All(false)) => false,
        Some(BundledDependencies::All(true)) => manifest.dependencies.contains_key(name),
        Some(BundledDependencies::Names(names)) => names.iter().any(|bundled| bundled == name),
    };
    let own = manifest
        .dependencies
        .iter()
        .map(|(name, specifier)| (name, specifier, manifest.optional_dependencies.contains_key(name)));
    let optional = manifest.optional_dependencies.iter();
    let only_optional = optional
        .filter(|(name, _)| !manifest.dependencies.contains_key(*name))
        .map(|(name, specifier)| (name, specifier, true));
    let mut found = Vec::with_capacity(manifest.dependencies.len() + manifest.optional_dependencies.len());
    for (alias, specifier, optional) in own.chain(only_optional) {
        if !is_valid_package_name(alias) {
            let parent = format!("package {}@{}", manifest.name, manifest.version);
            return Err(ResolveError::InvalidDependencyName { parent, alias: alias.to_string() });
        }
        if !bundled(alias) {
            found.push(Dependency { alias: Arc::clone(alias), specifier: Arc::clone(specifier), optional });
        }
    }
    found.sort_unstable_by(|left, right| left.alias.cmp(&right.alias));
    Ok(found.into())
}

/// The names that stand in `dependencies` as well as in `peerDependencies` and are left to be found as peers: those that
/// are installed when they are missing, which optional ones are not, and those that `in_sight` knows from above.
pub(super) fn left_to_peers(
    manifest: &PackageManifest,
    auto_install_peers: bool,
    in_sight: impl Fn(&str) -> bool,
) -> Names {
    if manifest.peer_dependencies.is_empty() || manifest.dependencies.is_empty() {
        return Rc::from([]);
    }
    let both = manifest.dependencies.keys().filter(|name| manifest.peer_dependencies.contains_key(*name));
    let is_installed = |name: &Arc<str>| {
        auto_install_peers && !manifest.peer_dependencies_meta.get(name).is_some_and(|meta| meta.optional)
    };
    let mut names: Vec<Arc<str>> =
        both.filter(|name| is_installed(name) || in_sight(name)).cloned().collect();
    names.sort_unstable();
    names.into()
}

/// Whether what is in sight decides what a package leaves to be found as peers.
pub(super) fn is_decided_by_sight(manifest: &PackageManifest, auto_install_peers: bool) -> bool {
    let none_in_sight = left_to_peers(manifest, auto_install_peers, |_| false);
    left_to_peers(manifest, auto_install_peers, |_| true) != none_in_sight
}

/// The peers of a package: those it declares, and those that `peerDependenciesMeta` alone calls optional; without its
/// own name and without what its dependencies bring, except for `left`, which are not installed as dependencies.
pub(super) fn peers(manifest: &PackageManifest, left: &[Arc<str>]) -> BTreeMap<Arc<str>, PeerRequirement> {
    let brings = |name: &Arc<str>| {
        *name == manifest.name
            || manifest.optional_dependencies.contains_key(name)
            || (manifest.dependencies.contains_key(name) && left.binary_search(name).is_err())
    };
    let mut peers = BTreeMap::new();
    for (name, range) in manifest.peer_dependencies.iter().filter(|(name, _)| !brings(name)) {
        peers.insert(Arc::clone(name), PeerRequirement { range: Arc::clone(range), optional: false });
    }
    for (name, _) in
        manifest.peer_dependencies_meta.iter().filter(|(name, meta)| meta.optional && !brings(name))
    {
        let peer = peers.entry(Arc::clone(name));
        peer.or_insert_with(|| PeerRequirement { range: Arc::from("*"), optional: true }).optional = true;
    }
    peers
}

/// Whether nothing of a package depends on where it hangs.
pub(super) fn is_leaf(manifest: &PackageManifest) -> bool {
    manifest.dependencies.is_empty()
        && manifest.optional_dependencies.is_empty()
        && manifest.peer_dependencies.is_empty()
        && manifest.peer_dependencies_meta.is_empty()
}

/// A package by which registries know it, name and version; `None` for what comes from elsewhere.
pub(super) fn registry_identity(resolved: &Resolved) -> Option<(&Arc<str>, &Arc<str>)> {
    use crate::core::resolve::Via;
    match resolved.via {
        Via::Registry | Via::Jsr | Via::NamedRegistry => {
            resolved.version.as_ref().map(|version| (&resolved.name, version))
        }
        Via::Workspace | Via::Local | Via::Url | Via::Git => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::resolve::{PeerMeta, Specifiers};

    fn specifiers(entries: &[(&str, &str)]) -> Specifiers {
        entries.iter().map(|(name, range)| (Arc::from(*name), Arc::from(*range))).collect()
    }

    #[test]
    fn dependencies_are_sorted_and_a_name_in_both_groups_is_optional_with_the_plain_range() {
        let manifest = PackageManifest {
            dependencies: specifiers(&[("c", "1"), ("a", "2"), ("bundled", "1")]),
            optional_dependencies: specifiers(&[("a", "3"), ("b", "1")]),
            bundled_dependencies: Some(BundledDependencies::Names(vec!["bundled".to_owned()])),
            ..PackageManifest::default()
        };
        let found = dependencies(&manifest).unwrap();
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|found| (&*found.alias, &*found.specifier, found.optional)).collect();
        assert_eq!(found, [("a", "2", true), ("b", "1", true), ("c", "1", false)]);
    }

    #[test]
    fn all_dependencies_can_be_bundled_but_optional_ones_are_installed() {
        let manifest = PackageManifest {
            dependencies: specifiers(&[("a", "1")]),
            optional_dependencies: specifiers(&[("b", "1")]),
            bundled_dependencies: Some(BundledDependencies::All(true)),
            ..PackageManifest::default()
        };
        let aliases: Vec<Arc<str>> =
            dependencies(&manifest).unwrap().iter().map(|found| Arc::clone(&found.alias)).collect();
        assert_eq!(aliases, [Arc::from("b")]);
        assert!(!is_leaf(&manifest));
    }

    #[test]
    fn a_name_that_would_leave_the_folder_is_refused() {
        let manifest =
            PackageManifest { dependencies: specifiers(&[("../x", "1")]), ..PackageManifest::default() };
        let error = dependencies(&manifest).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_INVALID_DEPENDENCY_NAME"));
    }

    #[test]
    fn peers_leave_out_what_the_package_brings_and_keep_what_is_left_to_them() {
        let manifest = PackageManifest {
            name: Arc::from("self"),
            dependencies: specifiers(&[("own", "1"), ("left", "1")]),
            optional_dependencies: specifiers(&[("maybe", "1")]),
            peer_dependencies: specifiers(&[
                ("own", "1"),
                ("left", "^2"),
                ("maybe", "1"),
                ("self", "1"),
                ("p", "^3"),
            ]),
            peer_dependencies_meta: [("p", true), ("only-meta", true), ("not-optional", false)]
                .into_iter()
                .map(|(name, optional)| (Arc::from(name), PeerMeta { optional }))
                .collect(),
            ..PackageManifest::default()
        };
        let left = left_to_peers(&manifest, false, |name| name == "left");
        let found = peers(&manifest, &left);
        let found: Vec<(&str, &str, bool)> =
            found.iter().map(|(name, peer)| (&**name, &*peer.range, peer.optional)).collect();
        assert_eq!(found, [("left", "^2", false), ("only-meta", "*", true), ("p", "^3", true)]);
        let mut manifest = manifest;
        manifest.dependencies.insert(Arc::from("p"), Arc::from("1"));
        let all = left_to_peers(&manifest, true, |_| false);
        assert_eq!(all.iter().map(|name| &**name).collect::<Vec<_>>(), ["left", "own"], "p is optional");
    }
}
