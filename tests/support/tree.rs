//! Lists what lies in a folder, so that two trees can be compared line by line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};
use ssri::Algorithm;

use super::packages::digest;

/// One thing in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder.
    Folder,
    /// A symlink and its target, as written.
    Symlink(String),
    /// A file: its permission bits and the digest of its content.
    File {
        /// Permission bits, 0 where the system has none.
        mode: u32,
        /// sha256 of the content.
        digest: String,
    },
    /// A device, socket or named pipe.
    Special,
}

/// Everything below `root`, by path relative to it with `/` between. Symlinks are listed, not followed. A root that
/// does not exist is an empty tree.
pub fn list(root: &Path) -> BTreeMap<String, Node> {
    let mut nodes = BTreeMap::new();
    walk(root, "", &mut nodes);
    nodes
}

/// What differs between two trees, one line for each path: `- ` for what only the first has, `+ ` for what only the
/// second has.
pub fn differences(first: &BTreeMap<String, Node>, second: &BTreeMap<String, Node>) -> Vec<String> {
    let lines = |sign, tree: &BTreeMap<String, Node>, other: &BTreeMap<String, Node>| -> Vec<String> {
        let only = tree.iter().filter(|(path, node)| other.get(*path) != Some(*node));
        only.map(|(path, node)| format!("{sign} {path} {node:?}")).collect()
    };
    let mut all = lines('-', first, second);
    all.extend(lines('+', second, first));
    all.sort_by(|left, right| left[2..].cmp(&right[2..]));
    all
}

/// Fails with a readable list when two trees differ.
pub fn assert_same(first: &BTreeMap<String, Node>, second: &BTreeMap<String, Node>) {
    let differences = differences(first, second);
    assert!(differences.is_empty(), "the trees differ:\n{}", differences.join("\n"));
}

fn walk(folder: &Path, below: &str, nodes: &mut BTreeMap<String, Node>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("a folder can be listed");
        let name = entry.file_name().to_string_lossy().into_owned();
        let relative = if below.is_empty() { name } else { format!("{below}/{name}") };
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).expect("what is listed is there");
        let node = if metadata.is_dir() {
            walk(&path, &relative, nodes);
            Node::Folder
        } else if metadata.is_symlink() {
            let target = fs::read_link(&path).expect("a symlink has a target");
            Node::Symlink(target.to_string_lossy().into_owned())
        } else if metadata.is_file() {
            let content = comparable(&path, fs::read(&path).expect("a file can be read"));
            Node::File { mode: mode(&metadata), digest: digest(Algorithm::Sha256, &content) }
        } else {
            Node::Special
        };
        nodes.insert(relative, node);
    }
}

/// The content without what two installs of one project cannot have in common: moments, and the folders of a site.
fn comparable(path: &Path, content: Vec<u8>) -> Vec<u8> {
    let name = path.file_name().and_then(|name| name.to_str());
    if !matches!(name, Some(".modules.yaml" | ".pnpm-workspace-state-v1.json")) {
        return content;
    }
    let Ok(Value::Object(mut state)) = serde_json::from_slice(&content) else {
        return content;
    };
    for field in ["prunedAt", "storeDir", "lastValidatedTimestamp"] {
        state.remove(field);
    }
    if let Some(Value::Object(settings)) = state.get_mut("settings") {
        settings.remove("storeDir");
    }
    if let Some(projects) = state.get_mut("projects") {
        *projects = projects.as_object().into_iter().flat_map(Map::values).cloned().collect();
    }
    Value::Object(state).to_string().into_bytes()
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_metadata: &fs::Metadata) -> u32 {
    0
}
