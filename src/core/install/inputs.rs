//! What an install starts from: the lockfile and the manifests, read at the same time and held against each other.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use super::InstallError;
use crate::core::config::{Config, LinkWorkspacePackages, NodeLinker};
use crate::core::lockfile::{
    FreshnessSettings, Lockfile, LockfileError, PnpmfileChecksum, check_freshness, validate,
};
use crate::core::manifest::Manifest;
use crate::core::patch::PatchFiles;
use crate::core::state::CURRENT_LOCKFILE;
use crate::core::workspace::{Project, Workspace};

/// Everything read.
pub struct Inputs {
    /// The wanted lockfile; it was validated.
    pub lockfile: Lockfile,
    /// The projects that share it.
    pub workspace: Workspace,
    /// The ids of the importers the install is about, in the lockfile's order: projects that are there and, where
    /// some are selected, the selected ones and the root. No other importer of the lockfile is anybody's.
    pub importers: Vec<String>,
    /// Those of them that were selected, or all. The others are in the tree from before and stay as they are.
    pub selected: Vec<String>,
    /// The patches of the settings.
    pub patches: PatchFiles,
    /// Projects that were left out because others were selected; pnpm calls such an install filtered.
    pub left_out: usize,
    /// What the user should know about the projects.
    pub warnings: Vec<String>,
}

impl Inputs {
    /// The lockfile with the importers that the install is about and no others: what is to be in place afterwards.
    #[must_use]
    pub fn installed(&self) -> Cow<'_, Lockfile> {
        if self.importers.len() == self.lockfile.importers.len() {
            return Cow::Borrowed(&self.lockfile);
        }
        let mut lockfile = self.lockfile.clone();
        lockfile.importers.retain(|id, _| self.importers.contains(id));
        Cow::Owned(lockfile)
    }
}

/// What was found on disk, not yet held against each other.
pub struct Found {
    /// The projects.
    pub workspace: Workspace,
    /// The lockfile, validated; `None` without one.
    pub lockfile: Result<Option<Lockfile>, LockfileError>,
    /// The ids of the selected projects; `None` means all.
    selected: Option<Vec<String>>,
    /// What to say of selectors that select none.
    unmatched: Vec<String>,
    /// The patches of the settings.
    pub patches: PatchFiles,
}

/// Reads lockfile and manifests. Where `may_begin`, a project without a manifest is one with an empty one.
///
/// # Errors
/// When a manifest is absent or broken, or when the project needs what this version cannot do. A broken lockfile is no
/// error yet: it may not be needed.
pub fn find(config: &Config, may_begin: bool) -> Result<Found, InstallError> {
    refuse_unsupported(config)?;
    let path = config.lockfile_dir.join(Lockfile::FILE_NAME);
    let (workspace, lockfile) = std::thread::scope(|scope| {
        let lockfile = scope.spawn(|| -> Result<Option<Lockfile>, LockfileError> {
            let lockfile = Lockfile::read(&path)?;
            lockfile.as_ref().map(validate).transpose()?;
            Ok(lockfile)
        });
        let workspace = if may_begin { Workspace::find_or_begin(config) } else { Workspace::find(config) };
        (workspace, lockfile.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    let workspace = workspace?;
    let (selected, unmatched) = selected(config, &workspace)?;
    let selected = selected.map(|ids| ids.into_iter().map(str::to_owned).collect());
    let patches = PatchFiles::read(&config.patched_dependencies, config.settings_dir())?;
    Ok(Found { workspace, lockfile, selected, unmatched, patches })
}

impl Found {
    /// The projects that the install is about: the selected ones and the root.
    pub fn wanted(&self) -> impl Iterator<Item = &Project> {
        self.workspace.projects.iter().filter(|project| {
            project.id == "." || self.selected.as_ref().is_none_or(|ids| ids.contains(&project.id))
        })
    }

    /// The ids of the selected projects, or of all.
    #[must_use]
    pub fn selected_projects(&self) -> Vec<String> {
        match &self.selected {
            Some(selected) => selected.clone(),
            None => self.workspace.projects.iter().map(|project| project.id.clone()).collect(),
        }
    }

    /// Some project is left out.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.wanted().count() < self.workspace.projects.len()
    }

    /// Whether a lockfile is what the manifests and settings ask for. Projects that are not selected may have changed:
    /// pnpm does not look at them either.
    ///
    /// # Errors
    /// What differs.
    pub fn check_fresh(
        &self,
        config: &Config,
        lockfile: &Lockfile,
        all_projects: bool,
    ) -> Result<(), LockfileError> {
        let settings = FreshnessSettings { all_projects, ..self.freshness_settings(config) };
        check_freshness(lockfile, &self.manifests(), &settings)
    }

    /// The settings that a lockfile depends on.
    #[must_use]
    pub fn freshness_settings(&self, config: &Config) -> FreshnessSettings {
        FreshnessSettings { patched_dependencies: self.patches.hashes(), ..freshness_settings(config) }
    }

    /// The manifests of the wanted projects, by id.
    #[must_use]
    pub fn manifests(&self) -> Vec<(&str, &Manifest)> {
        self.wanted().filter_map(|project| Some((project.id.as_str(), project.manifest.as_ref()?))).collect()
    }

    /// The inputs with the lockfile that was decided on.
    #[must_use]
    pub fn with(self, config: &Config, lockfile: Lockfile) -> Inputs {
        let is_wanted = |id: &str| self.wanted().any(|project| project.id == id);
        let installed_before = match self.selected {
            Some(_) => installed_importers(config),
            None => Vec::new(),
        };
        let importers: Vec<String> = lockfile
            .importers
            .keys()
            .filter(|id| {
                is_wanted(id) || installed_before.contains(*id) && self.workspace.project(id).is_some()
            })
            .cloned()
            .collect();
        let selected = importers.iter().filter(|id| is_wanted(id)).cloned().collect();
        let is_installed = |project: &&Project| importers.contains(&project.id) || is_wanted(&project.id);
        let left_out = self.workspace.projects.iter().filter(|project| !is_installed(project)).count();
        let gone = lockfile.importers.keys().filter(|id| self.workspace.project(id).is_none());
        let gone = gone.map(|id| {
            format!(
                "pnpm-lock.yaml has {id}, which is no project here (any more); nothing is installed for it"
            )
        });
        let warnings = self.unmatched.iter().cloned().chain(gone).collect();
        let (workspace, patches) = (self.workspace, self.patches);
        Inputs { lockfile, workspace, importers, selected, patches, left_out, warnings }
    }
}

/// The importers of the tree that is there: what was installed for others than the selected ones stays.
fn installed_importers(config: &Config) -> Vec<String> {
    let path = config.virtual_store_dir.join(CURRENT_LOCKFILE);
    let current = std::fs::read_to_string(&path).ok().and_then(|text| Lockfile::parse(&text, &path).ok());
    current.map_or_else(Vec::new, |current| current.importers.into_keys().collect())
}

/// Why the install is about nothing, if selectors were given and no project fits any of them.
///
/// # Errors
/// When projects cannot be read, or a selector is of a kind that is not known.
pub fn selects_nothing(config: &Config) -> Result<Option<String>, InstallError> {
    if config.filter.is_empty() {
        return Ok(None);
    }
    let workspace = Workspace::find_all(config)?;
    let (selected, _) = selected(config, &workspace)?;
    Ok(selected
        .is_some_and(|ids| ids.is_empty())
        .then(|| format!("no project of the workspace fits --filter {}", config.filter.join(" or "))))
}

/// The ids of the selected projects, where `None` means all, and what to say of selectors that select none.
pub(super) fn selected<'a>(
    config: &Config,
    workspace: &'a Workspace,
) -> Result<(Option<Vec<&'a str>>, Vec<String>), InstallError> {
    // Without a recursive install, a project is installed with the projects it depends on.
    let own = ["{.}...".to_owned()];
    let selectors: &[String] = match (&*config.filter, *config.recursive_install) {
        ([], true) => return Ok((None, Vec::new())),
        ([], false) => &own,
        (selectors, _) => selectors,
    };
    let plain_ranges = *config.link_workspace_packages != LinkWorkspacePackages::No;
    let selected = workspace.select(selectors, &config.project_dir, plain_ranges)?;
    let ids = selected.projects.iter().map(|position| workspace.projects[*position].id.as_str());
    let unmatched = selected
        .unmatched
        .iter()
        .map(|selector| format!("no project of the workspace fits --filter {selector}"));
    Ok((Some(ids.collect()), unmatched.collect()))
}

fn freshness_settings(config: &Config) -> FreshnessSettings {
    let extensions = &config.package_extensions.value;
    FreshnessSettings {
        catalogs: config.catalogs.value.clone(),
        overrides: config.overrides.value.clone(),
        package_extensions: (!extensions.is_null()).then(|| extensions.clone()),
        pnpmfile_checksum: PnpmfileChecksum::Unknown,
        ignored_optional_dependencies: config.ignored_optional_dependencies.value.clone(),
        patched_dependencies: IndexMap::new(),
        auto_install_peers: *config.auto_install_peers,
        dedupe_peers: *config.dedupe_peers,
        exclude_links_from_lockfile: *config.exclude_links_from_lockfile,
        inject_workspace_packages: *config.inject_workspace_packages,
        peers_suffix_max_length: *config.peers_suffix_max_length as u64,
        // pnpm does not mind an importer without a project when the lockfile is frozen; nothing is linked for it.
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
    // How packages are laid out does not matter where none are.
    if !config.lockfile_only {
        if *config.node_linker != NodeLinker::Isolated {
            return refuse(&format!("nodeLinker: {}", config.node_linker.name()));
        }
        if *config.enable_global_virtual_store {
            return refuse("enableGlobalVirtualStore");
        }
        if !*config.symlink || !*config.enable_modules_dir {
            return refuse("an install without symlinks or without node_modules");
        }
    }
    if !*config.lockfile {
        return refuse("an install without a lockfile");
    }
    Ok(())
}
