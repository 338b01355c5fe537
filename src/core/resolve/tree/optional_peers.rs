//! Which version an optional peer gets that a project lacks.
//!
//! Nothing is installed for its sake that the tree does not have anyway, and nothing that does not get along with what
//! the project has: a version is passed over if one of its own peers, or of the peers it would bring with it, refuses
//! what it would find there.
//! pnpm: `get_hoistable_optional_peers` of `hoist_peers.rs`; that versions are passed over is how pnpm 12.21 behaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use node_semver::{Range, Version};
use rustc_hash::{FxHashMap, FxHashSet};

use super::model::{DEPTH_LIMIT, DirectDependency, PackageIndex, Tree};
use super::pick::{RootDependency, find_root, highest};
use super::prerelease::WithPrereleases;
use super::present::Present;
use super::specifier::peer_range;
use crate::core::lockfile::Lockfile;
use crate::core::resolve::{PreferredVersions, SelectorKind};
use crate::core::version_range::parse_range;

/// What decides about the optional peers of a project.
pub(super) struct OptionalPeers<'p> {
    /// Versions that are preferred or there already, of the peers in question.
    pub(super) preferred: &'p PreferredVersions,
    /// What is there.
    pub(super) present: &'p Present,
    /// Direct dependencies of the workspace's root as it asks for them; empty when they do not count.
    pub(super) root: &'p [RootDependency],
    /// Versions of peers that the lockfile recorded for the project.
    pub(super) recorded: &'p FxHashMap<&'p str, FxHashSet<&'p str>>,
    /// The tree so far.
    pub(super) tree: &'p Tree,
    /// The direct dependencies of the project, then those of the root, where they count.
    pub(super) has: [&'p [DirectDependency]; 2],
    /// Knows packages that the tree does not have.
    pub(super) lockfile: Option<&'p Lockfile>,
    /// Only these packages count, where projects keep to themselves.
    pub(super) own: Option<FxHashSet<PackageIndex>>,
}

/// The packages below direct dependencies, these included. A link is not followed.
pub(super) fn packages_below(tree: &Tree, direct: &[DirectDependency]) -> FxHashSet<PackageIndex> {
    let mut open: Vec<PackageIndex> = direct.iter().map(|direct| direct.package).collect();
    let mut reached = FxHashSet::default();
    while let Some(package) = open.pop() {
        if reached.insert(package) {
            open.extend(tree.package(package).children.iter().map(|child| child.package));
        }
    }
    reached
}

impl OptionalPeers<'_> {
    /// The versions by which optional peers are installed: the highest one there is that fits all who could use it, if
    /// possible one that the lockfile recorded for the project. What only the lockfile has, and nothing else needs any
    /// more, is the last resort. Peers of which there is none stay away.
    pub(super) fn pick(
        &self,
        missing: &BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    ) -> BTreeMap<Arc<str>, Arc<str>> {
        let picked = missing.iter().filter_map(|(name, ranges)| {
            let best = self.pick_one(name, ranges, false)?;
            let version = Version::parse(&*best).ok()?;
            Some((Arc::clone(name), Arc::from(version.to_string())))
        });
        picked.collect()
    }

    /// Those of the peers that were not picked for which there are versions, none of which gets along.
    pub(super) fn left_absent(
        &self,
        missing: &BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
        picked: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Vec<Arc<str>> {
        let unpicked = missing.iter().filter(|(name, _)| !picked.contains_key(*name));
        let refused = unpicked.filter(|(name, ranges)| self.pick_one(name, ranges, true).is_some());
        refused.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// With `at_any_price`, it need not get along with anything.
    fn pick_one(&self, name: &Arc<str>, ranges: &BTreeSet<Arc<str>>, at_any_price: bool) -> Option<Arc<str>> {
        let selectors = self.preferred.get(name)?;
        let ranges: Vec<Range> = ranges.iter().map(|range| parse_range(range).ok()).collect::<Option<_>>()?;
        // What the root asks for decides, unless somebody could not live with any version of it.
        let of_root = find_root(self.root, name).and_then(|root| parse_range(peer_range(&root.asked)).ok());
        let of_root = of_root.filter(|of_root| ranges.iter().all(|range| range.allows_any(of_root)));
        let fits = |version: &Version| of_root.iter().chain(&ranges).all(|range| range.satisfies(version));
        let recorded = self.recorded.get(&**name);
        let is_recorded = |text: &str| recorded.is_some_and(|versions| versions.contains(text));
        let is_present = |text: &str| self.present.package(name, text).is_some();
        let of_tier = |wants_present: bool, wants_recorded: bool| {
            let versions = selectors.iter().filter(|(_, selector)| selector.kind == SelectorKind::Version);
            let of_tier = versions.map(|(text, _)| text).filter(|text| {
                (!wants_present || is_present(text))
                    && (!wants_recorded || is_recorded(text))
                    && self.is_own(name, text)
                    && (at_any_price || self.gets_along(name, text, &mut BTreeSet::new()))
            });
            highest(of_tier, fits)
        };
        let tiers = [(true, true), (true, false), (false, true), (false, false)];
        tiers.into_iter().find_map(|(present, recorded)| of_tier(present, recorded)).cloned()
    }

    fn is_own(&self, name: &str, version: &str) -> bool {
        let is_below = |own: &FxHashSet<PackageIndex>| {
            self.present.package(name, version).is_some_and(|package| own.contains(&package))
        };
        self.own.as_ref().is_none_or(is_below)
    }

    /// Whether no peer of a package refuses what the project has for it, and the same holds for peers that would come
    /// along, as far as they can be told.
    fn gets_along(&self, name: &str, version: &str, seen: &mut BTreeSet<(String, String)>) -> bool {
        if seen.len() > DEPTH_LIMIT as usize || !seen.insert((name.to_owned(), version.to_owned())) {
            return true;
        }
        self.peers_of(name, version).into_iter().all(|(peer, range, optional)| {
            let range = peer_range(range);
            let wanted = WithPrereleases::parse(&range);
            if let Some(package) = self.find(peer) {
                let version = self.version_of(package).and_then(|version| Version::parse(version).ok());
                return version.is_none_or(|version| wanted.fits(&version));
            }
            if optional {
                return true;
            }
            match highest(self.present.versions_of(peer), |version| wanted.fits(version)) {
                Some(version) => self.gets_along(peer, version, seen),
                None => true,
            }
        })
    }

    /// Peers of a package, each with its range and whether it may be absent.
    fn peers_of(&self, name: &str, version: &str) -> Vec<(&str, &str, bool)> {
        if let Some(package) = self.present.package(name, version) {
            let peers = self.tree.package(package).peers.iter();
            return peers.map(|(name, peer)| (&**name, &*peer.range, peer.optional)).collect();
        }
        let id = format!("{name}@{version}");
        let Some(package) = self.lockfile.and_then(|lockfile| lockfile.packages.get(&id)) else {
            return Vec::new();
        };
        let is_optional =
            |name: &str| package.peer_dependencies_meta.get(name).is_some_and(|meta| meta.optional);
        let peers = package.peer_dependencies.iter();
        peers.map(|(name, range)| (name.as_str(), range.as_str(), is_optional(name))).collect()
    }

    /// What the project, or else the root, has as a peer: by alias, else by its real name, the first by alias.
    fn find(&self, peer: &str) -> Option<PackageIndex> {
        self.has.iter().find_map(|direct| {
            let by_alias = direct.iter().find(|direct| *direct.alias == *peer);
            let by_name =
                || direct.iter().filter(|direct| *self.tree.package(direct.package).resolved.name == *peer);
            let found = by_alias.or_else(|| by_name().min_by(|left, right| left.alias.cmp(&right.alias)));
            found.map(|direct| direct.package)
        })
    }

    fn version_of(&self, package: PackageIndex) -> Option<&str> {
        let resolved = &self.tree.package(package).resolved;
        let version = resolved.version.as_ref().unwrap_or(&resolved.manifest.version);
        (!version.is_empty()).then_some(&**version)
    }
}
