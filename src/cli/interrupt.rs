//! Signals while no dashboard owns the terminal: the first asks the run to stop, the second ends the process. Behind a
//! dashboard that was left any signal is the second one.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

use crate::core::control::Controls;

/// Exit code of a run that the user ended.
pub const INTERRUPTED: u8 = 130;

/// Begins to listen, on a thread of its own that ends with the process.
///
/// # Errors
/// When the system has no thread to give or takes no handler.
pub fn cancel_on_signals(controls: &Controls) -> io::Result<()> {
    let controls = controls.clone();
    listen(move |by| {
        if controls.cancelled().is_some() {
            leave_at_once();
        }
        controls.cancel(by);
    })
}

/// Ends the process with the next signal: the run has ended or was asked to stop, and what is left to do is not worth
/// another wait.
///
/// # Errors
/// When the system has no thread to give or takes no handler.
pub fn end_on_signals() -> io::Result<()> {
    listen(|_| leave_at_once())
}

fn listen(mut heard: impl FnMut(&'static str) + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _context = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?)
    };
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            loop {
                heard(tokio::select! {
                    _ = interrupt.recv() => "SIGINT",
                    _ = terminate.recv() => "SIGTERM",
                    _ = hangup.recv() => "SIGHUP",
                });
            }
        });
    })?;
    Ok(())
}

#[expect(clippy::exit, reason = "the user asked twice; a kill at any moment is safe by design")]
fn leave_at_once() -> ! {
    std::process::exit(INTERRUPTED.into())
}
