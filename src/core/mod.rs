//! The engine: everything that installs, and the events it tells of. It knows no terminal.

pub mod build;
pub mod clock;
pub mod config;
pub mod control;
pub mod emit;
pub mod event;
pub mod fetch;
pub mod folder;
pub mod git;
pub mod hub;
pub mod install;
pub mod link;
pub mod lockfile;
pub mod manifest;
pub mod meter;
pub mod model;
pub mod network;
pub mod packlist;
pub mod path;
pub mod plan;
pub mod pool;
pub mod report;
pub mod resolve;
pub mod state;
pub mod store;
pub mod workspace;
