//! Packuments: what registries tell of packages, asked for, cached and read as far as needed.
//!
//! Documents are large and only a few of their versions matter, so a document is split into its index and the texts of
//! its versions, and a version is read when it is picked. The cache on disk is pnpm's own.
//!
//! It decides nothing about which version is taken. It must never let a document, or a file of the cache, that is
//! cut off, garbled or about something else pass for what was asked for, never reach outside of the cache's folder by a
//! package's name, and never fail a run because the cache cannot be written.

mod cache;
mod document;
mod error;
mod fragments;
mod location;
mod mature;
mod packument;
mod packuments;
mod request;
mod split;
mod times;
mod timestamp;
mod workers;

pub use document::{TarballDigest, TrustEvidence, VersionDocument};
pub use error::RegistryError;
pub use location::{Form, Place};
pub use mature::Mature;
pub use packument::Packument;
pub use packuments::{Confirmed, Inquiry, Packuments, Warm};
pub use timestamp::{format_timestamp, milliseconds_since_1970, parse_timestamp};

#[cfg(test)]
pub(in crate::core) use split::tests::packument as sample_packument;
