//! `pacwatch remove`.

use clap::Args;

use super::run_arguments::RunArguments;
use super::target::TargetArguments;
use crate::core::change::{Command, Remove};
use crate::core::config::Flags;
use crate::core::manifest_edit::Group;

/// The arguments of `pacwatch remove`.
#[derive(Debug, Clone, Args)]
pub struct RemoveArguments {
    /// What every command that installs takes.
    #[command(flatten)]
    pub run: RunArguments,

    /// Which projects are meant.
    #[command(flatten)]
    pub target: TargetArguments,

    /// Names of the dependencies to remove
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Remove from dependencies alone
    #[arg(short = 'P', long, visible_alias = "prod", help_heading = "What to remove")]
    pub save_prod: bool,

    /// Remove from devDependencies alone
    #[arg(short = 'D', long, visible_alias = "dev", help_heading = "What to remove")]
    pub save_dev: bool,

    /// Remove from optionalDependencies alone
    #[arg(short = 'O', long, visible_alias = "optional", help_heading = "What to remove")]
    pub save_optional: bool,
}

impl RemoveArguments {
    /// The settings that the arguments amount to.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.run.flags()
    }

    /// What is to be changed.
    #[must_use]
    pub fn command(&self) -> Command {
        let group = match (self.save_dev, self.save_optional, self.save_prod) {
            (true, ..) => Some(Group::Development),
            (_, true, _) => Some(Group::Optional),
            (.., true) => Some(Group::Production),
            _ => None,
        };
        Command::Remove(Remove { names: self.names.clone(), group })
    }
}
