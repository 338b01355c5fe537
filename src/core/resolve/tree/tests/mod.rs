//! The walk with a registry in memory and the real discovery of peers.

mod peers;
mod reuse;
mod shuffled;
mod versions;
mod world;
