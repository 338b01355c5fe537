//! What integration tests share: a registry on loopback, synthetic packages, projects to install and a way to
//! compare trees. Nothing in here reaches beyond this machine.
#![allow(dead_code, reason = "each test program uses its own part of what they share")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its stage should panic")]

pub mod answer;
pub mod archive;
pub mod connection;
pub mod flood;
pub mod lockfile;
pub mod packages;
pub mod packument;
pub mod peer;
pub mod project;
pub mod registry;
pub mod run;
pub mod sample;
pub mod stage;
pub mod store;
pub mod tree;
#[cfg(unix)]
pub mod tty;
pub mod workspace;
