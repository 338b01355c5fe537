//! The dashboard's end of the hub.

use std::sync::mpsc::{Receiver, Sender};

use crate::core::event::Event;
use crate::core::hub::Sink;

/// Forwards events to the dashboard; never waits.
#[derive(Debug)]
pub struct TuiSink {
    sender: Option<Sender<Event>>,
}

/// A sink for the hub, and the events as [`run`](super::run) takes them.
#[must_use]
pub fn channel() -> (TuiSink, Receiver<Event>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    (TuiSink { sender: Some(sender) }, receiver)
}

impl Sink for TuiSink {
    fn event(&mut self, event: &Event) {
        if let Some(sender) = &self.sender
            && sender.send(event.clone()).is_err()
        {
            self.sender = None;
        }
    }

    fn finish(&mut self) {
        self.sender = None;
    }
}
