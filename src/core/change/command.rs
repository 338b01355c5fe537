//! The commands that change manifests.

use crate::core::manifest_edit::Group;

/// What to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Adds dependencies.
    Add(Add),
    /// Removes them.
    Remove(Remove),
    /// Moves them to newer versions.
    Update(Update),
}

/// Adds dependencies, or changes what is asked for of those that are there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Add {
    /// What to add: `name`, `name@range`, `name@tag`, `alias@npm:name`, `./folder`, a URL, a repository.
    pub requests: Vec<String>,
    /// The groups to save into, in this order; `None` for where it is already, else `dependencies`.
    pub groups: Option<Vec<Group>>,
    /// Save without a range.
    pub exact: bool,
    /// What stands before the version that is saved, if the command line says.
    pub prefix: Option<String>,
    /// Take them from the workspace alone.
    pub from_workspace: bool,
    /// The catalog to save them in.
    pub catalog: Option<String>,
}

/// Removes dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remove {
    /// Their names.
    pub names: Vec<String>,
    /// The group to remove them from; `None` for all.
    pub group: Option<Group>,
}

/// Moves dependencies to newer versions.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Update {
    /// Names, patterns (`@scope/*`, `!name`), or names with what to move to (`name@2`); none means all.
    pub selectors: Vec<String>,
    /// To the newest there is, whatever the manifest says.
    pub latest: bool,
    /// Save without a range where the manifest has none.
    pub exact: bool,
    /// Write the manifests.
    pub save: bool,
    /// The groups whose direct dependencies are meant.
    pub groups: Vec<Group>,
    /// Greatest distance from a project that is reached: 0 for direct dependencies alone, `None` for all.
    pub depth: Option<u32>,
    /// Take what the workspace has from there.
    pub from_workspace: bool,
}
