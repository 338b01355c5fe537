//! Subtrees that are taken from the lockfile as they stand, without asking anyone.
//!
//! A dependency that still fits is taken with everything below it, unless something there has to be looked at again:
//! what the command updates, what the lockfile does not know enough about, what asks for peers, what depends on a direct
//! dependency whose specifier has changed.
//! pnpm: `resolve_dependency_tree/reuse.rs`.

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use rustc_hash::FxHashSet;

use super::input::UpdateScope;
use super::locked::{Child, SnapshotIndex};
use super::model::{Children, DEPTH_LIMIT, PeerRequirement};
use super::owner::{Owner, RecordedUnder};
use super::place::{At, Found};
use super::project::Circumstances;
use super::reading::{Names, peers};
use super::walk::{Edge, Placed, Siblings, Walk};
use crate::core::resolve::{ResolveError, Resolved, Resolver};

impl<R: Resolver> Walk<'_, R> {
    /// What a snapshot stands for, if it can be taken with everything below it.
    pub(super) fn reusable(
        &mut self,
        circumstances: &Circumstances,
        prior: SnapshotIndex,
        depth: u32,
    ) -> Option<Arc<Resolved>> {
        if !self.input.locked.as_ref()?.reuse_subtrees
            || (circumstances.scope == UpdateScope::Everything && circumstances.update_reaches(depth))
            || self.depends_on_changed(circumstances, prior)
            || !self.subtree_is_reusable(circumstances, prior, depth)
        {
            return None;
        }
        self.locked.as_ref()?.synthesize(prior)
    }

    /// Whether a snapshot has an edge to a direct dependency whose specifier has changed: that one may have moved, and
    /// take along what is below.
    fn depends_on_changed(&self, circumstances: &Circumstances, prior: SnapshotIndex) -> bool {
        let changed = &self.projects[circumstances.project].changed;
        let Some(locked) = &self.locked else { return false };
        if changed.is_empty() && self.changed_versions.is_empty() {
            return false;
        }
        let snapshot = locked.entry(prior).snapshot;
        let mut aliases = snapshot.dependencies.keys().chain(snapshot.optional_dependencies.keys());
        aliases.any(|alias| {
            changed.contains(alias.as_str()) || self.changed_versions.contains_key(alias.as_str())
        })
    }

    /// Asks ahead for what is going to be resolved again somewhere below a snapshot that is taken.
    pub(super) fn ask_ahead_below(&mut self, circumstances: &Rc<Circumstances>, prior: SnapshotIndex) {
        if self.projects[circumstances.project].changed.is_empty() && self.changed_versions.is_empty() {
            return;
        }
        let mut seen = FxHashSet::default();
        let mut open = vec![prior];
        while let Some(prior) = open.pop() {
            let Some(locked) = &self.locked else { return };
            let mut questions = Vec::new();
            for (alias, child) in locked.children(prior) {
                let Child::Snapshot(child) = child else { continue };
                if !seen.insert(child) {
                    continue;
                }
                open.push(child);
                if self.depends_on_changed(circumstances, child) {
                    let specifier = Arc::from(version_text(locked.entry(child).package_id));
                    questions.push(circumstances.question(&Arc::from(alias), &specifier, 1));
                }
            }
            for question in questions {
                self.questions.ask(question, None, circumstances);
            }
        }
    }

    /// Puts a package of the lockfile into the tree, with everything below it.
    pub(super) fn place_locked<'s>(
        &'s mut self,
        circumstances: &'s Rc<Circumstances>,
        at: At,
        alias: Arc<str>,
        prior: SnapshotIndex,
        resolved: Arc<Resolved>,
    ) -> LocalBoxFuture<'s, Result<Option<Placed>, ResolveError>> {
        Box::pin(async move {
            let At { above, depth, optional, aliases } = at;
            if depth > DEPTH_LIMIT {
                return Err(ResolveError::TooDeep);
            }
            let id = self.id_with_patch(&resolved)?;
            if let Some(package) = self.package_of(&id)
                && above.repeats(package)
            {
                return Ok(None);
            }
            let left: Names = Rc::from([]);
            let children = self.locked_children(prior, &peers(&resolved.manifest, &left));
            let is_leaf = children.is_empty() && peers(&resolved.manifest, &left).is_empty();
            let manifest = &resolved.manifest;
            let found = Found { id, resolved: &resolved, manifest, left: &left, is_leaf, is_locked: true };
            let package = self.register(circumstances, found, optional, depth);
            let node = self.new_node(package, is_leaf, depth);
            let placed = Placed { alias, package, node };
            let updating = circumstances.update_key.is_some();
            let owner = Owner { updating, depth, project: circumstances.project, above: above.clone() };
            let claim = self.sides[package.0 as usize].claim(owner, left, &self.tree);
            if !claim.owns {
                self.keep_node(node, Children::Recorded, depth);
                return Ok(Some(placed));
            }
            let mut walked = Vec::with_capacity(children.len());
            for LockedChild { alias, snapshot, optional: edge_is_optional } in children {
                let at =
                    At { above: above.below(package), depth: depth + 1, optional, aliases: aliases.clone() };
                let child = match self.reusable(circumstances, snapshot, depth + 1) {
                    Some(resolved) => self.place_locked(circumstances, at, alias, snapshot, resolved).await?,
                    None => self.resolve_again(circumstances, at, alias, snapshot).await?,
                };
                walked.extend(child.map(|child| (child, edge_is_optional)));
            }
            let under = RecordedUnder { left: Rc::clone(&claim.left), prior: Some(prior), updating };
            let children = walked.iter().map(|(child, optional)| (child, *optional));
            self.publish(&placed, depth, &claim, children, under);
            Ok(Some(placed))
        })
    }

    /// Resolves what cannot be taken, at the version that the lockfile has, and walks what is below it.
    async fn resolve_again(
        &mut self,
        circumstances: &Rc<Circumstances>,
        at: At,
        alias: Arc<str>,
        prior: SnapshotIndex,
    ) -> Result<Option<Placed>, ResolveError> {
        let specifier =
            self.locked.as_ref().map_or("", |locked| version_text(locked.entry(prior).package_id));
        let specifier = Arc::from(specifier);
        let siblings = Siblings {
            edges: vec![Edge {
                alias,
                specifier,
                optional: false,
                injected: false,
                is_peer: false,
                prior: Some(prior),
            }],
            above: at.above,
            depth: at.depth,
            optional: at.optional,
            overlay: None,
            folder: None,
            aliases: at.aliases.clone(),
            of_workspace: false,
        };
        let seeds = self.seed(circumstances, &[siblings]).await?.into_iter().flatten().collect();
        let placed = self.walk_from(circumstances, seeds, None, at.aliases).await?;
        Ok(placed.into_iter().next())
    }

    /// The edges of a snapshot that are dependencies, sorted by alias. The others are peers that were found: those are
    /// found again, since what is around has perhaps changed.
    fn locked_children(
        &self,
        prior: SnapshotIndex,
        peers: &std::collections::BTreeMap<Arc<str>, PeerRequirement>,
    ) -> Vec<LockedChild> {
        let Some(locked) = &self.locked else { return Vec::new() };
        let snapshot = locked.entry(prior).snapshot;
        let is_peer = |alias: &str| {
            peers.contains_key(alias)
                || snapshot.transitive_peer_dependencies.iter().any(|peer| peer == alias)
        };
        let edges = locked.children(prior).filter(|(alias, _)| !is_peer(alias));
        let mut children: Vec<LockedChild> = edges
            .filter_map(|(alias, child)| match child {
                Child::Snapshot(snapshot_of_child) => Some(LockedChild {
                    alias: Arc::from(alias),
                    snapshot: snapshot_of_child,
                    optional: snapshot.optional_dependencies.contains_key(alias),
                }),
                Child::Other => None,
            })
            .collect();
        children.sort_by(|left, right| left.alias.cmp(&right.alias));
        children
    }
}

struct LockedChild {
    alias: Arc<str>,
    snapshot: SnapshotIndex,
    optional: bool,
}

/// What stands behind the name in a package id.
fn version_text(package_id: &str) -> &str {
    crate::core::lockfile::split(package_id).version
}
