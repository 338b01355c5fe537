//! The engine: everything that installs, and the events it tells of. It knows no terminal.

pub mod clock;
pub mod config;
pub mod control;
pub mod emit;
pub mod event;
pub mod hub;
pub mod meter;
pub mod pool;
pub mod store;
pub mod network;
pub mod lockfile;
pub mod manifest;
pub mod plan;
