//! Patches of `patchedDependencies`: reading their files, and what they make of a package's files.
//!
//! A patch works on names and contents in memory and never touches a disk: whoever makes a slot writes the outcome, so
//! that no name in a patch can lead anywhere but into the package.

mod apply;
mod error;
mod file;
mod hunks;

pub use apply::{Content, Patched};
pub use error::PatchError;
pub use file::{PatchFile, PatchFiles};
