//! How events leave the engine: an [`Emitter`] stamps the time and pushes on a channel.
//!
//! Emitting never takes a lock that drawing holds, never formats and never does I/O; a listener that has gone
//! away costs nothing.

use std::sync::mpsc::{Receiver, Sender, channel};

use crate::core::clock::Clock;
use crate::core::event::EventKind;

/// An event on its way to the hub, which numbers it.
#[derive(Debug)]
pub struct Stamped {
    /// Microseconds since the run began.
    pub at: u64,
    /// What happened.
    pub kind: EventKind,
}

/// Where the engine reports to. Cheap to clone, passed by value.
#[derive(Debug, Clone)]
pub struct Emitter {
    clock: Clock,
    sender: Sender<Stamped>,
}

impl Emitter {
    /// An emitter and the end that the hub drains. The stream ends when the last clone is dropped.
    #[must_use]
    pub fn new(clock: Clock) -> (Self, Receiver<Stamped>) {
        let (sender, receiver) = channel();
        (Self { clock, sender }, receiver)
    }

    /// Microseconds since the run began.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    /// Reports what happens now.
    pub fn emit(&self, kind: EventKind) {
        self.emit_at(self.clock.now(), kind);
    }

    /// Reports what happened at a time that was taken before.
    pub fn emit_at(&self, at: u64, kind: EventKind) {
        // Nobody listens any more: then nobody misses it.
        let _ = self.sender.send(Stamped { at, kind });
    }
}
