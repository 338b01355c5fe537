//! `remove`.

use super::begin::ProjectChange;
use super::command::Remove;
use super::error::ChangeError;
use crate::core::manifest_edit::ManifestFile;
use crate::core::workspace::Workspace;

impl Remove {
    /// Whether each name is one that a project has; of several projects, each loses what it has.
    pub(super) fn check(&self, targets: &[String], workspace: &Workspace) -> Result<(), ChangeError> {
        if self.names.is_empty() {
            return Err(ChangeError::NothingToRemove);
        }
        let mut available: Vec<String> = Vec::new();
        for project in targets.iter().filter_map(|id| workspace.project(id)) {
            if project.manifest.is_some() {
                let file = ManifestFile::read(&project.folder)?;
                available.extend(file.removable(self.group).into_iter().map(str::to_owned));
            }
        }
        let missing: Vec<String> =
            self.names.iter().filter(|name| !available.contains(*name)).cloned().collect();
        if missing.is_empty() || targets.is_empty() {
            return Ok(());
        }
        if targets.len() > 1 {
            available.sort_unstable();
            available.dedup();
        }
        Err(ChangeError::CannotRemove { missing, available, group: self.group })
    }
}

impl ProjectChange {
    /// Takes dependencies out.
    pub(super) fn remove(&mut self, command: &Remove) {
        self.file.remove(&command.names, command.group);
    }
}
