//! What settings make of the specifiers of a manifest: extensions, overrides and catalogs.
//!
//! The lockfile records specifiers as they are afterwards, and resolution starts from them, so both ask here. Nothing
//! here knows a registry or reads a file.

mod catalogs;
mod error;
mod extensions;
mod overrides;
mod selector;

pub use catalogs::{CatalogEntries, CatalogUse, catalog_name, resolve_catalog};
pub use error::{CatalogError, ExtensionError, OverrideError};
pub use extensions::{Extended, Extension, Extensions};
pub use overrides::{Base, Groups, Override, Overrides, Owner};
pub use selector::{PackageSelector, parent_and_child};
