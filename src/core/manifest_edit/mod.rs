//! Changing a project's `package.json` as pnpm does: groups sorted by name, everything else in its order, indentation,
//! line ends and the last newline as they were.
//!
//! Nothing here decides which version is taken, and a file that would say the same is never written.

mod file;
mod groups;
mod specifier;

pub use file::ManifestFile;
pub use groups::Group;
pub use specifier::{RangeStyle, bumped, is_local_workspace_path, latest, saved, workspace_specifier};
