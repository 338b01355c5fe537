//! What the peer pass needs to know of the settings.

use std::path::PathBuf;

/// The settings that decide how peers are found and written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own that a user turns on or off")]
pub struct PeerSettings {
    /// `peersSuffixMaxLength`: bytes of a peer suffix, without its outer parentheses, beyond which its hash is written.
    pub suffix_max_length: usize,
    /// `dedupePeers`: suffixes name the peers alone, without the peers of peers.
    pub dedupe_peers: bool,
    /// `dedupePeerDependents`: variants of a package of which one serves for all become that one.
    pub dedupe_peer_dependents: bool,
    /// `dedupeInjectedDeps`: a copy of a workspace project that would be no different is linked instead.
    pub dedupe_injected: bool,
    /// `resolvePeersFromWorkspaceRoot`: the direct dependencies of the root project are in sight everywhere.
    pub from_workspace_root: bool,
    /// `excludeLinksFromLockfile`: links to folders outside of the workspace are named by where they are linked.
    pub exclude_links: bool,
    /// The lockfile's folder, absolute.
    pub lockfile_dir: PathBuf,
    /// `modulesDir`, relative to each project.
    pub modules_dir: PathBuf,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            suffix_max_length: 1000,
            dedupe_peers: false,
            dedupe_peer_dependents: true,
            dedupe_injected: true,
            from_workspace_root: true,
            exclude_links: false,
            lockfile_dir: PathBuf::from("/"),
            modules_dir: PathBuf::from("node_modules"),
        }
    }
}
