//! One package of a run: what became of it so far.

use std::sync::Arc;

use crate::core::event::{ImportMethod, LinkPass, PackageId, PackagePlaced, PackageSeen, Why};
use crate::core::model::lane::Pool;

/// Where a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PackageState {
    /// Known, and nothing more.
    #[default]
    Seen,
    /// A request for it holds a permit.
    Downloading,
    /// An attempt failed; the next one waits for its time.
    Retrying,
    /// Its body is complete and waits for an extract worker.
    Downloaded,
    /// An extract worker has it.
    Extracting,
    /// Its files are in the store.
    Stored,
    /// A link worker has it.
    Linking,
    /// Its slot is complete.
    Imported,
    /// It is left out.
    Skipped,
}

impl PackageState {
    /// Nothing more happens to the package.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Imported | Self::Skipped)
    }
}

/// When things happened to a package (microseconds since the run began) and how long they took (microseconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timings {
    /// First attempt began.
    pub fetch_started: Option<u64>,
    /// Latest attempt began.
    pub attempt_started: Option<u64>,
    /// The body was complete.
    pub downloaded: Option<u64>,
    /// The files were in the store, downloaded by this run.
    pub fetched: Option<u64>,
    /// The files were found in the store.
    pub found_in_store: Option<u64>,
    /// A link worker took it up.
    pub link_started: Option<u64>,
    /// The slot was complete.
    pub imported: Option<u64>,
    /// It was left out.
    pub skipped: Option<u64>,
    /// Wait for a permit.
    pub queue_us: u64,
    /// Request sent to first byte.
    pub first_byte_us: u64,
    /// First byte to last.
    pub body_us: u64,
    /// Wait for an extract worker.
    pub extract_queue_us: u64,
    /// Verify, inflate, hash, write.
    pub extract_us: u64,
    /// Filling the slot.
    pub link_us: u64,
}

/// A package.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Its name, scope included; empty when it was never announced.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its dep path in the lockfile.
    pub dep_path: String,
    /// Why it is wanted; none when it was never announced.
    pub why: Option<Why>,
    /// Reached only through optional dependencies.
    pub optional: bool,
    /// Where it stands.
    pub state: PackageState,
    /// The pass that links it, once a worker took it up.
    pub pass: Option<LinkPass>,
    /// Attempt under way, or the last one; 0 before the first.
    pub attempt: u32,
    /// Attempts that failed and were made again.
    pub retries: u32,
    /// Bytes of the present attempt's body so far.
    pub bytes: u64,
    /// Bytes the body will have, when the server told.
    pub body_size: Option<u64>,
    /// Bytes of its files.
    pub unpacked: Option<u64>,
    /// Files in it.
    pub files: u32,
    /// The host it was asked of last.
    pub host: Option<Arc<str>>,
    /// How its files were placed in its slot.
    pub method: Option<ImportMethod>,
    /// Files placed in its slot.
    pub linked_files: u32,
    /// The lane that has it now.
    pub lane: Option<(Pool, u16)>,
    /// When and how long.
    pub timings: Timings,
}

impl Package {
    pub(super) fn announce(&mut self, seen: &PackageSeen) {
        self.name.clone_from(&seen.name);
        self.version.clone_from(&seen.version);
        self.dep_path.clone_from(&seen.dep_path);
        self.why = Some(seen.why);
        self.optional = seen.optional;
        self.unpacked = self.unpacked.or(seen.size);
    }

    pub(super) fn place(&mut self, placed: &PackagePlaced) {
        self.dep_path.clone_from(&placed.dep_path);
        self.why = Some(placed.why);
        self.optional = placed.optional;
    }

    pub(super) fn enter(&mut self, state: PackageState) {
        if !self.state.is_final() {
            self.state = state;
        }
    }

    /// `name@version`, or the number of a package that was never announced. Not yet
    /// [printable](super::format::printable).
    #[must_use]
    pub fn label(&self, id: PackageId) -> String {
        match (self.name.is_empty(), self.version.is_empty()) {
            (true, _) => format!("package #{}", id.0),
            (false, true) => self.name.clone(),
            (false, false) => format!("{}@{}", self.name, self.version),
        }
    }
}
