//! Whether a version may be added to a project for a peer that may as well be absent.
//!
//! Nothing forces such a peer upon a project, so it has to fit: it comes from what the project itself installs, where
//! the settings keep projects apart, and no peer of its own is in sight at a version that it refuses. Neither does it
//! bring a peer of which that is true.

use std::sync::Arc;

use node_semver::{Range, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use super::model::{PackageIndex, PeerRequirement};
use super::reading::registry_identity;
use super::specifier::{fits_with_prereleases, peer_range};
use super::walk::Walk;
use crate::core::resolve::Resolver;

/// What decides which versions a project welcomes.
pub(super) struct Welcome<'t> {
    /// Name or alias of what every place of the project sees → version.
    in_sight: FxHashMap<&'t str, Option<&'t str>>,
    /// Name → packages with their versions and peers.
    packages: FxHashMap<&'t str, Vec<Known<'t>>>,
    /// Only these count, if the project is kept apart from others.
    own: Option<FxHashSet<PackageIndex>>,
    /// Missing peers that are needed are installed.
    brings_peers: bool,
}

struct Known<'t> {
    index: PackageIndex,
    version: &'t str,
    peers: &'t std::collections::BTreeMap<Arc<str>, PeerRequirement>,
}

impl<R: Resolver> Walk<'_, R> {
    /// What a project welcomes, as the tree stands.
    pub(super) fn welcome(&self, project: usize) -> Welcome<'_> {
        let settings = &self.input.settings;
        let mut in_sight = FxHashMap::default();
        let root = self.input.projects.iter().position(|project| project.id == ".");
        let root = root.filter(|_| settings.resolve_peers_from_workspace_root);
        for importer in [Some(project), root].into_iter().flatten() {
            let direct = || self.tree.importers[importer].direct.iter();
            let version = |package: PackageIndex| self.tree.package(package).resolved.version.as_deref();
            for direct in direct() {
                in_sight.entry(&*direct.alias).or_insert_with(|| version(direct.package));
            }
            for direct in direct() {
                let name = &*self.tree.package(direct.package).resolved.name;
                in_sight.entry(name).or_insert_with(|| version(direct.package));
            }
        }
        let mut packages: FxHashMap<&str, Vec<Known<'_>>> = FxHashMap::default();
        for (position, package) in self.tree.packages.values().enumerate() {
            if let Some((name, version)) = registry_identity(&package.resolved) {
                let index = PackageIndex(u32::try_from(position).unwrap_or(u32::MAX));
                packages.entry(name).or_default().push(Known { index, version, peers: &package.peers });
            }
        }
        Welcome {
            in_sight,
            packages,
            own: (!settings.dedupe_peer_dependents).then(|| self.packages_below(project)),
            brings_peers: settings.auto_install_peers,
        }
    }

    /// The packages that can be reached from a project without leaving it through a link.
    fn packages_below(&self, project: usize) -> FxHashSet<PackageIndex> {
        let direct = self.tree.importers[project].direct.iter();
        let mut open: Vec<PackageIndex> = direct.map(|direct| direct.package).collect();
        let mut reached = FxHashSet::default();
        while let Some(package) = open.pop() {
            if reached.insert(package) {
                open.extend(self.tree.package(package).children.iter().map(|child| child.package));
            }
        }
        reached
    }
}

impl Welcome<'_> {
    /// Whether the project may get this version of a package.
    pub(super) fn takes(&self, name: &str, version: &str) -> bool {
        let of_name = self.packages.get(name).into_iter().flatten();
        let mut of_version = of_name.filter(|known| known.version == version).peekable();
        if let Some(own) = &self.own {
            return of_version.any(|known| own.contains(&known.index) && self.is_content(known));
        }
        // What the tree has not is only known by its version.
        of_version.peek().is_none() || of_version.any(|known| self.is_content(known))
    }

    /// Nothing in sight is refused by the package, or by the peers that it brings.
    fn is_content(&self, package: &Known<'_>) -> bool {
        let mut seen = FxHashSet::default();
        let mut open = vec![package];
        while let Some(package) = open.pop() {
            if !seen.insert(package.index) {
                continue;
            }
            for (name, requirement) in package.peers {
                let compared = peer_range(&requirement.range);
                let Ok(range) = Range::parse(&compared) else { continue };
                let version_fits = |version: &str| {
                    compared == "*"
                        || Version::parse(version)
                            .is_ok_and(|version| fits_with_prereleases(&range, &version))
                };
                match self.in_sight.get(&**name) {
                    Some(version) => {
                        if version.is_some_and(|version| !version_fits(version)) {
                            return false;
                        }
                    }
                    None if self.brings_peers && !requirement.optional => {
                        let of_name = self.packages.get(&**name).into_iter().flatten();
                        let fitting = of_name.filter(|known| version_fits(known.version));
                        open.extend(fitting.max_by_key(|known| Version::parse(known.version).ok()));
                    }
                    None => {}
                }
            }
        }
        true
    }
}
