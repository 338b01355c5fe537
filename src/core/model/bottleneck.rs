//! What can hold a run back, and what is said of it.

use crate::core::event::{Knob, PackageId};

/// What can hold a run back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bottleneck {
    /// Nothing had to be done.
    Nothing,
    /// Resolution: each answer tells what to ask for next.
    ResolutionChain,
    /// The time a registry takes to begin its answer.
    RegistryLatency,
    /// Bytes a second.
    Bandwidth,
    /// One package that took much longer than all others.
    OnePackage(PackageId),
    /// Inflating, hashing and writing tarballs.
    Extraction,
    /// Slots that are linked one at a time.
    LinkSerialisation,
    /// What the file system does for each file, folder and link.
    DiskMetadata,
    /// Lifecycle scripts.
    Scripts,
    /// Somebody held the run.
    Pause,
    /// What comes before and after.
    Rest,
}

impl Bottleneck {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to do",
            Self::ResolutionChain => "resolution chain",
            Self::RegistryLatency => "registry latency",
            Self::Bandwidth => "bandwidth",
            Self::OnePackage(_) => "one package",
            Self::Extraction => "extraction",
            Self::LinkSerialisation => "link serialisation",
            Self::DiskMetadata => "disk metadata",
            Self::Scripts => "scripts",
            Self::Pause => "pause",
            Self::Rest => "start and end",
        }
    }
}

/// What held a run back.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The bottleneck.
    pub bottleneck: Bottleneck,
    /// Share of the wall time that its stage took, 0 to 1.
    pub share: f64,
    /// The numbers that say so, as a sentence without an end.
    pub evidence: String,
    /// The most telling of them, for where there is little room; may be empty.
    pub brief: String,
    /// What to try, or that no knob helps, as a clause without an end.
    pub advice: Option<String>,
    /// The knob that the advice is about, and the way to turn it.
    pub knob: Option<(Knob, i32)>,
}

impl Verdict {
    pub(super) fn plain(bottleneck: Bottleneck, share: f64, evidence: String) -> Self {
        Self { bottleneck, share, evidence, brief: String::new(), advice: None, knob: None }
    }

    /// The verdict in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let advice = self.advice.as_ref().map_or_else(String::new, |advice| format!("; {advice}"));
        format!("{}: {}{advice}", self.bottleneck.name(), self.evidence)
    }
}
