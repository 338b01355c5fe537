//! What a listener may ask of a run: stop it, hold new work back, or turn a knob.
//!
//! A [`Controls`] is cheap to clone and may be used from any thread; asking never waits for the engine. The engine
//! side ([`Controls::subscribe`], [`Controls::cancelled`]) reacts and reports the change as an event.

use std::sync::Arc;

use tokio::sync::watch;

use crate::core::event::{Knob, LinkMode};

/// Values of what can be turned; numbers are at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnobValues {
    /// Permits for requests at one time.
    pub network_concurrency: u32,
    /// Workers of the extract pool.
    pub extract_threads: u32,
    /// Workers of the link pool.
    pub link_threads: u32,
    /// How cold slots are linked that are not linked yet.
    pub link_mode: LinkMode,
}

impl KnobValues {
    /// The value of one knob.
    #[must_use]
    pub fn get(&self, knob: Knob) -> u32 {
        match knob {
            Knob::NetworkConcurrency => self.network_concurrency,
            Knob::ExtractThreads => self.extract_threads,
            Knob::LinkThreads => self.link_threads,
        }
    }

    fn set(&mut self, knob: Knob, value: u32) {
        match knob {
            Knob::NetworkConcurrency => self.network_concurrency = value,
            Knob::ExtractThreads => self.extract_threads = value,
            Knob::LinkThreads => self.link_threads = value,
        }
    }
}

/// Most that each knob takes.
#[must_use]
pub fn knob_limit(knob: Knob) -> u32 {
    match knob {
        Knob::NetworkConcurrency => 1024,
        Knob::ExtractThreads | Knob::LinkThreads => 64,
    }
}

/// What was asked for, and who asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The knobs.
    pub knobs: KnobValues,
    /// No new work is to begin.
    pub paused: bool,
    /// Who asked last: `key`, `api`, `engine`.
    pub by: &'static str,
}

#[derive(Debug)]
struct Shared {
    asked: watch::Sender<Asked>,
    cancel: watch::Sender<Option<&'static str>>,
}

/// A handle on a run.
#[derive(Debug, Clone)]
pub struct Controls {
    shared: Arc<Shared>,
}

impl Controls {
    /// A handle for a run that starts with these values.
    #[must_use]
    pub fn new(knobs: KnobValues) -> Self {
        Self {
            shared: Arc::new(Shared {
                asked: watch::Sender::new(Asked { knobs, paused: false, by: "engine" }),
                cancel: watch::Sender::new(None),
            }),
        }
    }

    /// Asks the run to stop; `by` says who asked (`key`, `SIGINT`, `api`). Only the first call counts.
    pub fn cancel(&self, by: &'static str) {
        self.shared.cancel.send_if_modified(|cancelled| {
            let first = cancelled.is_none();
            if first {
                *cancelled = Some(by);
            }
            first
        });
    }

    /// Who asked the run to stop, if anybody did.
    #[must_use]
    pub fn cancelled(&self) -> Option<&'static str> {
        *self.shared.cancel.borrow()
    }

    /// Waits until somebody asks the run to stop.
    pub async fn until_cancelled(&self) -> &'static str {
        let mut receiver = self.shared.cancel.subscribe();
        loop {
            if let Some(by) = *receiver.borrow_and_update() {
                return by;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Values as they stand.
    #[must_use]
    pub fn knobs(&self) -> KnobValues {
        self.shared.asked.borrow().knobs
    }

    /// Turns a knob to a value, kept between 1 and [`knob_limit`].
    pub fn set(&self, knob: Knob, value: u32, by: &'static str) {
        let value = value.clamp(1, knob_limit(knob));
        self.ask(by, |asked| asked.knobs.set(knob, value));
    }

    /// Turns a knob by steps, up or down.
    pub fn nudge(&self, knob: Knob, steps: i32, by: &'static str) {
        let value = self.knobs().get(knob).saturating_add_signed(steps);
        self.set(knob, value, by);
    }

    /// Chooses how the cold slots are linked that are not linked yet.
    pub fn set_link_mode(&self, mode: LinkMode, by: &'static str) {
        self.ask(by, |asked| asked.knobs.link_mode = mode);
    }

    /// Holds new work back, or lets it go on. What is under way ends in any case.
    pub fn set_paused(&self, paused: bool, by: &'static str) {
        self.ask(by, |asked| asked.paused = paused);
    }

    /// Whether new work is held back.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.shared.asked.borrow().paused
    }

    /// Waits while new work is held back.
    pub async fn until_resumed(&self) {
        let mut receiver = self.shared.asked.subscribe();
        // The sender lives as long as this handle, so there is always somebody to wait for.
        let _ = receiver.wait_for(|asked| !asked.paused).await;
    }

    /// The engine's end: what is asked for, and who asked last.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Asked> {
        self.shared.asked.subscribe()
    }

    fn ask(&self, by: &'static str, change: impl FnOnce(&mut Asked)) {
        self.shared.asked.send_if_modified(|asked| {
            let before = *asked;
            change(asked);
            let changed = *asked != before;
            if changed {
                asked.by = by;
            }
            changed
        });
    }
}
