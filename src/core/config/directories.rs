//! Where things are: the project, its workspace, and the user's folders of pnpm.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::input::Input;
use super::yaml::WORKSPACE_MANIFEST;

/// Absolute path of the project, without symbolic links, as pnpm records it.
pub(super) fn project_dir(input: &Input) -> Result<PathBuf, ConfigError> {
    let path = input.working_dir.join(&input.dir);
    path.canonicalize()
        .map_err(|source| ConfigError::ProjectDir { path, source })
}

/// The folder `NPM_CONFIG_WORKSPACE_DIR` names, else the nearest one that holds a `pnpm-workspace.yaml`.
pub(super) fn workspace_dir(input: &Input, project_dir: &Path) -> Option<PathBuf> {
    let named = [
        "PNPM_CONFIG_WORKSPACE_DIR",
        "NPM_CONFIG_WORKSPACE_DIR",
        "npm_config_workspace_dir",
    ];
    if let Some(dir) = named.into_iter().find_map(|name| input.variable(name)) {
        return Some(input.working_dir.join(dir));
    }
    let mut folders = project_dir.ancestors();
    folders
        .find(|dir| dir.join(WORKSPACE_MANIFEST).is_file())
        .map(Path::to_owned)
}

/// pnpm's home, where global packages and the default store lie.
pub(super) fn pnpm_home(input: &Input) -> Option<PathBuf> {
    if let Some(dir) = input.variable("PNPM_HOME") {
        return Some(input.working_dir.join(dir));
    }
    if let Some(dir) = input.variable("XDG_DATA_HOME") {
        return Some(input.working_dir.join(dir).join("pnpm"));
    }
    of_system(input, "Library/pnpm", ".local/share/pnpm", "pnpm")
}

/// The folder of `config.yaml` and `auth.ini`.
pub(super) fn configuration_dir(input: &Input) -> Option<PathBuf> {
    if let Some(dir) = input.variable("XDG_CONFIG_HOME") {
        return Some(input.working_dir.join(dir).join("pnpm"));
    }
    of_system(input, "Library/Preferences/pnpm", ".config/pnpm", "pnpm/config")
}

/// The cache of metadata, when nobody says where.
pub(super) fn cache_dir(input: &Input) -> Result<PathBuf, ConfigError> {
    if let Some(dir) = input.variable("XDG_CACHE_HOME") {
        return Ok(input.working_dir.join(dir).join("pnpm"));
    }
    of_system(input, "Library/Caches/pnpm", ".cache/pnpm", "pnpm-cache")
        .ok_or(ConfigError::NoHome { what: "the cache" })
}

/// The folder this system keeps such a thing in.
fn of_system(input: &Input, on_macos: &str, on_unix: &str, on_windows: &str) -> Option<PathBuf> {
    if cfg!(windows)
        && let Some(dir) = input.variable("LOCALAPPDATA")
    {
        return Some(PathBuf::from(dir).join(on_windows));
    }
    let below = if cfg!(target_os = "macos") {
        on_macos
    } else {
        on_unix
    };
    input.home.as_ref().map(|home| home.join(below))
}
