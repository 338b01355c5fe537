//! A project on disk, ready to be installed: manifest, lockfile, settings, all in a temporary folder.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::lockfile::{Group, Lockfile};
use super::packages::Package;
use super::registry::Registry;

/// What a project consists of, before it is written.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Its lockfile, for what the builder does not offer.
    pub lockfile: Lockfile,
    npmrc: Vec<String>,
    settings: Vec<String>,
}

/// A project that was written. Everything is removed when this is dropped.
#[derive(Debug)]
pub struct Site {
    /// The folder that holds all the others.
    pub root: TempDir,
    /// Where the manifest and lockfile lie.
    pub project: PathBuf,
    /// `storeDir`; the store itself is `v11` in it.
    pub store: PathBuf,
    /// `cacheDir`.
    pub cache: PathBuf,
    /// An empty home.
    pub home: PathBuf,
}

impl Project {
    /// A project without dependencies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Locks a package that has no peers bound; its own dependencies must be locked as well.
    pub fn package(mut self, package: &Package) -> Self {
        self.lockfile.add(package, &[]);
        self
    }

    /// Locks a package with these peers bound: name, and version with the peer's own suffix.
    pub fn package_with_peers(mut self, package: &Package, peers: &[(&str, &str)]) -> Self {
        self.lockfile.add(package, peers);
        self
    }

    /// Depends on a version (with peers: `1.0.0(react@18.0.0)`), or under an alias on `name@version`.
    pub fn depend(self, alias: &str, reference: &str) -> Self {
        self.depend_in(Group::Production, alias, reference)
    }

    /// Likewise, in any group.
    pub fn depend_in(mut self, group: Group, alias: &str, reference: &str) -> Self {
        self.lockfile.depend(group, alias, reference);
        self
    }

    /// Locks a package and depends on it.
    pub fn direct(self, package: &Package) -> Self {
        let (name, version) = (package.name.clone(), package.version.clone());
        self.package(package).depend(&name, &version)
    }

    /// Locks a package and depends on it, optionally.
    pub fn direct_optional(self, package: &Package) -> Self {
        let (name, version) = (package.name.clone(), package.version.clone());
        self.package(package).depend_in(Group::Optional, &name, &version)
    }

    /// Points an edge of a locked snapshot to another reference.
    pub fn bind(mut self, key: &str, alias: &str, reference: &str) -> Self {
        self.lockfile.bind(key, alias, reference);
        self
    }

    /// Locks another integrity than the package's own.
    pub fn integrity(mut self, id: &str, integrity: &str) -> Self {
        self.lockfile.set_integrity(id, integrity);
        self
    }

    /// Locks the address of a tarball.
    pub fn tarball(mut self, id: &str, url: &str) -> Self {
        self.lockfile.set_tarball(id, url);
        self
    }

    /// Adds a line to `.npmrc`.
    pub fn npmrc(mut self, line: &str) -> Self {
        self.npmrc.push(line.to_owned());
        self
    }

    /// Adds a line to `pnpm-workspace.yaml`.
    pub fn setting(mut self, line: &str) -> Self {
        self.settings.push(line.to_owned());
        self
    }

    /// The manifest's text.
    pub fn manifest(&self) -> String {
        let mut manifest = Map::new();
        manifest.insert("name".to_owned(), json!("project"));
        manifest.insert("version".to_owned(), json!("1.0.0"));
        manifest.insert("private".to_owned(), json!(true));
        for (group, alias, range) in self.lockfile.direct() {
            let field = manifest.entry(group.field()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(field) = field.as_object_mut() {
                field.insert(alias.to_owned(), json!(range));
            }
        }
        serde_json::to_string_pretty(&manifest).expect("a manifest is plain JSON") + "\n"
    }

    /// Publishes all packages on the registry and writes the project into a new folder.
    pub fn write(&self, registry: &Registry) -> Site {
        for package in self.lockfile.packages() {
            registry.publish(package);
        }
        let site = Site::new();
        self.write_into(&site, registry);
        site
    }

    /// Writes (over) the files of a project that is there.
    pub fn write_into(&self, site: &Site, registry: &Registry) {
        let write = |name: &str, text: String| {
            fs::write(site.project.join(name), text).expect("a temporary folder can be written");
        };
        write("package.json", self.manifest());
        write("pnpm-lock.yaml", self.lockfile.text());
        let mut npmrc = vec![format!("registry={}", registry.url())];
        npmrc.extend(self.npmrc.iter().cloned());
        write(".npmrc", npmrc.join("\n") + "\n");
        let folder = |path: &Path| json!(path).to_string();
        let mut settings =
            vec![format!("storeDir: {}", folder(&site.store)), format!("cacheDir: {}", folder(&site.cache))];
        settings.extend(self.settings.iter().cloned());
        // What is not about verification asks the registry for tarballs alone.
        if !settings.iter().any(|line| line.starts_with("trustLockfile")) {
            settings.push("trustLockfile: true".to_owned());
        }
        write("pnpm-workspace.yaml", settings.join("\n") + "\n");
    }
}

impl Site {
    /// Empty folders.
    pub fn new() -> Self {
        let root = temporary_folder();
        let folder = |name: &str| {
            let path = root.path().join(name);
            fs::create_dir(&path).expect("a temporary folder can be written");
            path
        };
        let (project, home) = (folder("project"), folder("home"));
        let (store, cache) = (root.path().join("store"), root.path().join("cache"));
        Self { root, project, store, cache, home }
    }

    /// The project's `node_modules`.
    pub fn modules(&self) -> PathBuf {
        self.project.join("node_modules")
    }

    /// The store's own folder.
    pub fn store_v11(&self) -> PathBuf {
        self.store.join("v11")
    }

    /// Variables that keep a program away from the configuration of whoever runs the tests. Meant to be set after
    /// clearing the environment but for `PATH`.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let below = |folder: &str| self.home.join(folder);
        vec![
            ("HOME", self.home.clone()),
            ("PNPM_HOME", below("pnpm")),
            ("XDG_CACHE_HOME", below("cache")),
            ("XDG_CONFIG_HOME", below("config")),
            ("XDG_DATA_HOME", below("data")),
            ("XDG_STATE_HOME", below("state")),
        ]
    }
}

/// Room that must be free in memory before tests write there.
const AMPLE: u64 = 2 << 30;

/// A new folder: in memory where there is room, as the tests make and remove so many files that some file systems
/// become slow over it (ext4 looks through what was deleted lately before it makes something new).
fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let has_room = rustix::fs::statvfs(memory).is_ok_and(|stat| stat.f_bavail * stat.f_frsize > AMPLE);
    let in_memory = has_room.then(|| tempfile::tempdir_in(memory).ok()).flatten();
    in_memory.unwrap_or_else(|| tempfile::tempdir().expect("temporary folders can be made"))
}
