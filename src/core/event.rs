//! The event contract: everything a listener can learn about a run.
//!
//! The same types are the live stream, the lines of `--json` and the lines of a recording
//! (`assets/event.schema.json` describes them). Events carry facts, never display policy, and times that were
//! taken where the thing happened. A reader ignores kinds it does not know ([`EventKind::Unknown`]); a field is
//! only ever added.

use serde::{Deserialize, Serialize};

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
/// tarball are entries of their own: the first is `fetched`, the others are `found_in_store`.
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
    /// The projects that the run is about. Once, after all packages became known; not in a run that ends before.
    ImportersKnown(Box<ImportersKnown>),
    /// The plan is made: how many slots need what.
    Planned(Planned),
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

/// First event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`EVENT_VERSION`] of the writer.
    pub v: u32,
    /// Version of the program that writes.
    pub pacwatch: String,
    /// What was asked for, such as `install`.
    pub command: String,
    /// Absolute path of the project.
    pub project_dir: String,
    /// `name` of the project's manifest, if it has one.
    pub project_name: Option<String>,
    /// Wall-clock time of the clock's zero, milliseconds since the Unix epoch.
    pub started_at_ms: u64,
    /// Operating system and processor as pnpm names them, such as `linux x64`.
    pub platform: String,
    /// Processors the machine lends to this process.
    pub processors: u32,
    /// Workers of each pool when the run begins.
    pub lanes: LaneCounts,
    /// How cold slots are linked.
    pub link_mode: LinkMode,
    /// The effective settings, each with where its value came from.
    pub settings: Vec<SettingLine>,
}

/// Workers of the pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LaneCounts {
    /// Network permits.
    pub network: u16,
    /// Workers of the extract pool.
    pub extract: u16,
    /// Workers of the link pool.
    pub link: u16,
}

/// One effective setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingLine {
    /// Its name as pnpm-workspace.yaml spells it, such as `networkConcurrency`.
    pub name: String,
    /// Its value; secrets never stand here.
    pub value: String,
    /// Where it came from: `default`, `flag --link-mode`, `env PNPM_CONFIG_STORE_DIR`, a file's path, …
    pub origin: String,
}

/// Last event of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFinished {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, unless it ended well.
    pub failure: Option<Failure>,
    /// Microseconds from the clock's zero to the end.
    pub wall_us: u64,
    /// Totals of each phase that ran, in order of their start.
    pub phases: Vec<PhaseTotals>,
    /// Totals of the run.
    pub totals: Totals,
    /// Knobs as they stood at the end.
    pub knobs: Knobs,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything that was asked for is in place.
    Done,
    /// Everything was in place before.
    UpToDate,
    /// An error ended it.
    Failed,
    /// The user ended it.
    Cancelled,
}

/// Why a run did not end well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// `ERR_PNPM_…` where pnpm has a code for it.
    pub code: Option<String>,
    /// The error and its causes, the outermost first.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The package it is about.
    pub package: Option<PackageId>,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Packages of the lockfile that this run is about.
    pub packages: u64,
    /// Slots that were in place already.
    pub in_place: u64,
    /// Packages downloaded.
    pub fetched: u64,
    /// Packages found in the store.
    pub found_in_store: u64,
    /// Slots linked.
    pub imported: u64,
    /// Packages left out.
    pub skipped: u64,
    /// Files linked or copied into slots.
    pub files: u64,
    /// Bytes of tarballs received.
    pub bytes_downloaded: u64,
    /// Bytes of the files in them.
    pub bytes_unpacked: u64,
    /// Attempts that failed and were made again.
    pub retries: u64,
    /// Warnings given.
    pub warnings: u64,
}

/// The knobs of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knobs {
    /// Permits for requests at one time.
    pub network_concurrency: u32,
    /// Workers of the extract pool.
    pub extract_threads: u32,
    /// Workers of the link pool.
    pub link_threads: u32,
    /// How cold slots are linked.
    pub link_mode: LinkMode,
    /// How files get from the store into slots; what was in effect, so never `auto` once a file was placed.
    pub import_method: ImportMethod,
}

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

/// A package became known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageSeen {
    /// Its number from here on.
    pub package: PackageId,
    /// Real name, scope included.
    pub name: String,
    /// Version, or what stands in its place for a package that is not of a registry.
    pub version: String,
    /// Its dep path in the lockfile, peers included.
    pub dep_path: String,
    /// Why it is wanted.
    pub why: Why,
    /// Reached only through optional dependencies.
    pub optional: bool,
    /// Unpacked size in bytes, when the registry told it.
    pub size: Option<u64>,
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

/// The projects that the run is about.
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
    /// Only packages that are left out need it.
    Unreachable,
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
