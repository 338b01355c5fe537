//! All updates, one after the other, on one copy of the lockfile.

use super::edits::Edits;
use super::{ignored_optional, importers, patched, settings};
use crate::core::lockfile::model::Lockfile;
use crate::core::lockfile::{Extensions, FreshnessSettings, Patches, check_freshness};
use crate::core::manifest::Manifest;
use serde_json::Value;

/// What is to be brought together.
#[derive(Debug, Clone, Copy)]
pub struct UpdateRequest<'a> {
    /// The lockfile as it is.
    pub lockfile: &'a Lockfile,
    /// The projects the install is about, by importer id, as they are on disk. pnpm applies extensions before
    /// it compares, but no overrides, and leaves what these touch to a resolution.
    pub manifests: &'a [(&'a str, &'a Manifest)],
    /// All projects that are known.
    pub projects: &'a [(&'a str, &'a Manifest)],
    /// The settings. With `all_projects`, importers without a project are removed.
    pub settings: &'a FreshnessSettings,
    /// `resolutionMode` takes the lowest version of direct dependencies.
    pub picks_lowest: bool,
    /// `allowUnusedPatches`.
    pub allow_unused_patches: bool,
}

/// What became of something that a lockfile records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It is what it was.
    None,
    /// It changed, and the lockfile can be edited.
    Edit,
    /// It changed in a way that needs a resolution.
    NeedsResolution,
}

/// A lockfile that satisfies manifests and settings, made of the present one without asking anybody. `None` when
/// nothing changed, or when what changed needs a resolution.
///
/// The caller does not ask where lockfiles are frozen, or where a command wants newer versions.
#[must_use]
pub fn try_update(request: &UpdateRequest<'_>) -> Option<Lockfile> {
    let extensions =
        Extensions::read(request.settings.package_extensions.as_ref().unwrap_or(&Value::Null)).ok()?;
    let extended: Vec<_> =
        request.manifests.iter().map(|(id, manifest)| (*id, extensions.project(manifest))).collect();
    let extended: Vec<_> = extended.iter().map(|(id, manifest)| (*id, &**manifest)).collect();
    update(&UpdateRequest { manifests: &extended, ..*request })
}

fn update(request: &UpdateRequest<'_>) -> Option<Lockfile> {
    let UpdateRequest { lockfile, settings: wanted, .. } = *request;
    let importers = importers::Plan::new(request);
    let ignored = ignored_optional::change(lockfile, &wanted.ignored_optional_dependencies);
    if ignored == Change::NeedsResolution {
        return None;
    }
    let patches = Patches::new(&wanted.patched_dependencies).ok()?;
    let patches_changed = lockfile.patched_dependencies != wanted.patched_dependencies;
    let settings_changed = settings::changed(lockfile, wanted);
    if importers.is_none() && ignored == Change::None && !patches_changed && !settings_changed {
        return None;
    }

    let mut updated = lockfile.clone();
    let mut edits = Edits::default();
    if let Some(plan) = importers {
        plan.apply(&mut updated, request, &mut edits)?;
    }
    if ignored == Change::Edit {
        ignored_optional::apply(&mut updated, &wanted.ignored_optional_dependencies, &mut edits);
    }
    edits.settle(&mut updated)?;
    if patches_changed {
        patched::apply(&mut updated, &patches, &wanted.patched_dependencies)?;
    }
    if settings_changed {
        settings::apply(&mut updated, request)?;
    }
    // A patch that is for nothing (any more) is for a resolution to complain of.
    if !request.allow_unused_patches && !patched::all_are_used(&updated, &patches)? {
        return None;
    }
    check_freshness(&updated, request.manifests, wanted).ok()?;
    Some(updated)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
