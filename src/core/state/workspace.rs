//! `node_modules/.pnpm-workspace-state-v1.json`: what lets an install end before it has read a lockfile (pnpm:
//! `workspace-state/src/lib.rs`).
//!
//! pnpm also writes a block `validation` with digests; without it, it goes by the times of the files, and so do we.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{StateError, write};

/// A project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectEntry {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceState {
    /// Until when changes of manifests and lockfile were taken into account, in milliseconds of Unix time.
    pub last_validated_timestamp: u64,
    /// The projects, by their absolute path.
    #[serde(default)]
    pub projects: BTreeMap<String, ProjectEntry>,
    /// Hook files that took part.
    #[serde(default)]
    pub pnpmfiles: Vec<String>,
    /// Only some of the projects were installed.
    #[serde(default)]
    pub filtered_install: bool,
    /// The settings, by pnpm's name. What is not set has no key.
    #[serde(default)]
    pub settings: Map<String, Value>,
}

impl WorkspaceState {
    /// Name of the file in the folder of modules.
    pub const FILE_NAME: &'static str = ".pnpm-workspace-state-v1.json";

    fn path(root: &Path) -> PathBuf {
        // Not below `modulesDir`: pnpm looks for it here whatever that is.
        root.join("node_modules").join(Self::FILE_NAME)
    }

    /// Reads the state of a workspace; `None` where there is none that makes sense.
    #[must_use]
    pub fn read(root: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(Self::path(root)).ok()?).ok()
    }

    /// Writes the state of a workspace.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, root: &Path) -> Result<(), StateError> {
        let path = Self::path(root);
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| StateError::io("write", &path, error.into()))?;
        text.push('\n');
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|source| StateError::io("create", parent, source))?;
        }
        write::write(&path, text.as_bytes()).map(|_| ())
    }

    /// Takes the state of a workspace away.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn forget(root: &Path) -> Result<(), StateError> {
        write::remove(&Self::path(root))
    }

    /// Whether this state says all that `wanted` says, and the last of what both speak of was changed before it was
    /// written, at `changed_ms` of Unix time: then it need not be written again.
    #[must_use]
    pub fn covers(&self, wanted: &Self, changed_ms: u64) -> bool {
        self.last_validated_timestamp >= changed_ms
            && self.projects == wanted.projects
            && self.pnpmfiles == wanted.pnpmfiles
            && self.filtered_install == wanted.filtered_install
            && settings_agree(&self.settings, &wanted.settings)
    }
}

/// Whether two sets of settings mean the same. Nothing allowed, nothing extended and a switch that is off are as good
/// as absent.
#[must_use]
pub fn settings_agree(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    fn meaningful(settings: &Map<String, Value>) -> BTreeMap<&str, &Value> {
        settings
            .iter()
            .filter(|(key, value)| match (key.as_str(), value) {
                (_, Value::Null) | ("enableGlobalVirtualStore", Value::Bool(false)) => false,
                ("allowBuilds" | "packageExtensions" | "catalogs", Value::Object(entries)) => {
                    !entries.is_empty()
                }
                _ => true,
            })
            .map(|(key, value)| (key.as_str(), value))
            .collect()
    }
    meaningful(left) == meaningful(right)
}

/// When a file was last changed: milliseconds of Unix time, rounded up; `None` if it is not there.
#[must_use]
pub fn modified_ms(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    let nanoseconds = modified.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    u64::try_from(nanoseconds.div_ceil(1_000_000)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(settings) => settings,
            _ => Map::new(),
        }
    }

    #[test]
    fn it_is_written_as_pnpm_writes_it_and_what_pnpm_adds_is_no_obstacle() {
        let root = tempfile::tempdir().unwrap();
        let state = WorkspaceState {
            last_validated_timestamp: 1_795_353_001_246,
            projects: BTreeMap::from([(
                "/p".to_owned(),
                ProjectEntry { name: Some("p".into()), version: None },
            )]),
            settings: settings(json!({"dev": true})),
            ..WorkspaceState::default()
        };
        state.write(root.path()).unwrap();
        let text = fs::read_to_string(WorkspaceState::path(root.path())).unwrap();
        let expected = "{\n  \"lastValidatedTimestamp\": 1795353001246,\n  \"projects\": {\n    \"/p\": {\n      \"name\": \"p\"\n    }\n  },\n  \"pnpmfiles\": [],\n  \"filteredInstall\": false,\n  \"settings\": {\n    \"dev\": true\n  }\n}\n";
        assert_eq!(text, expected);
        let richer = text.replace("\"filteredInstall\"", "\"validation\": {\"x\": 1}, \"filteredInstall\"");
        fs::write(WorkspaceState::path(root.path()), richer).unwrap();
        assert_eq!(WorkspaceState::read(root.path()), Some(state));
        WorkspaceState::forget(root.path()).unwrap();
        assert_eq!(WorkspaceState::read(root.path()), None);
        assert!(WorkspaceState::forget(root.path()).is_ok());
    }

    #[test]
    fn settings_agree_when_they_mean_the_same() {
        let agree = |left, right| settings_agree(&settings(left), &settings(right));
        assert!(agree(json!({"dev": true, "optional": true}), json!({"optional": true, "dev": true})));
        assert!(agree(json!({"allowBuilds": {}}), json!({})));
        assert!(agree(json!({"enableGlobalVirtualStore": false}), json!({})));
        assert!(agree(json!({"overrides": null}), json!({})));
        assert!(!agree(json!({"dev": true}), json!({"dev": false})));
        assert!(!agree(json!({"unheardOf": 1}), json!({})));
        assert!(!agree(json!({"hoistPattern": []}), json!({})));
        assert!(!agree(json!({}), json!({"storeDir": "/s"})));
    }
}
