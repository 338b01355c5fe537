//! `pacwatch update`.

use clap::Args;

use super::run_arguments::RunArguments;
use super::target::TargetArguments;
use crate::core::change::{Command, Update};
use crate::core::config::Flags;
use crate::core::manifest_edit::Group;

/// The arguments of `pacwatch update`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct UpdateArguments {
    /// What every command that installs takes.
    #[command(flatten)]
    pub run: RunArguments,

    /// Which projects are meant.
    #[command(flatten)]
    pub target: TargetArguments,

    /// What to update: name, @scope/*, !name, name@version; all when nothing is named
    #[arg(value_name = "PACKAGE")]
    pub packages: Vec<String>,

    /// Go to the newest version there is, whatever range package.json has
    #[arg(short = 'L', long, help_heading = "What to update")]
    pub latest: bool,

    /// Only dependencies
    #[arg(short = 'P', long, conflicts_with = "dev", help_heading = "What to update")]
    pub prod: bool,

    /// Only devDependencies
    #[arg(short = 'D', long, help_heading = "What to update")]
    pub dev: bool,

    /// Leave out optionalDependencies when installing; they move all the same
    #[arg(long, help_heading = "What to install")]
    pub no_optional: bool,

    /// How far from the project: 0 for its direct dependencies alone [default: any distance]
    #[arg(long, value_name = "N", value_parser = distance, help_heading = "What to update")]
    pub depth: Option<Distance>,

    /// Save exact versions where package.json has no range to keep
    #[arg(short = 'E', long, help_heading = "What to save")]
    pub save_exact: bool,

    /// Point at projects of the workspace where they have the names
    #[arg(long, conflicts_with = "latest", help_heading = "What to update")]
    pub workspace: bool,

    /// Leave package.json as it is
    #[arg(long, help_heading = "What to save")]
    pub no_save: bool,
}

impl UpdateArguments {
    /// The settings that the arguments amount to.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags { no_optional: self.no_optional, ..self.run.flags() }
    }

    /// What is to be changed.
    #[must_use]
    pub fn command(&self) -> Command {
        let groups = [
            (self.prod || !self.dev, Group::Production),
            (!self.prod, Group::Development),
            (!self.prod && !self.dev, Group::Optional),
        ];
        Command::Update(Update {
            selectors: self.packages.clone(),
            latest: self.latest,
            exact: self.save_exact,
            save: !self.no_save,
            groups: groups.into_iter().filter_map(|(is_meant, group)| is_meant.then_some(group)).collect(),
            depth: self.depth.and_then(|Distance(depth)| depth),
            from_workspace: self.workspace,
        })
    }
}

/// A distance from a project; `None` for any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance(pub Option<u32>);

fn distance(text: &str) -> Result<Distance, String> {
    match text {
        "Infinity" | "infinity" => Ok(Distance(None)),
        _ => text
            .parse()
            .map(|depth| Distance(Some(depth)))
            .map_err(|_| "a whole number, or Infinity".to_owned()),
    }
}
