//! Keys and signals, each from a thread of its own, as messages for the loop; and Ctrl-Z.
//!
//! With the way out to the terminal the only part of the dashboard that is made for Unix.

use std::io::{self, IsTerminal, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{Event as TerminalEvent, KeyEvent, KeyEventKind, MouseEvent};
use rustix::event::{PollFd, PollFlags};
use tokio::signal::unix::{SignalKind, signal};

use crate::core::control::Controls;
use crate::tui::terminal;

/// What the loop wakes up for.
#[derive(Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse was clicked, or its wheel turned.
    Mouse(MouseEvent),
    /// The terminal has another size, or its content is lost.
    Redraw,
    /// The run has ended.
    Ended,
    /// The program goes on after it was stopped.
    Continued,
    /// A signal that is like the quit key.
    Interrupt,
    /// A signal that ends the dashboard at once.
    Terminate(&'static str),
    /// The terminal went away.
    TerminalGone,
}

/// The two threads; they end when this is dropped.
pub(super) struct Input {
    stop_keys: Option<PipeWriter>,
    keys: Option<JoinHandle<()>>,
    stop_signals: Option<tokio::sync::oneshot::Sender<()>>,
    signals: Option<JoinHandle<()>>,
}

impl Input {
    pub fn start(messages: &Sender<Message>, controls: &Controls) -> io::Result<Self> {
        let (stopped, stop_keys) = io::pipe()?;
        let source = source()?;
        let to_loop = messages.clone();
        let keys = std::thread::Builder::new()
            .name("keys".into())
            .spawn(move || read_keys(&source, &stopped, &to_loop))?;
        let mut input =
            Self { stop_keys: Some(stop_keys), keys: Some(keys), stop_signals: None, signals: None };

        let (stop_signals, until_stopped) = tokio::sync::oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (to_loop, controls) = (messages.clone(), controls.clone());
        let mut streams = {
            let _guard = runtime.enter();
            Signals::listen()?
        };
        let signals = std::thread::Builder::new().name("signals".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = until_stopped => {}
                    () = streams.forward(&to_loop, &controls) => {}
                }
            });
        })?;
        input.stop_signals = Some(stop_signals);
        input.signals = Some(signals);
        Ok(input)
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        drop(self.stop_keys.take());
        drop(self.stop_signals.take());
        for thread in [self.keys.take(), self.signals.take()].into_iter().flatten() {
            // A panic there was reported by the panic hook.
            let _ = thread.join();
        }
    }
}

/// Where crossterm reads from, too.
fn source() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        Ok(std::fs::File::open("/dev/tty")?.into())
    }
}

/// As long as crossterm waits for what is there already; it does not even look where this is nothing.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Waits with our own poll before it lets crossterm read: crossterm neither ends when asked to nor notices that the
/// terminal is gone.
fn read_keys(source: &OwnedFd, stopped: &PipeReader, messages: &Sender<Message>) {
    loop {
        let mut waiting = [PollFd::new(source, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match rustix::event::poll(&mut waiting, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => {
                let _ = messages.send(Message::TerminalGone);
                return;
            }
        }
        if !waiting[1].revents().is_empty() {
            return;
        }
        if waiting[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            let _ = messages.send(Message::TerminalGone);
            return;
        }
        while let Ok(true) = crossterm::event::poll(AT_ONCE) {
            let message = match crossterm::event::read() {
                Ok(TerminalEvent::Key(key)) if key.kind != KeyEventKind::Release => Message::Key(key),
                Ok(TerminalEvent::Mouse(event)) => Message::Mouse(event),
                Ok(TerminalEvent::Resize(..)) => Message::Redraw,
                Ok(_) => continue,
                Err(_) => Message::TerminalGone,
            };
            if messages.send(message).is_err() {
                return;
            }
        }
    }
}

struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
    resize: tokio::signal::unix::Signal,
    continued: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            resize: signal(SignalKind::window_change())?,
            continued: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }

    async fn forward(&mut self, messages: &Sender<Message>, controls: &Controls) {
        loop {
            let message = tokio::select! {
                _ = self.interrupt.recv() => Message::Interrupt,
                _ = self.terminate.recv() => Message::Terminate("SIGTERM"),
                _ = self.hangup.recv() => Message::Terminate("SIGHUP"),
                _ = self.resize.recv() => Message::Redraw,
                _ = self.continued.recv() => Message::Continued,
            };
            // The run hears of it even while the loop waits for a slow terminal.
            if let Message::Terminate(by) = message {
                controls.cancel(by);
            }
            if messages.send(message).is_err() {
                return;
            }
        }
    }
}

/// Gives the terminal back and stops this process as Ctrl-Z does elsewhere; returns when it goes on.
pub(super) fn suspend() -> io::Result<()> {
    terminal::restore();
    // The whole group, as the terminal would do it: a shell waits for the program it started, which may be a
    // wrapper around this one. Where no shell waits (an orphaned group), the system ignores the signal.
    rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
    // Another thread may be the one that takes the signal; nothing may be drawn before it did.
    std::thread::sleep(Duration::from_millis(50));
    Ok(())
}
