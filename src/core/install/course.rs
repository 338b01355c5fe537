//! Which way an install takes: the lockfile as it stands, or one that is resolved anew (pnpm: `install/run.rs`).

use rustc_hash::FxHashSet;

use super::InstallError;
use super::inputs::Found;
use crate::core::config::{Config, ResolutionMode};
use crate::core::lockfile::update::{UpdateRequest, try_update};
use crate::core::lockfile::{FreshnessSettings, Lockfile, LockfileError, split};
use crate::core::manifest::Manifest;
use crate::core::patch::PatchError;
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

/// Chooses the way. `is_due` says that versions are to move, so that the lockfile has to be resolved even if it satisfies
/// the manifests. What the user should know about it is added to `warnings`.
///
/// # Errors
/// When the lockfile must not change and is absent, broken or out of date.
pub fn choose(
    config: &Config,
    found: &mut Found,
    is_due: bool,
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
    let is_preferred =
        *config.prefer_frozen_lockfile && !config.fix_lockfile && config.dedupe.is_none() && !is_due;
    if !is_preferred {
        return Ok(Course::Resolve(lockfile));
    }
    let all_projects = config.workspace_dir.is_some() && !config.lockfile_per_project && !found.is_filtered();
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
            Ok(match updated(config, found, &lockfile, all_projects) {
                Some(updated) => {
                    warnings.extend(unused_patches(found, &updated));
                    Course::Rewrite(updated)
                }
                None => Course::Resolve(Some(lockfile)),
            })
        }
    }
}

/// The lockfile brought up to date, if that takes no resolution.
fn updated(config: &Config, found: &Found, lockfile: &Lockfile, all_projects: bool) -> Option<Lockfile> {
    let projects: Vec<(&str, &Manifest)> = found
        .workspace
        .projects
        .iter()
        .filter_map(|project| Some((project.id.as_str(), project.manifest.as_ref()?)))
        .collect();
    let settings = FreshnessSettings { all_projects, ..found.freshness_settings(config) };
    try_update(&UpdateRequest {
        lockfile,
        manifests: &found.manifests(),
        projects: &projects,
        settings: &settings,
        picks_lowest: *config.resolution_mode != ResolutionMode::Highest,
        allow_unused_patches: *config.allow_unused_patches,
    })
}

/// What to say of patches that no package of a lockfile uses. Where that is an error, the lockfile is resolved anew.
fn unused_patches(found: &Found, lockfile: &Lockfile) -> Option<String> {
    let mut used = FxHashSet::default();
    for dep_path in lockfile.snapshots.keys() {
        let parts = split(dep_path);
        let patch = found.patches.of(parts.name, parts.version).ok()?;
        used.extend(patch.map(|patch| patch.selector.as_str()));
    }
    let unused = found.patches.declared().unused(&used);
    let selectors: Vec<String> = unused.into_iter().map(str::to_owned).collect();
    (!selectors.is_empty()).then(|| PatchError::Unused { selectors }.to_string())
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
