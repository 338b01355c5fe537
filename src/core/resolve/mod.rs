//! From specifiers to a lockfile: which version of each package is taken, how they hang together, which peers each of
//! them sees.
//!
//! The order of things: a manifest's specifiers are changed by overrides and extensions, each is turned
//! into a package by the [`Resolver`], packages bring further specifiers ([`tree`]), peers are found by walking the
//! tree, and the outcome is written down. The outcome depends on the inputs alone, never on
//! the order in which answers arrive.
//!
//! Nothing here writes a file of the project or links anything.

mod chain;
mod error;
mod found;
mod from_json;
pub mod git;
pub mod local;
pub mod lockfile;
mod manifest;
mod memo;
pub mod npm;
pub mod peers;
mod preferred;
mod resolved;
mod resolver;
pub mod rewrite;
mod tarball_manifest;
pub mod tree;
pub mod url;
mod wanted;

pub use chain::{Chain, Surroundings, Way};
pub use error::ResolveError;
pub use manifest::{PackageManifest, PeerMeta, Specifiers};
pub use preferred::{PreferredOverlay, PreferredVersions, SelectorKind, VersionSelector, weight};
pub use resolved::{PolicyViolation, Resolved, Source, Via};
pub use resolver::{Asked, Resolver, UpdateBehavior};
pub use tarball_manifest::TarballManifestError;
pub use wanted::Wanted;
