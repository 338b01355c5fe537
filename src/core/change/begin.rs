//! The changes of a run, from the command to the files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::catalogs::Catalogs;
use super::command::Command;
use super::error::ChangeError;
use super::update::Surroundings;
use crate::core::config::Config;
use crate::core::lockfile::{CatalogEntries, Lockfile};
use crate::core::manifest_edit::{Group, ManifestFile, RangeStyle};
use crate::core::resolve::tree::UpdateScope;
use crate::core::workspace::Workspace;
use crate::core::workspace_edit::WorkspaceFile;

/// What a run changes in manifests.
#[derive(Debug)]
pub struct Changes {
    pub(super) command: Command,
    /// By importer id.
    pub(super) projects: BTreeMap<String, ProjectChange>,
    /// How versions are saved where neither the command line nor the manifest says.
    pub(super) style: RangeStyle,
    pub(super) catalogs: Catalogs,
    /// The folder of `pnpm-workspace.yaml`.
    pub(super) settings_dir: PathBuf,
    /// The file, once it is known what changes in it.
    pub(super) settings: Option<WorkspaceFile>,
    /// Names that an override speaks for wherever they stand: what manifests say of them does not matter.
    pub(super) overridden: BTreeSet<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Versions that move in one project move in all, though only its manifest says so.
    pub moves_everywhere: bool,
}

/// What changes in one manifest.
#[derive(Debug)]
pub(super) struct ProjectChange {
    pub(super) file: ManifestFile,
    /// Dependencies whose specifier is settled when their version is known.
    pub(super) wishes: Vec<Wish>,
    /// What has to be looked up before resolution.
    pub(super) questions: Vec<Question>,
    pub(super) scope: UpdateScope,
}

/// A dependency whose specifier is settled when its version is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) alias: String,
    /// The groups to save into, in this order.
    pub(super) groups: Vec<Group>,
    pub(super) saved: Saved,
}

/// What is saved for a dependency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Saved {
    /// This very text.
    AsItIs(String),
    /// The version in the style of what was asked for, else of what stood there, behind a prefix such as `npm:name@`.
    Version { prefix: String, asked: Option<String>, before: Option<String> },
    /// The version in the style of what stands there; what has none stays.
    Bumped,
}

/// What has to be looked up before resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// What is this called, and how is it saved?
    What { alias: Option<String>, specifier: String, groups: Option<Vec<Group>> },
    /// Which is the newest version of this direct dependency?
    Latest { alias: String, group: Group, declared: String },
    /// Which version is it, so that it can be said whether a catalog has it?
    Version { alias: String, specifier: String, groups: Vec<Group>, saved: Saved, before: Option<String> },
}

impl Changes {
    /// Changes the manifests of `targets` (importer ids) in memory, in the workspace too, as far as that is possible
    /// without asking anybody.
    ///
    /// # Errors
    /// What is asked for is not possible, or a manifest cannot be read.
    pub fn begin(
        command: &Command,
        config: &Config,
        workspace: &mut Workspace,
        targets: &[String],
        lockfile: Option<&Lockfile>,
    ) -> Result<Self, ChangeError> {
        let is_exact = match command {
            Command::Add(add) => add.exact,
            Command::Update(update) => update.exact,
            Command::Remove(_) => false,
        };
        let prefix = match command {
            Command::Add(add) => add.prefix.as_deref(),
            _ => None,
        };
        let catalog = match command {
            Command::Add(add) => add.catalog.as_deref(),
            _ => None,
        };
        let style =
            RangeStyle::of_settings(is_exact || *config.save_exact, prefix.or(config.save_prefix.as_deref()));
        let mut changes = Self {
            command: command.clone(),
            projects: BTreeMap::new(),
            style,
            catalogs: Catalogs::new(config, catalog, matches!(command, Command::Add(_))),
            settings_dir: config.workspace_dir.as_ref().unwrap_or(&config.project_dir).clone(),
            settings: None,
            overridden: config.overrides.keys().cloned().collect(),
            warnings: Vec::new(),
            moves_everywhere: false,
        };
        if let Command::Remove(remove) = command {
            remove.check(targets, workspace)?;
        }
        for id in targets {
            let Some(project) = workspace.project(id) else { continue };
            if project.manifest.is_none() {
                return Err(ChangeError::OtherManifest(id.clone()));
            }
            let file = ManifestFile::read(&project.folder)?;
            let mut change = ProjectChange {
                file,
                wishes: Vec::new(),
                questions: Vec::new(),
                scope: UpdateScope::Nothing,
            };
            match command {
                Command::Add(add) => change.add(add, config, workspace, style, &mut changes.catalogs)?,
                Command::Remove(remove) => change.remove(remove),
                Command::Update(update) => {
                    let surroundings = Surroundings { config, workspace, lockfile, style };
                    change.update(update, surroundings, &changes.catalogs, &mut changes.warnings)?;
                }
            }
            changes.projects.insert(id.clone(), change);
        }
        if let Command::Update(update) = command
            && update.depth == Some(0)
            && !update.selectors.is_empty()
            && !update.latest
            && changes.projects.values().all(|project| project.scope == UpdateScope::Nothing)
        {
            return Err(ChangeError::NothingToUpdate);
        }
        if let Command::Update(update) = command {
            update.check_versions(&changes.projects)?;
        }
        changes.put_into(workspace)?;
        Ok(changes)
    }

    /// Whether something has to be looked up before resolution.
    #[must_use]
    pub fn has_questions(&self) -> bool {
        self.projects.values().any(|project| !project.questions.is_empty())
    }

    /// Whether a resolution is due even if the lockfile satisfies the manifests: versions are to move.
    #[must_use]
    pub fn moves_versions(&self) -> bool {
        self.projects.values().any(|project| project.scope != UpdateScope::Nothing)
    }

    /// Which versions of the lockfile may move in all projects.
    #[must_use]
    pub fn scope(&self) -> UpdateScope {
        let first = self.projects.values().next().filter(|_| self.moves_everywhere);
        first.map_or(UpdateScope::Nothing, |project| project.scope.clone())
    }

    /// Which may move in single projects, by importer id.
    #[must_use]
    pub fn scopes(&self) -> BTreeMap<String, UpdateScope> {
        let projects = self.projects.iter().filter(|_| !self.moves_everywhere);
        projects.map(|(id, project)| (id.clone(), project.scope.clone())).collect()
    }

    /// Greatest distance from a project at which versions move; `None` for all.
    #[must_use]
    pub fn depth(&self) -> Option<u32> {
        match &self.command {
            Command::Update(update) => update.depth,
            Command::Add(_) | Command::Remove(_) => None,
        }
    }

    /// All entries of catalogs, if some of them change.
    #[must_use]
    pub fn catalogs(&self) -> Option<&CatalogEntries> {
        self.catalogs.changed()
    }

    /// Gives the workspace the manifests as they stand now.
    pub(super) fn put_into(&self, workspace: &mut Workspace) -> Result<(), ChangeError> {
        for project in &mut workspace.projects {
            if let Some(change) = self.projects.get(&project.id) {
                project.manifest = Some(change.file.manifest()?);
            }
        }
        Ok(())
    }

    /// Whether the run writes manifests and settings at all (`--no-save`).
    #[must_use]
    pub fn saves(&self) -> bool {
        !matches!(&self.command, Command::Update(update) if !update.save)
    }

    /// Writes the manifests that have changed. Says whether there were any.
    ///
    /// # Errors
    /// The system refuses; manifests that were written before stay.
    pub fn save(&self) -> Result<bool, ChangeError> {
        if !self.saves() {
            return Ok(false);
        }
        let mut is_saved = match &self.settings {
            Some(settings) => settings.save()?,
            None => false,
        };
        for project in self.projects.values() {
            is_saved |= project.file.save()?;
        }
        Ok(is_saved)
    }
}

/// The names of all packages of a lockfile.
pub(super) fn locked_names(lockfile: Option<&Lockfile>) -> BTreeSet<&str> {
    let packages = lockfile.into_iter().flat_map(|lockfile| lockfile.snapshots.keys());
    packages.map(|dep_path| crate::core::lockfile::split(dep_path).name).collect()
}
