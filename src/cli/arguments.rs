//! The commands of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::add::AddArguments;
use super::completions::CompletionsArguments;
use super::dedupe::DedupeArguments;
use super::install_arguments::InstallArguments;
use super::remove::RemoveArguments;
use super::store::StoreArguments;
use super::update::UpdateArguments;

/// The whole command line.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "pacwatch",
    version,
    about = "Installs npm packages exactly as pnpm does and shows, live, where the time goes",
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Install the dependencies of a project
    #[command(visible_alias = "i")]
    Install(Box<InstallArguments>),
    /// Add dependencies to package.json and install them
    Add(Box<AddArguments>),
    /// Remove dependencies from package.json and from the project
    #[command(visible_alias = "rm", aliases = ["uninstall", "un"])]
    Remove(Box<RemoveArguments>),
    /// Move dependencies to newer versions, within their ranges or beyond
    #[command(visible_alias = "up", alias = "upgrade")]
    Update(Box<UpdateArguments>),
    /// Resolve every dependency again, so that there are as few versions as possible
    Dedupe(Box<DedupeArguments>),
    /// Tell about the store that projects share
    Store(StoreArguments),
    /// Write a completion script for a shell
    Completions(CompletionsArguments),
}

/// Which project a command is about.
#[derive(Debug, Clone, Args)]
pub struct ProjectArguments {
    /// Folder of the project
    #[arg(short = 'C', long, value_name = "DIR", default_value = ".", help_heading = "Places")]
    pub dir: PathBuf,

    /// Folder of the store that projects share [default: where pnpm has it]
    ///
    /// A relative path starts from the workspace, or from the project when there is none.
    #[arg(long, value_name = "DIR", help_heading = "Places")]
    pub store_dir: Option<PathBuf>,
}
