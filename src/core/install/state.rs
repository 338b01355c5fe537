//! The last phase: what the next install reads.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use rustc_hash::FxHashSet;

use super::InstallError;
use super::existing::{Existing, included, layout};
use super::inputs::Inputs;
use super::materialise::Done;
use super::settings_record::recorded_settings;
use super::work::{Origin, Work};
use crate::core::build::BuildPolicy;
use crate::core::config::Config;
use crate::core::link::{self, Hoisting};
use crate::core::lockfile::{Lockfile, package_id, split, without_peers};
use crate::core::manifest::Manifest;
use crate::core::path::relative;
use crate::core::plan::Selection;
use crate::core::state::{
    HoistKind, HoistedDependencies, ModulesState, ProjectEntry, WorkspaceState, filter_for_current, is_due,
    modified_ms, prune, register_project, save_current,
};

/// Name and version of the program whose layout this is. Nobody reads it but people.
const PACKAGE_MANAGER: &str = "pnpm@12.21.0";

/// Scripts of a project that an install runs.
const PROJECT_SCRIPTS: [&str; 6] =
    ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];

/// What the state is made from.
pub struct Outcome<'a> {
    /// The settings.
    pub config: &'a Config,
    /// Lockfile and manifests.
    pub inputs: &'a Inputs,
    /// The lockfile with the importers that were installed.
    pub installed: &'a Lockfile,
    /// What was installed.
    pub selection: &'a Selection,
    /// Where.
    pub work: &'a Work,
    /// How it went.
    pub done: &'a Done,
    /// What was there before.
    pub existing: &'a Existing,
    /// What is hoisted now.
    pub hoisted: HoistedDependencies,
    /// When the inputs were read, in milliseconds of Unix time. What changes later is for the next install.
    pub read_at_ms: u64,
    /// The text of the lockfile that [`Existing::expected`] is.
    pub expected: &'a str,
    /// This run has written the lockfile.
    pub lockfile_written: bool,
}

impl Outcome<'_> {
    /// Deletes slots that nobody needs, if it is time, and writes the state: the current lockfile after what goes
    /// with it, the workspace state last.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn save(self) -> Result<(), InstallError> {
        let config = self.config;
        let modules = config.root_modules_dir();
        let dropped: FxHashSet<&str> = self.dep_paths(self.done.dropped.iter().copied()).collect();
        let narrowed = (!dropped.is_empty()).then(|| {
            filter_for_current(self.installed, included(*config.included), |dep_path| {
                dropped.contains(dep_path)
            })
        });
        let current = narrowed.as_ref().unwrap_or(&self.existing.expected);
        std::fs::create_dir_all(&modules).map_err(InstallError::Runtime)?;
        let pruned_at = self.prune()?;
        let (pending_builds, ignored_builds) = self.builds(current);
        let state = ModulesState {
            included: included(*config.included),
            package_manager: PACKAGE_MANAGER.to_owned(),
            pending_builds,
            ignored_builds: (!ignored_builds.is_empty()).then_some(ignored_builds),
            pruned_at,
            skipped: self.existing.skipped(&self.inputs.lockfile, self.selection),
            allow_builds: Some(
                config
                    .allow_builds
                    .iter()
                    .map(|(pattern, allowed)| (pattern.clone(), (*allowed).into()))
                    .collect(),
            ),
            hoisted_dependencies: self.hoisted.clone(),
            injected_deps: self.injected(),
            ..ModulesState::of(&layout(config), &modules)
        };
        state.write(&modules, &self.existing.modules)?;
        save_current(&config.virtual_store_dir, current, narrowed.is_none().then_some(self.expected))?;
        register_project(&config.store_dir, &config.lockfile_dir)?;
        let workspace = self.workspace();
        let changed_ms = self.changed_ms();
        let is_covered = WorkspaceState::read(&config.lockfile_dir)
            .is_some_and(|before| before.covers(&workspace, changed_ms));
        if !is_covered {
            workspace.write(&config.lockfile_dir)?;
        }
        Ok(())
    }

    /// The slots of folders on this machine: folder, as the lockfile has it → packages, from the lockfile's folder.
    fn injected(&self) -> Option<BTreeMap<String, Vec<String>>> {
        let mut injected: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for source in &self.work.sources {
            let Origin::Folder { directory, .. } = &source.origin else {
                continue;
            };
            let slots = source.slots.iter().filter(|slot| !self.done.dropped.contains(slot));
            for slot in slots.map(|slot| &self.work.slots[*slot].slot) {
                let mut folder = self.config.virtual_store_dir.join(&slot.directory);
                folder.push("node_modules");
                folder.push(&slot.name);
                let folder = relative(&self.config.lockfile_dir, &folder);
                let folders = injected.entry(directory.clone()).or_default();
                folders.push(folder.to_string_lossy().into_owned());
            }
        }
        (!injected.is_empty()).then_some(injected)
    }

    fn dep_paths(&self, positions: impl Iterator<Item = usize>) -> impl Iterator<Item = &str> {
        positions.filter_map(|position| {
            let selected = self.selection.snapshots.get(position)?;
            let (dep_path, _) = self.inputs.lockfile.snapshots.get_index(selected.index)?;
            Some(dep_path.as_str())
        })
    }

    /// Deletes the slots that nobody needs, if it is time. Gives when that was last done.
    fn prune(&self) -> Result<String, InstallError> {
        let config = self.config;
        let now = SystemTime::now();
        let before = self.existing.modules.known().map(|state| state.pruned_at.as_str());
        if is_due(before, *config.modules_cache_max_age, now) {
            let needed: FxHashSet<&str> = self
                .work
                .slots
                .iter()
                .enumerate()
                .filter(|(position, _)| !self.done.dropped.contains(position))
                .map(|(_, planned)| planned.slot.directory.as_str())
                .collect();
            let pruned =
                prune(&config.virtual_store_dir, &config.root_modules_dir(), |name| needed.contains(name))?;
            if pruned.is_some() || before.is_none() {
                return Ok(httpdate::fmt_http_date(now));
            }
        }
        Ok(before.unwrap_or_default().to_owned())
    }

    /// Whose scripts are yet to be run, and whose nobody has allowed. Both go on from what was recorded before, as far
    /// as it is still installed.
    fn builds(&self, current: &Lockfile) -> (Vec<String>, Vec<String>) {
        let config = self.config;
        let rules = config.allow_builds.iter();
        let policy = BuildPolicy::new(
            rules.map(|(pattern, allowed)| (pattern.as_str(), *allowed)),
            *config.dangerously_allow_all_builds,
        );
        let is_installed = |entry: &String| {
            current.importers.contains_key(entry)
                || current.snapshots.contains_key(entry)
                || match split(entry).patch_hash {
                    None => current.packages.contains_key(package_id(entry)),
                    Some(_) => current.snapshots.keys().any(|dep_path| without_peers(dep_path) == entry),
                }
        };
        let before = self.existing.modules.known();
        let mut pending: Vec<String> = before.map_or_else(Vec::new, |state| state.pending_builds.clone());
        pending.retain(&is_installed);
        let mut ignored: Vec<String> =
            before.and_then(|state| state.ignored_builds.clone()).unwrap_or_default();
        ignored.retain(|entry| is_installed(entry) && policy.verdict(entry).is_none());

        let mut wanting: Vec<&str> = self.dep_paths(self.done.wants_build.iter().copied()).collect();
        wanting.sort_unstable();
        let mut deferred = Vec::new();
        if *config.ignore_scripts {
            let projects = self.inputs.workspace.projects.iter();
            deferred.extend(
                projects
                    .filter(|project| self.inputs.importers.contains(&project.id))
                    .filter(|project| {
                        let manifest = project.manifest.as_ref();
                        manifest.is_some_and(|manifest| runs_scripts(&project.folder, manifest))
                    })
                    .map(|project| project.id.clone()),
            );
            deferred.extend(wanting.into_iter().map(str::to_owned));
        } else {
            for dep_path in wanting {
                match policy.verdict(dep_path) {
                    // This version runs no scripts, so it owes them.
                    Some(true) => deferred.push(dep_path.to_owned()),
                    Some(false) => {}
                    None => ignored.push(without_peers(dep_path).to_owned()),
                }
            }
        }
        for entry in deferred {
            if !pending.contains(&entry) {
                pending.push(entry);
            }
        }
        ignored.sort();
        ignored.dedup();
        (pending, ignored)
    }

    /// The time up to which inputs are known. A lockfile that was written by this run is known, too, unless a manifest
    /// was changed in the meantime.
    fn validated_ms(&self) -> u64 {
        let lockfile = modified_ms(&self.config.lockfile_dir.join(Lockfile::FILE_NAME));
        let mut manifests = self.manifests().filter_map(|path| modified_ms(&path));
        match lockfile.filter(|_| self.lockfile_written) {
            Some(written) if manifests.all(|changed| changed <= self.read_at_ms) => {
                self.read_at_ms.max(written)
            }
            _ => self.read_at_ms,
        }
    }

    fn manifests(&self) -> impl Iterator<Item = std::path::PathBuf> {
        self.inputs.workspace.projects.iter().map(|project| project.folder.join("package.json"))
    }

    /// When the last of the inputs was changed, in milliseconds of Unix time.
    fn changed_ms(&self) -> u64 {
        let lockfile = self.config.lockfile_dir.join(Lockfile::FILE_NAME);
        let times = self.manifests().chain([lockfile]).filter_map(|path| modified_ms(&path));
        times.max().unwrap_or(u64::MAX)
    }

    fn workspace(&self) -> WorkspaceState {
        let root = self.inputs.workspace.root_manifest(self.config);
        let projects = self.inputs.workspace.projects.iter().map(|project| {
            let manifest = project.manifest.as_ref();
            let entry = ProjectEntry {
                name: manifest.and_then(|manifest| manifest.name.clone()),
                version: manifest.and_then(|manifest| manifest.version.clone()),
            };
            (project.folder.display().to_string(), entry)
        });
        WorkspaceState {
            last_validated_timestamp: self.validated_ms(),
            projects: projects.collect(),
            pnpmfiles: Vec::new(),
            filtered_install: self.inputs.left_out > 0,
            settings: recorded_settings(self.config, root),
        }
    }
}

/// What is hoisted, as it is recorded.
pub fn hoisted(hoisting: &Hoisting, lockfile: &Lockfile) -> HoistedDependencies {
    let entries = hoisting.dependencies(lockfile).into_iter();
    entries
        .map(|(dep_path, aliases)| {
            let aliases = aliases.into_iter().map(|(alias, kind)| {
                let kind = match kind {
                    link::HoistKind::Private => HoistKind::Private,
                    link::HoistKind::Public => HoistKind::Public,
                };
                (alias.to_owned(), kind)
            });
            (dep_path.to_owned(), aliases.collect())
        })
        .collect()
}

/// Whether an install runs scripts of a project.
fn runs_scripts(folder: &Path, manifest: &Manifest) -> bool {
    let has = |script: &str| manifest.scripts.contains_key(script);
    PROJECT_SCRIPTS.into_iter().any(has)
        || !has("preinstall") && !has("install") && folder.join("binding.gyp").exists()
}
