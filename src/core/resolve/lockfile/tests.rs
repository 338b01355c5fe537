//! Small graphs, and the text of the lockfile that records them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::core::lockfile::{LockfileSettings, OneOrMany, Resolution, split};
use crate::core::resolve::tree::{PackageIndex, PeerRequirement};
use crate::core::resolve::{PeerMeta, Resolved, Source, Specifiers, Via};

fn specifiers(pairs: &[(&str, &str)]) -> Specifiers {
    pairs.iter().map(|(alias, specifier)| (Arc::from(*alias), Arc::from(*specifier))).collect()
}

fn manifest(id: &str) -> PackageManifest {
    let parts = split(id);
    PackageManifest { name: parts.name.into(), version: parts.version.into(), ..PackageManifest::default() }
}

/// A project with its packages, to be recorded.
#[derive(Default)]
struct Sample {
    tree: Tree,
    outcome: PeerOutcome,
    effective: PackageManifest,
    manifest: Manifest,
    previous: Option<Lockfile>,
    time: BTreeMap<Arc<str>, Arc<str>>,
    exclude_links: bool,
}

impl Sample {
    /// Adds a package with its one node: dep path, children.
    fn node(
        &mut self,
        dep_path: &str,
        children: &[(&str, &str)],
        manifest: PackageManifest,
    ) -> &mut TreePackage {
        let id = package_id(dep_path);
        let resolution = match split(dep_path).version.strip_prefix("file:") {
            Some(directory) => Resolution::Directory { directory: directory.to_owned(), other: Vec::new() },
            None => Resolution::Registry { integrity: "sha512-x".to_owned(), other: Vec::new() },
        };
        let manifest = Arc::new(manifest);
        let package = TreePackage {
            resolved: Arc::new(Resolved {
                id: id.into(),
                name: Arc::clone(&manifest.name),
                version: Some(Arc::clone(&manifest.version)),
                source: Source::Package { resolution, tarball: None },
                manifest: Arc::clone(&manifest),
                via: Via::Registry,
                latest: None,
                published_at: None,
                normalized_specifier: None,
                alias: None,
                violation: None,
                unpacked_size: None,
                file_count: None,
            }),
            manifest,
            peers: Arc::default(),
            children: Arc::from([]),
            optional: false,
            is_leaf: children.is_empty(),
            leaf_node: None,
        };
        let (position, _) = self.tree.packages.insert_full(id.into(), package);
        let node = GraphNode {
            package: PackageIndex(u32::try_from(position).unwrap()),
            children: children.iter().map(|(alias, to)| (Arc::from(*alias), Arc::from(*to))).collect(),
            optional_children: BTreeSet::new(),
            transitive_peers: BTreeSet::new(),
            resolved_peers: BTreeSet::new(),
            depth: 0,
            optional: false,
        };
        self.outcome.graph.insert(dep_path.into(), node);
        &mut self.tree.packages[position]
    }

    fn direct(&mut self, direct: &[(&str, &str)]) {
        let direct = direct.iter().map(|(alias, to)| (Arc::from(*alias), Arc::from(*to)));
        self.outcome.direct = vec![direct.collect()];
    }

    fn lockfile(&self) -> Lockfile {
        let settings = LockfileSettings { auto_install_peers: Some(true), ..LockfileSettings::default() };
        let recording = Recording {
            head: Lockfile { settings: Some(settings), ..Lockfile::default() },
            tree: &self.tree,
            outcome: &self.outcome,
            projects: vec![RecordedProject {
                id: ".",
                effective: &self.effective,
                manifest: Some(&self.manifest),
            }],
            auto_install_peers: true,
            exclude_links: self.exclude_links,
            previous: self.previous.as_ref(),
            time: &self.time,
        };
        recording.lockfile()
    }

    /// What stands below `importers:`.
    fn text(&self) -> String {
        let text = self.lockfile().to_yaml();
        let at = text.find("importers:").unwrap();
        text[at..].to_owned()
    }
}

#[test]
fn a_project_refers_to_its_packages_by_alias_and_group() {
    let mut sample = Sample::default();
    sample.effective.dependencies = specifiers(&[("a", "^1.0.0"), ("aliased", "npm:@s/b@1")]);
    sample.effective.dev_dependencies = specifiers(&[("a", "^1.0.0"), ("w", "workspace:*")]);
    sample.effective.optional_dependencies = specifiers(&[("f", "file:./f")]);
    sample.effective.peer_dependencies = specifiers(&[("p", "*")]);
    sample.node("a@1.0.0(p@1.0.0)", &[("p", "p@1.0.0"), ("real", "f@file:f")], manifest("a@1.0.0"));
    sample.node("@s/b@1.2.0", &[], manifest("@s/b@1.2.0"));
    sample.node("f@file:f", &[], manifest("f@3.0.0"));
    sample.node("p@1.0.0", &[], manifest("p@1.0.0"));
    sample.node("added@1.0.0", &[], manifest("added@1.0.0"));
    sample.direct(&[
        ("a", "a@1.0.0(p@1.0.0)"),
        ("added", "added@1.0.0"),
        ("aliased", "@s/b@1.2.0"),
        ("f", "f@file:f"),
        ("p", "p@1.0.0"),
        ("w", "link:packages/w"),
    ]);
    let expected = "\
importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0(p@1.0.0)
      aliased:
        specifier: npm:@s/b@1
        version: '@s/b@1.2.0'
      p:
        specifier: '*'
        version: 1.0.0
    devDependencies:
      w:
        specifier: workspace:*
        version: link:packages/w
    optionalDependencies:
      f:
        specifier: file:./f
        version: file:f

packages:

  '@s/b@1.2.0':
    resolution: {integrity: sha512-x}

  a@1.0.0:
    resolution: {integrity: sha512-x}

  added@1.0.0:
    resolution: {integrity: sha512-x}

  f@file:f:
    resolution: {directory: f, type: directory}

  p@1.0.0:
    resolution: {integrity: sha512-x}

snapshots:

  '@s/b@1.2.0': {}

  a@1.0.0(p@1.0.0):
    dependencies:
      p: 1.0.0
      real: f@file:f

  added@1.0.0: {}

  f@file:f: {}

  p@1.0.0: {}
";
    assert_eq!(sample.text(), expected);
}

#[test]
fn what_is_known_of_a_package_is_recorded_as_pnpm_does() {
    let mut sample = Sample::default();
    let rich = PackageManifest {
        engines: specifiers(&[("npm", "*"), ("node", ">=4")]),
        os: Some(OneOrMany::One("linux".into())),
        cpu: Some(OneOrMany::Many(vec!["x64".into()])),
        libc: Some(OneOrMany::One("glibc".into())),
        deprecated: Some("no more".into()),
        has_bin: true,
        ..manifest("a@1.0.0")
    };
    let package = sample.node("a@1.0.0", &[], rich);
    let peer = |range: &str, optional| PeerRequirement { range: range.into(), optional };
    package.peers =
        Arc::new(BTreeMap::from([("p".into(), peer("^1", false)), ("q".into(), peer("*", true))]));
    let node = sample.outcome.graph.get_mut("a@1.0.0").unwrap();
    node.transitive_peers = BTreeSet::from(["z".into(), "b".into()]);
    let expected = "\
importers: {}

packages:

  a@1.0.0:
    resolution: {integrity: sha512-x}
    engines: {node: '>=4'}
    cpu: [x64]
    libc: glibc
    deprecated: no more
    hasBin: true
    peerDependencies:
      p: ^1
      q: '*'
    peerDependenciesMeta:
      q:
        optional: true

snapshots:

  a@1.0.0:
    transitivePeerDependencies:
      - b
      - z
";
    assert_eq!(sample.text(), expected);
}

#[test]
fn only_what_nothing_needs_is_optional() {
    let mut sample = Sample::default();
    sample.effective.dependencies = specifiers(&[("needed", "1")]);
    sample.effective.optional_dependencies = specifiers(&[("extra", "1")]);
    let mut needed = manifest("needed@1.0.0");
    needed.optional_dependencies = specifiers(&[("both", "1"), ("below", "1")]);
    sample.node(
        "needed@1.0.0",
        &[("below", "below@1.0.0"), ("both", "both@1.0.0"), ("peer", "peer@1.0.0"), ("own", "own@1.0.0")],
        needed,
    );
    let peer = PeerRequirement { range: "1".into(), optional: true };
    sample.node("extra@1.0.0", &[("both", "both@1.0.0")], manifest("extra@1.0.0"));
    sample.node("below@1.0.0", &[("deep", "deep@1.0.0")], manifest("below@1.0.0"));
    sample.node("deep@1.0.0", &[("below", "below@1.0.0")], manifest("deep@1.0.0"));
    sample.node("both@1.0.0", &[], manifest("both@1.0.0"));
    sample.node("peer@1.0.0", &[], manifest("peer@1.0.0"));
    sample.effective.peer_dependencies = specifiers(&[("own", "1")]);
    sample.node("own@1.0.0", &[], manifest("own@1.0.0"));
    sample.tree.packages[0].peers =
        Arc::new(BTreeMap::from([("peer".into(), peer.clone()), ("own".into(), peer)]));
    let direct = [("needed", "needed@1.0.0"), ("extra", "extra@1.0.0"), ("own", "own@1.0.0")];
    sample.direct(&direct);
    let lockfile = sample.lockfile();
    let optional = lockfile.snapshots.iter().filter(|(_, snapshot)| snapshot.optional);
    let optional: Vec<&str> = optional.map(|(dep_path, _)| dep_path.as_str()).collect();
    assert_eq!(optional, ["below@1.0.0", "both@1.0.0", "deep@1.0.0", "extra@1.0.0", "peer@1.0.0"]);
    let needed = &lockfile.snapshots["needed@1.0.0"];
    assert!(needed.dependencies.is_empty());
    assert_eq!(needed.optional_dependencies.len(), 4);
}

#[test]
fn a_project_needs_its_own_peers_even_where_it_calls_them_optional() {
    let mut sample = Sample::default();
    sample.effective.peer_dependencies = specifiers(&[("peer", "1")]);
    sample.node("peer@1.0.0", &[], manifest("peer@1.0.0"));
    sample.outcome.graph.get_mut("peer@1.0.0").unwrap().optional = true;
    sample.direct(&[("peer", "peer@1.0.0")]);
    assert!(!sample.lockfile().snapshots["peer@1.0.0"].optional);
}

#[test]
fn peers_that_a_package_brings_itself_are_recorded_too() {
    let mut sample = Sample::default();
    let mut brings = manifest("a@1.0.0");
    brings.dependencies = specifiers(&[("both", "1"), ("named", "1")]);
    brings.optional_dependencies = specifiers(&[("extra", "1")]);
    brings.peer_dependencies = specifiers(&[("both", "^1"), ("extra", "^1")]);
    for name in ["named", "extra"] {
        brings.peer_dependencies_meta.insert(name.into(), PeerMeta { optional: true });
    }
    sample.node("a@1.0.0", &[], brings);
    let lockfile = sample.lockfile();
    let package = &lockfile.packages["a@1.0.0"];
    let peers: Vec<(&str, &str)> =
        package.peer_dependencies.iter().map(|(name, range)| (name.as_str(), range.as_str())).collect();
    assert_eq!(peers, [("both", "^1"), ("named", "*")]);
    assert!(package.peer_dependencies_meta.keys().eq(["named"]));
}

#[test]
fn a_deprecation_that_the_registry_no_longer_tells_stays() {
    let mut sample = Sample::default();
    sample.node("a@1.0.0", &[], PackageManifest { deprecated: Some("old".into()), ..manifest("a@1.0.0") });
    sample.previous = Some(sample.lockfile());
    sample.node("a@1.0.0", &[], manifest("a@1.0.0"));
    assert_eq!(sample.lockfile().packages["a@1.0.0"].deprecated.as_deref(), Some("old"));
    sample.previous.as_mut().unwrap().packages["a@1.0.0"].resolution = Resolution::default();
    assert_eq!(sample.lockfile().packages["a@1.0.0"].deprecated, None);
}

#[test]
fn a_version_is_told_where_there_is_a_colon_in_the_dep_path() {
    let mut sample = Sample::default();
    sample.node("a@1.0.0(f@file:f)", &[("f", "f@file:f")], manifest("a@1.0.0"));
    sample.node("t@https://h/t.tgz", &[], manifest("t@4.0.0"));
    sample.node("f@file:f", &[], manifest("f@3.0.0"));
    let lockfile = sample.lockfile();
    let version = |id: &str| lockfile.packages[id].version.as_deref();
    assert_eq!(version("a@1.0.0"), Some("1.0.0"));
    assert_eq!(version("t@https://h/t.tgz"), Some("4.0.0"));
    assert_eq!(version("f@file:f"), None);
}

#[test]
fn links_may_be_left_out_but_for_those_to_the_workspace() {
    let mut sample = Sample { exclude_links: true, ..Sample::default() };
    sample.effective.dependencies = specifiers(&[("l", "link:../l"), ("w", "workspace:*")]);
    sample.direct(&[("l", "link:../l"), ("w", "link:w")]);
    let dependencies = &sample.lockfile().importers["."].dependencies;
    assert_eq!(dependencies.keys().collect::<Vec<_>>(), ["w"]);
}

#[test]
fn a_copy_that_was_a_link_before_is_a_copy() {
    let mut sample = Sample::default();
    sample.effective.dependencies = specifiers(&[("w", "workspace:*")]);
    sample.direct(&[("w", "link:w")]);
    sample.previous = Some(sample.lockfile());
    sample.node("w@file:w(p@1.0.0)", &[], manifest("w@1.0.0"));
    sample.direct(&[("w", "w@file:w(p@1.0.0)")]);
    assert_eq!(sample.lockfile().importers["."].dependencies["w"].version, "file:w(p@1.0.0)");
}

#[test]
fn a_project_says_what_it_publishes() {
    let mut sample = Sample::default();
    sample.direct(&[]);
    let text = json!({
        "publishConfig": {"directory": "dist", "linkDirectory": false},
        "dependenciesMeta": {"a": {"injected": true}},
    });
    sample.manifest =
        Manifest::parse(text.to_string().as_bytes(), std::path::Path::new("package.json")).unwrap();
    let expected = "\
importers:

  .:
    dependenciesMeta:
      a:
        injected: true
    linkDirectory: false
    publishDirectory: dist
";
    assert_eq!(sample.text(), expected);
}

#[test]
fn times_are_kept_for_direct_dependencies_alone() {
    let mut sample = Sample::default();
    sample.effective.dependencies = specifiers(&[("a", "1"), ("b", "1")]);
    sample.node("a@1.0.0", &[("c", "c@1.0.0")], manifest("a@1.0.0"));
    sample.node("b@1.0.0", &[], manifest("b@1.0.0"));
    sample.node("c@1.0.0", &[], manifest("c@1.0.0"));
    sample.direct(&[("a", "a@1.0.0"), ("b", "b@1.0.0")]);
    let time = |ids: &[&str]| ids.iter().map(|id| (Arc::from(*id), Arc::from("2020"))).collect();
    sample.time = time(&["b@1.0.0"]);
    sample.previous = Some(sample.lockfile());
    sample.time = time(&["a@1.0.0", "c@1.0.0"]);
    let times: Vec<_> = sample.lockfile().time.into_keys().collect();
    assert_eq!(times, ["a@1.0.0", "b@1.0.0"]);
}
