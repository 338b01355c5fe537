//! The `git` program: asking repositories for refs, and commits for their files.
//!
//! Text of strangers reaches git only as an argument behind `--`, after [`is_safe_address`] was asked. Nothing is ever
//! checked out, so no hook and no filter of anybody runs.

mod command;
mod commit;
mod temporary;

pub use command::{Failure, git};
pub use commit::{Commit, CommitError, CommitFile, is_commit, is_safe_address};
pub use temporary::Temporary;
