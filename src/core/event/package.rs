//! What events tell of packages and of the projects that want them.

use serde::{Deserialize, Serialize};

use super::{ImportMethod, PackageId};

/// A package became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSeen {
    /// Its number from here on.
    pub package: PackageId,
    /// Real name, scope included.
    pub name: String,
    /// Version, or what stands in its place for a package that is not of a registry.
    pub version: String,
    /// Its dep path in the lockfile, peers included as far as they are known.
    pub dep_path: String,
    /// Why it is wanted.
    pub why: Why,
    /// Reached only through optional dependencies.
    pub optional: bool,
    /// Unpacked size in bytes, when the registry told it.
    pub size: Option<u64>,
}

/// The place of a package in the lockfile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagePlaced {
    /// The package.
    pub package: PackageId,
    /// Its dep path in the lockfile, peers included.
    pub dep_path: String,
    /// Why it is wanted.
    pub why: Why,
    /// Reached only through optional dependencies.
    pub optional: bool,
}

/// Why a package is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A manifest of the project names it.
    Direct,
    /// Another package needs it.
    Transitive,
}

/// What is wrong with a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerIssueKind {
    /// It is required and not there.
    Missing,
    /// It is there, but not in the range.
    Bad,
    /// It is not there, and no version would do for everyone who wants it.
    Conflict,
}

/// The projects that the run is about. Where each has a lockfile of its own, they are told one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImportersKnown {
    /// Each of them, in the lockfile's order.
    pub importers: Vec<ImporterKnown>,
    /// Projects of the workspace that were left out because others were selected.
    pub left_out: u32,
}

/// A project that the run is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ImporterKnown {
    /// Its path from the lockfile's folder, with `/`; `.` for that folder itself.
    pub id: String,
    /// `name` in its manifest.
    pub name: Option<String>,
    /// Its direct dependencies, links to folders included.
    pub dependencies: u32,
    /// The packages among these, each once.
    pub packages: Vec<PackageId>,
}

/// How many slots need what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Planned {
    /// Packages of the lockfile that this run is about, skipped ones included.
    pub packages: u32,
    /// Slots that are in place already.
    pub in_place: u32,
    /// Slots to link whose files are in the store.
    pub warm: u32,
    /// Slots to link whose files must be downloaded.
    pub cold: u32,
    /// Tarballs to download; fewer than `cold` where slots share one.
    pub downloads: u32,
    /// Packages left out for their platform.
    pub skipped: u32,
}

/// A package was downloaded, verified and written to the store. Times are microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetched {
    /// The package.
    pub package: PackageId,
    /// The extract worker that wrote it.
    pub lane: u16,
    /// Attempts made, the good one included.
    pub attempts: u32,
    /// Wait for a permit.
    pub queue_us: u64,
    /// Request sent to first byte of the answer, of the good attempt.
    pub first_byte_us: u64,
    /// First byte to last, of the good attempt.
    pub body_us: u64,
    /// Wait for an extract worker.
    pub extract_queue_us: u64,
    /// Verify, inflate, hash and write.
    pub extract_us: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes of its files.
    pub bytes_out: u64,
    /// Files in it.
    pub files: u32,
    /// Slots that can be linked now: this one and those that share its tarball.
    pub unblocked: Vec<PackageId>,
}

/// A slot is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The package.
    pub package: PackageId,
    /// The link worker.
    pub lane: u16,
    /// Which pass it belonged to.
    pub pass: LinkPass,
    /// How its files were placed.
    pub method: ImportMethod,
    /// Files placed.
    pub files: u32,
    /// Microseconds from [`EventKind::LinkStarted`] to now.
    pub link_us: u64,
}

/// Which pass links a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPass {
    /// Its files were in the store when the run began.
    Warm,
    /// Its files were downloaded by this run.
    Cold,
}

/// Why a package is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// Its `os`, `cpu` or `libc` does not fit.
    UnsupportedPlatform,
    /// Its `engines` does not fit.
    UnsupportedEngine,
    /// It is optional and could not be fetched.
    FetchFailure,
    /// It is optional and could not be resolved.
    ResolutionFailure,
    /// Only packages that are left out need it.
    Unreachable,
}
