//! How settings are found: which source wins, who gets which secret, and what a wrong value is met with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod credentials;
mod mistakes;
mod places;
mod precedence;
mod registries;
mod transport;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pacwatch::core::config::{Config, ConfigError, Flags, Input};
use tempfile::TempDir;

/// A machine of its own: a home, a project, an environment.
struct Machine {
    root: TempDir,
    environment: BTreeMap<String, String>,
    flags: Flags,
}

impl Machine {
    fn new() -> Self {
        let machine = Self {
            root: tempfile::tempdir().unwrap(),
            environment: BTreeMap::new(),
            flags: Flags::default(),
        };
        fs::create_dir_all(machine.home()).unwrap();
        Self::write(&machine.project().join("package.json"), "{}");
        machine
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(below)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    fn project(&self) -> PathBuf {
        self.path("work/project")
    }

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn user_npmrc(self, text: &str) -> Self {
        Self::write(&self.home().join(".npmrc"), text);
        self
    }

    fn project_npmrc(self, text: &str) -> Self {
        Self::write(&self.project().join(".npmrc"), text);
        self
    }

    /// The user's `config.yaml`, where Linux and other systems keep it.
    fn user_yaml(self, text: &str) -> Self {
        Self::write(&self.path("configuration/pnpm/config.yaml"), text);
        let configuration = self.path("configuration");
        self.variable("XDG_CONFIG_HOME", configuration.to_str().unwrap())
    }

    fn project_yaml(self, text: &str) -> Self {
        Self::write(&self.project().join("pnpm-workspace.yaml"), text);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn flags(mut self, flags: Flags) -> Self {
        self.flags = flags;
        self
    }

    fn input(&self) -> Input {
        Input {
            dir: self.project(),
            working_dir: self.path("work"),
            environment: self.environment.clone(),
            home: Some(self.home()),
            flags: self.flags.clone(),
            processors: 4,
        }
    }

    fn try_load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.input())
    }

    fn load(&self) -> Config {
        self.try_load().unwrap()
    }

    /// The error's sentence, with the machine's own folder cut out.
    fn complaint(&self) -> String {
        let root = self.root.path().canonicalize().unwrap();
        self.try_load().unwrap_err().to_string().replace(root.to_str().unwrap(), "")
    }

    /// The warnings, with the machine's own folder cut out.
    fn warnings(&self) -> Vec<String> {
        let root = self.root.path().canonicalize().unwrap();
        self.load().warnings.iter().map(|warning| warning.replace(root.to_str().unwrap(), "")).collect()
    }
}
