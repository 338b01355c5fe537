//! Which projects of a workspace a command changes.

use clap::Args;

use super::run_arguments::RunArguments;

/// Which projects a command changes.
#[derive(Debug, Clone, Args)]
pub struct TargetArguments {
    /// Change the root of the workspace
    #[arg(
        short = 'w',
        long,
        conflicts_with_all = ["recursive", "filter"],
        help_heading = "Which projects"
    )]
    pub workspace_root: bool,

    /// Change all projects of the workspace
    #[arg(short = 'r', long, help_heading = "Which projects")]
    pub recursive: bool,
}

/// How many projects a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The root of the workspace, wherever the command was given.
    pub is_root: bool,
    /// The project that the command was given in, and no other.
    pub is_single: bool,
    /// Of several projects, not the root.
    pub leaves_out_root: bool,
}

impl TargetArguments {
    /// How many projects are meant.
    #[must_use]
    pub fn reach(&self, run: &RunArguments) -> Reach {
        Reach {
            is_root: self.workspace_root,
            is_single: !self.recursive && run.filter.is_empty(),
            leaves_out_root: false,
        }
    }
}
