//! Where things are: the project, its workspace, and the user's folders of pnpm.

use std::path::{Path, PathBuf};

use super::error::ConfigError;
use super::input::Input;
use super::yaml::{self, WORKSPACE_MANIFEST};

/// The names a manifest may have.
const MANIFESTS: &[&str] = &["package.json", "package.json5", "package.yaml"];

/// Absolute path of the project, without symbolic links, as pnpm records it: the folder asked for, or the nearest
/// one above it that holds a manifest.
pub(super) fn project_dir(input: &Input) -> Result<PathBuf, ConfigError> {
    let path = input.working_dir.join(&input.dir);
    let asked = path.canonicalize().map_err(|source| ConfigError::ProjectDir { path, source })?;
    let nearest = asked.ancestors().find(|dir| has_manifest(dir) || dir.join(WORKSPACE_MANIFEST).is_file());
    Ok(nearest.map_or_else(|| asked.clone(), Path::to_owned))
}

fn has_manifest(dir: &Path) -> bool {
    MANIFESTS.iter().any(|name| dir.join(name).is_file())
}

/// The folder that `PNPM_CONFIG_WORKSPACE_DIR` (or `NPM_…`) names, else the nearest one that holds a
/// `pnpm-workspace.yaml`, unless the project is none of that workspace's.
pub(super) fn workspace_dir(input: &Input, project_dir: &Path) -> Result<Option<PathBuf>, ConfigError> {
    let named = [
        "PNPM_CONFIG_WORKSPACE_DIR",
        "pnpm_config_workspace_dir",
        "NPM_CONFIG_WORKSPACE_DIR",
        "npm_config_workspace_dir",
    ];
    if let Some(dir) = named.into_iter().find_map(|name| input.variable(name)) {
        return Ok(Some(input.working_dir.join(dir)));
    }
    let mut folders = project_dir.ancestors();
    let Some(root) = folders.find(|dir| dir.join(WORKSPACE_MANIFEST).is_file()) else {
        return Ok(None);
    };
    let member = project_dir.strip_prefix(root).unwrap_or(Path::new(""));
    if member.as_os_str().is_empty() {
        return Ok(Some(root.to_owned()));
    }
    let patterns = yaml::workspace_patterns(&root.join(WORKSPACE_MANIFEST))?;
    Ok(is_member(member, &patterns).then(|| root.to_owned()))
}

/// Whether a folder, relative to its workspace, is one of those that `packages` names.
fn is_member(folder: &Path, patterns: &[String]) -> bool {
    let names: Vec<_> = folder.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    let folder = names.join("/");
    let matches = |pattern: &str| {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern).trim_end_matches('/');
        fast_glob::glob_match(pattern, &folder)
    };
    let (excluding, including): (Vec<&str>, Vec<&str>) =
        patterns.iter().map(String::as_str).partition(|pattern| pattern.starts_with('!'));
    including.iter().any(|pattern| matches(pattern))
        && !excluding.iter().any(|pattern| matches(&pattern[1..]))
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
    let below = if cfg!(target_os = "macos") { on_macos } else { on_unix };
    input.home.as_ref().map(|home| home.join(below))
}
