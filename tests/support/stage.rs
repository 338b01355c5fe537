//! The program on a stage: a project of a few packages on a registry of its own, installed in a terminal or away
//! from one.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::answer::Answer;
use super::packages::Package;
use super::project::{Project, Site};
use super::registry::Registry;
#[cfg(unix)]
use super::tty::Tty;

/// The program that was built with the tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_pacwatch");

/// A project on its registry.
pub struct Stage {
    /// The registry.
    pub registry: Registry,
    /// The project's folders.
    pub site: Site,
}

/// Packages of the project.
pub const PACKAGES: usize = 24;

/// A package of the project, by its number from 0.
pub fn package(number: usize) -> Package {
    Package::new(&format!("package-{number:02}"), "1.0.0")
        .file("index.js", format!("module.exports = {number}\n"))
}

impl Stage {
    /// A project of [`PACKAGES`] packages.
    pub fn new() -> Self {
        let registry = Registry::start();
        let project = (0..PACKAGES).fold(Project::new(), |project, number| project.direct(&package(number)));
        let site = project.write(&registry);
        Self { registry, site }
    }

    /// Likewise, and the last package never comes.
    pub fn endless() -> Self {
        let stage = Self::new();
        stage.registry.script_tarball(&package(PACKAGES - 1), [Answer::Silence]);
        stage
    }

    /// Likewise, and the last package is missing.
    pub fn broken() -> Self {
        let stage = Self::new();
        stage.registry.script_tarball(&package(PACKAGES - 1), [Answer::Status(404)]);
        stage
    }

    /// The variables that the program finds.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment: Vec<_> = self
            .site
            .environment()
            .into_iter()
            .map(|(name, value)| (name, value.to_str().unwrap().to_owned()))
            .collect();
        environment.extend([
            ("PATH", std::env::var("PATH").unwrap()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
        ]);
        environment
    }

    /// Starts an install in a terminal, with variables of its own.
    #[cfg(unix)]
    pub fn terminal_with(&self, arguments: &[&str], variables: &[(&'static str, &str)]) -> Tty {
        let mut environment = self.environment();
        for (name, value) in variables {
            environment.retain(|(other, _)| other != name);
            environment.push((name, (*value).to_owned()));
        }
        let command: Vec<String> =
            [PROGRAM, "install"].iter().chain(arguments).map(|&word| word.to_owned()).collect();
        Tty::spawn_in(&self.site.project, &command, environment)
    }

    /// Starts an install in a terminal.
    #[cfg(unix)]
    pub fn terminal(&self) -> Tty {
        self.terminal_with(&[], &[])
    }

    /// Starts an install in a terminal and waits until the dashboard shows that the last package is awaited.
    #[cfg(unix)]
    pub fn waiting_terminal(&self) -> Tty {
        let tty = self.terminal();
        tty.until_text("23/24 fetched");
        tty
    }

    /// A command away from any terminal.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments)
            .current_dir(&self.site.project)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs an install away from any terminal.
    pub fn install(&self, arguments: &[&str]) -> Output {
        self.command(["install"].iter().chain(arguments)).output().unwrap()
    }

    /// The main file of a package in the project.
    pub fn installed(&self, number: usize) -> PathBuf {
        self.site.modules().join(format!("package-{number:02}/index.js"))
    }

    /// Every package is installed.
    pub fn assert_installed(&self) {
        for number in 0..PACKAGES {
            let content = fs::read_to_string(self.installed(number)).unwrap();
            assert_eq!(content, format!("module.exports = {number}\n"));
        }
    }
}
