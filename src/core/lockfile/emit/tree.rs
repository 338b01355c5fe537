//! The model as a tree of plain values: which keys there are, and what stands behind them.
//!
//! What is empty or has its default is left out, as pnpm leaves it out. The order of keys is not settled here.

use std::borrow::Cow;

use indexmap::IndexMap;
use serde_json::Value;

use crate::core::lockfile::model::{
    CatalogEntry, Importer, ImporterDependency, Lockfile, LockfileSettings, Other, PackageMetadata,
    PeerDependencyMeta, Snapshot,
};
use crate::core::lockfile::resolution::{BinaryResolution, Resolution, Variant, VariantTarget};
use crate::core::manifest::{BundledDependencies, Executables, OneOrMany};

/// A value of YAML.
#[derive(Debug)]
pub(super) enum Node<'a> {
    /// A text.
    Text(&'a str),
    /// A word or number that is written as it stands.
    Bare(Cow<'static, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// A mapping.
    Map(Map<'a>),
}

/// Keys and values.
pub(super) type Map<'a> = Vec<(&'a str, Node<'a>)>;

/// What grows into a mapping: absent values leave no key.
#[derive(Default)]
struct Record<'a>(Map<'a>);

impl<'a> Record<'a> {
    fn put(&mut self, key: &'a str, node: Node<'a>) {
        self.0.push((key, node));
    }

    fn text(&mut self, key: &'a str, text: &'a str) {
        self.put(key, Node::Text(text));
    }

    fn optional_text(&mut self, key: &'a str, text: Option<&'a String>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn flag(&mut self, key: &'a str, value: bool) {
        self.put(key, Node::Bare(Cow::Borrowed(if value { "true" } else { "false" })));
    }

    fn flag_if_set(&mut self, key: &'a str, value: bool) {
        if value {
            self.flag(key, true);
        }
    }

    fn optional_flag(&mut self, key: &'a str, value: Option<bool>) {
        if let Some(value) = value {
            self.flag(key, value);
        }
    }

    fn texts(&mut self, key: &'a str, texts: &'a [String]) {
        if !texts.is_empty() {
            self.put(key, list(texts));
        }
    }

    fn map<T>(&mut self, key: &'a str, values: &'a IndexMap<String, T>, lower: impl Fn(&'a T) -> Node<'a>) {
        if !values.is_empty() {
            let entries = values.iter().map(|(key, value)| (key.as_str(), lower(value)));
            self.put(key, Node::Map(entries.collect()));
        }
    }

    fn one_or_many(&mut self, key: &'a str, values: Option<&'a OneOrMany>) {
        match values {
            Some(OneOrMany::One(text)) => self.text(key, text),
            Some(OneOrMany::Many(texts)) => self.put(key, list(texts)),
            None => {}
        }
    }

    fn done(mut self, other: &'a Other) -> Node<'a> {
        self.0.extend(other.iter().map(|(key, json)| (key.as_str(), value(json))));
        Node::Map(self.0)
    }
}

#[expect(clippy::ptr_arg, reason = "it is given to functions that take a reference to the values of a map")]
fn text(text: &String) -> Node<'_> {
    Node::Text(text)
}

fn list(texts: &[String]) -> Node<'_> {
    Node::List(texts.iter().map(text).collect())
}

/// A value of no fixed shape.
fn value(json: &Value) -> Node<'_> {
    match json {
        Value::Null => Node::Bare(Cow::Borrowed("null")),
        Value::Bool(flag) => Node::Bare(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Number(number) => Node::Bare(Cow::Owned(number.to_string())),
        Value::String(text) => Node::Text(text),
        Value::Array(values) => Node::List(values.iter().map(value).collect()),
        Value::Object(values) => {
            let entries = values.iter().map(|(key, json)| (key.as_str(), value(json)));
            Node::Map(entries.collect())
        }
    }
}

/// The whole file.
pub(super) fn lockfile(lockfile: &Lockfile) -> Node<'_> {
    let mut record = Record::default();
    record.text("lockfileVersion", &lockfile.version);
    if let Some(settings) = &lockfile.settings {
        record.put("settings", self::settings(settings));
    }
    record.map("catalogs", &lockfile.catalogs, |catalog| {
        let entries = catalog.iter().map(|(alias, entry)| (alias.as_str(), catalog_entry(entry)));
        Node::Map(entries.collect())
    });
    record.map("overrides", &lockfile.overrides, text);
    record.optional_text("packageExtensionsChecksum", lockfile.package_extensions_checksum.as_ref());
    record.optional_text("pnpmfileChecksum", lockfile.pnpmfile_checksum.as_ref());
    record.map("patchedDependencies", &lockfile.patched_dependencies, text);
    let importers = lockfile.importers.iter().map(|(id, project)| (id.as_str(), importer(project)));
    record.put("importers", Node::Map(importers.collect()));
    record.map("packages", &lockfile.packages, package);
    record.texts("ignoredOptionalDependencies", &lockfile.ignored_optional_dependencies);
    record.map("snapshots", &lockfile.snapshots, snapshot);
    record.map("time", &lockfile.time, text);
    record.done(&lockfile.other)
}

/// By name, those that few lockfiles have among the others.
fn settings(settings: &LockfileSettings) -> Node<'_> {
    let mut record = Record::default();
    record.optional_flag("autoInstallPeers", settings.auto_install_peers);
    record.optional_flag("dedupePeers", settings.dedupe_peers);
    record.optional_flag("excludeLinksFromLockfile", settings.exclude_links_from_lockfile);
    record.optional_flag("injectWorkspacePackages", settings.inject_workspace_packages);
    if let Some(length) = settings.peers_suffix_max_length {
        record.put("peersSuffixMaxLength", Node::Bare(Cow::Owned(length.to_string())));
    }
    let mut node = record.done(&settings.other);
    if let Node::Map(entries) = &mut node {
        entries.sort_by_key(|(key, _)| *key);
    }
    node
}

fn catalog_entry(entry: &CatalogEntry) -> Node<'_> {
    let mut record = Record::default();
    record.text("specifier", &entry.specifier);
    record.text("version", &entry.version);
    record.done(&entry.other)
}

fn importer(importer: &Importer) -> Node<'_> {
    let mut record = Record::default();
    record.map("dependencies", &importer.dependencies, importer_dependency);
    if let Some(meta) = &importer.dependencies_meta {
        record.put("dependenciesMeta", value(meta));
    }
    record.map("devDependencies", &importer.dev_dependencies, importer_dependency);
    record.map("optionalDependencies", &importer.optional_dependencies, importer_dependency);
    record.optional_text("publishDirectory", importer.publish_directory.as_ref());
    record.done(&importer.other)
}

fn importer_dependency(dependency: &ImporterDependency) -> Node<'_> {
    let mut record = Record::default();
    record.text("specifier", &dependency.specifier);
    record.text("version", &dependency.version);
    record.done(&dependency.other)
}

fn package(package: &PackageMetadata) -> Node<'_> {
    let mut record = Record::default();
    record.put("resolution", resolution(&package.resolution));
    record.optional_text("id", package.id.as_ref());
    record.optional_text("name", package.name.as_ref());
    record.optional_text("version", package.version.as_ref());
    record.map("engines", &package.engines, text);
    record.one_or_many("cpu", package.cpu.as_ref());
    record.one_or_many("os", package.os.as_ref());
    record.one_or_many("libc", package.libc.as_ref());
    record.optional_text("deprecated", package.deprecated.as_ref());
    record.flag_if_set("hasBin", package.has_bin);
    record.flag_if_set("prepare", package.prepare);
    record.flag_if_set("requiresBuild", package.requires_build);
    match &package.bundled_dependencies {
        Some(BundledDependencies::All(all)) => record.flag("bundledDependencies", *all),
        Some(BundledDependencies::Names(names)) => record.put("bundledDependencies", list(names)),
        None => {}
    }
    record.map("peerDependencies", &package.peer_dependencies, text);
    record.map("peerDependenciesMeta", &package.peer_dependencies_meta, peer_dependency_meta);
    record.done(&package.other)
}

fn peer_dependency_meta(meta: &PeerDependencyMeta) -> Node<'_> {
    let mut record = Record::default();
    record.flag("optional", meta.optional);
    record.done(&meta.other)
}

fn snapshot(snapshot: &Snapshot) -> Node<'_> {
    let mut record = Record::default();
    record.optional_text("id", snapshot.id.as_ref());
    record.map("dependencies", &snapshot.dependencies, text);
    record.map("optionalDependencies", &snapshot.optional_dependencies, text);
    record.texts("transitivePeerDependencies", &snapshot.transitive_peer_dependencies);
    record.flag_if_set("optional", snapshot.optional);
    record.flag_if_set("patched", snapshot.patched);
    record.done(&snapshot.other)
}

fn resolution(resolution: &Resolution) -> Node<'_> {
    let mut record = Record::default();
    match resolution {
        Resolution::Registry { integrity, other } => {
            record.text("integrity", integrity);
            record.done(other)
        }
        Resolution::Tarball { integrity, tarball, git_hosted, path, other } => {
            record.flag_if_set("gitHosted", *git_hosted);
            record.optional_text("integrity", integrity.as_ref());
            record.optional_text("path", path.as_ref());
            record.text("tarball", tarball);
            record.done(other)
        }
        Resolution::Directory { directory, other } => {
            record.text("directory", directory);
            record.text("type", "directory");
            record.done(other)
        }
        Resolution::Git { repo, commit, path, other } => {
            record.text("commit", commit);
            record.optional_text("path", path.as_ref());
            record.text("repo", repo);
            record.text("type", "git");
            record.done(other)
        }
        Resolution::Binary(binary) => self::binary(binary),
        Resolution::Variations { variants, other } => {
            record.text("type", "variations");
            record.put("variants", Node::List(variants.iter().map(variant).collect()));
            record.done(other)
        }
        Resolution::Unknown(fields) => record.done(fields),
    }
}

fn binary(binary: &BinaryResolution) -> Node<'_> {
    let mut record = Record::default();
    record.text("archive", &binary.archive);
    match &binary.bin {
        Some(Executables::One(path)) => record.text("bin", path),
        Some(Executables::Many(paths)) => record.map("bin", paths, text),
        None => {}
    }
    record.text("integrity", &binary.integrity);
    record.optional_text("prefix", binary.prefix.as_ref());
    record.text("type", "binary");
    record.text("url", &binary.url);
    record.done(&binary.other)
}

fn variant(variant: &Variant) -> Node<'_> {
    let mut record = Record::default();
    record.put("resolution", resolution(&variant.resolution));
    let targets = variant.targets.iter().map(variant_target).collect();
    record.put("targets", Node::List(targets));
    record.done(&variant.other)
}

fn variant_target(target: &VariantTarget) -> Node<'_> {
    let mut record = Record::default();
    record.text("cpu", &target.cpu);
    record.one_or_many("libc", target.libc.as_ref());
    record.text("os", &target.os);
    record.done(&target.other)
}
