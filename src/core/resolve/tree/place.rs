//! Packages and places as they enter the tree.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use node_semver::Version;

use super::aliases::Aliases;
use super::chain::Chain;
use super::input::SkippedOptional;
use super::model::{Children, Node, NodeIndex, PackageIndex, TreePackage};
use super::owner::Side;
use super::project::Circumstances;
use super::questions::Answer;
use super::reading::{Names, left_to_peers, peers, registry_identity};
use super::specifier::unwrap_npm;
use super::walk::{Edge, Siblings, Walk};
use crate::core::resolve::{PackageManifest, ResolveError, Resolved, Resolver, Source};
use crate::core::version_range::parse_range;

/// A package that was found at some place.
pub(super) struct Found<'f> {
    /// Its id, with the hash of its patch.
    pub(super) id: Arc<str>,
    pub(super) resolved: &'f Arc<Resolved>,
    pub(super) manifest: &'f Arc<PackageManifest>,
    /// What is left to be found as peers, by this place's say.
    pub(super) left: &'f Names,
    pub(super) is_leaf: bool,
    /// It is known from the lockfile alone.
    pub(super) is_locked: bool,
}

/// Where something hangs.
pub(super) struct At {
    /// What is above it.
    pub(super) above: Chain,
    pub(super) depth: u32,
    /// The way to it has an optional edge.
    pub(super) optional: bool,
    /// Names in sight.
    pub(super) aliases: Aliases,
}

impl<R: Resolver> Walk<'_, R> {
    /// The id of a package with the hash of its patch, if it has one. Patches are for what registries know.
    pub(super) fn id_with_patch(&mut self, resolved: &Resolved) -> Result<Arc<str>, ResolveError> {
        if let Some((name, version)) = registry_identity(resolved)
            && let Some(patch) = self.input.patches.of(name, version)?
        {
            self.applied_patches.insert(Arc::from(patch.selector.as_str()));
            return Ok(Arc::from(format!("{}(patch_hash={})", resolved.id, patch.hash)));
        }
        Ok(Arc::clone(&resolved.id))
    }

    /// The package of an id, if it is in the tree.
    pub(super) fn package_of(&self, id: &str) -> Option<PackageIndex> {
        self.tree.packages.get_index_of(id).map(index)
    }

    /// The dependencies of a package that are left to be found as peers, seen from a place.
    pub(super) fn left_to_peers(&self, answer: &Answer, aliases: &Aliases) -> Names {
        let auto_install_peers = self.input.settings.auto_install_peers;
        left_to_peers(&answer.manifest, auto_install_peers, |name| aliases.contains(name))
    }

    /// Puts a package into the tree, or notes a further place of it.
    pub(super) fn register(
        &mut self,
        circumstances: &Circumstances,
        found: Found<'_>,
        optional: bool,
        depth: u32,
    ) -> PackageIndex {
        if let Some((position, _, package)) = self.tree.packages.get_full_mut(&found.id) {
            package.optional &= optional;
            let side = &mut self.sides[position];
            // What was looked up tells more than the lockfile (pnpm records it wherever it has it).
            if side.is_locked && !found.is_locked {
                side.is_locked = false;
                package.resolved = Arc::clone(found.resolved);
                package.manifest = Arc::clone(found.manifest);
                self.note_violation(found.resolved);
            }
            return index(position);
        }
        let is_link = matches!(found.resolved.source, Source::Link { .. });
        let peers = if is_link { BTreeMap::default() } else { peers(found.manifest, found.left) };
        self.tree.peer_names.extend(peers.keys().cloned());
        let package = TreePackage {
            resolved: Arc::clone(found.resolved),
            manifest: Arc::clone(found.manifest),
            peers: Arc::new(peers),
            children: Arc::from([]),
            optional,
            is_leaf: is_link || found.is_leaf,
            leaf_node: None,
        };
        let (position, _) = self.tree.packages.insert_full(found.id, package);
        self.sides.push(Side {
            peers_left: Some(Rc::clone(found.left)),
            is_locked: found.is_locked,
            ..Side::default()
        });
        if !is_link {
            self.questions.tell(found.resolved);
        }
        self.note_violation(found.resolved);
        self.tell_deprecated(circumstances, found.resolved, found.manifest, depth);
        index(position)
    }

    fn note_violation(&mut self, resolved: &Arc<Resolved>) {
        if let Some(violation) = &resolved.violation {
            self.violations.push((Arc::clone(resolved), violation.clone()));
        }
    }

    /// A place for a package: a leaf's one place, or a new one.
    pub(super) fn new_node(&mut self, package: PackageIndex, is_leaf: bool, depth: u32) -> NodeIndex {
        let entry = &mut self.tree.packages[package.0 as usize];
        if let Some(node) = entry.leaf_node.filter(|_| is_leaf) {
            return node;
        }
        let node = NodeIndex(u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX));
        let depth = if entry.is_link() { -1 } else { i32::try_from(depth).unwrap_or(i32::MAX) };
        let children = if is_leaf {
            entry.leaf_node = Some(node);
            Children::Own(Arc::from([]))
        } else {
            Children::Recorded
        };
        self.tree.nodes.push(Node { package, depth, children });
        self.sides[package.0 as usize].nodes.push(node);
        node
    }

    /// Gives a place its children. A leaf has none; the least of its distances counts.
    pub(super) fn keep_node(&mut self, node: NodeIndex, children: Children, depth: u32) {
        let place = &mut self.tree.nodes[node.0 as usize];
        if self.tree.packages[place.package.0 as usize].leaf_node == Some(node) {
            place.depth = place.depth.min(i32::try_from(depth).unwrap_or(i32::MAX));
        } else {
            place.children = children;
        }
    }

    /// Reads the peers of a package as the place that decides about it now sees them.
    pub(super) fn read_peers_again(
        &mut self,
        package: PackageIndex,
        manifest: &PackageManifest,
        left: &Names,
    ) {
        let side = &mut self.sides[package.0 as usize];
        if side.peers_left.as_ref() == Some(left) {
            return;
        }
        side.peers_left = Some(Rc::clone(left));
        let peers = peers(manifest, left);
        let entry = &mut self.tree.packages[package.0 as usize];
        if *entry.peers != peers {
            self.tree.peer_names.extend(peers.keys().cloned());
            entry.peers = Arc::new(peers);
            self.tree.packages_rewritten += 1;
        }
    }

    /// Whether the lockfile has something that fits a dependency. Then it is not left out when it cannot be resolved.
    pub(super) fn lockfile_has(&self, alias: &str, specifier: &str) -> bool {
        let (name, range) = unwrap_npm(alias, specifier);
        self.locked.as_ref().is_some_and(|locked| locked.has_fitting(name, range))
    }

    /// Tells of an optional dependency that is left out.
    pub(super) fn tell_skipped(
        &self,
        circumstances: &Circumstances,
        siblings: &Siblings,
        edge: &Edge,
        specifier: &Arc<str>,
        error: &ResolveError,
    ) {
        let mut parents: Vec<Arc<str>> =
            siblings.above.iter().map(|package| Arc::clone(self.tree.id(package))).collect();
        parents.reverse();
        self.input.listener.skipped(&SkippedOptional {
            alias: Some(&edge.alias),
            specifier,
            error,
            parents,
            project_dir: &self.input.projects[circumstances.project].folder,
        });
    }

    fn tell_deprecated(
        &self,
        circumstances: &Circumstances,
        resolved: &Arc<Resolved>,
        manifest: &PackageManifest,
        depth: u32,
    ) {
        let Some(reason) = manifest.deprecated.as_ref().filter(|reason| !reason.is_empty()) else { return };
        let allowed = self.input.settings.allowed_deprecated_versions.get(&*resolved.name);
        let is_allowed = allowed.and_then(|range| parse_range(range).ok()).is_some_and(|range| {
            let version = resolved.version.as_ref().and_then(|version| Version::parse(version).ok());
            version.is_some_and(|version| range.satisfies(&version))
        });
        if !is_allowed {
            let folder = &self.input.projects[circumstances.project].folder;
            self.input.listener.deprecated(resolved, reason, depth, folder);
        }
    }
}

fn index(position: usize) -> PackageIndex {
    PackageIndex(u32::try_from(position).unwrap_or(u32::MAX))
}
