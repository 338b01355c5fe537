//! `node_modules/.modules.yaml`: what the tree was made with (pnpm: `modules-yaml/src/lib.rs`).
//!
//! JSON in spite of its name, but for files of old pnpm versions, which are YAML.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{StateError, write};
use crate::core::path::{relative, without_dots};

/// Version of the layout that this program makes and understands.
const LAYOUT_VERSION: u64 = 5;

/// Longest name of a slot where the file does not say.
const DEFAULT_MAX_LENGTH: u64 = 120;

/// Where a hoisted package is linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoistKind {
    /// In the root project's folder of modules.
    Public,
    /// In `node_modules` of the virtual store.
    Private,
}

/// Dep path (or id of an importer) → alias → where, in the order of hoisting.
pub type HoistedDependencies = IndexMap<String, IndexMap<String, HoistKind>>;

/// `included`: the groups that were installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IncludedGroups {
    /// `dependencies`
    pub dependencies: bool,
    /// `devDependencies`
    pub dev_dependencies: bool,
    /// `optionalDependencies`
    pub optional_dependencies: bool,
}

/// The file, field for field in its order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ModulesState {
    /// What is hoisted.
    pub hoisted_dependencies: HoistedDependencies,
    /// `hoistPattern`; absent when hoisting is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hoist_pattern: Option<Vec<String>>,
    /// The groups that were installed.
    pub included: IncludedGroups,
    /// Version of the layout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layout_version: Option<u64>,
    /// `nodeLinker`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_linker: Option<String>,
    /// Name and version of the program that made the tree. Nobody reads it.
    pub package_manager: String,
    /// Importers and dep paths whose scripts have not been run.
    pub pending_builds: Vec<String>,
    /// Packages whose scripts nobody has allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignored_builds: Option<Vec<String>>,
    /// When slots that nobody needs were last deleted, as an HTTP date.
    pub pruned_at: String,
    /// `publicHoistPattern`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_hoist_pattern: Option<Vec<String>>,
    /// Dep paths that this machine cannot run, in order.
    pub skipped: Vec<String>,
    /// `storeDir`, its version included.
    pub store_dir: String,
    /// The virtual store, relative to the folder of modules.
    pub virtual_store_dir: String,
    /// `virtualStoreDirMaxLength`.
    pub virtual_store_dir_max_length: u64,
    /// Folder on this machine → slots that hold a copy of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub injected_deps: Option<BTreeMap<String, Vec<String>>>,
    /// Where the packages of a hoisted layout lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hoisted_locations: Option<BTreeMap<String, Vec<String>>>,
    /// `allowBuilds` in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_builds: Option<BTreeMap<String, Value>>,
    /// Only the virtual store was made, no links into it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub virtual_store_only: Option<bool>,
}

/// What there is to know of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// There is no file.
    Nothing,
    /// There is one, which makes no sense.
    Unreadable,
    /// What it says.
    Known(Box<ModulesState>),
}

impl Recorded {
    /// What the file says, if anything.
    #[must_use]
    pub fn known(&self) -> Option<&ModulesState> {
        match self {
            Self::Known(state) => Some(state),
            Self::Nothing | Self::Unreadable => None,
        }
    }
}

/// What two installs must have in common for one to build on the other's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `nodeLinker`.
    pub node_linker: String,
    /// `hoistPattern`.
    pub hoist_pattern: Option<Vec<String>>,
    /// `publicHoistPattern`.
    pub public_hoist_pattern: Option<Vec<String>>,
    /// The store, its version included.
    pub store_dir: PathBuf,
    /// The virtual store.
    pub virtual_store_dir: PathBuf,
    /// `virtualStoreDirMaxLength`.
    pub virtual_store_dir_max_length: u64,
}

impl ModulesState {
    /// Name of the file in the folder of modules.
    pub const FILE_NAME: &'static str = ".modules.yaml";

    /// What a tree of this layout is recorded with; the rest is for the caller to fill in.
    #[must_use]
    pub fn of(layout: &Layout, modules: &Path) -> Self {
        Self {
            hoist_pattern: layout.hoist_pattern.clone(),
            layout_version: Some(LAYOUT_VERSION),
            node_linker: Some(layout.node_linker.clone()),
            public_hoist_pattern: layout.public_hoist_pattern.clone(),
            store_dir: layout.store_dir.display().to_string(),
            virtual_store_dir: relative(modules, &layout.virtual_store_dir).display().to_string(),
            virtual_store_dir_max_length: layout.virtual_store_dir_max_length,
            ..Self::default()
        }
    }

    /// Reads the file of a folder of modules.
    #[must_use]
    pub fn read(modules: &Path) -> Recorded {
        let text = match fs::read_to_string(modules.join(Self::FILE_NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Recorded::Nothing,
            Err(_) => return Recorded::Unreadable,
        };
        let parsed: Option<Self> =
            serde_json::from_str(&text).ok().or_else(|| serde_saphyr::from_str(&text).ok());
        match parsed {
            Some(mut state) => {
                if state.virtual_store_dir_max_length == 0 {
                    state.virtual_store_dir_max_length = DEFAULT_MAX_LENGTH;
                }
                Recorded::Known(Box::new(state))
            }
            None => Recorded::Unreadable,
        }
    }

    /// Writes the file. One that says the same is left alone.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, modules: &Path, before: &Recorded) -> Result<bool, StateError> {
        let package_manager = before.known().map(|state| state.package_manager.clone());
        let renamed = package_manager.map(|package_manager| Self { package_manager, ..self.clone() });
        if renamed.as_ref() == before.known() && renamed.is_some() {
            return Ok(false);
        }
        let path = modules.join(Self::FILE_NAME);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| StateError::io("write", &path, error.into()))?;
        write::write(&path, text.as_bytes())
    }

    /// Names the first thing about the tree for which it must be made anew, if there is any.
    #[must_use]
    pub fn difference(&self, layout: &Layout, modules: &Path) -> Option<&'static str> {
        let patterns = |patterns: &Option<Vec<String>>| patterns.clone().unwrap_or_default();
        let virtual_store = if self.virtual_store_dir.is_empty() {
            modules.join(".pnpm")
        } else {
            modules.join(&self.virtual_store_dir)
        };
        let checks = [
            ("layout", self.layout_version == Some(LAYOUT_VERSION)),
            ("nodeLinker", self.node_linker.as_ref() == Some(&layout.node_linker)),
            (
                "hoistPattern",
                patterns(&self.hoist_pattern) == patterns(&layout.hoist_pattern)
                    || self.virtual_store_only == Some(true),
            ),
            (
                "publicHoistPattern",
                patterns(&self.public_hoist_pattern) == patterns(&layout.public_hoist_pattern)
                    || self.virtual_store_only == Some(true),
            ),
            (
                "virtualStoreDirMaxLength",
                self.virtual_store_dir_max_length == layout.virtual_store_dir_max_length,
            ),
            ("storeDir", without_dots(Path::new(&self.store_dir)) == without_dots(&layout.store_dir)),
            ("virtualStoreDir", without_dots(&virtual_store) == without_dots(&layout.virtual_store_dir)),
        ];
        checks.iter().find(|(_, agrees)| !agrees).map(|(what, _)| *what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN_BY_PNPM: &str = r#"{
  "hoistedDependencies": {
    "z@1.0.0": {
      "z": "private"
    },
    "a@1.0.0": {
      "a": "public",
      "b": "private"
    }
  },
  "hoistPattern": [
    "*"
  ],
  "included": {
    "dependencies": true,
    "devDependencies": true,
    "optionalDependencies": false
  },
  "layoutVersion": 5,
  "nodeLinker": "isolated",
  "packageManager": "pnpm@12.21.0",
  "pendingBuilds": [],
  "ignoredBuilds": [
    "esbuild@0.21.5"
  ],
  "prunedAt": "Sun, 22 Nov 2026 13:10:01 GMT",
  "publicHoistPattern": [],
  "skipped": [
    "fsevents@2.3.3"
  ],
  "storeDir": "/home/me/./store/v11",
  "virtualStoreDir": ".pnpm",
  "virtualStoreDirMaxLength": 120,
  "allowBuilds": {}
}"#;

    fn layout() -> Layout {
        Layout {
            node_linker: "isolated".into(),
            hoist_pattern: Some(vec!["*".into()]),
            public_hoist_pattern: None,
            store_dir: "/home/me/store/v11".into(),
            virtual_store_dir: "/project/node_modules/.pnpm".into(),
            virtual_store_dir_max_length: 120,
        }
    }

    fn read(text: &str) -> (tempfile::TempDir, Recorded) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".modules.yaml"), text).unwrap();
        let recorded = ModulesState::read(folder.path());
        (folder, recorded)
    }

    #[test]
    fn what_pnpm_wrote_is_written_back_byte_for_byte() {
        let (folder, recorded) = read(WRITTEN_BY_PNPM);
        let state = recorded.known().unwrap();
        assert!(state.write(folder.path(), &Recorded::Nothing).is_ok());
        let again = fs::read_to_string(folder.path().join(".modules.yaml")).unwrap();
        assert_eq!(again, WRITTEN_BY_PNPM);
    }

    #[test]
    fn a_file_that_says_the_same_of_another_program_is_left_alone() {
        let (folder, recorded) = read(WRITTEN_BY_PNPM);
        let mut state = recorded.known().unwrap().clone();
        state.package_manager = "pnpm@12.99.0".into();
        assert!(!state.write(folder.path(), &recorded).unwrap());
        state.skipped.clear();
        assert!(state.write(folder.path(), &recorded).unwrap());
    }

    #[test]
    fn a_tree_fits_when_its_settings_mean_the_same() {
        let (_folder, recorded) = read(WRITTEN_BY_PNPM);
        let state = recorded.known().unwrap();
        let modules = Path::new("/project/node_modules");
        assert_eq!(state.difference(&layout(), modules), None);
        let absolute =
            ModulesState { virtual_store_dir: "/project/node_modules/.pnpm".into(), ..state.clone() };
        assert_eq!(absolute.difference(&layout(), modules), None);
        let differs = |change: &dyn Fn(&mut Layout)| {
            let mut wanted = layout();
            change(&mut wanted);
            state.difference(&wanted, modules)
        };
        assert_eq!(differs(&|layout| layout.store_dir.push("x")), Some("storeDir"));
        assert_eq!(differs(&|layout| layout.node_linker = "hoisted".into()), Some("nodeLinker"));
        assert_eq!(differs(&|layout| layout.hoist_pattern = None), Some("hoistPattern"));
        assert_eq!(
            differs(&|layout| layout.public_hoist_pattern = Some(vec!["*".into()])),
            Some("publicHoistPattern")
        );
        assert_eq!(differs(&|layout| layout.virtual_store_dir.push("x")), Some("virtualStoreDir"));
        assert_eq!(
            differs(&|layout| layout.virtual_store_dir_max_length = 60),
            Some("virtualStoreDirMaxLength")
        );
        let old = ModulesState { layout_version: Some(4), ..state.clone() };
        assert_eq!(old.difference(&layout(), modules), Some("layout"));
    }

    #[test]
    fn what_makes_no_sense_is_unreadable_and_what_old_versions_wrote_in_yaml_is_read() {
        assert_eq!(read("[1, 2").1, Recorded::Unreadable);
        assert_eq!(ModulesState::read(Path::new("/does/not/exist")), Recorded::Nothing);
        let (_folder, old) = read("layoutVersion: 5\nnodeLinker: isolated\nstoreDir: /s\n");
        let old = old.known().unwrap();
        assert_eq!((old.layout_version, old.virtual_store_dir_max_length), (Some(5), 120));
    }
}
