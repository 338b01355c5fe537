//! The dependency tree: packages, once each, and the edges between them, before peers are looked at.

mod input;
mod missing;
mod model;
mod patches;

pub use input::{
    Listener, Locked, PeerOverride, Project, ResolutionMode, Rewrite, SkippedOptional, TreeInput,
    TreeSettings, UpdateScope, Walked,
};
pub use missing::{Ancestor, Ancestors, Discovered, Discovery, DiscoveryRequest, MissingBelow, MissingPeer};
pub use model::{
    ChildEdge, Children, DirectDependency, Importer, Node, NodeIndex, Origin, PackageIndex, PeerNames,
    PeerRequirement, Tree, TreePackage,
};
pub use patches::{Patch, Patches};
