//! The projects of a workspace: which folders they are, what they say of themselves, and which of them a command is
//! about.
//!
//! This module reads manifests and judges names and paths. It never follows what a lockfile says: an importer that is
//! no project found here is nobody's.

mod dependencies;
mod error;
mod filter;
mod folders;
mod projects;
mod selector;

pub use error::WorkspaceError;
pub use filter::Selected;
pub use projects::{Project, Workspace};
