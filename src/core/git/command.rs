//! Running `git` beside everything else: the task that resolves never waits for it, and a run that ends early takes it
//! along.

use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;

/// No answer that we ask git for is longer.
const MAX_ANSWER: u64 = 1 << 30;
/// What git complains of is cut off here.
const MAX_COMPLAINT: u64 = 16 << 10;

/// How git failed.
#[derive(Debug)]
pub enum Failure {
    /// It cannot be run.
    NotRun(io::Error),
    /// It ran and was not content; what it said.
    Refused(String),
}

/// Runs git and gives what it printed. `folder` is the repository it works on, if it works on one.
///
/// # Errors
/// When git cannot be run, or fails.
pub async fn git(arguments: &[&str], folder: Option<&Path>) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("git");
    if let Some(folder) = folder {
        command.arg("--git-dir").arg(folder);
    }
    command
        .args(arguments)
        // Nobody is there to type a password.
        .env("GIT_TERMINAL_PROMPT", "0")
        // A hook of the project may have started us, with these set for its own repository.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_OBJECT_DIRECTORY")
        .env_remove("GIT_ALTERNATE_OBJECT_DIRECTORIES")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Failure::NotRun)?;
    let pipes = child.stdout.take().zip(child.stderr.take());
    let Some((mut stdout, stderr)) = pipes else {
        return Err(Failure::NotRun(io::ErrorKind::BrokenPipe.into()));
    };
    let child = Arc::new(Mutex::new(child));
    let _ended_with_us = EndedWithUs(Arc::clone(&child));
    let (answer, answered) = oneshot::channel();
    let work = move || {
        let complaints = std::thread::spawn(move || listen(stderr));
        let mut printed = Vec::new();
        let read = (&mut stdout).take(MAX_ANSWER).read_to_end(&mut printed);
        drop(stdout);
        let complaint = complaints.join().unwrap_or_default();
        let status = child.lock().unwrap_or_else(PoisonError::into_inner).wait();
        let outcome = match (read, status) {
            (Ok(_), Ok(status)) if status.success() => Ok(printed),
            (Err(error), _) | (_, Err(error)) => Err(Failure::NotRun(error)),
            (Ok(_), Ok(_)) => Err(Failure::Refused(complaint)),
        };
        // Whoever waited was cancelled: then nobody misses it.
        let _ = answer.send(outcome);
    };
    std::thread::Builder::new().name("git".to_owned()).spawn(work).map_err(Failure::NotRun)?;
    answered.await.unwrap_or_else(|_| Err(Failure::NotRun(io::ErrorKind::Interrupted.into())))
}

/// Ends the child when the one who waits for it does not wait any longer.
struct EndedWithUs(Arc<Mutex<Child>>);

impl Drop for EndedWithUs {
    fn drop(&mut self) {
        // Held only while the child is being waited for, and by then it has closed its pipes.
        if let Ok(mut child) = self.0.try_lock() {
            // It may have ended by itself.
            let _ = child.kill();
        }
    }
}

/// Reads what git complains of: the beginning is kept, the rest is only taken, so that git never waits.
fn listen(mut stderr: impl Read) -> String {
    let mut kept = Vec::new();
    // What cannot be read is not told.
    let _ = (&mut stderr).take(MAX_COMPLAINT).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_git_prints_is_given_and_what_it_complains_of_is_told() {
        let version = git(&["--version"], None).await.unwrap();
        assert!(version.starts_with(b"git version"));
        let refused = git(&["ls-remote", "--", "/nowhere/at/all"], None).await;
        assert!(matches!(refused, Err(Failure::Refused(complaint)) if complaint.contains("/nowhere/at/all")));
    }
}
