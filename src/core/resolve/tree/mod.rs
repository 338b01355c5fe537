//! The dependency tree: packages, once each, and the edges between them, before peers are looked at.

mod adopt;
mod aliases;
mod chain;
mod edge;
mod input;
mod locked;
mod missing;
mod model;
mod optional_peers;
mod owner;
mod pick;
mod place;
mod plan;
mod prerelease;
mod present;
mod project;
mod published;
mod questions;
mod reading;
mod record;
mod reusable;
mod reuse;
mod rounds;
mod run;
mod scope;
mod seed;
mod seed_preferred;
mod sight;
mod specifier;
mod walk;

pub use input::{
    Listener, Locked, PeerOverride, Project, ResolutionMode, Rewrite, SkippedOptional, TreeInput,
    TreeSettings, UpdateScope, Walked,
};
pub use missing::{Ancestor, Ancestors, Discovered, Discovery, DiscoveryRequest, MissingBelow, MissingPeer};
pub use model::{
    ChildEdge, Children, DEPTH_LIMIT, DirectDependency, Importer, Node, NodeIndex, Origin, PackageIndex,
    PeerNames, PeerRequirement, Tree, TreePackage,
};
pub use run::walk;
pub use seed_preferred::{preferred_versions, selector_kind};

#[cfg(test)]
mod tests;
