//! Which snapshots only optional dependencies lead to.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Recording;
use super::importer::{Group, declared};
use super::snapshot::is_optional;
use crate::core::resolve::peers::GraphNode;

/// For each node of the graph, by its position: every way to it from what projects declare has an optional edge. Nodes
/// to which no way leads keep what the walk said of them.
pub(super) fn find(recording: &Recording<'_>) -> Vec<bool> {
    let graph = &recording.outcome.graph;
    let nodes: Vec<&GraphNode> = graph.values().collect();
    let positions: FxHashMap<&str, usize> =
        graph.keys().enumerate().map(|(position, dep_path)| (&**dep_path, position)).collect();
    let position = |target: &Arc<str>| positions.get(&**target).copied();
    // By optional: what is still to be walked, and what was.
    let mut to_walk = Vec::new();
    for (project, direct) in recording.projects.iter().zip(&recording.outcome.direct) {
        for (alias, target) in direct {
            // Peers that were added for others count by who asks for them; the project's own are needed, even those
            // that it could do without.
            if let Some((group, _)) = declared(project.effective, alias)
                && let Some(node) = position(target)
            {
                to_walk.push((node, group == Group::Optional));
            }
        }
    }
    let mut walked = vec![[false; 2]; nodes.len()];
    while let Some((node, optional)) = to_walk.pop() {
        if std::mem::replace(&mut walked[node][usize::from(optional)], true) {
            continue;
        }
        let package = recording.package(nodes[node]);
        for (alias, target) in &nodes[node].children {
            if let Some(child) = position(target) {
                to_walk.push((child, optional || is_optional(package, nodes[node], alias)));
            }
        }
    }
    let walked = walked.into_iter().zip(&nodes);
    walked
        .map(|(walked, node)| match walked {
            [false, false] => node.optional,
            [needed, _] => !needed,
        })
        .collect()
}
