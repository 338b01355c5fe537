//! What `pacwatch install` takes, and the settings that it amounts to.

use clap::Args;

use super::run_arguments::RunArguments;
use super::target::TargetArguments;
use crate::core::config::{Flags, OnlyDependencies};

/// The arguments of `pacwatch install`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct InstallArguments {
    /// What every command that installs takes.
    #[command(flatten)]
    pub run: RunArguments,

    /// Which projects are meant.
    #[command(flatten)]
    pub target: TargetArguments,

    /// What to add, as `add` does
    #[arg(value_name = "PACKAGE", hide = true)]
    pub packages: Vec<String>,

    /// Fail when pnpm-lock.yaml is absent or does not fit package.json; never write it
    ///
    /// In continuous integration this is so by itself when there is a lockfile.
    #[arg(long, overrides_with = "no_frozen_lockfile", help_heading = "What to install")]
    pub frozen_lockfile: bool,

    /// Bring pnpm-lock.yaml up to date, even in continuous integration
    #[arg(long, overrides_with = "frozen_lockfile", help_heading = "What to install")]
    pub no_frozen_lockfile: bool,

    /// Take pnpm-lock.yaml as it stands when it satisfies package.json; this is so by itself
    #[arg(
        long,
        overrides_with = "no_prefer_frozen_lockfile",
        hide_short_help = true,
        help_heading = "What to install"
    )]
    pub prefer_frozen_lockfile: bool,

    /// Resolve again even when pnpm-lock.yaml satisfies package.json
    #[arg(long, overrides_with = "prefer_frozen_lockfile", help_heading = "What to install")]
    pub no_prefer_frozen_lockfile: bool,

    /// Fill in what pnpm-lock.yaml lacks
    #[arg(long, conflicts_with = "frozen_lockfile", help_heading = "What to install")]
    pub fix_lockfile: bool,

    /// Leave out devDependencies
    #[arg(
        short = 'P',
        long,
        visible_alias = "production",
        conflicts_with = "dev",
        help_heading = "What to install"
    )]
    pub prod: bool,

    /// Install devDependencies alone
    #[arg(short = 'D', long, help_heading = "What to install")]
    pub dev: bool,

    /// Leave out optionalDependencies
    #[arg(long, help_heading = "What to install")]
    pub no_optional: bool,
}

/// The settings that the arguments amount to.
#[must_use]
pub fn flags(arguments: &InstallArguments) -> Flags {
    let either = |yes: bool, no: bool| if yes || no { Some(yes) } else { None };
    let only = match (arguments.prod, arguments.dev) {
        (true, _) => Some(OnlyDependencies::Production),
        (false, true) => Some(OnlyDependencies::Development),
        (false, false) => None,
    };
    Flags {
        frozen_lockfile: either(arguments.frozen_lockfile, arguments.no_frozen_lockfile),
        prefer_frozen_lockfile: either(arguments.prefer_frozen_lockfile, arguments.no_prefer_frozen_lockfile),
        fix_lockfile: arguments.fix_lockfile,
        only,
        no_optional: arguments.no_optional,
        ..arguments.run.flags()
    }
}
