//! The order of keys (pnpm: `lockfile/src/yaml_emit.rs`).
//!
//! Some keys come first, in an order of their own; all others follow by the plain order of their text. What is said
//! of a section holds for all mappings below its entries too, so a dependency that is called `version` stands before
//! one that is called `a`.

use super::tree::{Map, Node};

/// Keys of the file that come first. Projects are sorted by them, too.
const ROOT: &[&str] = &[
    "lockfileVersion",
    "settings",
    "catalogs",
    "overrides",
    "packageExtensionsChecksum",
    "pnpmfileChecksum",
    "patchedDependencies",
    "importers",
    "packages",
];

/// Keys of packages and snapshots that come first.
const ENTRY: &[&str] = &[
    "resolution",
    "id",
    "name",
    "version",
    "engines",
    "cpu",
    "os",
    "libc",
    "deprecated",
    "hasBin",
    "prepare",
    "requiresBuild",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "dependencies",
    "optionalDependencies",
    "transitivePeerDependencies",
    "dev",
    "optional",
];

/// Puts the keys of a whole file in order. `overrides` and `settings` stay as they are.
pub(super) fn sort(root: &mut Node<'_>) {
    let Node::Map(sections) = root else { return };
    for (section, node) in sections.iter_mut() {
        match *section {
            "importers" => sort_entries(node, ROOT),
            "packages" | "snapshots" => sort_entries(node, ENTRY),
            "catalogs" => sort_deep(node, &[]),
            "time" | "patchedDependencies" => {
                if let Node::Map(entries) = node {
                    sort_map(entries, &[]);
                }
            }
            _ => {}
        }
    }
    sort_map(sections, ROOT);
}

/// The entries by their text, what is in them by what comes first.
fn sort_entries(section: &mut Node<'_>, first: &[&str]) {
    if let Node::Map(entries) = section {
        sort_map(entries, &[]);
        for (_, entry) in entries {
            sort_deep(entry, first);
        }
    }
}

fn sort_deep(node: &mut Node<'_>, first: &[&str]) {
    match node {
        Node::Map(entries) => {
            sort_map(entries, first);
            for (_, entry) in entries {
                sort_deep(entry, first);
            }
        }
        Node::List(items) => {
            for item in items {
                sort_deep(item, first);
            }
        }
        Node::Text(_) | Node::Bare(_) => {}
    }
}

fn sort_map(entries: &mut Map<'_>, first: &[&str]) {
    let rank = |key: &str| {
        let position = first.iter().position(|known| *known == key);
        position.unwrap_or(first.len())
    };
    entries.sort_by(|(left, _), (right, _)| rank(left).cmp(&rank(right)).then_with(|| left.cmp(right)));
}
