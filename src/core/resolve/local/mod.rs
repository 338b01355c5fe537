//! Folders and tarballs on this machine: `file:`, `link:`, `workspace:` with a path, and bare paths.

mod error;
mod resolver;
mod specifier;
mod tarball;

pub use error::LocalError;
pub use resolver::LocalResolver;
