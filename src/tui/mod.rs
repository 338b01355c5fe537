//! The dashboard: draws a [`Model`](crate::core::model::Model) in a terminal and turns keys into asks.
//!
//! It lives on events, the model and [`Controls`](crate::core::control::Controls) alone and knows nothing of how
//! packages are installed. A slow terminal slows only the drawing: frames are left out, events are folded all the while.

pub mod action;
pub mod config;
pub mod keymap;
pub mod layout;
pub mod order;
pub mod respond;
pub mod state;
pub mod theme;
pub mod view;
pub mod widget;

mod app;
mod face;
mod inline;
mod input;
mod output;
mod sink;
mod terminal;
mod turn;

pub use app::{Closed, Leaving, Options, TuiError, run};
pub use sink::{Events, TuiSink, channel};
