//! Whether a version of Node.js lies in the range of `engines.node`, prereleases counted as npm's `includePrerelease`.

use node_semver::{Range, Version};

/// The node version that was given is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the node version is set to {version:?}, which is not an exact version")]
pub struct InvalidNodeVersion {
    /// What was given.
    pub version: String,
}

/// Whether `version` satisfies `range`. A range that cannot be read is satisfied by nothing.
#[must_use]
pub fn satisfies_engine(version: &Version, range: &str) -> bool {
    Range::parse(range).is_ok_and(|range| range.satisfies(version))
}
