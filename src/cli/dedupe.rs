//! `pacwatch dedupe`.

use clap::Args;

use super::run_arguments::RunArguments;
use crate::core::config::{Dedupe, Flags};

/// The arguments of `pacwatch dedupe`.
#[derive(Debug, Clone, Args)]
pub struct DedupeArguments {
    /// What every command that installs takes.
    #[command(flatten)]
    pub run: RunArguments,

    /// Change nothing; fail if there is something to change
    #[arg(long, help_heading = "What to install")]
    pub check: bool,
}

impl DedupeArguments {
    /// The settings that the arguments amount to.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags {
            dedupe: Some(if self.check { Dedupe::Check } else { Dedupe::Write }),
            frozen_lockfile: Some(false),
            lockfile_only: self.check || self.run.lockfile_only,
            ..self.run.flags()
        }
    }
}
