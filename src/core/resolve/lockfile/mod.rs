//! From the resolved graph to the lockfile that records it (pnpm: `dependencies_graph_to_lockfile.rs`).
//!
//! Everything is decided already; here it is only put into the shape of the file. Equal graphs give equal lockfiles.

mod importer;
mod optional;
mod package;
mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::manifest::PackageManifest;
use super::peers::{GraphNode, PeerOutcome};
use super::tree::{Tree, TreePackage};
use crate::core::lockfile::{Importer, ImporterDependency, Lockfile, Reference, package_id, reference};
use crate::core::manifest::Manifest;

/// The version of the format that is written.
pub const VERSION: &str = "9.0";

/// What a lockfile is made from.
pub struct Recording<'a> {
    /// Everything that does not come from the graph: settings, overrides, patches, what stood before the lockfile. Its
    /// sections of packages and projects are empty. Catalogs are left to the caller, who knows them.
    pub head: Lockfile,
    /// The packages.
    pub tree: &'a Tree,
    /// How they hang together.
    pub outcome: &'a PeerOutcome,
    /// The projects, in the tree's order.
    pub projects: Vec<RecordedProject<'a>>,
    /// Peers that a project declares were installed for it (`autoInstallPeers`).
    pub auto_install_peers: bool,
    /// Folders that are only linked are left out (`excludeLinksFromLockfile`).
    pub exclude_links: bool,
    /// The lockfile that resolution started from.
    pub previous: Option<&'a Lockfile>,
    /// When packages were published, by id.
    pub time: &'a BTreeMap<Arc<str>, Arc<str>>,
}

/// A project of the lockfile.
#[derive(Debug, Clone, Copy)]
pub struct RecordedProject<'a> {
    /// Its path from the lockfile's folder.
    pub id: &'a str,
    /// Its manifest as it was resolved: overrides applied, `catalog:` still in it.
    pub effective: &'a PackageManifest,
    /// Its manifest as it stands; where there is none that this program reads, it has nothing more to tell.
    pub manifest: Option<&'a Manifest>,
}

impl Recording<'_> {
    /// Makes the lockfile.
    #[must_use]
    pub fn lockfile(mut self) -> Lockfile {
        let mut lockfile = std::mem::take(&mut self.head);
        VERSION.clone_into(&mut lockfile.version);
        let optional = optional::find(&self);
        for (node, (dep_path, graph_node)) in self.outcome.graph.iter().enumerate() {
            if dep_path.starts_with("link:") {
                continue;
            }
            let snapshot = snapshot::of(self.package(graph_node), graph_node, optional[node]);
            lockfile.snapshots.insert(dep_path.to_string(), snapshot);
            let id = package_id(dep_path);
            if !lockfile.packages.contains_key(id) {
                let previous = self.previous.and_then(|previous| previous.packages.get(id));
                let metadata = package::of(self.package(graph_node), dep_path, previous);
                lockfile.packages.insert(id.to_owned(), metadata);
            }
        }
        for (project, direct) in self.projects.iter().zip(&self.outcome.direct) {
            let importer = importer::of(&self, project, direct);
            lockfile.importers.insert(project.id.to_owned(), importer);
        }
        // As they will stand in the file: what is done next must not depend on whether it was read from there.
        lockfile.packages.sort_unstable_keys();
        lockfile.importers.sort_unstable_keys();
        lockfile.time = self.time(&lockfile);
        lockfile
    }

    fn package(&self, node: &GraphNode) -> &TreePackage {
        self.tree.package(node.package)
    }

    /// When direct dependencies were published: what was learned now, or else what was known.
    fn time(&self, lockfile: &Lockfile) -> IndexMap<String, String> {
        let known = self.previous.map(|previous| &previous.time);
        let mut time = IndexMap::new();
        if self.time.is_empty() && known.is_none_or(IndexMap::is_empty) {
            return time;
        }
        for (alias, dependency) in lockfile.importers.values().flat_map(dependencies) {
            let Reference::Package(dep_path) = reference(alias, &dependency.version) else { continue };
            let id = package_id(&dep_path);
            let published = self.time.get(id).map(ToString::to_string);
            if let Some(published) = published.or_else(|| known.and_then(|known| known.get(id).cloned())) {
                time.insert(id.to_owned(), published);
            }
        }
        time.sort_unstable_keys();
        time
    }
}

fn dependencies(importer: &Importer) -> impl Iterator<Item = (&String, &ImporterDependency)> {
    importer.dependencies.iter().chain(&importer.dev_dependencies).chain(&importer.optional_dependencies)
}

/// How an alias refers to a dep path: without the alias before it, where it begins with that.
fn reference_to(alias: &str, dep_path: &str) -> String {
    let short = dep_path.strip_prefix(alias).and_then(|rest| rest.strip_prefix('@'));
    short.unwrap_or(dep_path).to_owned()
}

#[cfg(test)]
mod tests;
