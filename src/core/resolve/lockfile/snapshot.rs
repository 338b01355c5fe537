//! The entry of a package together with its peers.

use std::sync::Arc;

use super::reference_to;
use crate::core::lockfile::Snapshot;
use crate::core::resolve::peers::GraphNode;
use crate::core::resolve::tree::TreePackage;

/// Whether a package may do without a child: it is among its optional dependencies, or is an optional peer.
pub(super) fn is_optional(package: &TreePackage, node: &GraphNode, alias: &Arc<str>) -> bool {
    node.optional_children.contains(alias)
        || package.manifest.optional_dependencies.contains_key(alias)
        || package.peers.get(alias).is_some_and(|peer| peer.optional)
}

pub(super) fn of(package: &TreePackage, node: &GraphNode, optional: bool) -> Snapshot {
    let mut snapshot = Snapshot {
        optional,
        // A set, so in order already.
        transitive_peer_dependencies: node.transitive_peers.iter().map(ToString::to_string).collect(),
        ..Snapshot::default()
    };
    for (alias, target) in &node.children {
        let reference =
            if target.starts_with("link:") { target.to_string() } else { reference_to(alias, target) };
        let group = if is_optional(package, node, alias) {
            &mut snapshot.optional_dependencies
        } else {
            &mut snapshot.dependencies
        };
        group.insert(alias.to_string(), reference);
    }
    snapshot
}
