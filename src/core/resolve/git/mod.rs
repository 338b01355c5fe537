//! Packages that are git repositories: which commit is meant, and what its manifest says.
//!
//! A repository of a well-known host is an identity and not a way of transport: its canonical address over HTTPS is
//! recorded, or the archive that the host makes of the commit, if everybody may have it. The address of any other
//! repository is recorded as it was written.
//!
//! Nothing is ever checked out, and no script of a package runs.

mod error;
mod hosted;
mod refs;
mod resolver;
mod specifier;

pub use error::GitError;
pub use resolver::GitResolver;
