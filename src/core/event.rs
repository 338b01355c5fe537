//! The event contract: everything a listener can learn about a run.
//!
//! The same types are the live stream, the lines of `--json` and the lines of a recording
//! (`assets/event.schema.json` describes them). Events carry facts, never display policy, and times that were
//! taken where the thing happened. A reader ignores kinds it does not know ([`EventKind::Unknown`]); a field is
//! only ever added.

mod answer;
mod knob;
mod metadata;
mod package;
mod phase;
mod run;

use serde::{Deserialize, Serialize};

pub use answer::AnsweredBy;
pub use knob::{ImportMethod, Knob, LinkMode};
pub use metadata::{MetadataCache, MetadataReceived};
pub use package::{
    Fetched, Imported, ImporterKnown, ImportersKnown, LinkPass, PackagePlaced, PackageSeen, PeerIssueKind,
    Planned, SkipReason, Why,
};
pub use phase::{Phase, PhaseTotals};
pub use run::{Failure, Knobs, LaneCounts, Outcome, RunFinished, RunStarted, SettingLine, Totals};

/// Version of the wire form; stands in [`RunStarted::v`].
pub const EVENT_VERSION: u32 = 1;

/// One line of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the stream, from 1, without gaps. Given by the hub.
    pub seq: u64,
    /// Microseconds since the run began, taken where the event happened; so it may step back a little from one
    /// event to the next.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// A package of this run: an index into the table that [`PackageSeen`] fills, dense from 0.
///
/// One entry is one slot of the virtual store (a dep path of the lockfile, peers included). Slots that share a
/// tarball are entries of their own: the first is `fetched`, the others are `found_in_store`. A package that is resolved
/// is an entry before its peers are known; it becomes the first of its slots then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageId(pub u32);

impl PackageId {
    /// The id as an index into a table of packages.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Everything that can happen in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// First event of a run.
    RunStarted(Box<RunStarted>),
    /// Last event of a run; exactly one, whatever the outcome.
    RunFinished(Box<RunFinished>),
    /// A phase began. At most once a phase.
    PhaseStarted {
        /// Which phase.
        phase: Phase,
    },
    /// A phase ended, with its totals. Once for each phase that started.
    PhaseFinished(PhaseTotals),
    /// A package became known. Comes before any other event that names the package.
    PackageSeen(Box<PackageSeen>),
    /// A package was decided on by resolution. Not told of packages that the lockfile had.
    Resolved {
        /// The package.
        package: PackageId,
    },
    /// Whoever published a package asks not to use it any more. Told of packages that were resolved.
    Deprecated {
        /// The package.
        package: PackageId,
        /// Why, in the publisher's words.
        message: String,
    },
    /// The place of a package in the lockfile is known, and differs from what was told when the package became known
    /// while resolution ran.
    PackagePlaced(Box<PackagePlaced>),
    /// The lockfile was written.
    LockfileWritten {
        /// Absolute path of the file.
        path: String,
        /// Packages in it.
        packages: u32,
    },
    /// The projects that the run is about. Once, after all packages became known; not in a run that ends before.
    ImportersKnown(Box<ImportersKnown>),
    /// Which packages each package depends on. Once, after all packages became known; not in a run that ends before.
    DependenciesKnown {
        /// By the number of the package that depends: the packages it depends on, each once.
        dependencies: Vec<Vec<PackageId>>,
    },
    /// The plan is made: how many slots need what.
    Planned(Planned),
    /// A request for a package's metadata holds its permit and is about to be sent. Again for each new attempt.
    MetadataRequested {
        /// Name of the package.
        name: String,
        /// 1 for the first attempt.
        attempt: u32,
        /// The network permit it runs under.
        lane: u16,
        /// The host it is asked of.
        #[serde(default)]
        host: Option<String>,
    },
    /// A package's metadata is there, or a request for it failed.
    MetadataReceived(Box<MetadataReceived>),
    /// A download holds its permit and its request is about to be sent. Again for each new attempt.
    FetchStarted {
        /// The package.
        package: PackageId,
        /// 1 for the first attempt.
        attempt: u32,
        /// The network permit it runs under.
        lane: u16,
        /// Size of the body where the answer's head tells it ahead; usually unknown at this time.
        size: Option<u64>,
        /// The host it is asked of; none for a file of this machine.
        #[serde(default)]
        host: Option<String>,
    },
    /// Bytes of the body so far; sampled, so a small package may never have one.
    FetchProgress {
        /// The package.
        package: PackageId,
        /// Bytes of this attempt's body received so far.
        bytes: u64,
        /// `Content-Length`, when the server sent one.
        size: Option<u64>,
    },
    /// The body is complete and its permit given back; the package now waits for, or is in, the extract pool.
    Downloaded {
        /// The package.
        package: PackageId,
        /// The network permit it ran under.
        lane: u16,
        /// Bytes of the body.
        bytes: u64,
        /// Who answered; none for a file of this machine.
        #[serde(default)]
        answered_by: Option<Box<AnsweredBy>>,
    },
    /// A worker of the extract pool took the package up.
    ExtractStarted {
        /// The package.
        package: PackageId,
        /// The extract worker.
        lane: u16,
    },
    /// The package was downloaded, verified and written to the store.
    Fetched(Fetched),
    /// The package's files were in the store already, so nothing is downloaded for it.
    FoundInStore {
        /// The package.
        package: PackageId,
        /// The package of this run whose download brought the files, if one did.
        shared_with: Option<PackageId>,
    },
    /// A link worker (or, inline, the task itself) began to fill the package's slot.
    LinkStarted {
        /// The package.
        package: PackageId,
        /// The link worker.
        lane: u16,
        /// Which pass it belongs to.
        pass: LinkPass,
    },
    /// The package's slot is complete. Exactly once for each package that is linked.
    Imported(Imported),
    /// An attempt failed and another will be made.
    Retry {
        /// The package.
        package: PackageId,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Attempts allowed in all.
        max_attempts: u32,
        /// Milliseconds until the next attempt.
        delay_ms: u64,
        /// What went wrong, in a sentence.
        reason: String,
        /// Status of the answer, if there was one.
        status: Option<u16>,
    },
    /// Something the user should know that did not stop the run.
    Warning {
        /// A stable code, where there is one.
        code: Option<String>,
        /// The sentence to show.
        message: String,
        /// The package it is about.
        package: Option<PackageId>,
    },
    /// A peer is missing or of a wrong version. Settings decide whether it stops the run.
    PeerIssue {
        /// The project it was met in: its path from the lockfile's folder.
        importer: String,
        /// The peer's name.
        peer: String,
        /// The range it is wanted in.
        wanted: String,
        /// The version that was found, if any.
        found: Option<String>,
        /// Packages from the direct dependency down to the one that wants the peer, as `name@version`.
        parents: Vec<String>,
        /// What is wrong.
        issue: PeerIssueKind,
    },
    /// A package is left out: wrong platform, or optional and failed.
    Skipped {
        /// The package.
        package: PackageId,
        /// Why, as a class.
        reason: SkipReason,
        /// Why, as a sentence.
        detail: String,
    },
    /// A knob was turned while the run was under way.
    ConcurrencyChanged {
        /// Which knob.
        knob: Knob,
        /// Value before.
        from: u32,
        /// Value now.
        to: u32,
        /// Who turned it: `key`, `api`, `engine`.
        by: String,
    },
    /// Cold slots that are not linked yet are linked in another way from now on.
    LinkModeChanged {
        /// Way before.
        from: LinkMode,
        /// Way now.
        to: LinkMode,
        /// Who asked: `key`, `api`.
        by: String,
    },
    /// New work is held back from now on; what is under way ends.
    Paused {
        /// Who asked: `key`, `api`.
        by: String,
    },
    /// New work begins again.
    Resumed {
        /// Who asked: `key`, `api`.
        by: String,
    },
    /// The state of the network, sampled while downloads run.
    NetworkSample {
        /// Bytes of bodies received since the run began, all attempts counted.
        received: u64,
        /// Requests that hold a permit.
        in_flight: u32,
        /// Requests that wait for a permit.
        waiting: u32,
        /// Permits there are.
        permits: u32,
    },
    /// The run was asked to stop; what is under way ends, nothing new begins.
    CancelRequested {
        /// Who asked: `key`, `SIGINT`, `SIGTERM`, `SIGHUP`, `api`.
        by: String,
    },
    /// The first file was placed, and so it is known how all will be.
    ImportMethodChosen {
        /// What was asked for.
        wanted: ImportMethod,
        /// What works.
        method: ImportMethod,
        /// What was tried before it, each with what the system said.
        tried: Vec<String>,
    },
    /// A kind this version does not know.
    #[serde(other)]
    Unknown,
}
