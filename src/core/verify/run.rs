//! The verification of a lockfile as a task of its own, beside the rest of an install.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, spawn_blocking};

use super::candidates::{Candidates, Package, are_complete, collect, misshapen};
use super::check;
use super::error::{VerifyError, Violation};
use super::memo::{self, Memo, Recalled};
use super::metadata::{Metadata, MetadataFailure};
use super::policy::Policy;
use crate::core::config::Config;
use crate::core::event::Phase;
use crate::core::lockfile::Lockfile;
use crate::core::meter::Meters;

/// Packages that are looked up at one time, as in pnpm.
const AT_ONE_TIME: usize = 64;

/// How a lockfile passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// No policy is in force, or there is nothing that one is about.
    Unchecked,
    /// It was verified before, at this time (ISO 8601).
    Remembered(String),
    /// It was verified now: so many locked versions.
    Verified(usize),
}

/// A verification that is under way. Dropping it stops it.
#[derive(Debug)]
pub struct Verification {
    state: State,
}

#[derive(Debug)]
enum State {
    Done(Result<Passed, VerifyError>),
    Running(JoinHandle<Result<Passed, VerifyError>>),
}

/// Checks what is wrong with a lockfile whatever registries say, and even when it is trusted.
///
/// # Errors
/// Entries that are named like those of a registry but get their files from elsewhere.
pub fn check_structure(lockfile: &Lockfile) -> Result<(), VerifyError> {
    VerifyError::of(misshapen(lockfile))
}

/// Remembers a lockfile that was just resolved and written: its versions were picked under the policies, and what it
/// kept of the lockfile before was verified in the same run.
pub fn record_resolved(config: &Config, lockfile: &Lockfile, path: &Path) {
    let Ok(policy) = Policy::new(config, now()) else { return };
    let is_verified = !*config.trust_lockfile && (policy.cutoff.is_some() || policy.no_downgrade);
    if is_verified && !lockfile.packages.is_empty() && are_complete(lockfile) {
        memo::remember(&config.cache_dir, path, &policy, lockfile.content_digest());
    }
}

/// Milliseconds since 1970.
fn now() -> i64 {
    i64::try_from(crate::core::clock::unix_millis()).unwrap_or(i64::MAX)
}

impl Verification {
    /// Begins to verify the lockfile that lies at `path`. What needs no request is done at once; the rest runs on the
    /// runtime, with documents from what `metadata` makes.
    pub fn start<M: Metadata>(
        config: &Config,
        lockfile: &Lockfile,
        path: &Path,
        meters: &Meters,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
        runtime: &Handle,
        metadata: impl FnOnce() -> Arc<M>,
    ) -> Self {
        let done = |result| Self { state: State::Done(result) };
        let policy = match check_structure(lockfile).and_then(|()| Policy::new(config, now())) {
            Ok(policy) => policy,
            Err(error) => return done(Err(error)),
        };
        if *config.trust_lockfile {
            return done(Ok(Passed::Unchecked));
        }
        let candidates = collect(lockfile, &config.registries, &policy);
        if candidates.packages.is_empty() {
            return done(VerifyError::of(candidates.violations).map(|()| Passed::Unchecked));
        }
        let recalled = memo::recall(&config.cache_dir, path, &policy, || lockfile.content_digest());
        let memo = match recalled {
            Recalled::Verified(at) => return done(Ok(Passed::Remembered(at))),
            Recalled::Unknown(memo) if are_complete(lockfile) => Some(memo),
            Recalled::Unknown(_) | Recalled::Unavailable => None,
        };
        let run = Run { policy: Arc::new(policy), meters: meters.clone(), clock, metadata: metadata() };
        Self { state: State::Running(runtime.spawn(run.verify(candidates, memo))) }
    }

    /// There is nothing to verify.
    #[must_use]
    pub fn unneeded() -> Self {
        Self { state: State::Done(Ok(Passed::Unchecked)) }
    }

    /// Waits for the end. May be given up and called again.
    ///
    /// # Errors
    /// The lockfile breaks a policy, or a registry could not be asked.
    pub async fn finish(&mut self) -> Result<Passed, VerifyError> {
        if let State::Running(task) = &mut self.state {
            let result = match task.await {
                Ok(result) => result,
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(_) => Err(VerifyError::Stopped),
            };
            self.state = State::Done(result);
        }
        match &self.state {
            State::Done(result) => result.clone(),
            State::Running(_) => Err(VerifyError::Stopped),
        }
    }

    /// Whether there is nothing to wait for.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match &self.state {
            State::Done(_) => true,
            State::Running(task) => task.is_finished(),
        }
    }
}

impl Drop for Verification {
    fn drop(&mut self) {
        if let State::Running(task) = &self.state {
            task.abort();
        }
    }
}

struct Run<M, C> {
    policy: Arc<Policy>,
    meters: Meters,
    clock: C,
    metadata: Arc<M>,
}

impl<M: Metadata, C: Fn() -> u64 + Send + Sync> Run<M, C> {
    async fn verify(self, candidates: Candidates, memo: Option<Memo>) -> Result<Passed, VerifyError> {
        let Candidates { packages, entries, mut violations } = candidates;
        self.meters.begin(Phase::Verify, (self.clock)());
        let mut checked =
            stream::iter(packages).map(|package| self.check(package)).buffer_unordered(AT_ONE_TIME);
        let mut outcome = Ok(());
        while let Some(result) = checked.next().await {
            match result {
                Ok(found) => violations.extend(found),
                // The rest would fail as well, each after all its attempts.
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        drop(checked);
        if outcome.is_err() {
            self.meters.cut_short(Phase::Verify, (self.clock)());
        }
        self.meters.finish(Phase::Verify, None);
        outcome?;
        VerifyError::of(violations)?;
        let (policy, metadata) = (Arc::clone(&self.policy), Arc::clone(&self.metadata));
        let remember = move || {
            if let Some(memo) = memo {
                memo.remember(&policy);
            }
            metadata.settle();
        };
        if let Err(error) = spawn_blocking(remember).await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
        Ok(Passed::Verified(entries))
    }

    async fn check(&self, mut package: Package) -> Result<Vec<Violation>, VerifyError> {
        let started = (self.clock)();
        let metadata = &*self.metadata;
        let mut violations = check::from_cache(metadata, &self.policy, &mut package).await;
        let name = package.name.clone();
        if !package.versions.is_empty() {
            match check::from_registry(metadata, &self.policy, package).await {
                Ok(found) => violations.extend(found),
                Err(MetadataFailure { code, message }) => {
                    let message = match code {
                        Some(code) => format!("{code}: {message}"),
                        None => message,
                    };
                    return Err(VerifyError::Metadata { package: name, message });
                }
            }
        }
        metadata.done_with(&name);
        self.meters.task(Phase::Verify, started, (self.clock)());
        Ok(violations)
    }
}
