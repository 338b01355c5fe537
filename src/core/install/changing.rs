//! What a command changes in manifests, as a part of an install.

use super::inputs::Found;
use super::{Gathered, Install, InstallError};
use crate::core::change::{Changes, Command};

/// What the run is to change in manifests before it installs.
#[derive(Debug, Clone)]
pub struct Change {
    /// What is asked for.
    pub command: Command,
    /// Of several projects, the root of the workspace is not meant.
    pub leaves_out_root: bool,
}

impl Install {
    /// Changes the manifests in memory, if that is what the run is for.
    pub(super) fn begin_changes(
        &self,
        found: &mut Found,
        gathered: &mut Gathered,
    ) -> Result<Option<Changes>, InstallError> {
        let Some(Change { command, leaves_out_root }) = &self.change else { return Ok(None) };
        let mut targets = found.selected_projects();
        if *leaves_out_root && targets.len() > 1 {
            targets.retain(|id| id != ".");
        }
        let Found { workspace, lockfile, .. } = found;
        let lockfile = lockfile.as_ref().ok().and_then(Option::as_ref);
        let mut changes = Changes::begin(command, &self.config, workspace, &targets, lockfile)?;
        for message in std::mem::take(&mut changes.warnings) {
            self.warn(message, None, &mut gathered.totals);
        }
        Ok(Some(changes))
    }
}
