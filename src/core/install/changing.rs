//! What a command changes in manifests, as a part of an install.

use super::inputs::Found;
use super::{Gathered, Install, InstallError};
use crate::core::change::{Changes, Command};
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
    /// In those of the selected projects, or of all.
    Selected,
    /// Likewise; of several, the root of the workspace is not meant.
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
            Place::Here => {
                let projects = found.workspace.projects.iter();
                let here = projects.filter(|project| project.folder == self.config.project_dir);
                here.map(|project| project.id.clone()).collect()
            }
            Place::Selected => found.selected_projects(),
            Place::SelectedWithoutRoot => {
                let mut selected = found.selected_projects();
                if selected.len() > 1 {
                    selected.retain(|id| id != ".");
                }
                selected
            }
        };
        if targets.is_empty() && *place == Place::Here {
            return Err(ManifestError::Absent { directory: self.config.project_dir.clone() }.into());
        }
        let Found { workspace, lockfile, .. } = found;
        let lockfile = lockfile.as_ref().ok().and_then(Option::as_ref);
        let mut changes = Changes::begin(command, &self.config, workspace, &targets, lockfile)?;
        changes.moves_everywhere = *place == Place::Here;
        for message in std::mem::take(&mut changes.warnings) {
            self.warn(message, None, &mut gathered.totals);
        }
        Ok(Some(changes))
    }
}
