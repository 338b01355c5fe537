//! A workspace in which every project has a lockfile of its own (`sharedWorkspaceLockfile: false`): one install after
//! the other, each in its own folder, told as one run.

use std::path::{Path, PathBuf};

use super::inputs::{selected, selects_nothing};
use super::{Gathered, Install, InstallError, Place};
use crate::core::event::{Outcome, Phase};
use crate::core::meter::Meters;
use crate::core::workspace::Workspace;

impl Install {
    /// Installs the projects that the run is about. The first one that fails ends it; those before it are done.
    pub(super) fn install_each(
        &self,
        meters: &Meters,
        gathered: &mut Gathered,
    ) -> Result<Outcome, InstallError> {
        meters.begin(Phase::Resolve, 0);
        if let Some(why) = selects_nothing(&self.config)? {
            self.warn(why, None, &mut gathered.totals);
            meters.task(Phase::Resolve, 0, self.emitter.now());
            return Ok(Outcome::UpToDate);
        }
        let folders = self.folders(gathered)?;
        meters.hold();
        let mut outcome = Outcome::UpToDate;
        for (position, folder) in folders.iter().enumerate() {
            if let Some(by) = self.controls.cancelled() {
                return Err(InstallError::Cancelled(by));
            }
            if position > 0 {
                gathered.since = self.emitter.now();
            }
            if self.one(folder, gathered).install(meters, gathered)? == Outcome::Done {
                outcome = Outcome::Done;
            }
        }
        Ok(outcome)
    }

    /// The install of one project.
    fn one(&self, folder: &Path, gathered: &Gathered) -> Self {
        let mut config = self.config.for_project(folder);
        config.minimum_release_age_exclude.value.extend_from_slice(&gathered.excluded);
        let mut change = self.change.clone();
        if let Some(change) = &mut change {
            change.place = Place::Here;
        }
        Self { config, controls: self.controls.clone(), emitter: self.emitter.clone(), change }
    }

    /// The folders of the projects that the run is about, in order.
    fn folders(&self, gathered: &mut Gathered) -> Result<Vec<PathBuf>, InstallError> {
        let config = &self.config;
        let place = self.change.as_ref().map(|change| change.place);
        if place == Some(Place::Here) {
            return Ok(vec![config.project_dir.clone()]);
        }
        let is_recursive = *config.recursive_install || place.is_some();
        if config.filter.is_empty() && is_recursive {
            let mut folders = Workspace::all_folders(config)?;
            if place == Some(Place::SelectedWithoutRoot) && folders.len() > 1 {
                folders.retain(|folder| Some(folder) != config.workspace_dir.as_ref());
            }
            return Ok(folders);
        }
        let workspace = Workspace::find_all(config)?;
        let (ids, unmatched) = selected(config, &workspace)?;
        for message in unmatched {
            self.warn(message, None, &mut gathered.totals);
        }
        let ids = ids.unwrap_or_default();
        let is_selected = |id: &str| ids.contains(&id);
        let projects = workspace.projects.iter().filter(|project| is_selected(&project.id));
        let mut folders: Vec<PathBuf> = projects.map(|project| project.folder.clone()).collect();
        if place == Some(Place::SelectedWithoutRoot) && folders.len() > 1 {
            folders.retain(|folder| Some(folder) != config.workspace_dir.as_ref());
        }
        Ok(folders)
    }
}
