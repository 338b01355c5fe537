//! The hub: one thread that numbers events and hands each to every sink, in order.
//!
//! The hub never drops an event. A sink that can block keeps its own thread behind a bounded queue
//! ([`crate::core::report`] has one), so that waiting for it stops the hub at worst, never the engine.

use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::core::emit::Stamped;
use crate::core::event::Event;

/// How long events gather before the hub looks again. A hub that waits for each would have to be woken for each,
/// which costs the engine a system call an event.
const GATHERING: Duration = Duration::from_millis(2);

/// A listener of the stream.
pub trait Sink: Send {
    /// Takes the next event.
    fn event(&mut self, event: &Event);

    /// The stream has ended: write out what is held back.
    fn finish(&mut self) {}
}

/// Starts the hub. The thread ends when every [`Emitter`](crate::core::emit::Emitter) is gone and every sink has
/// finished.
///
/// # Errors
/// When the system has no thread to give.
pub fn start(receiver: Receiver<Stamped>, mut sinks: Vec<Box<dyn Sink>>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("hub".into()).spawn(move || {
        let mut seq = 0;
        let mut hand_on = |Stamped { at, kind }: Stamped| {
            seq += 1;
            let event = Event { seq, at, kind };
            for sink in &mut sinks {
                sink.event(&event);
            }
        };
        while let Ok(stamped) = receiver.recv() {
            hand_on(stamped);
            receiver.try_iter().for_each(&mut hand_on);
            std::thread::sleep(GATHERING);
        }
        for sink in &mut sinks {
            sink.finish();
        }
    })
}
