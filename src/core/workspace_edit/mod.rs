//! Changing entries of `pnpm-workspace.yaml` as pnpm does: comments, blank lines, the order of keys, and all else that
//! is not changed stay byte for byte.
//!
//! The file is edited as lines, which covers the block style that people and pnpm write, and maps that stand on one
//! line. What was made is read again and compared; a file of another shape is refused and never written.

mod file;
mod lines;
mod list;
mod mapping;

pub use file::{WorkspaceEditError, WorkspaceFile};
