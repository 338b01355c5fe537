//! The first and the last event of a run.

use serde::{Deserialize, Serialize};

use super::{ImportMethod, LinkMode, PackageId, PhaseTotals};

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
