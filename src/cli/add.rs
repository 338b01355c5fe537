//! `pacwatch add`.

use clap::Args;

use super::run_arguments::RunArguments;
use super::target::{Reach, TargetArguments};
use crate::core::change::{Add, Command};
use crate::core::config::Flags;
use crate::core::install::Place;
use crate::core::manifest_edit::Group;

/// The arguments of `pacwatch add`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct AddArguments {
    /// What every command that installs takes.
    #[command(flatten)]
    pub run: RunArguments,

    /// Which projects are meant.
    #[command(flatten)]
    pub target: TargetArguments,

    /// What to add: name, name@range, name@tag, alias@npm:name, ./folder, a URL or a repository
    #[arg(required = true, value_name = "PACKAGE")]
    pub packages: Vec<String>,

    /// Save into dependencies
    #[arg(short = 'P', long, visible_alias = "prod", help_heading = "What to save")]
    pub save_prod: bool,

    /// Save into devDependencies
    #[arg(short = 'D', long, visible_alias = "dev", help_heading = "What to save")]
    pub save_dev: bool,

    /// Save into optionalDependencies
    #[arg(short = 'O', long, visible_alias = "optional", help_heading = "What to save")]
    pub save_optional: bool,

    /// Save into peerDependencies, and into devDependencies
    #[arg(long, help_heading = "What to save")]
    pub save_peer: bool,

    /// Save the exact version instead of a range
    #[arg(short = 'E', long, help_heading = "What to save")]
    pub save_exact: bool,

    /// What stands before the version: ^, ~, = or nothing [default: ^]
    #[arg(long, value_name = "PREFIX", help_heading = "What to save")]
    pub save_prefix: Option<String>,

    /// Take them from the workspace alone
    #[arg(long, help_heading = "What to save")]
    pub workspace: bool,

    /// Leave out optionalDependencies when installing
    #[arg(long, help_heading = "What to install")]
    pub no_optional: bool,

    /// Add to the root of a workspace without being asked whether that is meant
    #[arg(long, hide_short_help = true, help_heading = "Which projects")]
    pub ignore_workspace_root_check: bool,

    /// Save into the default catalog of pnpm-workspace.yaml
    #[arg(long, help_heading = "What to save")]
    pub save_catalog: bool,

    /// Save into this catalog of pnpm-workspace.yaml
    #[arg(long, value_name = "NAME", help_heading = "What to save")]
    pub save_catalog_name: Option<String>,
}

impl AddArguments {
    /// What is to be changed.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::Add(Add {
            requests: self.packages.clone(),
            groups: self.groups(),
            exact: self.save_exact,
            prefix: self.save_prefix.clone(),
            from_workspace: self.workspace,
            catalog: self
                .save_catalog_name
                .clone()
                .or_else(|| self.save_catalog.then(|| "default".to_owned())),
        })
    }

    /// The settings that the arguments amount to.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags {
            no_optional: self.no_optional,
            ignore_workspace_root_check: self.ignore_workspace_root_check,
            ..self.run.flags()
        }
    }

    /// Where. Of all projects, the root is left out unless something names it.
    #[must_use]
    pub fn reach(&self) -> Reach {
        let reach = self.target.reach(&self.run);
        match reach.place {
            Place::Selected => Reach { place: Place::SelectedWithoutRoot, ..reach },
            _ => reach,
        }
    }

    /// The groups to save into, in pnpm's order: an entry is in the last of those that are installed.
    fn groups(&self) -> Option<Vec<Group>> {
        let saves_peer_alone = self.save_peer && !self.save_prod && !self.save_optional;
        let groups: Vec<Group> = [
            (self.save_prod, Group::Production),
            (self.save_dev || saves_peer_alone, Group::Development),
            (self.save_optional, Group::Optional),
            (self.save_peer, Group::Peer),
        ]
        .into_iter()
        .filter_map(|(is_asked_for, group)| is_asked_for.then_some(group))
        .collect();
        (!groups.is_empty()).then_some(groups)
    }
}
