//! What events tell of metadata.

use serde::{Deserialize, Serialize};

use crate::core::event::AnsweredBy;

/// Where a package's metadata came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetadataCache {
    /// From the cache, without a request.
    Hit,
    /// From the cache, after the registry said that it is current.
    Revalidated,
    /// From the registry.
    Miss,
    /// From nowhere: the request failed. Another attempt may follow.
    Failed,
}

/// A package's metadata is there, or a request for it failed. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataReceived {
    /// Name of the package.
    pub name: String,
    /// Where it came from.
    pub cache: MetadataCache,
    /// The network permit that the request ran under, if there was one.
    pub lane: Option<u16>,
    /// Bytes received, or of the cache's file.
    pub bytes: u64,
    /// Wait for a permit.
    pub queue_us: u64,
    /// Request sent to first byte of the answer.
    pub first_byte_us: u64,
    /// First byte to last.
    pub body_us: u64,
    /// Inflating and reading it.
    pub read_us: u64,
    /// Who answered, if anybody was asked and did.
    #[serde(default)]
    pub answered_by: Option<AnsweredBy>,
}
