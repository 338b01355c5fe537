//! Which way an install takes: the lockfile as it stands, or one that is resolved anew (pnpm: `install/run.rs`).

use super::InstallError;
use super::inputs::Found;
use crate::core::config::Config;
use crate::core::lockfile::{Lockfile, LockfileError};
use crate::core::state::CURRENT_LOCKFILE;

/// A way to a lockfile that fits the manifests.
#[derive(Debug, PartialEq)]
pub enum Course {
    /// It is there, and is taken as it stands.
    Restore(Lockfile),
    /// It follows from what is known without resolving, and is to be written.
    Rewrite(Lockfile),
    /// It has to be resolved, starting from this one.
    Resolve(Option<Lockfile>),
}

/// Chooses the way. What the user should know about it is added to `warnings`.
///
/// # Errors
/// When the lockfile must not change and is absent, broken or out of date.
pub fn choose(
    config: &Config,
    found: &mut Found,
    warnings: &mut Vec<String>,
) -> Result<Course, InstallError> {
    let lockfile = std::mem::replace(&mut found.lockfile, Ok(None));
    let is_there = !matches!(lockfile, Ok(None));
    // In continuous integration nobody would see what changed.
    if config.frozen_lockfile.unwrap_or(config.is_ci && is_there) {
        let path = config.lockfile_dir.join(Lockfile::FILE_NAME);
        let lockfile = lockfile?.ok_or(LockfileError::Absent { path })?;
        found.check_fresh(config, &lockfile, false)?;
        return Ok(Course::Restore(lockfile));
    }
    let lockfile = match lockfile {
        Ok(lockfile) => lockfile,
        Err(error) if can_be_made_anew(&error) => {
            warnings.push(format!("the lockfile is not used and is made anew: {error}"));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let is_preferred = *config.prefer_frozen_lockfile && !config.fix_lockfile;
    if !is_preferred {
        return Ok(Course::Resolve(lockfile));
    }
    let all_projects = config.workspace_dir.is_some() && !found.is_filtered();
    let Some(lockfile) = lockfile else {
        // What is in place tells what the lockfile was, if it is for the same manifests.
        let installed = installed(config);
        let fits = |lockfile: &Lockfile| found.check_fresh(config, lockfile, all_projects).is_ok();
        return Ok(match installed.filter(fits) {
            Some(installed) if !is_there => Course::Rewrite(installed),
            _ => Course::Resolve(None),
        });
    };
    match found.check_fresh(config, &lockfile, all_projects) {
        Ok(()) => Ok(Course::Restore(lockfile)),
        Err(why) => {
            tracing::debug!(%why, "the lockfile is not up to date");
            Ok(Course::Resolve(Some(lockfile)))
        }
    }
}

/// Whether a lockfile that cannot be used may be replaced. One with names or paths that would be dangerous is looked at
/// by a person first.
fn can_be_made_anew(error: &LockfileError) -> bool {
    matches!(
        error,
        LockfileError::Broken { .. }
            | LockfileError::Conflict { .. }
            | LockfileError::BreakingChange { .. }
            | LockfileError::MissingDependency { .. }
    )
}

/// The lockfile of what is in place.
fn installed(config: &Config) -> Option<Lockfile> {
    let path = config.virtual_store_dir.join(CURRENT_LOCKFILE);
    let lockfile = Lockfile::read(&path).ok().flatten()?;
    crate::core::lockfile::validate(&lockfile).ok()?;
    Some(lockfile)
}
