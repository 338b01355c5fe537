//! `pnpm-lock.yaml`, version 9: reading it, checking that it may be trusted with paths, whether it still fits the
//! manifests, and writing it.
//!
//! This module writes no file but the lockfile, never asks the network, and never turns a text of the file into a path:
//! whoever does must have called [`validate`] first.

mod canonical;
mod dep_path;
mod deserialize;
mod emit;
mod error;
mod freshness;
mod model;
mod names;
mod parse;
mod patches;
mod resolution;
mod save;
mod scan;
mod slot_name;
mod specifiers;
pub mod update;
mod validate;

pub use crate::core::manifest::{BundledDependencies, Executables, OneOrMany};
pub use dep_path::{DepPath, Reference, package_id, reference, split, without_peers};
pub use emit::{yaml_flow_text, yaml_text};
pub use error::LockfileError;
pub use freshness::{
    FreshnessSettings, PnpmfileChecksum, check_freshness, package_extensions_checksum, specifiers_agree,
};
pub use model::{
    CatalogEntry, Importer, ImporterDependency, Lockfile, LockfileSettings, Other, PackageMetadata,
    PeerDependencyMeta, References, Snapshot,
};
pub use names::is_valid_package_name;
pub use patches::{Patch, PatchError, Patches};
pub use resolution::{BinaryResolution, Resolution, Variant, VariantTarget};
pub use save::Draft;
pub use slot_name::slot_directory_name;
pub use specifiers::{
    Base, CatalogEntries, CatalogError, CatalogUse, Extended, Extension, ExtensionError, Extensions, Groups,
    Override, OverrideError, Overrides, Owner, PackageSelector, catalog_name, parent_and_child,
    resolve_catalog,
};
pub use validate::validate;
