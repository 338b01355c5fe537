//! The engine: everything that installs, and the events it tells of. It knows no terminal.

pub mod clock;
pub mod control;
pub mod emit;
pub mod event;
pub mod hub;
pub mod model;
pub mod report;
