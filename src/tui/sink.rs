//! The dashboard's end of the hub.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::core::event::{Event, EventKind};
use crate::core::hub::Sink;
use crate::tui::input::Message;

/// Forwards events to the dashboard; never waits.
#[derive(Debug)]
pub struct TuiSink {
    sender: Option<Sender<Event>>,
    bell: Bell,
}

/// The events as [`run`](super::run) takes them. A bare receiver does, but then the loop sees the end of the run only
/// when it looks again.
#[derive(Debug)]
pub struct Events {
    pub(super) receiver: Receiver<Event>,
    pub(super) bell: Bell,
}

impl From<Receiver<Event>> for Events {
    fn from(receiver: Receiver<Event>) -> Self {
        Self { receiver, bell: Bell::default() }
    }
}

/// Rung once, when the run has ended: its last frame need not wait for the next look at the events.
#[derive(Debug, Clone, Default)]
pub(super) struct Bell {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    was_rung: bool,
    listener: Option<Sender<Message>>,
}

impl Bell {
    /// Who is to hear it. What has been rung already is not heard again: its events have come before.
    pub(super) fn listen(&self, listener: Sender<Message>) {
        let mut state = self.state();
        if !state.was_rung {
            state.listener = Some(listener);
        }
    }

    /// Rings. Nothing of the listener is kept, so that it can tell when nobody else is left.
    fn ring(&self) {
        let mut state = self.state();
        state.was_rung = true;
        if let Some(listener) = state.listener.take() {
            // Who has left need not hear it.
            let _ = listener.send(Message::Ended);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sink for the hub, and the events as [`run`](super::run) takes them.
#[must_use]
pub fn channel() -> (TuiSink, Events) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let bell = Bell::default();
    (TuiSink { sender: Some(sender), bell: bell.clone() }, Events { receiver, bell })
}

impl Sink for TuiSink {
    fn event(&mut self, event: &Event) {
        if let Some(sender) = &self.sender
            && sender.send(event.clone()).is_err()
        {
            self.sender = None;
        }
        if matches!(event.kind, EventKind::RunFinished(_)) {
            self.bell.ring();
        }
    }

    fn finish(&mut self) {
        self.sender = None;
        self.bell.ring();
    }
}
