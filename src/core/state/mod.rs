//! What an install leaves behind for the next one, ours or pnpm's: `.modules.yaml`, the current lockfile, the workspace
//! state, and the store's list of projects. And what the next one does with it: tell whether the tree fits, make room
//! where it does not, sweep out what nobody needs.
//!
//! State is a claim about a tree, so it is written when the tree is made and taken away before the tree is changed; a
//! run that dies leaves none. What is read here was written by anybody: a file that makes no sense is as good as no
//! file. Nothing outside of a project's folder of modules is ever deleted, and no symlink is followed to delete.

mod current;
mod error;
mod modules;
mod projects;
mod prune;
mod purge;
mod remove;
mod workspace;
mod write;

pub use current::{CURRENT_LOCKFILE, filter_for_current, forget_current, save_current};
pub use error::StateError;
pub use modules::{HoistKind, HoistedDependencies, IncludedGroups, Layout, ModulesState, Recorded};
pub use projects::register_project;
pub use prune::{is_due, prune, sweep};
pub use purge::purge;
pub use remove::{remove_empty_scope, remove_executables, remove_link, remove_package, stale_links};
pub use workspace::{ProjectEntry, WorkspaceState, modified_ms, settings_agree};
