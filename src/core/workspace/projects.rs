//! The projects of a workspace, with their manifests.

use std::path::{Path, PathBuf};

use super::error::WorkspaceError;
use super::folders::{MANIFESTS, matching, relative_id};
use crate::core::config::Config;
use crate::core::manifest::{Manifest, ManifestError};

/// Manifests below this number are read one after the other: a thread costs more than some of them.
const READ_ALONE: usize = 16;

/// A project.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its importer id: the path from the lockfile's folder, with `/`; `.` for that folder itself.
    pub id: String,
    /// Absolute path of its folder.
    pub folder: PathBuf,
    /// Its `package.json`; `None` where it has a manifest of another kind, which this version does not read.
    pub manifest: Option<Manifest>,
}

/// The projects that share a lockfile.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// All of them, by folder.
    pub projects: Vec<Project>,
    /// The other projects of the workspace, where each has a lockfile of its own.
    pub siblings: Vec<Project>,
    /// What the user should know about them.
    pub warnings: Vec<String>,
}

impl Workspace {
    /// Finds and reads the projects that a configuration is about: those of the workspace, or the one project.
    ///
    /// # Errors
    /// When a folder or a manifest cannot be read; without a workspace, when there is no manifest.
    pub fn find(config: &Config) -> Result<Self, WorkspaceError> {
        let mut workspace = Self::find_all(config)?;
        workspace.part(config);
        Ok(workspace)
    }

    /// Finds and reads all projects of the workspace, also those that have lockfiles of their own.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_all(config: &Config) -> Result<Self, WorkspaceError> {
        let folders = Self::all_folders(config)?;
        let mut workspace = Self::default();
        for (folder, manifest) in folders.iter().zip(read_all(&folders)) {
            workspace.take(&config.lockfile_dir, folder, manifest)?;
        }
        Ok(workspace)
    }

    /// As [`Self::find`]; the project that the command is about may be without a manifest, and has an empty one then.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn find_or_begin(config: &Config) -> Result<Self, WorkspaceError> {
        let folders = Self::all_folders(config)?;
        let mut workspace = Self::default();
        for (folder, manifest) in folders.iter().zip(read_all(&folders)) {
            let manifest = match manifest {
                Err(ManifestError::Absent { .. })
                    if *folder == config.project_dir
                        && !MANIFESTS.iter().any(|name| folder.join(name).is_file()) =>
                {
                    Manifest::parse(b"{}", &folder.join(MANIFESTS[0]))
                }
                other => other,
            };
            workspace.take(&config.lockfile_dir, folder, manifest)?;
        }
        workspace.part(config);
        Ok(workspace)
    }

    /// Sets aside the projects that have lockfiles of their own.
    fn part(&mut self, config: &Config) {
        if config.lockfile_per_project {
            let projects = std::mem::take(&mut self.projects);
            (self.projects, self.siblings) =
                projects.into_iter().partition(|project| project.folder == config.project_dir);
        }
    }

    /// The folders of the projects that share the lockfile, in order.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn folders(config: &Config) -> Result<Vec<PathBuf>, WorkspaceError> {
        if config.lockfile_per_project {
            return Ok(vec![config.project_dir.clone()]);
        }
        Self::all_folders(config)
    }

    /// The folders of all projects of the workspace, in order.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn all_folders(config: &Config) -> Result<Vec<PathBuf>, WorkspaceError> {
        let Some(root) = &config.workspace_dir else {
            return Ok(vec![config.project_dir.clone()]);
        };
        let patterns = config.workspace_packages.value.as_deref().unwrap_or_default();
        let mut folders = matching(root, patterns)?;
        if MANIFESTS.iter().any(|name| root.join(name).is_file()) {
            folders.insert(root.clone());
        }
        // The folder the command was given is a project in any case.
        if folders.is_empty() {
            folders.insert(config.project_dir.clone());
        }
        Ok(folders.into_iter().collect())
    }

    fn take(
        &mut self,
        lockfile_dir: &Path,
        folder: &Path,
        manifest: Result<Manifest, ManifestError>,
    ) -> Result<(), WorkspaceError> {
        let id = relative_id(lockfile_dir, folder);
        let manifest = match manifest {
            Ok(manifest) => Some(manifest),
            Err(ManifestError::Absent { directory }) => {
                let other = MANIFESTS[1..].iter().find(|name| folder.join(name).is_file());
                let Some(other) = other else {
                    return Err(ManifestError::Absent { directory }.into());
                };
                self.warnings.push(format!(
                    "{id} has a {other}, which this version of pacwatch does not read; for this project the lockfile \
                     is believed as it stands"
                ));
                None
            }
            Err(error) => return Err(error.into()),
        };
        self.projects.push(Project { id, folder: folder.to_owned(), manifest });
        Ok(())
    }

    /// All projects of the workspace, whether they share the lockfile or not.
    pub fn known(&self) -> impl Iterator<Item = &Project> {
        self.projects.iter().chain(&self.siblings)
    }

    /// The manifest of the root of the workspace, or of the one project.
    #[must_use]
    pub fn root_manifest(&self, config: &Config) -> Option<&Manifest> {
        let root = config.settings_dir();
        self.known().find(|project| project.folder == root)?.manifest.as_ref()
    }

    /// The project with an importer id.
    #[must_use]
    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == id)
    }
}

fn read_all(folders: &[PathBuf]) -> Vec<Result<Manifest, ManifestError>> {
    let read = |folders: &[PathBuf]| folders.iter().map(|folder| Manifest::read(folder)).collect::<Vec<_>>();
    if folders.len() <= READ_ALONE {
        return read(folders);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    std::thread::scope(|scope| {
        let parts: Vec<_> = folders
            .chunks(folders.len().div_ceil(threads))
            .map(|part| scope.spawn(move || read(part)))
            .collect();
        parts
            .into_iter()
            .flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
