//! Drawing that the panels share.

pub mod bars;
pub mod text;
pub mod waterfall;
