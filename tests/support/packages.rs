//! Synthetic packages: a builder from a name and version to a tarball and its digests.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use ssri::{Algorithm, IntegrityOpts};
use tar::EntryType;

use super::archive::{self, Content, Entry, LongName};

/// How the tar archive is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapping {
    Gzip,
    GzipMembers(usize),
    Bare,
}

/// A package that never was on any registry.
///
/// Its archive starts with `package.json`, made from what the builder was told, and goes on with the files in the
/// order they were added.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name, with scope.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Alias to `version`, or to `name@version` when the alias is another name.
    pub dependencies: BTreeMap<String, String>,
    /// Likewise, for those it can do without.
    pub optional_dependencies: BTreeMap<String, String>,
    /// Name to range.
    pub peers: BTreeMap<String, String>,
    /// Those of the peers it can do without.
    pub optional_peers: Vec<String>,
    /// `os`, `cpu` and `libc`, those that are limited.
    pub platforms: BTreeMap<&'static str, Vec<String>>,
    /// `engines`.
    pub engines: BTreeMap<String, String>,
    /// Command to file.
    pub bins: BTreeMap<String, String>,
    /// The text of `deprecated`.
    pub deprecated: Option<String>,
    scripts: BTreeMap<String, String>,
    entries: Vec<Entry>,
    root: String,
    manifest: Option<Vec<u8>>,
    omits_manifest: bool,
    wrapping: Wrapping,
    kept: Option<usize>,
    trailing: Vec<u8>,
}

impl Package {
    /// A package that holds nothing but its `package.json`.
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            dependencies: BTreeMap::new(),
            optional_dependencies: BTreeMap::new(),
            peers: BTreeMap::new(),
            optional_peers: Vec::new(),
            platforms: BTreeMap::new(),
            engines: BTreeMap::new(),
            bins: BTreeMap::new(),
            deprecated: None,
            scripts: BTreeMap::new(),
            entries: Vec::new(),
            root: "package".to_owned(),
            manifest: None,
            omits_manifest: false,
            wrapping: Wrapping::Gzip,
            kept: None,
            trailing: Vec::new(),
        }
    }

    /// `name@version`.
    pub fn id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Adds a file with mode 644.
    pub fn file(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.file_with_mode(path, bytes, 0o644)
    }

    /// Adds a file with mode 755.
    pub fn executable(self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.file_with_mode(path, bytes, 0o755)
    }

    /// Adds a file with any mode: 600, 777, 4755 (setuid), …
    pub fn file_with_mode(self, path: &str, bytes: impl Into<Vec<u8>>, mode: u32) -> Self {
        let path = format!("{}/{path}", self.root);
        self.entry(Entry::file(&path, bytes).with_mode(mode))
    }

    /// Adds a file whose name is written in a certain way, for names that fit no header.
    pub fn file_named_by(self, path: &str, bytes: impl Into<Vec<u8>>, name: LongName) -> Self {
        let path = format!("{}/{path}", self.root);
        self.entry(Entry::file(&path, bytes).with_name(name))
    }

    /// Adds a file of that many zeros, which compresses to next to nothing.
    pub fn zeros(self, path: &str, length: u64) -> Self {
        let path = format!("{}/{path}", self.root);
        let content = Content::Zeros(length);
        self.entry(Entry { content, ..Entry::file(&path, "") })
    }

    /// Adds a symlink.
    pub fn symlink(self, path: &str, target: &str) -> Self {
        let path = format!("{}/{path}", self.root);
        self.entry(Entry::link(&path, EntryType::Symlink, target))
    }

    /// Adds a hardlink; its target counts from the archive's root.
    pub fn hardlink(self, path: &str, target: &str) -> Self {
        let path = format!("{}/{path}", self.root);
        self.entry(Entry::link(&path, EntryType::Link, target))
    }

    /// Adds an entry of any kind, its path written as it is: absolute, with `..`, outside of the root.
    pub fn entry(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Puts what is added from now on, and `package.json`, below another root than `package`.
    pub fn root(mut self, root: &str) -> Self {
        root.clone_into(&mut self.root);
        self
    }

    /// Packs these bytes as `package.json`.
    pub fn manifest_bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.manifest = Some(bytes.into());
        self
    }

    /// Packs no `package.json`.
    pub fn without_manifest(mut self) -> Self {
        self.omits_manifest = true;
        self
    }

    /// Depends on an exact version.
    pub fn dependency(mut self, name: &str, version: &str) -> Self {
        self.dependencies.insert(name.to_owned(), version.to_owned());
        self
    }

    /// Depends on another package under an alias.
    pub fn aliased_dependency(mut self, alias: &str, name: &str, version: &str) -> Self {
        self.dependencies.insert(alias.to_owned(), format!("{name}@{version}"));
        self
    }

    /// Makes use of an exact version if it can be had.
    pub fn optional_dependency(mut self, name: &str, version: &str) -> Self {
        self.optional_dependencies.insert(name.to_owned(), version.to_owned());
        self
    }

    /// Expects its dependents to bring a peer.
    pub fn peer(mut self, name: &str, range: &str) -> Self {
        self.peers.insert(name.to_owned(), range.to_owned());
        self
    }

    /// Likewise, but can do without.
    pub fn optional_peer(mut self, name: &str, range: &str) -> Self {
        self.optional_peers.push(name.to_owned());
        self.peer(name, range)
    }

    /// Limits `os`, `cpu` or `libc`.
    pub fn only_on(mut self, what: &'static str, values: &[&str]) -> Self {
        self.platforms.insert(what, values.iter().map(|value| (*value).to_owned()).collect());
        self
    }

    /// Needs a certain engine.
    pub fn engine(mut self, name: &str, range: &str) -> Self {
        self.engines.insert(name.to_owned(), range.to_owned());
        self
    }

    /// Offers a command.
    pub fn bin(mut self, command: &str, path: &str) -> Self {
        self.bins.insert(command.to_owned(), path.to_owned());
        self
    }

    /// Has a script in its manifest.
    pub fn script(mut self, name: &str, command: &str) -> Self {
        self.scripts.insert(name.to_owned(), command.to_owned());
        self
    }

    /// Is not recommended any more.
    pub fn deprecated(mut self, message: &str) -> Self {
        self.deprecated = Some(message.to_owned());
        self
    }

    /// Is compressed as several gzip members in a row.
    pub fn gzip_members(mut self, members: usize) -> Self {
        self.wrapping = Wrapping::GzipMembers(members);
        self
    }

    /// Is not compressed at all.
    pub fn uncompressed(mut self) -> Self {
        self.wrapping = Wrapping::Bare;
        self
    }

    /// Has its tar archive cut to that many bytes before it is compressed.
    pub fn cut_archive(mut self, bytes: usize) -> Self {
        self.kept = Some(bytes);
        self
    }

    /// Has garbage after the compressed data.
    pub fn trailing(mut self, garbage: impl Into<Vec<u8>>) -> Self {
        self.trailing = garbage.into();
        self
    }

    /// The manifest as a registry tells it: what the builder was told.
    pub fn manifest(&self) -> Map<String, Value> {
        let mut manifest = Map::new();
        manifest.insert("name".to_owned(), json!(self.name));
        manifest.insert("version".to_owned(), json!(self.version));
        let ranges = |references: &BTreeMap<String, String>| -> Map<String, Value> {
            references.iter().map(|(alias, reference)| (alias.clone(), json!(range(reference)))).collect()
        };
        let optional_peers: Map<String, Value> =
            self.optional_peers.iter().map(|name| (name.clone(), json!({"optional": true}))).collect();
        let fields = [
            ("dependencies", Value::Object(ranges(&self.dependencies))),
            ("optionalDependencies", Value::Object(ranges(&self.optional_dependencies))),
            ("peerDependencies", json!(self.peers)),
            ("peerDependenciesMeta", Value::Object(optional_peers)),
            ("engines", json!(self.engines)),
            ("bin", json!(self.bins)),
            ("scripts", json!(self.scripts)),
        ];
        for (key, value) in fields {
            if value.as_object().is_some_and(|fields| !fields.is_empty()) {
                manifest.insert(key.to_owned(), value);
            }
        }
        for (key, values) in &self.platforms {
            manifest.insert((*key).to_owned(), json!(values));
        }
        if let Some(message) = &self.deprecated {
            manifest.insert("deprecated".to_owned(), json!(message));
        }
        manifest
    }

    /// The archive without compression.
    pub fn tar(&self) -> Vec<u8> {
        let mut entries = Vec::new();
        if !self.omits_manifest {
            let bytes = self.manifest.clone().unwrap_or_else(|| {
                serde_json::to_vec_pretty(&self.manifest()).expect("a manifest is plain JSON")
            });
            entries.push(Entry::file(&format!("{}/package.json", self.root), bytes));
        }
        entries.extend(self.entries.iter().cloned());
        let mut tar = archive::tar(&entries);
        tar.truncate(self.kept.unwrap_or(usize::MAX));
        tar
    }

    /// The tarball, the same bytes each time.
    pub fn tarball(&self) -> Vec<u8> {
        let tar = self.tar();
        let mut tarball = match self.wrapping {
            Wrapping::Gzip => archive::gzip(&tar),
            Wrapping::GzipMembers(members) => archive::gzip_members(&tar, members),
            Wrapping::Bare => tar,
        };
        tarball.extend_from_slice(&self.trailing);
        tarball
    }

    /// `sha512-…` of the tarball.
    pub fn integrity(&self) -> String {
        digest(Algorithm::Sha512, &self.tarball())
    }

    /// `sha1-…` of the tarball.
    pub fn sha1_integrity(&self) -> String {
        digest(Algorithm::Sha1, &self.tarball())
    }

    /// The tarball's name: the bare name and the version.
    pub fn file_name(&self) -> String {
        let bare = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{bare}-{}.tgz", self.version)
    }
}

/// The digest of some bytes, as an integrity string.
pub fn digest(algorithm: Algorithm, bytes: &[u8]) -> String {
    IntegrityOpts::new().algorithm(algorithm).chain(bytes).result().to_string()
}

/// How a manifest asks for `1.0.0` or, under an alias, for `name@1.0.0`.
pub fn range(reference: &str) -> String {
    if reference.rfind('@').is_some_and(|at| at > 0) {
        format!("npm:{reference}")
    } else {
        reference.to_owned()
    }
}
