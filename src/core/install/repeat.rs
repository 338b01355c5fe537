//! The shortest install: nothing has changed since the last one, so the lockfile is not even read (pnpm:
//! `optimistic_repeat_install.rs`).
//!
//! It believes the workspace state as far as the times of manifests and lockfile bear it out, and looks only whether
//! the direct dependencies are there. Whatever it cannot tell is left to an install that looks at everything.

use std::path::Path;

use indexmap::IndexMap;

use super::settings_record::recorded_settings;
use crate::core::config::{Config, Origin};
use crate::core::lockfile::Lockfile;
use crate::core::manifest::Manifest;
use crate::core::state::{CURRENT_LOCKFILE, ModulesState, WorkspaceState, modified_ms, settings_agree};
use crate::core::workspace::Workspace;

/// Milliseconds by which the time of a file may be too early: file systems take it from a clock that ticks, the slowest
/// every 10 ms. A manifest that was changed right after an install must not look older than it.
const CLOCK_TICK_MS: u64 = 10;

/// Whether the command line asks for an install that believes nothing.
#[must_use]
pub fn asks_to_look(config: &Config) -> bool {
    let frozen = &config.frozen_lockfile;
    config.force || frozen.value == Some(true) && matches!(frozen.origin, Origin::Flag(_))
}

/// Whether there is nothing to do.
#[must_use]
pub fn is_up_to_date(config: &Config) -> bool {
    let asks_to_resolve = config.fix_lockfile || config.dedupe.is_some();
    if asks_to_look(config) || asks_to_resolve || !*config.optimistic_repeat_install {
        return false;
    }
    if !config.filter.is_empty() || !*config.recursive_install {
        return false;
    }
    let Some(state) = WorkspaceState::read(&config.lockfile_dir) else {
        return false;
    };
    // What hook files do cannot be told from outside.
    let has_hooks =
        || [".pnpmfile.cjs", ".pnpmfile.mjs"].iter().any(|name| config.settings_dir().join(name).exists());
    if state.filtered_install || !state.pnpmfiles.is_empty() || has_hooks() {
        return false;
    }
    let is_older =
        |path: &Path| modified_ms(path).is_some_and(|modified| modified <= state.last_validated_timestamp);
    let is_long_since = |path: &Path| {
        modified_ms(path).is_some_and(|modified| modified + CLOCK_TICK_MS <= state.last_validated_timestamp)
    };
    let patches = config.patched_dependencies.values();
    if !is_older(&config.lockfile_dir.join(Lockfile::FILE_NAME))
        || patches.into_iter().any(|path| !is_older(&config.settings_dir().join(path)))
        || !config.virtual_store_dir.join(CURRENT_LOCKFILE).exists()
        || !config.root_modules_dir().join(ModulesState::FILE_NAME).exists()
    {
        return false;
    }
    let root = Manifest::read(config.settings_dir()).ok();
    if !settings_agree(&state.settings, &recorded_settings(config, root.as_ref())) {
        return false;
    }
    let is_known = |folder: &Path| folder.to_str().is_some_and(|folder| state.projects.contains_key(folder));
    let has_new_projects =
        || Workspace::folders(config).map_or(true, |folders| folders.iter().any(|folder| !is_known(folder)));
    is_known(&config.project_dir)
        && !has_new_projects()
        && state.projects.keys().all(|folder| {
            let folder = Path::new(folder);
            is_long_since(&folder.join("package.json"))
                && Manifest::read(folder).is_ok_and(|manifest| is_linked(config, folder, &manifest))
        })
}

/// Whether the direct dependencies of a project are there.
fn is_linked(config: &Config, folder: &Path, manifest: &Manifest) -> bool {
    let included = &config.included;
    let groups: [(&IndexMap<String, String>, bool); 2] = [
        (&manifest.dependencies, included.dependencies),
        (&manifest.dev_dependencies, included.dev_dependencies),
    ];
    let all = [&manifest.dependencies, &manifest.dev_dependencies, &manifest.optional_dependencies];
    let modules = folder.join(&*config.modules_dir);
    let root = config.root_modules_dir();
    // What lies in a folder of the user's may have changed without a trace.
    let is_local = |specifier: &str| {
        specifier.starts_with("file:") || specifier.starts_with('.') || specifier.starts_with('/')
    };
    !all.into_iter().flat_map(IndexMap::values).any(|specifier| is_local(specifier))
        && groups
            .into_iter()
            .filter(|(_, wanted)| *wanted)
            .flat_map(|(group, _)| group)
            .filter(|(alias, _)| !manifest.optional_dependencies.contains_key(*alias))
            .all(|(alias, specifier)| {
                let is_there = |modules: &Path| {
                    let link = modules.join(alias);
                    link.join("package.json").exists() || specifier.starts_with("link:") && link.is_dir()
                };
                is_there(&modules) || *config.dedupe_direct_deps && is_there(&root)
            })
}
