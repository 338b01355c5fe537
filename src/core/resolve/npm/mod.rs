//! Packages of registries and projects of the workspace: from a specifier to a version.
//!
//! A specifier is read ([`RegistrySpecifier`]), the package's document is fetched as fresh as the question needs, a
//! version is picked by rules that look at the document alone, and the answer is kept.
//!
//! The pick must depend on documents and settings alone, never on what was asked before or in which order.

mod address;
mod answer;
mod error;
mod exclude;
mod pick;
mod prefixed;
mod question;
mod range;
mod resolver;
mod saved;
mod settings;
mod specifier;
mod trust;
mod workspace;

pub use address::{canonical_tarball, is_canonical_tarball};
pub use answer::TOO_YOUNG;
pub use error::NpmError;
pub use exclude::{Excluded, Exclusions};
pub use pick::{Choice, Preference, Wish};
pub use prefixed::{JsrSpecifier, parse_prefixed};
pub use range::{RangeMatcher, is_any, is_prerelease, is_range};
pub use resolver::NpmResolver;
pub use saved::{
    RangeStyle, SaveWorkspaceProtocol, saved_prefixed_specifier, saved_range, saved_specifier,
    saved_workspace_specifier,
};
pub use settings::NpmSettings;
pub use specifier::{RegistrySpecifier, routed_name};
pub use trust::NoDowngrade;
pub use workspace::{WorkspacePackage, WorkspacePackages};
