//! Listeners that turn a run into text: events as JSON lines, lines for people, the summary.
//!
//! A report reads events and the [model](crate::core::model) and writes to what it was handed; it opens no file,
//! asks no clock and never touches the engine.

pub mod json;
pub mod plain;
pub mod summary;

mod queue;

pub use queue::WriteOutcome;
