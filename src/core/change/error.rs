//! Why manifests cannot be changed as asked.

use crate::core::manifest::ManifestError;
use crate::core::manifest_edit::Group;
use crate::core::resolve::ResolveError;
use crate::core::workspace_edit::WorkspaceEditError;

/// Why manifests cannot be changed as asked.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A manifest cannot be read or written.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// What is to be added cannot be found.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// It would be added to the root of a workspace, and nobody said that this is meant.
    #[error("this would add to the root of the workspace, and a project of it may be meant")]
    AddingToRoot,
    /// There is nothing to remove.
    #[error("At least one dependency name should be specified for removal")]
    NothingToRemove,
    /// What is to be removed is not there.
    #[error("Cannot remove {}: {}", quoted(missing), why_missing(missing, available, *group))]
    CannotRemove {
        /// Names that are not there.
        missing: Vec<String>,
        /// Names that are.
        available: Vec<String>,
        /// Where they were looked for.
        group: Option<Group>,
    },
    /// Versions were asked for together with the latest.
    #[error("Specs are not allowed to be used with --latest ({})", .0.join(", "))]
    LatestWithVersion(Vec<String>),
    /// Nothing that was named is a direct dependency.
    #[error("None of the specified packages were found in the dependencies.")]
    NothingToUpdate,
    /// It is to come from the workspace, which does not have it.
    #[error("{0:?} is not a project of the workspace")]
    NotInWorkspace(String),
    /// A version was asked for of what no project depends on itself, so there is nowhere to write it down.
    #[error("{name:?} is no direct dependency, so {version} cannot be recorded")]
    VersionOfIndirect {
        /// The package.
        name: String,
        /// What was asked for.
        version: String,
    },
    /// A catalog has another version.
    #[error("{alias}@{asked} is not within {alias}@{entry}, which the catalog has")]
    CatalogMismatch {
        /// The dependency.
        alias: String,
        /// What was to be saved.
        asked: String,
        /// What the catalog has.
        entry: String,
    },
    /// `pnpm-workspace.yaml` cannot be changed.
    #[error(transparent)]
    Workspace(#[from] WorkspaceEditError),
    /// What was found has no name, or one that cannot be installed.
    #[error("{specifier} cannot be added: it has {}", name.as_ref().map_or("no name".to_owned(), |name| format!("the name {name:?}")))]
    Unnamed {
        /// What was asked for.
        specifier: String,
        /// Its name.
        name: Option<String>,
    },
    /// A project has a manifest that cannot be changed.
    #[error("the manifest of {0} is no package.json, so it cannot be changed")]
    OtherManifest(String),
}

impl ChangeError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Manifest(error) => error.code(),
            Self::Resolve(error) => error.code(),
            Self::AddingToRoot => Some("ERR_PNPM_ADDING_TO_ROOT"),
            Self::NothingToRemove => Some("ERR_PNPM_MUST_REMOVE_SOMETHING"),
            Self::CannotRemove { .. } => Some("ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS"),
            Self::LatestWithVersion(_) => Some("ERR_PNPM_LATEST_WITH_SPEC"),
            Self::VersionOfIndirect { .. } => Some("ERR_PNPM_UPDATE_VERSION_ON_INDIRECT_DEP"),
            Self::NothingToUpdate => Some("ERR_PNPM_NO_PACKAGE_IN_DEPENDENCIES"),
            Self::NotInWorkspace(_) => Some("ERR_PNPM_WORKSPACE_PACKAGE_NOT_FOUND"),
            Self::CatalogMismatch { .. } => Some("ERR_PNPM_CATALOG_VERSION_MISMATCH"),
            Self::Workspace(error) => error.code(),
            Self::Unnamed { .. } => Some("ERR_PNPM_INVALID_PACKAGE_NAME"),
            Self::OtherManifest(_) => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Manifest(error) => error.help(),
            Self::Resolve(error) => error.help(),
            Self::Workspace(error) => error.help(),
            Self::CatalogMismatch { .. } => Some(
                "Change the entry in pnpm-workspace.yaml, or set catalogMode to prefer there.".to_owned(),
            ),
            Self::CannotRemove { available, .. } if !available.is_empty() => {
                Some(format!("Available dependencies: {}", available.join(", ")))
            }
            Self::AddingToRoot => Some(
                "Say --workspace-root (-w) if the root is meant, else --filter or --dir; ignoreWorkspaceRootCheck: true in \
                 pnpm-workspace.yaml switches the question off."
                    .to_owned(),
            ),
            Self::VersionOfIndirect { name, version } => Some(format!(
                "Leave out the version to move it as its dependents allow, or add an override to pnpm-workspace.yaml: \
                 overrides: {{ {name}: {version} }}"
            )),
            Self::LatestWithVersion(_) => {
                Some("Leave out --latest to move to what is named, or leave out the versions.".to_owned())
            }
            Self::Unnamed { .. } => Some("Name it: add <name>@<what it is>.".to_owned()),
            _ => None,
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

fn why_missing(missing: &[String], available: &[String], group: Option<Group>) -> String {
    if available.is_empty() {
        return match group {
            Some(group) => format!("project has no '{}'", group.field()),
            None => "project has no dependencies of any kind".to_owned(),
        };
    }
    let noun = if missing.len() > 1 { "dependencies" } else { "dependency" };
    let place = group.map_or(String::new(), |group| format!(" in '{}'", group.field()));
    format!("no such {noun} found{place}")
}
