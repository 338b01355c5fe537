//! `remove`.

use super::begin::ProjectChange;
use super::command::Remove;
use super::error::ChangeError;

impl ProjectChange {
    /// Takes dependencies out. Of several projects, each loses what it has.
    pub(super) fn remove(&mut self, command: &Remove, is_one_of_several: bool) -> Result<(), ChangeError> {
        if command.names.is_empty() {
            return Err(ChangeError::NothingToRemove);
        }
        let available = self.file.removable(command.group);
        let is_there = |name: &&String| available.contains(&name.as_str());
        let missing: Vec<String> = command.names.iter().filter(|name| !is_there(name)).cloned().collect();
        if !missing.is_empty() && !is_one_of_several {
            let available = available.into_iter().map(str::to_owned).collect();
            return Err(ChangeError::CannotRemove { missing, available, group: command.group });
        }
        self.file.remove(&command.names, command.group);
        Ok(())
    }
}
