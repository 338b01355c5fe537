//! Whether the lockfile still fits the manifests and settings of the project, by pnpm's rules.
//!
//! It compares what is written down on both sides. It asks no registry and reads no file, so it cannot tell whether a
//! newer version would fit as well.

mod checksum;
mod git_specifier;
mod importer;
mod settings;

pub use checksum::package_extensions_checksum;
pub use git_specifier::specifiers_agree;
pub use importer::check_freshness;
pub(in crate::core::lockfile) use settings::further;
pub use settings::{FreshnessSettings, PnpmfileChecksum};
