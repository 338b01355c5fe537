//! Getting packages that are not in the store.

pub mod archive;
pub mod extract;
pub mod integrity;
