//! What can be chosen or turned.

use serde::{Deserialize, Serialize};

/// How cold slots are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LinkMode {
    /// Each download links its own slot, on the task that drives all downloads.
    Inline,
    /// One parallel pass after the downloads.
    Deferred,
    /// Each download is handed to the link pool at once.
    Pipelined,
}

impl LinkMode {
    /// Its name on the wire and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Deferred => "deferred",
            Self::Pipelined => "pipelined",
        }
    }
}

/// How a file gets from the store into a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ImportMethod {
    /// The first of reflink, hardlink, copy that works here.
    Auto,
    /// One inode, two names.
    Hardlink,
    /// A copy that shares its blocks until one side is written.
    Reflink,
    /// A copy.
    Copy,
}

impl ImportMethod {
    /// Its name on the wire and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Hardlink => "hardlink",
            Self::Reflink => "reflink",
            Self::Copy => "copy",
        }
    }
}

/// What can be turned while a run is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// Permits for requests at one time.
    NetworkConcurrency,
    /// Workers of the extract pool.
    ExtractThreads,
    /// Workers of the link pool.
    LinkThreads,
}

impl Knob {
    /// Its name as a setting.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NetworkConcurrency => "networkConcurrency",
            Self::ExtractThreads => "extractThreads",
            Self::LinkThreads => "linkThreads",
        }
    }
}
