//! What an install is about: which snapshots of a lockfile are wanted here, and which are left out and why.
//!
//! It works on the lockfile alone: no file is read, nothing is fetched, and the store is not asked.

mod checks;
mod engine;
mod graph;
mod host;
mod platform;
mod skipped;

pub use engine::{InvalidNodeVersion, satisfies_engine};
pub use graph::{DirectDependency, Edge, Graph, Group, Target};
pub use host::{Host, host};
pub use platform::{Mismatch, PlatformFields, SupportedArchitectures, check, inferred, is_demanding};
pub use skipped::{
    InstallCheck, PlanError, Request, SelectedSnapshot, Selection, SkippedSnapshot, Wanted, select,
};

#[cfg(test)]
mod tests;
