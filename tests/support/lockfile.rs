//! Writes a `pnpm-lock.yaml` (version 9) in pnpm's own style for a set of synthetic packages.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::packages::{Package, range};

/// A group of an importer's dependencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// `dependencies`.
    Production,
    /// `devDependencies`.
    Development,
    /// `optionalDependencies`.
    Optional,
}

impl Group {
    /// The field's name, in the manifest and in the lockfile.
    pub fn field(self) -> &'static str {
        match self {
            Self::Production => "dependencies",
            Self::Development => "devDependencies",
            Self::Optional => "optionalDependencies",
        }
    }
}

#[derive(Debug, Clone)]
struct Locked {
    package: Package,
    integrity: Option<String>,
    tarball: Option<String>,
}

#[derive(Debug, Clone)]
struct Snapshot {
    dependencies: BTreeMap<String, String>,
    optional_dependencies: BTreeMap<String, String>,
}

/// A lockfile with one importer, `.`.
#[derive(Debug, Clone, Default)]
pub struct Lockfile {
    direct: BTreeMap<Group, BTreeMap<String, String>>,
    packages: BTreeMap<String, Locked>,
    snapshots: BTreeMap<String, Snapshot>,
}

impl Lockfile {
    /// Adds a package and a snapshot of it in which these peers (name, version with the peers' own suffix) are bound.
    /// Gives the snapshot's key.
    pub fn add(&mut self, package: &Package, peers: &[(&str, &str)]) -> String {
        let sorted: BTreeSet<String> =
            peers.iter().map(|(name, version)| format!("({name}@{version})")).collect();
        let key = package.id() + &sorted.into_iter().collect::<String>();
        let mut dependencies = package.dependencies.clone();
        dependencies.extend(peers.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())));
        let optional_dependencies = package.optional_dependencies.clone();
        self.snapshots.insert(key.clone(), Snapshot { dependencies, optional_dependencies });
        let locked = Locked { package: package.clone(), integrity: None, tarball: None };
        self.packages.insert(package.id(), locked);
        key
    }

    /// Makes the importer depend on a reference: a version with its peers, or `name@version` under an alias.
    pub fn depend(&mut self, group: Group, alias: &str, reference: &str) {
        self.direct.entry(group).or_default().insert(alias.to_owned(), reference.to_owned());
    }

    /// Points an edge of a snapshot to another one, for instance to one with peers.
    pub fn bind(&mut self, key: &str, alias: &str, reference: &str) {
        let snapshot = self.snapshots.get_mut(key).expect("the snapshot was added");
        let edges = if snapshot.optional_dependencies.contains_key(alias) {
            &mut snapshot.optional_dependencies
        } else {
            &mut snapshot.dependencies
        };
        edges.insert(alias.to_owned(), reference.to_owned());
    }

    /// Locks another integrity than the package's own.
    pub fn set_integrity(&mut self, id: &str, integrity: &str) {
        self.packages.get_mut(id).expect("the package was added").integrity = Some(integrity.to_owned());
    }

    /// Locks the address of the tarball.
    pub fn set_tarball(&mut self, id: &str, url: &str) {
        self.packages.get_mut(id).expect("the package was added").tarball = Some(url.to_owned());
    }

    /// The packages, by id.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().map(|locked| &locked.package)
    }

    /// What the importer depends on: group, alias, and the range its manifest asks for.
    pub fn direct(&self) -> impl Iterator<Item = (Group, &str, String)> {
        self.direct.iter().flat_map(|(group, edges)| {
            edges.iter().map(|(alias, reference)| {
                let bare = reference.split('(').next().unwrap_or(reference);
                (*group, alias.as_str(), range(bare))
            })
        })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let mut text = String::from(
            "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n",
        );
        self.write_importer(&mut text);
        if !self.packages.is_empty() {
            text.push_str("\npackages:\n");
            for (id, locked) in &self.packages {
                write_package(&mut text, id, locked);
            }
        }
        if !self.snapshots.is_empty() {
            text.push_str("\nsnapshots:\n");
            let required = self.required();
            for (key, snapshot) in &self.snapshots {
                write_snapshot(&mut text, key, snapshot, !required.contains(key));
            }
        }
        text
    }

    fn write_importer(&self, text: &mut String) {
        text.push_str("\nimporters:\n\n");
        if self.direct.is_empty() {
            text.push_str("  .: {}\n");
            return;
        }
        text.push_str("  .:\n");
        let mut lines: BTreeMap<&str, String> = BTreeMap::new();
        for (group, alias, specifier) in self.direct() {
            let version = &self.direct[&group][alias];
            let block = lines.entry(group.field()).or_default();
            let _ = write!(
                block,
                "      {}:\n        specifier: {}\n        version: {}\n",
                scalar(alias, false),
                scalar(&specifier, false),
                scalar(version, false)
            );
        }
        for (field, block) in lines {
            let _ = write!(text, "    {field}:\n{block}");
        }
    }

    /// Snapshots that can be reached without an optional edge.
    fn required(&self) -> BTreeSet<String> {
        let direct = self.direct.iter().filter(|(group, _)| **group != Group::Optional);
        let mut open: Vec<String> = direct
            .flat_map(|(_, edges)| edges.iter().map(|(alias, reference)| snapshot_key(alias, reference)))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some(key) = open.pop() {
            let Some(snapshot) = self.snapshots.get(&key) else {
                continue;
            };
            if seen.insert(key) {
                let edges = snapshot.dependencies.iter();
                open.extend(edges.map(|(alias, reference)| snapshot_key(alias, reference)));
            }
        }
        seen
    }
}

fn write_package(text: &mut String, id: &str, locked: &Locked) {
    let package = &locked.package;
    let integrity = locked.integrity.clone().unwrap_or_else(|| package.integrity());
    let _ = write!(text, "\n  {}:\n    resolution: {{integrity: {integrity}", scalar(id, false));
    if let Some(url) = &locked.tarball {
        let _ = write!(text, ", tarball: {}", scalar(url, true));
    }
    text.push_str("}\n");
    if !package.engines.is_empty() {
        let pairs: Vec<_> =
            package.engines.iter().map(|(name, range)| format!("{name}: {}", scalar(range, true))).collect();
        let _ = writeln!(text, "    engines: {{{}}}", pairs.join(", "));
    }
    for field in ["cpu", "os", "libc"] {
        if let Some(values) = package.platforms.get(field) {
            let values: Vec<_> = values.iter().map(|value| scalar(value, true)).collect();
            let _ = writeln!(text, "    {field}: [{}]", values.join(", "));
        }
    }
    if let Some(message) = &package.deprecated {
        let _ = writeln!(text, "    deprecated: {}", scalar(message, false));
    }
    if !package.bins.is_empty() {
        text.push_str("    hasBin: true\n");
    }
    write_edges(text, "peerDependencies", &package.peers);
    if !package.optional_peers.is_empty() {
        text.push_str("    peerDependenciesMeta:\n");
        for name in package.optional_peers.iter().collect::<BTreeSet<_>>() {
            let _ = write!(text, "      {}:\n        optional: true\n", scalar(name, false));
        }
    }
}

fn write_snapshot(text: &mut String, key: &str, snapshot: &Snapshot, optional: bool) {
    let start = text.len();
    let _ = write!(text, "\n  {}:\n", scalar(key, false));
    let head = text.len();
    write_edges(text, "dependencies", &snapshot.dependencies);
    write_edges(text, "optionalDependencies", &snapshot.optional_dependencies);
    if optional {
        text.push_str("    optional: true\n");
    }
    if text.len() == head {
        text.truncate(start);
        let _ = write!(text, "\n  {}: {{}}\n", scalar(key, false));
    }
}

fn write_edges(text: &mut String, field: &str, edges: &BTreeMap<String, String>) {
    if !edges.is_empty() {
        let _ = writeln!(text, "    {field}:");
        for (alias, reference) in edges {
            let _ = writeln!(text, "      {}: {}", scalar(alias, false), scalar(reference, false));
        }
    }
}

/// The key of the snapshot that a reference under an alias means.
fn snapshot_key(alias: &str, reference: &str) -> String {
    let bare = reference.split('(').next().unwrap_or(reference);
    if bare.contains('@') { reference.to_owned() } else { format!("{alias}@{reference}") }
}

/// A scalar as pnpm writes it: plain when that is safe, otherwise in single quotes.
fn scalar(text: &str, flow: bool) -> String {
    let indicator = text.starts_with(|first: char| "-?:,[]{}#&*!|=>'\"%@` ".contains(first));
    let ambiguous =
        matches!(text, "" | "true" | "false" | "null" | "~" | "<<") || text.parse::<f64>().is_ok();
    let broken = text.ends_with([' ', ':']) || text.contains(": ") || text.contains(" #");
    let in_flow = flow && text.contains([',', '[', ']', '{', '}']);
    if indicator || ambiguous || broken || in_flow {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}
