//! The command line: what can be asked for, which face a run shows, and one file a command.

pub mod arguments;
pub mod completions;
mod dashboard;
pub mod install;
pub mod install_arguments;
pub mod interrupt;
pub mod mode;
pub mod store;

pub use arguments::{Cli, Command};
pub use install_arguments::{InstallArguments, flags};
pub use mode::{Mode, Surroundings, choose_mode};
