//! The dependency tree: packages, once each, and the edges between them, before peers are looked at.

mod model;

pub use model::{ChildEdge, DirectDependency, Importer, PackageIndex, PeerRequirement, Tree, TreePackage};
