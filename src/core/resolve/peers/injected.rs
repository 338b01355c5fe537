//! `dedupeInjectedDeps`: a copy of a workspace project whose dependencies are the project's own is linked instead.

use std::sync::Arc;

use super::dedupe::{is_covered, prune};
use super::finish::Draft;
use super::memory::Memory;
use super::resolve::injected_folder;
use crate::core::resolve::tree::Tree;

/// Turns copies that would be no different from the project itself into links.
pub(super) fn dedupe_injected(tree: &Tree, memory: &mut Memory, draft: &mut Draft) {
    let mut links: Vec<(usize, Arc<str>, usize)> = Vec::new();
    for (importer, direct) in draft.direct.iter().enumerate() {
        for (alias, path) in direct {
            let Some(node) = draft.nodes.get(path) else { continue };
            let Some(folder) = injected_folder(tree, node.package) else { continue };
            let Some(project) = tree.importers.iter().position(|importer| importer.id == folder) else {
                continue;
            };
            let own = &draft.direct[project];
            let is_same = node.children.iter().all(|(alias, child)| {
                // A link is told from the folder that has it, so it is never the same in the copy (pnpm 12.21).
                own.get(alias).is_some_and(|theirs| match (draft.nodes.get(child), draft.nodes.get(theirs)) {
                    (Some(of_child), Some(of_theirs)) => {
                        theirs == child
                            || of_child.package == of_theirs.package && is_covered(of_child, of_theirs)
                    }
                    _ => false,
                })
            });
            if is_same {
                links.push((importer, alias.clone(), project));
            }
        }
    }
    if links.is_empty() {
        return;
    }
    for (importer, alias, project) in links {
        let link = memory.paths.plain(&format!("link:{}", tree.importers[project].id).into());
        draft.direct[importer].insert(alias, link);
    }
    prune(draft);
}
