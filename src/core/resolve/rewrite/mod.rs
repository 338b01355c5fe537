//! What happens to a manifest before its dependencies are resolved.
//!
//! In this order: the compatibility database and then `packageExtensions` add what a package forgot to declare,
//! overrides replace specifiers, ignored optional dependencies are taken away. Projects go the same way, but for the
//! database, which is about published packages only.
//! Manifests are never changed on disk; a manifest that nothing applies to stays the very same allocation.

mod compatibility;
mod error;
mod peer_rules;
mod pnpmfile;
mod rewriter;
mod seed;

pub use error::RewriteError;
pub use peer_rules::PeerDependencyRules;
pub use pnpmfile::refuse_pnpmfile;
pub use rewriter::{DeclaredRanges, Rewriter};
pub use seed::{SeedRequest, reuse_seed};
