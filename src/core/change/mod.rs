//! What `add`, `remove` and `update` change in the manifests of projects.
//!
//! Before resolution, manifests in memory are changed to what the command asks for: a version, a range or a tag as it
//! stands on the command line. Resolution does the rest as for any install. Afterwards it is known which version that
//! is, and so what to save: manifests and lockfile get the same specifier. The files are written when all went well.
//!
//! Nothing here resolves by itself, and no file is touched before [`Changes::save`].

mod add;
mod begin;
mod catalogs;
mod command;
mod error;
mod look_up;
mod remove;
mod request;
mod settle;
mod update;

pub use begin::Changes;
pub use command::{Add, Command, Remove, Update};
pub use error::ChangeError;
pub use look_up::Circumstances;

#[cfg(test)]
mod tests;
