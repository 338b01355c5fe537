//! The command line: what can be asked for, which face a run shows, and one file a command.

pub mod add;
pub mod arguments;
pub mod completions;
mod dashboard;
pub mod dedupe;
pub mod install;
pub mod install_arguments;
pub mod interrupt;
pub mod mode;
pub mod remove;
pub mod run_arguments;
pub mod spelling;
pub mod store;
pub mod target;
pub mod update;

pub use add::AddArguments;
pub use arguments::{Cli, Command};
pub use dedupe::DedupeArguments;
pub use install_arguments::{InstallArguments, flags};
pub use mode::{Mode, Surroundings, choose_mode};
pub use remove::RemoveArguments;
pub use run_arguments::RunArguments;
pub use update::UpdateArguments;
