//! `pacwatch store`: about the store that projects share.

use std::io::{self, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use thiserror::Error;

use super::arguments::ProjectArguments;
use crate::core::config::{Config, ConfigError, Flags, Input};

/// The arguments of `pacwatch store`.
#[derive(Debug, Clone, Args)]
#[command(arg_required_else_help = true)]
pub struct StoreArguments {
    /// What to tell.
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to tell about the store.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Write the path of the store that a project uses
    Path(ProjectArguments),
}

/// Why nothing could be told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The settings are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The answer could not be written, or the working folder is gone.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Runs the command and writes its answer.
///
/// # Errors
/// When the settings are wrong or the answer cannot be written.
pub fn run(arguments: &StoreArguments, output: &mut dyn Write) -> Result<(), StoreError> {
    let StoreCommand::Path(project) = &arguments.command;
    let flags = Flags { store_dir: project.store_dir.clone(), ..Flags::default() };
    let config = Config::load(&Input::of_process(project.dir.clone(), flags)?)?;
    write_path(&config.store_dir, output)?;
    Ok(())
}

/// A path as its own bytes, where the system has such, so that a script gets what the system takes.
fn write_path(path: &Path, output: &mut dyn Write) -> io::Result<()> {
    #[cfg(unix)]
    output.write_all(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))?;
    #[cfg(not(unix))]
    write!(output, "{}", path.display())?;
    writeln!(output)
}
