//! What configuration is read from: a folder, the environment and the command line, handed in from outside so
//! that the same input always gives the same answer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::core::event::{ImportMethod, LinkMode};

/// Everything [`Config::load`](super::Config::load) depends on besides the files it reads.
#[derive(Debug, Clone)]
pub struct Input {
    /// The project's folder; made absolute against `working_dir`.
    pub dir: PathBuf,
    /// Absolute path that relative paths of the command line and of variables start from.
    pub working_dir: PathBuf,
    /// Environment variables. Those that are not Unicode are left out.
    pub environment: BTreeMap<String, String>,
    /// The user's home, if there is one.
    pub home: Option<PathBuf>,
    /// What the command line says.
    pub flags: Flags,
    /// Processors this process may use.
    pub processors: u32,
}

impl Input {
    /// The input of this very process; the one place that looks at the process's environment.
    ///
    /// # Errors
    /// When the working folder cannot be told.
    pub fn of_process(dir: PathBuf, flags: Flags) -> std::io::Result<Self> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let processors = std::thread::available_parallelism()
            .map_or(1, |count| u32::try_from(count.get()).unwrap_or(u32::MAX));
        Ok(Self {
            dir,
            working_dir: std::env::current_dir()?,
            environment,
            home: std::env::home_dir().filter(|home| home.is_absolute()),
            flags,
            processors,
        })
    }

    /// A variable that is set to something.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Settings of the command line; `None` and empty lists are what was not said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Flags {
    /// `--frozen-lockfile`, `--no-frozen-lockfile`.
    pub frozen_lockfile: Option<bool>,
    /// `--prefer-frozen-lockfile`, `--no-prefer-frozen-lockfile`.
    pub prefer_frozen_lockfile: Option<bool>,
    /// `--lockfile-only`.
    pub lockfile_only: bool,
    /// `--fix-lockfile`.
    pub fix_lockfile: bool,
    /// `--force`.
    pub force: bool,
    /// `dedupe`.
    pub dedupe: Option<Dedupe>,
    /// `--offline`.
    pub offline: Option<bool>,
    /// `--prefer-offline`.
    pub prefer_offline: Option<bool>,
    /// `--trust-lockfile`.
    pub trust_lockfile: Option<bool>,
    /// `--ignore-scripts`.
    pub ignore_scripts: Option<bool>,
    /// `--prod` or `--dev`.
    pub only: Option<OnlyDependencies>,
    /// `--no-optional`.
    pub no_optional: bool,
    /// `--network-concurrency`.
    pub network_concurrency: Option<u32>,
    /// `--extract-threads`.
    pub extract_threads: Option<u32>,
    /// `--link-threads`.
    pub link_threads: Option<u32>,
    /// `--link-mode`.
    pub link_mode: Option<LinkMode>,
    /// `--import-method`.
    pub import_method: Option<ImportMethod>,
    /// `--store-dir`, as written.
    pub store_dir: Option<PathBuf>,
    /// `--cache-dir`, as written.
    pub cache_dir: Option<PathBuf>,
    /// `--registry`.
    pub registry: Option<String>,
    /// `--cpu`.
    pub cpu: Vec<String>,
    /// `--os`.
    pub os: Vec<String>,
    /// `--libc`.
    pub libc: Vec<String>,
    /// `--filter`, each as written.
    pub filter: Vec<String>,
    /// `--setting`: settings by name, each as written.
    pub settings: Vec<(String, String)>,
    /// `--recursive`: all projects of the workspace are meant, whatever the settings say.
    pub recursive: bool,
    /// `--ignore-workspace-root-check`.
    pub ignore_workspace_root_check: bool,
    /// `--fail-if-no-match`.
    pub fail_if_no_match: bool,
}

/// What becomes of a lockfile in which versions could be fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dedupe {
    /// It is written.
    Write,
    /// It stays, and that is an error.
    Check,
}

/// Which of the two main kinds of dependencies a command asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyDependencies {
    /// `--prod`: no `devDependencies`.
    Production,
    /// `--dev`: `devDependencies` alone.
    Development,
}
