//! Phases and their numbers.

use serde::{Deserialize, Serialize};

/// A phase of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Read settings, manifests and lockfile; decide what is needed; split warm from cold.
    Resolve,
    /// Check the lockfile against the release-age and trust policies.
    Verify,
    /// Get tarballs.
    Download,
    /// Verify, inflate and write tarballs to the store.
    Extract,
    /// Link slots whose files were in the store.
    LinkWarm,
    /// Link slots whose files were downloaded.
    LinkCold,
    /// Direct dependencies, hoisting, executables.
    Bins,
    /// Lifecycle scripts.
    Build,
    /// Write what the next install reads.
    State,
}

impl Phase {
    /// All phases, in the order they are listed.
    pub const ALL: [Self; 9] = [
        Self::Resolve,
        Self::Verify,
        Self::Download,
        Self::Extract,
        Self::LinkWarm,
        Self::LinkCold,
        Self::Bins,
        Self::Build,
        Self::State,
    ];

    /// Position in [`Phase::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Download => "download",
            Self::Extract => "extract",
            Self::LinkWarm => "link_warm",
            Self::LinkCold => "link_cold",
            Self::Bins => "bins",
            Self::Build => "build",
            Self::State => "state",
        }
    }
}

/// The numbers of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhaseTotals {
    /// Which phase.
    pub phase: Phase,
    /// When its first task started, microseconds since the run began.
    pub started_us: u64,
    /// First start to last end.
    pub wall_us: u64,
    /// Sum of the time of its tasks.
    pub busy_us: u64,
    /// `busy / wall`: how many tasks ran at a time.
    pub parallelism: f64,
    /// Tasks done.
    pub count: u64,
    /// Workers of its pool, for a phase that has one.
    pub workers: Option<u32>,
    /// Share of its workers' time that was busy, 0 to 1, for a phase that has a pool.
    pub utilisation: Option<f64>,
}
