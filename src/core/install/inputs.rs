//! What an install starts from: the lockfile and the manifests, read at the same time and held against each other.

use std::path::{Path, PathBuf};

use super::InstallError;
use crate::core::config::{Config, NodeLinker};
use crate::core::lockfile::{
    FreshnessSettings, Lockfile, LockfileError, PnpmfileChecksum, check_freshness, validate,
};
use crate::core::manifest::Manifest;

/// Everything read.
pub struct Inputs {
    /// The wanted lockfile; it was validated.
    pub lockfile: Lockfile,
    /// The projects that are there, the one that the run is about first.
    pub projects: Vec<Project>,
}

/// A project.
pub struct Project {
    /// Its path from the lockfile's folder, as the lockfile has it.
    pub id: String,
    /// Its folder, absolute.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
}

/// Reads and checks lockfile and manifests.
///
/// # Errors
/// When one is absent, broken or hostile, when they do not fit each other, or when the project needs what this
/// version cannot do.
pub fn read(config: &Config) -> Result<Inputs, InstallError> {
    refuse_unsupported(config)?;
    let path = config.lockfile_dir.join(Lockfile::FILE_NAME);
    let (manifest, lockfile) = std::thread::scope(|scope| {
        let lockfile = scope.spawn(|| -> Result<Lockfile, LockfileError> {
            let lockfile =
                Lockfile::read(&path)?.ok_or_else(|| LockfileError::Absent { path: path.clone() })?;
            validate(&lockfile)?;
            Ok(lockfile)
        });
        let manifest = Manifest::read(&config.project_dir);
        (
            manifest,
            lockfile
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    });
    let manifest = manifest?;
    let lockfile = lockfile?;
    let projects = projects(config, &lockfile, manifest)?;
    let manifests: Vec<(&str, &Manifest)> = projects
        .iter()
        .map(|project| (project.id.as_str(), &project.manifest))
        .collect();
    check_freshness(&lockfile, &manifests, &freshness_settings(config))?;
    Ok(Inputs { lockfile, projects })
}

fn projects(config: &Config, lockfile: &Lockfile, own: Manifest) -> Result<Vec<Project>, InstallError> {
    let own_id = config
        .project_dir
        .strip_prefix(&config.lockfile_dir)
        .ok()
        .and_then(Path::to_str)
        .filter(|id| !id.is_empty())
        .unwrap_or(".");
    let mut projects = vec![Project {
        id: own_id.to_owned(),
        folder: config.project_dir.clone(),
        manifest: own,
    }];
    for id in lockfile.importers.keys() {
        let folder = importer_folder(&config.lockfile_dir, id);
        // A member that is gone is for the lockfile's writer to notice; nothing is linked into it.
        if folder != config.project_dir && folder.join("package.json").exists() {
            let manifest = Manifest::read(&folder)?;
            projects.push(Project {
                id: id.clone(),
                folder,
                manifest,
            });
        }
    }
    Ok(projects)
}

fn freshness_settings(config: &Config) -> FreshnessSettings {
    let extensions = &config.package_extensions.value;
    FreshnessSettings {
        catalogs: config.catalogs.value.clone(),
        overrides: config.overrides.value.clone(),
        package_extensions: (!extensions.is_null()).then(|| extensions.clone()),
        pnpmfile_checksum: PnpmfileChecksum::Unknown,
        ignored_optional_dependencies: config.ignored_optional_dependencies.value.clone(),
        // Patches are refused before this is asked.
        patched_dependencies: indexmap::IndexMap::new(),
        auto_install_peers: *config.auto_install_peers,
        dedupe_peers: *config.dedupe_peers,
        exclude_links_from_lockfile: *config.exclude_links_from_lockfile,
        inject_workspace_packages: *config.inject_workspace_packages,
        peers_suffix_max_length: *config.peers_suffix_max_length as u64,
        all_projects: false,
    }
}

/// The folder of an importer. Its id was validated: relative, with `/`.
#[must_use]
pub fn importer_folder(lockfile_dir: &Path, id: &str) -> PathBuf {
    if id == "." {
        return lockfile_dir.to_path_buf();
    }
    let mut folder = lockfile_dir.to_path_buf();
    for segment in id.split('/') {
        match segment {
            "." | "" => {}
            ".." => {
                folder.pop();
            }
            segment => folder.push(segment),
        }
    }
    folder
}

fn refuse_unsupported(config: &Config) -> Result<(), InstallError> {
    let refuse = |what: &str| {
        Err(InstallError::Unsupported {
            what: format!("{what} is not supported by this version of pacwatch"),
            help: "Use pnpm for this project, or change the setting.".to_owned(),
        })
    };
    if *config.node_linker != NodeLinker::Isolated {
        return refuse(&format!("nodeLinker: {}", config.node_linker.name()));
    }
    if *config.enable_global_virtual_store {
        return refuse("enableGlobalVirtualStore");
    }
    if !*config.symlink || !*config.enable_modules_dir {
        return refuse("an install without symlinks or without node_modules");
    }
    if !*config.lockfile || !*config.shared_workspace_lockfile {
        return refuse("an install without one lockfile for the whole workspace");
    }
    if !config.patched_dependencies.is_empty() {
        return refuse("patchedDependencies");
    }
    Ok(())
}
