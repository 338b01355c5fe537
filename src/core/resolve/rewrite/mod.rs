//! What happens to a manifest before its dependencies are resolved.
//!
//! In this order: the compatibility database and then `packageExtensions` add what a package forgot to declare,
//! overrides replace specifiers, ignored optional dependencies are taken away. Projects and packages go the same way.
//! Manifests are never changed on disk; a manifest that nothing applies to stays the very same allocation.

mod compatibility;
mod error;
mod extensions;
mod peer_rules;
mod pnpmfile;
mod rewriter;

pub use error::RewriteError;
pub use extensions::{Extension, Extensions};
pub use peer_rules::PeerDependencyRules;
pub use pnpmfile::refuse_pnpmfile;
pub use rewriter::Rewriter;
