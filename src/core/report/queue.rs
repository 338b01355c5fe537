//! A thread of its own for a sink that can block, behind a bounded queue.
//!
//! When the queue is full the hub waits, so no event is lost and memory stays bounded; the engine never waits,
//! because the hub stands between.

use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::core::event::Event;
use crate::core::hub::Sink;

const QUEUE_LENGTH: usize = 4_096;

/// What became of the writing; ask once the sink has finished.
#[derive(Debug, Clone, Default)]
pub struct WriteOutcome {
    error: Arc<Mutex<Option<io::Error>>>,
}

impl WriteOutcome {
    /// The first error that ended the writing, if one did. A reader that closed its end of a pipe is not one.
    #[must_use]
    pub fn take_error(&self) -> Option<io::Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: io::Error) {
        if error.kind() != io::ErrorKind::BrokenPipe {
            *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

/// Turns events into bytes.
pub(super) trait Format: Send + 'static {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()>;
    fn finish(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// The hub's end of the queue.
#[derive(Debug)]
pub(super) struct Queue {
    sender: Option<SyncSender<Event>>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    /// Starts the thread.
    pub fn start<W: Write + Send + 'static>(
        name: &str,
        mut format: impl Format,
        writer: W,
    ) -> io::Result<(Self, WriteOutcome)> {
        let (sender, receiver) = sync_channel::<Event>(QUEUE_LENGTH);
        let outcome = WriteOutcome::default();
        let kept = outcome.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let mut out = io::BufWriter::with_capacity(64 * 1024, writer);
            let mut run = || -> io::Result<()> {
                loop {
                    match receiver.try_recv() {
                        Ok(event) => format.event(&event, &mut out)?,
                        // Whoever reads along should not wait for a full buffer.
                        Err(TryRecvError::Empty) => {
                            out.flush()?;
                            match receiver.recv() {
                                Ok(event) => format.event(&event, &mut out)?,
                                Err(_) => break,
                            }
                        }
                        Err(TryRecvError::Disconnected) => break,
                    }
                }
                format.finish(&mut out)?;
                out.flush()
            };
            if let Err(error) = run() {
                kept.keep(error);
                // What could not be written must not be tried again when the buffer is dropped.
                let _ = out.into_parts();
            }
        })?;
        Ok((Self { sender: Some(sender), thread: Some(thread) }, outcome))
    }
}

impl Sink for Queue {
    fn event(&mut self, event: &Event) {
        if let Some(sender) = &self.sender
            && sender.send(event.clone()).is_err()
        {
            // The writing ended early; the outcome holds why.
            self.sender = None;
        }
    }

    fn finish(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported by the panic hook.
            let _ = thread.join();
        }
    }
}
