//! What settings make of the specifiers of a manifest: overrides and catalogs.
//!
//! The lockfile records specifiers as they are afterwards, and resolution starts from them, so both ask here. Nothing
//! here knows a registry or reads a file.

mod catalogs;
mod error;
mod overrides;
mod selector;

pub use catalogs::{CatalogEntries, CatalogUse, catalog_name, resolve_catalog};
pub use error::{CatalogError, OverrideError};
pub use overrides::{Base, Groups, Overrides, Owner};
pub use selector::{PackageSelector, parent_and_child};
