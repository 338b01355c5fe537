//! The command line: what can be asked for, and which face a run shows. Nothing is installed and nothing is drawn
//! here.

pub mod arguments;
pub mod completions;
pub mod install_arguments;
pub mod mode;
pub mod store;

pub use arguments::{Cli, Command};
pub use install_arguments::{InstallArguments, flags};
pub use mode::{Mode, Surroundings, choose_mode};
