//! The rules of the peer pass on small trees. Expected dep paths are those that pnpm 12 writes for the same packages.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::core::lockfile::Resolution;
use crate::core::resolve::rewrite::PeerDependencyRules;
use crate::core::resolve::tree::{
    ChildEdge, Children, DirectDependency, Discovery as _, DiscoveryRequest, Importer, Node, NodeIndex,
    Origin, PackageIndex, PeerRequirement, Tree, TreePackage,
};
use crate::core::resolve::{PackageManifest, Resolved, Source, Via};

/// Packages as `(id, edges, peers)`: an edge is `alias=id` or the id alone, a peer is `name@range` with `?` at its end
/// if it may be absent. Projects as `(path, edges)`.
pub(super) fn tree(packages: &[(&str, &[&str], &[&str])], projects: &[(&str, &[&str])]) -> Tree {
    let mut tree = Tree::default();
    let positions: BTreeMap<&str, u32> = packages.iter().map(|(id, ..)| *id).zip(0..).collect();
    for (id, edges, peers) in packages {
        let (name, version) = split(id);
        let peers: BTreeMap<Arc<str>, PeerRequirement> = peers
            .iter()
            .map(|peer| {
                let (name, range) = split(peer.trim_end_matches('?'));
                (name.into(), PeerRequirement { range: range.into(), optional: peer.ends_with('?') })
            })
            .collect();
        tree.peer_names.extend(peers.keys().cloned());
        let mut children: Vec<ChildEdge> = edges
            .iter()
            .map(|edge| {
                let (alias, to) = edge.split_once('=').unwrap_or_else(|| (split(edge).0, edge));
                ChildEdge { alias: alias.into(), package: PackageIndex(positions[to]), optional: false }
            })
            .collect();
        children.sort_by(|left, right| left.alias.cmp(&right.alias));
        let link = id.strip_prefix("link:").map(|directory| Source::Link { directory: directory.into() });
        let resolution = match id.split_once("@file:") {
            Some((_, directory)) => {
                Resolution::Directory { directory: directory.to_owned(), other: Vec::new() }
            }
            None => Resolution::Registry { integrity: String::new(), other: Vec::new() },
        };
        let resolved = Resolved {
            id: (*id).into(),
            name: name.into(),
            version: Some(version.into()),
            source: link.unwrap_or(Source::Package { resolution, tarball: None }),
            manifest: Arc::default(),
            via: Via::Registry,
            latest: None,
            published_at: None,
            normalized_specifier: None,
            alias: None,
            violation: None,
            unpacked_size: None,
            file_count: None,
        };
        let package = TreePackage {
            resolved: Arc::new(resolved),
            manifest: Arc::new(PackageManifest::default()),
            is_leaf: children.is_empty() && peers.is_empty(),
            peers: Arc::new(peers),
            children: children.into(),
            optional: false,
            leaf_node: None,
        };
        tree.packages.insert((*id).into(), package);
    }
    for (id, direct) in projects {
        let mut importer =
            Importer { id: (*id).to_owned(), folder: format!("/{id}").into(), ..Importer::default() };
        for edge in *direct {
            let (alias, to) = edge.split_once('=').unwrap_or_else(|| (split(edge).0, edge));
            let package = PackageIndex(positions[to]);
            let node = NodeIndex(u32::try_from(tree.nodes.len()).unwrap());
            let depth = if tree.package(package).is_link() { -1 } else { 0 };
            tree.nodes.push(Node { package, depth, children: Children::Recorded });
            importer.direct.push(DirectDependency {
                alias: alias.into(),
                package,
                node,
                origin: Origin::Declared,
            });
        }
        tree.importers.push(importer);
    }
    tree
}

fn split(id: &str) -> (&str, &str) {
    if let Some(folder) = id.strip_prefix("link:") {
        (folder, "1.0.0")
    } else {
        let at = id[1..].find('@').unwrap() + 1;
        (&id[..at], &id[at + 1..])
    }
}

/// The dep paths of the graph.
pub(super) fn paths(tree: &Tree, settings: &PeerSettings) -> Vec<String> {
    resolve(tree, settings).graph.keys().map(ToString::to_string).collect()
}

pub(super) fn plain() -> PeerSettings {
    PeerSettings { dedupe_peer_dependents: false, ..PeerSettings::default() }
}

#[test]
fn a_peer_is_taken_from_the_nearest_place_above() {
    let tree = tree(
        &[
            ("plugin@1.0.0", &[], &["host@*"]),
            ("host@1.0.0", &[], &[]),
            ("host@2.0.0", &[], &[]),
            ("kit@1.0.0", &["host@2.0.0", "plugin@1.0.0"], &[]),
        ],
        &[(".", &["host@1.0.0", "plugin@1.0.0", "kit@1.0.0"])],
    );
    let outcome = resolve(&tree, &plain());
    assert_eq!(&*outcome.direct[0]["plugin"], "plugin@1.0.0(host@1.0.0)");
    assert_eq!(&*outcome.direct[0]["kit"], "kit@1.0.0");
    assert_eq!(&*outcome.graph["kit@1.0.0"].children["plugin"], "plugin@1.0.0(host@2.0.0)");
}

#[test]
fn peers_of_what_is_below_are_part_of_the_suffix_and_told_as_transitive() {
    let tree = tree(
        &[("a@1.0.0", &["b@1.0.0"], &[]), ("b@1.0.0", &[], &["c@*", "d@*"]), ("c@1.0.0", &[], &[])],
        &[(".", &["a@1.0.0", "c@1.0.0"])],
    );
    let outcome = resolve(&tree, &plain());
    let a = &outcome.graph["a@1.0.0(c@1.0.0)"];
    assert_eq!(a.transitive_peers.iter().map(|name| &**name).collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(a.children.keys().map(|name| &**name).collect::<Vec<_>>(), ["b"]);
    let b = &outcome.graph["b@1.0.0(c@1.0.0)"];
    assert_eq!(&*b.children["c"], "c@1.0.0");
    assert!(b.transitive_peers.is_empty());
}

#[test]
fn a_peer_is_named_with_its_own_peers_unless_they_lead_back() {
    let nested = tree(
        &[("a@1.0.0", &[], &["b@*"]), ("b@1.0.0", &[], &["c@*"]), ("c@1.0.0", &[], &[])],
        &[(".", &["a@1.0.0", "b@1.0.0", "c@1.0.0"])],
    );
    assert_eq!(paths(&nested, &plain()), ["a@1.0.0(b@1.0.0(c@1.0.0))", "b@1.0.0(c@1.0.0)", "c@1.0.0"]);
    let short = PeerSettings { dedupe_peers: true, ..plain() };
    assert_eq!(paths(&nested, &short)[0], "a@1.0.0(b@1.0.0)");
    let cyclic =
        tree(&[("a@1.0.0", &[], &["b@*"]), ("b@1.0.0", &[], &["a@*"])], &[(".", &["a@1.0.0", "b@1.0.0"])]);
    assert_eq!(paths(&cyclic, &plain()), ["a@1.0.0(b@1.0.0)", "b@1.0.0(a@1.0.0)"]);
}

#[test]
fn a_copy_of_a_folder_is_named_by_the_folder_where_peers_go_without_their_own() {
    let tree = tree(
        &[("a@1.0.0", &[], &["b@*"]), ("b@file:b", &[], &["c@*"]), ("c@1.0.0", &[], &[])],
        &[(".", &["a@1.0.0", "b@file:b", "c@1.0.0"])],
    );
    let short = PeerSettings { dedupe_peers: true, ..plain() };
    assert_eq!(paths(&tree, &short)[0], "a@1.0.0(b@file:b)");
}

#[test]
fn a_copy_of_a_project_that_has_a_link_stays_a_copy() {
    let of = |child: &str| {
        let tree = tree(
            &[("link:c", &[], &[]), ("c@1.0.0", &[], &[]), ("b@file:b", &[child], &[])],
            &[("a", &["b=b@file:b"]), ("b", &[child]), ("c", &[])],
        );
        resolve(&tree, &PeerSettings { dedupe_injected: true, ..plain() }).direct[0]["b"].to_string()
    };
    assert_eq!(of("c=c@1.0.0"), "link:../b");
    assert_eq!(of("c=link:c"), "b@file:b");
}

#[test]
fn a_project_that_links_to_itself_is_at_no_distance() {
    let tree = tree(&[("link:one", &[], &[])], &[("one", &["one=link:one"]), ("two", &["one=link:one"])]);
    let outcome = resolve(&tree, &plain());
    assert_eq!(&*outcome.direct[0]["one"], "link:");
    assert_eq!(&*outcome.direct[1]["one"], "link:../one");
}

#[test]
fn variants_of_a_cyclic_peer_are_told_apart_by_what_they_differ_in() {
    let tree = tree(
        &[
            ("h@1.1.0", &[], &["w@*", "g@*"]),
            ("t@2.0.0", &["v@2.0.0"], &["h@*"]),
            ("v@2.0.0", &["h@1.1.0"], &["t@*"]),
            ("w@2.0.0", &[], &["t@*?", "v@*"]),
        ],
        &[("one", &["w@2.0.0", "v@2.0.0"]), ("two", &["t@2.0.0", "w@2.0.0"])],
    );
    assert_eq!(
        paths(&tree, &plain()),
        [
            "h@1.1.0(t@2.0.0)(w@2.0.0)",
            "h@1.1.0(v@2.0.0)(w@2.0.0)",
            "t@2.0.0(w@2.0.0)",
            "v@2.0.0(t@2.0.0)(w@2.0.0)",
            "v@2.0.0(w@2.0.0)",
            "w@2.0.0(t@2.0.0)",
            "w@2.0.0(v@2.0.0)",
        ]
    );
}

#[test]
fn a_cycle_of_dependencies_is_cut_at_the_same_edge_wherever_it_is_entered() {
    let packages: [(&str, &[&str], &[&str]); 4] = [
        ("@z/t@3.0.0", &["j@1.0.0", "l@3.0.0"], &[]),
        ("j@1.0.0", &["@z/t@3.0.0", "l@2.1.0"], &[]),
        ("l@2.1.0", &["j@1.0.0"], &["@z/t@*?"]),
        ("l@3.0.0", &["j@1.0.0"], &[]),
    ];
    let expected = ["@z/t@3.0.0", "j@1.0.0(@z/t@3.0.0)", "l@2.1.0(@z/t@3.0.0)", "l@3.0.0"];
    let tree = tree(&packages, &[(".", &["@z/t@3.0.0", "j@1.0.0", "l@3.0.0"])]);
    assert_eq!(paths(&tree, &plain()), expected);
}

#[test]
fn the_outcome_does_not_depend_on_the_order_packages_were_found_in() {
    let mut packages: Vec<(&str, &[&str], &[&str])> = vec![
        ("a@1.0.0", &["b@1.0.0", "e@1.0.0"], &["c@*"]),
        ("b@1.0.0", &["d@1.0.0"], &["c@*", "e@*?"]),
        ("c@1.0.0", &["a@1.0.0"], &["d@*"]),
        ("d@1.0.0", &[], &["e@*?", "b@*?"]),
        ("e@1.0.0", &[], &["a@*?"]),
    ];
    let projects: [(&str, &[&str]); 2] =
        [("one", &["a@1.0.0", "c@1.0.0", "d@1.0.0"]), ("two", &["c@1.0.0", "e@1.0.0"])];
    let graph = |packages: &[(&str, &[&str], &[&str])]| {
        let tree = tree(packages, &projects);
        let outcome = resolve(&tree, &PeerSettings::default());
        let nodes =
            outcome.graph.into_iter().map(|(path, node)| (path, node.children, node.transitive_peers));
        (nodes.collect::<Vec<_>>(), outcome.direct)
    };
    let expected = graph(&packages);
    for _ in 0..packages.len() {
        packages.rotate_left(1);
        assert_eq!(graph(&packages), expected);
        let reversed: Vec<_> = packages.iter().copied().rev().collect();
        assert_eq!(graph(&reversed), expected);
    }
}

#[test]
fn a_link_is_named_by_its_folder() {
    let tree = tree(
        &[("a@1.0.0", &[], &["packages/b@*"]), ("link:packages/b", &[], &[])],
        &[(".", &["a@1.0.0", "packages/b=link:packages/b"])],
    );
    let outcome = resolve(&tree, &plain());
    assert_eq!(&*outcome.direct[0]["a"], "a@1.0.0(packages/b@packages+b)");
    assert_eq!(&*outcome.graph["a@1.0.0(packages/b@packages+b)"].children["packages/b"], "link:packages/b");
}

#[test]
fn a_peer_may_be_found_under_an_alias() {
    let tree = tree(
        &[("a@1.0.0", &[], &["b@*", "other@*"]), ("other@2.0.0", &[], &[])],
        &[(".", &["a@1.0.0", "b=other@2.0.0"])],
    );
    assert_eq!(paths(&tree, &plain())[0], "a@1.0.0(other@2.0.0)(other@2.0.0)");
}

#[test]
fn dependencies_of_the_root_project_serve_everywhere_if_the_settings_say_so() {
    let tree = tree(
        &[("a@1.0.0", &[], &["b@*"]), ("b@1.0.0", &[], &[])],
        &[(".", &["b@1.0.0"]), ("sub", &["a@1.0.0"])],
    );
    assert_eq!(&*resolve(&tree, &plain()).direct[1]["a"], "a@1.0.0(b@1.0.0)");
    let alone = PeerSettings { from_workspace_root: false, ..plain() };
    assert_eq!(&*resolve(&tree, &alone).direct[1]["a"], "a@1.0.0");
}

#[test]
fn a_variant_that_another_one_covers_becomes_that_one() {
    let tree = tree(
        &[("a@1.0.0", &[], &["b@*?"]), ("b@1.0.0", &[], &[])],
        &[("one", &["a@1.0.0"]), ("two", &["a@1.0.0", "b@1.0.0"])],
    );
    assert_eq!(paths(&tree, &plain()), ["a@1.0.0", "a@1.0.0(b@1.0.0)", "b@1.0.0"]);
    let outcome = resolve(&tree, &PeerSettings::default());
    assert_eq!(&*outcome.direct[0]["a"], "a@1.0.0(b@1.0.0)");
    assert!(!outcome.graph.contains_key("a@1.0.0"));
}

#[test]
fn a_discovery_tells_what_is_missing_and_forgets_it_once_it_is_there() {
    let packages: [(&str, &[&str], &[&str]); 3] = [
        ("a@1.0.0", &["c@1.0.0"], &["b@npm:b@^1.0.0"]),
        ("c@1.0.0", &[], &["b@workspace:^2", "d@*?"]),
        ("b@1.0.0", &[], &[]),
    ];
    let request = DiscoveryRequest { importer: 0, walk_from: 0 };
    let mut discovery = Discovery::new(PeerSettings::default());
    let found = discovery.discover(&tree(&packages, &[(".", &["a@1.0.0"])]), request);
    let of_b: Vec<(&str, &str, bool)> =
        found.missing["b"].iter().map(|peer| (&*peer.range, &*peer.specifier, peer.optional)).collect();
    assert_eq!(of_b, [("^2", "^2", false), ("^1.0.0", "npm:b@^1.0.0", false)]);
    assert!(found.missing["d"][0].optional);
    let mut with_b = tree(&packages, &[(".", &["a@1.0.0", "b@1.0.0"])]);
    with_b.revision = 1;
    let found = discovery.discover(&with_b, request);
    assert_eq!(found.missing.keys().map(|name| &**name).collect::<Vec<_>>(), ["d"]);
}

#[test]
fn issues_tell_what_is_missing_and_what_is_wrong() {
    let tree = tree(
        &[
            ("a@1.0.0", &["c@1.0.0"], &[]),
            ("c@1.0.0", &[], &["b@^2.0.0", "d@*", "e@*?"]),
            ("b@1.0.0", &[], &[]),
        ],
        &[(".", &["a@1.0.0", "b@1.0.0"])],
    );
    let outcome = resolve(&tree, &PeerSettings::default());
    let found = issues(&tree, &outcome, &PeerDependencyRules::default(), true);
    let root = &found["."];
    assert_eq!((&*root.bad["b"][0].found, &*root.bad["b"][0].wanted), ("1.0.0", "^2.0.0"));
    assert_eq!(root.missing.keys().map(|name| &**name).collect::<Vec<_>>(), ["d"]);
    let parents: Vec<&str> = root.missing["d"][0].parents.iter().map(|parent| &*parent.name).collect();
    assert_eq!(parents, ["a", "c"]);
    let rules = serde_json::json!({ "ignoreMissing": ["d"], "allowedVersions": { "c>b": "1" } });
    let rules = PeerDependencyRules::read(&rules).unwrap();
    assert!(issues(&tree, &outcome, &rules, true).is_empty());
}

#[test]
fn what_asks_for_a_package_and_its_peer_far_below_sees_both_from_the_same_place() {
    let below: [(&[&str], &[&str]); 3] = [
        (&["host@1.0.0", "leaf@1.0.0"], &[]),
        (&["host@1.0.0", "mid@1.0.0"], &["leaf@1.0.0"]),
        (&["host@1.0.0", "mid@1.0.0"], &["host@1.0.0", "leaf@1.0.0"]),
    ];
    let hosts_of_beside = below.map(|(below_hub, below_mid)| {
        let below_hub = [below_hub, &["beside@1.0.0"]].concat();
        let packages: &[(&str, &[&str], &[&str])] = &[
            ("engine@1.0.0", &[], &[]),
            ("engine@2.0.0", &[], &[]),
            ("host@1.0.0", &[], &["engine@*"]),
            ("leaf@1.0.0", &[], &["host@*", "engine@*"]),
            ("beside@1.0.0", &[], &["host@*"]),
            ("mid@1.0.0", below_mid, &[]),
            ("hub@1.0.0", &below_hub, &[]),
            ("top@1.0.0", &["hub@1.0.0", "engine@1.0.0"], &[]),
        ];
        let tree = tree(packages, &[(".", &["host@1.0.0", "engine@2.0.0", "top@1.0.0"])]);
        paths(&tree, &plain()).into_iter().find(|path| path.starts_with("beside@")).unwrap()
    });
    let [from_hub, above] =
        ["beside@1.0.0(host@1.0.0(engine@1.0.0))", "beside@1.0.0(host@1.0.0(engine@2.0.0))"];
    assert_eq!(hosts_of_beside, [from_hub, from_hub, above], "not below what brings the host itself");
}

#[test]
fn a_peer_that_names_a_peer_not_looked_at_yet_is_another_one_in_another_project() {
    let packages: &[(&str, &[&str], &[&str])] = &[
        ("client@1.0.0", &[], &["server@*"]),
        ("server@1.0.0", &[], &["web@*?"]),
        ("web@1.0.0", &[], &["engine@*"]),
        ("engine@1.0.0", &[], &[]),
        ("engine@2.0.0", &[], &[]),
    ];
    let tree = tree(
        packages,
        &[
            ("a", &["server@1.0.0", "client@1.0.0", "web@1.0.0", "engine@1.0.0"]),
            ("b", &["server@1.0.0", "client@1.0.0", "web@1.0.0", "engine@2.0.0"]),
        ],
    );
    let clients: Vec<String> =
        paths(&tree, &plain()).into_iter().filter(|path| path.starts_with("client@")).collect();
    assert_eq!(
        clients,
        [
            "client@1.0.0(server@1.0.0(web@1.0.0(engine@1.0.0)))",
            "client@1.0.0(server@1.0.0(web@1.0.0(engine@2.0.0)))",
        ]
    );
}
