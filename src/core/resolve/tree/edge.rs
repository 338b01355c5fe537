//! Dependencies before and after they are resolved.

use std::sync::Arc;

use super::aliases::Aliases;
use super::chain::Chain;
use super::locked::SnapshotIndex;
use super::model::{NodeIndex, PackageIndex};
use super::questions::FolderIndex;
use crate::core::resolve::PreferredOverlay;

/// Dependencies of one place, to be resolved together.
pub(super) struct Siblings {
    pub(super) edges: Vec<Edge>,
    /// What is above them.
    pub(super) above: Chain,
    pub(super) depth: u32,
    /// The way to them has an optional edge.
    pub(super) optional: bool,
    /// What is preferred among them.
    pub(super) overlay: Option<Arc<PreferredOverlay>>,
    /// The folder of the manifest that asks for them, where it is not the project's.
    pub(super) folder: Option<FolderIndex>,
    /// Names in sight.
    pub(super) aliases: Aliases,
    /// A workspace project asks for them.
    pub(super) of_workspace: bool,
}

/// A dependency to be resolved.
pub(super) struct Edge {
    pub(super) alias: Arc<str>,
    pub(super) specifier: Arc<str>,
    pub(super) optional: bool,
    pub(super) injected: bool,
    /// It is a peer that is installed for a project.
    pub(super) is_peer: bool,
    /// What the lockfile has there, if it still fits.
    pub(super) prior: Option<SnapshotIndex>,
}

/// A dependency at its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) alias: Arc<str>,
    pub(super) package: PackageIndex,
    pub(super) node: NodeIndex,
}
