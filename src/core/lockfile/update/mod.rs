//! Changes of manifests and settings that a lockfile can follow without a resolution.
//!
//! A dependency that was removed, moved to another group, or asked for in another range that a locked version
//! satisfies needs no registry: the lockfile is edited, pruned and held against the manifests again. Wherever the
//! outcome could differ from that of a resolution, nothing is edited. Nothing here reads or writes files.
//! (pnpm: `package-manager/src/fast_update_*.rs`.)

mod edits;
mod ignored_optional;
mod importers;
mod locked;
mod patched;
mod references;
mod request;
mod settings;

pub(in crate::core) use locked::locked_version;
pub(in crate::core) use references::{VersionText, all_edges, dependencies};

pub use edits::{prune_unreachable, recompute_optional};
pub use request::{UpdateRequest, try_update};
