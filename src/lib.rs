//! pacwatch installs npm packages exactly as pnpm does and shows, live, where the time goes.
//!
//! The engine ([`core`]) runs in the background and streams events; a dashboard, a script or your own
//! [`Sink`](core::hub::Sink) listens.

pub mod cli;
pub mod core;
pub mod tui;
