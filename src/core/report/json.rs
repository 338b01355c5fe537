//! The stream as JSON lines: `--json` on stdout and `--record` into a file are these same lines.

use std::io::{self, Write};

use crate::core::event::Event;
use crate::core::hub::Sink;
use crate::core::report::queue::{Format, Queue, WriteOutcome};

/// A sink that writes each event as one line of JSON, on its own thread; it loses none.
///
/// A reader that closes the pipe ends the writing quietly. Any other error ends it too and is kept in the
/// [`WriteOutcome`].
#[derive(Debug)]
pub struct JsonLines {
    queue: Queue,
}

impl JsonLines {
    /// Starts writing. The outcome is complete once [`Sink::finish`] has returned.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start<W: Write + Send + 'static>(writer: W) -> io::Result<(Self, WriteOutcome)> {
        let (queue, outcome) = Queue::start("json lines", Lines, writer)?;
        Ok((Self { queue }, outcome))
    }
}

impl Sink for JsonLines {
    fn event(&mut self, event: &Event) {
        self.queue.event(event);
    }

    fn finish(&mut self) {
        self.queue.finish();
    }
}

/// Writes one event as one line.
///
/// # Errors
/// When the writer fails.
pub fn write_line(event: &Event, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    out.write_all(b"\n")
}

struct Lines;

impl Format for Lines {
    fn event(&mut self, event: &Event, out: &mut dyn Write) -> io::Result<()> {
        write_line(event, out)
    }

    fn finish(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::core::event::EventKind;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    fn cancel(seq: u64) -> Event {
        Event { seq, at: seq, kind: EventKind::CancelRequested { by: "api".into() } }
    }

    #[test]
    fn every_event_becomes_one_line_in_order() {
        let written = Shared::default();
        let (mut sink, outcome) = JsonLines::start(written.clone()).unwrap();
        for seq in 1..=10_000 {
            sink.event(&cancel(seq));
        }
        sink.finish();
        assert!(outcome.take_error().is_none());
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let read: Vec<Event> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, (1..=10_000).map(cancel).collect::<Vec<_>>());
    }

    #[test]
    fn a_closed_pipe_ends_the_writing_quietly() {
        let (mut sink, outcome) = JsonLines::start(Broken(io::ErrorKind::BrokenPipe)).unwrap();
        for seq in 1..=10_000 {
            sink.event(&cancel(seq));
        }
        sink.finish();
        assert!(outcome.take_error().is_none());
    }

    #[test]
    fn a_full_disk_is_told() {
        let (mut sink, outcome) = JsonLines::start(Broken(io::ErrorKind::StorageFull)).unwrap();
        for seq in 1..=10_000 {
            sink.event(&cancel(seq));
        }
        sink.finish();
        assert_eq!(outcome.take_error().unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
