//! The lockfile against the policies of the settings: is every version old enough, did its provenance get worse, does
//! its tarball come from the registry that it claims, is there a digest to check it by?
//!
//! Resolution keeps the policies when it picks versions, but a lockfile comes with a project, and whoever wrote it may
//! have had none. So each locked package is looked up before an install may end well. That runs beside downloads and
//! links, and what passed once is remembered in the cache in pnpm's own format, so that the next install asks nobody.
//!
//! Nothing here changes a lockfile or a tree, and a policy is never taken to be kept because nobody could be asked.

mod candidates;
mod check;
mod error;
mod exclusions;
mod from_registry;
mod git_host;
mod memo;
mod metadata;
mod policy;
mod run;
mod tarball_url;
mod timestamp;
mod trust;

pub use error::{VerifyError, Violation, ViolationCode};
pub use exclusions::{ExclusionError, Exclusions};
pub use from_registry::RegistryMetadata;
pub use git_host::is_git_archive;
pub use metadata::{Facts, Metadata, MetadataFailure};
pub use policy::Policy;
pub use run::{Passed, Verification, check_structure, record_resolved};
pub use timestamp::as_iso;
pub use trust::TrustVerdict;

#[cfg(test)]
mod tests;
