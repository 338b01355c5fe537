//! The shared test support keeps its own promises.

mod support;
