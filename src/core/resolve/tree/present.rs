//! The versions that the tree has by now: what missing peers are best taken from.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

use super::model::PackageIndex;
use super::reading::registry_identity;
use super::seed_preferred::with_own;
use super::walk::Walk;
use crate::core::resolve::{PreferredVersions, Resolver, SelectorKind, VersionSelector, weight};

/// Versions of all packages that can be reached from the projects. Reached, not found: a place may have been walked
/// before a better one took over, and what only it led to does not count.
#[derive(Default)]
pub(super) struct Present {
    /// Packages that projects have as direct dependencies.
    roots: Vec<PackageIndex>,
    /// [`Tree::revision`](super::Tree::revision) and [`Tree::nodes_rewritten`](super::Tree::nodes_rewritten) of the
    /// last look.
    seen_at: (u64, u64),
    visited: FxHashSet<PackageIndex>,
    /// Packages whose version is not known by registries, and not by a `workspace:` range so far.
    nameless: Vec<PackageIndex>,
    versions: PreferredVersions,
    /// Name → version → the package, the first one of that name and version.
    packages: FxHashMap<Arc<str>, FxHashMap<Arc<str>, PackageIndex>>,
}

impl Present {
    /// Adds direct dependencies of a project.
    pub(super) fn add_roots(&mut self, packages: impl Iterator<Item = PackageIndex>) {
        self.roots.extend(packages);
    }

    /// The versions as of the last look.
    pub(super) fn versions(&self) -> &PreferredVersions {
        &self.versions
    }

    /// A package that there is.
    pub(super) fn package(&self, name: &str, version: &str) -> Option<PackageIndex> {
        self.packages.get(name)?.get(version).copied()
    }

    /// The versions that there are of a package.
    pub(super) fn versions_of(&self, name: &str) -> impl Iterator<Item = &Arc<str>> {
        self.versions.get(name).into_iter().flat_map(|versions| versions.keys())
    }

    fn note(&mut self, name: &Arc<str>, version: &Arc<str>, package: PackageIndex) {
        let plain = VersionSelector { kind: SelectorKind::Version, weight: weight::PLAIN };
        self.versions.entry(Arc::clone(name)).or_default().entry(Arc::clone(version)).or_insert(plain);
        self.packages.entry(Arc::clone(name)).or_default().entry(Arc::clone(version)).or_insert(package);
    }
}

impl<R: Resolver> Walk<'_, R> {
    fn look_again(&mut self) {
        let now = (self.tree.revision, self.tree.nodes_rewritten);
        let present = &mut self.present;
        if present.seen_at == now {
            return;
        }
        if present.seen_at.1 != now.1 {
            present.visited.clear();
            present.nameless.clear();
            present.versions.clear();
            present.packages.clear();
        }
        let mut open = present.roots.clone();
        while let Some(package) = open.pop() {
            if !present.visited.insert(package) {
                continue;
            }
            let entry = self.tree.package(package);
            open.extend(entry.children.iter().map(|child| child.package));
            match registry_identity(&entry.resolved) {
                Some((name, version)) => present.note(name, version, package),
                None => present.nameless.push(package),
            }
        }
        let mut nameless = std::mem::take(&mut present.nameless);
        nameless.retain(|package| match self.workspace_identities.get(package) {
            Some((name, version)) => {
                present.note(name, version, *package);
                false
            }
            None => true,
        });
        present.nameless = nameless;
        present.seen_at = now;
    }

    /// What is preferred from the start and what is there by now, of some names. Where peers are not installed by
    /// themselves, packages that only the lockfile has do not come back through them.
    pub(super) fn preferred_or_present<'n>(
        &mut self,
        project: usize,
        names: impl Iterator<Item = &'n Arc<str>>,
    ) -> PreferredVersions {
        self.look_again();
        let id = &self.input.projects[project].id;
        let nothing = PreferredVersions::new();
        let seed = self.input.preferred_by_project.get(id).unwrap_or(self.input.preferred);
        let is_open =
            |name| self.input.settings.auto_install_peers || self.present.versions.contains_key(name);
        let own = &self.projects[project].circumstances.of_all;
        let mut found = PreferredVersions::new();
        for name in names {
            let mut of_name = with_own(if is_open(name) { seed } else { &nothing }, own, name);
            for (text, selector) in self.present.versions.get(name).into_iter().flatten() {
                of_name.entry(Arc::clone(text)).or_insert(*selector);
            }
            if !of_name.is_empty() {
                found.insert(Arc::clone(name), of_name);
            }
        }
        found
    }
}
