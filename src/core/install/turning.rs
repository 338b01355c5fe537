//! What is asked of a run while it is under way reaches the pools: knobs and pauses.
//!
//! One task watches from the moment there are tools until they are no longer needed; every change is told once. How
//! cold slots are linked is read where they are linked; here it is only told.

use crate::core::control::{Asked, Controls, KnobValues};
use crate::core::emit::Emitter;
use crate::core::event::{EventKind, Knob};
use crate::core::network::Permits;
use crate::core::pool::{LanePool, PoolError};

/// What can be turned.
pub struct Turning {
    /// Who asks.
    pub controls: Controls,
    /// The values that the pools were made with.
    pub made_with: KnobValues,
    /// Who is told.
    pub emitter: Emitter,
    /// Leave for requests.
    pub permits: Permits,
    /// Where tarballs are unpacked.
    pub extract_pool: LanePool,
    /// Where slots are filled.
    pub link_pool: LanePool,
}

impl Turning {
    /// Turns what is asked for, until dropped.
    pub async fn watch(self) {
        let mut receiver = self.controls.subscribe();
        let mut current = Asked { knobs: self.made_with, paused: false, by: "engine" };
        loop {
            let asked = *receiver.borrow_and_update();
            self.turn(&current, &asked);
            current = asked;
            if receiver.changed().await.is_err() {
                return;
            }
        }
    }

    fn turn(&self, before: &Asked, asked: &Asked) {
        for knob in [Knob::NetworkConcurrency, Knob::ExtractThreads, Knob::LinkThreads] {
            let (from, to) = (before.knobs.get(knob), asked.knobs.get(knob));
            if from == to {
                continue;
            }
            match self.set(knob, to) {
                Ok(()) => {
                    let by = asked.by.to_owned();
                    self.emitter.emit(EventKind::ConcurrencyChanged { knob, from, to, by });
                }
                Err(error) => self.emitter.emit(EventKind::Warning {
                    code: None,
                    message: error.to_string(),
                    package: None,
                }),
            }
        }
        let (from, to) = (before.knobs.link_mode, asked.knobs.link_mode);
        if from != to {
            self.emitter.emit(EventKind::LinkModeChanged { from, to, by: asked.by.to_owned() });
        }
        self.pause(asked.paused, asked.by, before.paused);
    }

    fn set(&self, knob: Knob, value: u32) -> Result<(), PoolError> {
        match knob {
            Knob::NetworkConcurrency => {
                self.permits.set_limit(value);
                Ok(())
            }
            Knob::ExtractThreads => self.extract_pool.set_lanes(value),
            Knob::LinkThreads => self.link_pool.set_lanes(value),
        }
    }

    fn pause(&self, paused: bool, by: &str, before: bool) {
        if paused == before {
            return;
        }
        let by = by.to_owned();
        self.emitter.emit(if paused { EventKind::Paused { by } } else { EventKind::Resumed { by } });
        self.permits.set_paused(paused);
        self.extract_pool.set_paused(paused);
        self.link_pool.set_paused(paused);
    }
}
