//! What a command changes in manifests, as a part of an install.

use super::inputs::Found;
use super::{Gathered, Install, InstallError};
use crate::core::change::{ChangeError, Changes, Command};
use crate::core::config::Included;
use crate::core::manifest::ManifestError;
use crate::core::manifest_edit::Group;
use crate::core::state::{IncludedGroups, ModulesState, Recorded};

/// What the run is to change in manifests before it installs.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is asked for.
    pub command: Command,
    /// In which manifests.
    pub place: Place,
}

/// In which manifests something changes. All projects of a workspace are installed in any case, unless some are
/// selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In that of the project which the command is about; versions that move, move in all projects.
    Here,
    /// In that of the root of the workspace, which was named; otherwise likewise.
    Root,
    /// In those of the selected projects, or of all.
    Selected,
    /// Likewise; the root of the workspace is not meant unless a selector names it, or the settings include it.
    SelectedWithoutRoot,
}

impl Install {
    /// An update of all groups goes on with those that the tree was made with: it is about versions, not about what is
    /// there.
    pub(super) fn keep_groups(&mut self) {
        let Some(Command::Update(update)) = self.change.as_ref().map(|change| &change.command) else {
            return;
        };
        if update.groups.len() < Group::INSTALLED.len() || self.config.included.is_explicit() {
            return;
        }
        if let Recorded::Known(state) = ModulesState::read(&self.config.root_modules_dir()) {
            let IncludedGroups { dependencies, dev_dependencies, optional_dependencies } = state.included;
            self.config.included.value = Included { dependencies, dev_dependencies, optional_dependencies };
        }
    }

    /// The run is to remove dependencies.
    pub(super) fn removes(&self) -> bool {
        self.change.as_ref().is_some_and(|change| matches!(change.command, Command::Remove(_)))
    }

    /// Changes the manifests in memory, if that is what the run is for.
    pub(super) fn begin_changes(
        &self,
        found: &mut Found,
        gathered: &mut Gathered,
    ) -> Result<Option<Changes>, InstallError> {
        let Some(Change { command, place }) = &self.change else { return Ok(None) };
        let targets: Vec<String> = match place {
            Place::Here | Place::Root => {
                let projects = found.workspace.projects.iter();
                let here = projects.filter(|project| project.folder == self.config.project_dir);
                here.map(|project| project.id.clone()).collect()
            }
            Place::Selected => found.selected_projects(),
            Place::SelectedWithoutRoot => {
                let mut selected = found.selected_projects();
                if self.leaves_root_out() {
                    selected.retain(|id| id != ".");
                }
                selected
            }
        };
        let is_one = matches!(place, Place::Here | Place::Root);
        if targets.is_empty() && is_one {
            return Err(ManifestError::Absent { directory: self.config.project_dir.clone() }.into());
        }
        if *place == Place::Here && matches!(command, Command::Add(_)) {
            self.check_root()?;
        }
        let Found { workspace, lockfile, .. } = found;
        let lockfile = lockfile.as_ref().ok().and_then(Option::as_ref);
        let mut changes = Changes::begin(command, &self.config, workspace, &targets, lockfile)?;
        changes.moves_everywhere = is_one;
        for message in std::mem::take(&mut changes.warnings) {
            self.warn(message, None, &mut gathered.totals);
        }
        Ok(Some(changes))
    }

    /// Whether the root is left out of all projects: where there are others, and nothing says that it is meant.
    fn leaves_root_out(&self) -> bool {
        let names_some = self.config.filter.iter().any(|selector| !selector.starts_with('!'));
        let patterns = self.config.workspace_packages.as_deref().unwrap_or_default();
        !names_some && !*self.config.include_workspace_root && patterns != ["."]
    }

    /// Whoever adds something at the root of a workspace most likely meant one of its projects.
    fn check_root(&self) -> Result<(), ChangeError> {
        let config = &self.config;
        let is_root = config.workspace_dir.as_ref() == Some(&config.project_dir);
        // A single pattern may be the root itself.
        let has_members = config.workspace_packages.as_ref().is_some_and(|patterns| patterns.len() > 1);
        if is_root && has_members && !*config.ignore_workspace_root_check {
            return Err(ChangeError::AddingToRoot);
        }
        Ok(())
    }
}
