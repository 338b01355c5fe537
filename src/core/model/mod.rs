//! What a run looks like at one moment, folded from its events.
//!
//! [`Model::apply`] is the one fold that the dashboard, the plain lines and the summary all read, so a live run
//! and a recording cannot differ. The model has no clock and does no I/O: its only notion of now is the latest
//! time an event carried. It must bear any stream, also one that is cut, shuffled, doubled or made up: it never
//! panics, never lets a counter wrap, and never makes room by the size of a number it was told.

pub mod distribution;
pub mod format;
pub mod lane;
pub mod log;
pub mod metadata;
pub mod network;
pub mod package;
pub mod phase;
pub mod timeline;

mod asked;
mod bottleneck;
mod critical;
mod fold;
mod graph;
mod left;
mod query;
mod slowest;
mod verdict;
mod waiting;

pub use asked::{KnobState, Mark};
pub use bottleneck::{Bottleneck, Verdict};
pub use critical::Step;
pub use distribution::Distribution;
pub use fold::Model;
pub use lane::{Lane, LaneTask, Pool};
pub use left::LeftToDownload;
pub use log::{Log, LogEntry, LogLevel};
pub use metadata::{MetadataRequest, MetadataState};
pub use network::{Answering, NetworkSample, NetworkState};
pub use package::{Package, PackageState, Timings};
pub use phase::{PhaseNumbers, PhaseState, PhaseStatus};
pub use query::Headline;
pub use timeline::Timeline;
pub use waiting::Unfinished;
