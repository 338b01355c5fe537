//! A workspace with members, folders and tarballs beside each other: files by path, and a lockfile as text.

use std::collections::BTreeMap;
use std::fs;

use super::project::Site;
use super::registry::Registry;

/// What a workspace consists of, before it is written: path from its root → content.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    files: BTreeMap<String, Vec<u8>>,
    settings: Vec<String>,
}

impl Workspace {
    /// A workspace whose projects these patterns name, and this lockfile after its head.
    pub fn new(patterns: &[&str], lockfile: &str) -> Self {
        let mut workspace = Self::default();
        workspace.settings.push("packages:".to_owned());
        let quoted = patterns.iter().map(|pattern| format!("  - '{pattern}'"));
        workspace.settings.extend(quoted);
        let head = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n";
        workspace.file("pnpm-lock.yaml", format!("{head}\n{lockfile}"))
    }

    /// Adds a file.
    pub fn file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// Adds a line to `pnpm-workspace.yaml`.
    pub fn setting(mut self, line: &str) -> Self {
        self.settings.push(line.to_owned());
        self
    }

    /// Writes it into a new folder.
    pub fn write(&self, registry: &Registry) -> Site {
        let site = Site::new();
        let mut settings = self.settings.clone();
        for (name, folder) in [("storeDir", &site.store), ("cacheDir", &site.cache)] {
            settings.push(format!("{name}: '{}'", folder.display()));
        }
        // What is not about verification asks the registry for tarballs alone.
        if !settings.iter().any(|line| line.starts_with("trustLockfile")) {
            settings.push("trustLockfile: true".to_owned());
        }
        let mut files = self.files.clone();
        files.insert("pnpm-workspace.yaml".to_owned(), (settings.join("\n") + "\n").into());
        files.insert(".npmrc".to_owned(), format!("registry={}\n", registry.url()).into());
        for (path, content) in files {
            let path = site.project.join(path);
            fs::create_dir_all(path.parent().unwrap()).expect("a temporary folder can be written");
            fs::write(path, content).expect("a temporary folder can be written");
        }
        site
    }
}
