//! `pacwatch completions`: scripts that complete the command line in a shell.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use super::arguments::Cli;

/// The arguments of `pacwatch completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Writes the script.
///
/// # Errors
/// When it cannot be written.
pub fn run(arguments: &CompletionsArguments, output: &mut dyn Write) -> io::Result<()> {
    // The generator panics on a pipe that is closed, so it writes to memory.
    let mut script = Vec::new();
    generate(arguments.shell, &mut Cli::command(), "pacwatch", &mut script);
    output.write_all(&script)
}
