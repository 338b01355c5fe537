//! The way out to the terminal: a thread of its own writes what is shown, one whole frame after the other.
//!
//! A terminal may take nothing for as long as it likes (a slow line, a stopped multiplexer, a viewer who holds the
//! picture). Nobody but this thread waits for it: the loop asks [`Output::is_free`] and draws its next frame only then,
//! so that no frame ever waits behind another and events are folded all the while. A write is never so deep in the
//! system that it cannot be given up: the terminal is opened once more for the dashboard alone, in a mode in which
//! writing returns at once.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::termios::QueueSelector;

/// How long a wait for the terminal lasts before what it was for is looked at again.
const SLICE: Duration = Duration::from_millis(20);

/// Bytes of one write where the terminal could not be opened once more: as few as any terminal that takes some takes.
const CAREFUL: usize = 256;

/// Whoever writes to the terminal holds this, never while it waits.
static GATE: Mutex<()> = Mutex::new(());

/// The terminal, opened once in the life of the process: a panic in any thread has to find it.
static TERMINAL: OnceLock<Terminal> = OnceLock::new();

struct Terminal {
    descriptor: OwnedFd,
    /// Bytes of one write.
    piece: usize,
}

impl Terminal {
    fn get() -> io::Result<&'static Self> {
        if let Some(terminal) = TERMINAL.get() {
            return Ok(terminal);
        }
        let opened = Self::open()?;
        Ok(TERMINAL.get_or_init(|| opened))
    }

    fn open() -> io::Result<Self> {
        let stdout = io::stdout();
        let again = rustix::termios::ttyname(&stdout, Vec::new()).and_then(|path| {
            let path = std::path::Path::new(std::ffi::OsStr::from_bytes(path.as_bytes()));
            let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            rustix::fs::open(path, flags, Mode::empty())
        });
        Ok(match again {
            Ok(descriptor) => Self { descriptor, piece: usize::MAX },
            // Who became another user after logging in may not open it; what is open already may be written to.
            Err(_) => Self { descriptor: stdout.as_fd().try_clone_to_owned()?, piece: CAREFUL },
        })
    }

    /// Writes as much as the terminal takes now; 0 when it takes nothing.
    fn offer(&self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(&self.descriptor, &bytes[..bytes.len().min(self.piece)]) {
            Ok(written) => Ok(written),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the terminal takes something, at most so long; says whether it does.
    fn takes(&self, patience: Duration) -> io::Result<bool> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        let mut waiting = [PollFd::from_borrowed_fd(self.descriptor.as_fd(), PollFlags::OUT)];
        match rustix::event::poll(&mut waiting, Some(&patience)) {
            Ok(ready) => Ok(ready > 0),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn gate(patience: Duration) -> Option<MutexGuard<'static, ()>> {
    let begin = Instant::now();
    loop {
        match GATE.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if begin.elapsed() >= patience => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// How long the terminal may take for its last words before what it has not shown yet is thrown away for them.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Writes the last words of the dashboard, from whatever thread. When the terminal does not take them, what the system
/// holds for it and it has not shown yet gives way to them, so that they are what it shows first when it goes on.
pub(super) fn last_words(bytes: &[u8]) {
    // One that was never opened was never taken, and one that has gone away cannot be restored and need not be.
    let Some(terminal) = TERMINAL.get() else { return };
    let _gate = gate(PATIENCE);
    let Ok(written) = write_within(terminal, bytes, PATIENCE) else { return };
    if written < bytes.len() && rustix::termios::tcflush(&terminal.descriptor, QueueSelector::OFlush).is_ok()
    {
        let _ = write_within(terminal, bytes, SLICE);
    }
}

/// Writes until everything is written or nothing was taken for a time; says how much was.
fn write_within(terminal: &Terminal, bytes: &[u8], patience: Duration) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match terminal.offer(&bytes[written..])? {
            0 if !terminal.takes(patience)? => break,
            taken => written += taken,
        }
    }
    Ok(written)
}

/// What the loop and the writing thread share.
#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

#[derive(Default)]
struct Slot {
    /// Handed over and not begun.
    next: Option<Vec<u8>>,
    /// Some of it may be written.
    under_way: bool,
    closed: bool,
    failed: Option<io::Error>,
}

impl Slot {
    fn is_free(&self) -> bool {
        self.next.is_none() && !self.under_way
    }
}

/// Writes frames, one at a time.
pub(super) struct Output {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Output {
    /// Starts the thread. A frame is given up half-way as soon as `is_wanted` says no; that is asked before each write,
    /// at times when nobody else writes.
    pub fn start(is_wanted: impl Fn() -> bool + Send + 'static) -> io::Result<Self> {
        let terminal = Terminal::get()?;
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("terminal".into())
            .spawn(move || write_frames(terminal, &of_thread, is_wanted))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Nothing is being written: the next frame may be made.
    ///
    /// # Errors
    /// When the terminal went away.
    pub fn is_free(&self) -> io::Result<bool> {
        let mut slot = self.slot();
        match slot.failed.take() {
            Some(error) => Err(error),
            None => Ok(slot.is_free()),
        }
    }

    /// Hands a frame over. One that was not begun is forgotten for it, which nobody lets happen who asks
    /// [`is_free`](Self::is_free) before.
    pub fn write(&self, frame: Vec<u8>) {
        if !frame.is_empty() {
            self.slot().next = Some(frame);
            self.shared.changed.notify_all();
        }
    }

    /// Waits until everything is written, at most so long.
    pub fn settle(&self, patience: Duration) {
        let slot = self.slot();
        let busy = |slot: &mut Slot| !slot.is_free();
        let waited = self.shared.changed.wait_timeout_while(slot, patience, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.slot().closed = true;
        self.shared.changed.notify_all();
        // Long enough for a frame to be given up. A thread that a terminal holds for longer must not hold the exit.
        self.settle(SLICE * 5);
        if self.slot().is_free()
            && let Some(thread) = self.thread.take()
        {
            // A panic there was reported by the panic hook.
            let _ = thread.join();
        }
    }
}

fn write_frames(terminal: &Terminal, shared: &Shared, is_wanted: impl Fn() -> bool) {
    let lock = || shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let frame = {
            let idle = |slot: &mut Slot| slot.next.is_none() && !slot.closed;
            let waited = shared.changed.wait_while(lock(), idle);
            let mut slot = waited.unwrap_or_else(PoisonError::into_inner);
            let Some(frame) = slot.next.take() else { return };
            slot.under_way = true;
            frame
        };
        let written = write_frame(terminal, &frame, &is_wanted);
        let mut slot = lock();
        slot.under_way = false;
        let failed = written.is_err();
        slot.failed = written.err();
        shared.changed.notify_all();
        if failed {
            return;
        }
    }
}

fn write_frame(terminal: &Terminal, frame: &[u8], is_wanted: &impl Fn() -> bool) -> io::Result<()> {
    let mut rest = frame;
    while !rest.is_empty() {
        let taken = {
            let _gate = GATE.lock().unwrap_or_else(PoisonError::into_inner);
            if !is_wanted() {
                return Ok(());
            }
            terminal.offer(rest)?
        };
        rest = &rest[taken..];
        if taken == 0 {
            terminal.takes(SLICE)?;
        }
    }
    Ok(())
}
