//! Which projects of a workspace a command changes.

use clap::Args;

use super::run_arguments::RunArguments;
use crate::core::install::Place;

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

/// Where a command changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The project is the root of the workspace, wherever the command was given.
    pub is_root: bool,
    /// All projects were asked for, whatever the settings say.
    pub is_recursive: bool,
    /// In which manifests.
    pub place: Place,
}

impl TargetArguments {
    /// Where something is to change.
    #[must_use]
    pub fn reach(&self, run: &RunArguments) -> Reach {
        let is_one = !self.recursive && run.filter.is_empty();
        let place = match (self.workspace_root, is_one) {
            (true, _) => Place::Root,
            (false, true) => Place::Here,
            (false, false) => Place::Selected,
        };
        Reach { is_root: self.workspace_root, is_recursive: self.recursive, place }
    }
}
