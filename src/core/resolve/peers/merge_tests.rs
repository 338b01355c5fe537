//! Variants that are merged, and rows that are too long. Expected dep paths are those that pnpm 12 writes for the same
//! packages.

use super::tests::{paths, plain, tree};
use super::*;
use crate::core::resolve::tree::{DEPTH_LIMIT, Tree};

fn merging() -> PeerSettings {
    PeerSettings { from_workspace_root: false, ..PeerSettings::default() }
}

#[test]
fn variants_around_a_cycle_are_merged_together() {
    let tree = tree(
        &[
            ("s@1.0.0", &["l@1.0.0"], &[]),
            ("l@1.0.0", &["c@1.0.0"], &[]),
            ("q@1.0.0", &["c@1.0.0"], &[]),
            ("c@1.0.0", &[], &["s@^3", "q@*"]),
        ],
        &[("a", &["q@1.0.0"]), ("b", &["q@1.0.0", "s@1.0.0"])],
    );
    let outcome = resolve(&tree, &merging());
    assert_eq!(&*outcome.direct[0]["q"], "q@1.0.0(s@1.0.0)");
    assert_eq!(&*outcome.graph["c@1.0.0(q@1.0.0)(s@1.0.0)"].children["q"], "q@1.0.0(s@1.0.0)");
}

#[test]
fn what_saw_a_merged_variant_is_named_by_the_one_that_stands_for_it() {
    let tree = tree(
        &[("g@2.0.0", &[], &[]), ("v@1.0.0", &[], &["g@*"]), ("r@1.0.0", &[], &["v@*"])],
        &[("a", &["v@1.0.0", "g@2.0.0"]), ("b", &["r@1.0.0", "v@1.0.0"])],
    );
    let outcome = resolve(&tree, &merging());
    assert_eq!(&*outcome.direct[1]["r"], "r@1.0.0(v@1.0.0(g@2.0.0))");
    assert!(!outcome.graph.contains_key("v@1.0.0"));
}

#[test]
fn a_merge_below_makes_room_for_one_above_even_if_a_third_variant_stays() {
    let tree = tree(
        &[
            ("h@1.0.0", &["s@1.0.0"], &[]),
            ("s@1.0.0", &[], &["c@*"]),
            ("q@1.0.0", &["c@1.0.0", "h@1.0.0"], &[]),
            ("c@1.0.0", &[], &[]),
            ("c@2.0.0", &[], &[]),
        ],
        &[("a", &["c@2.0.0", "h@1.0.0"]), ("b", &["h@1.0.0", "q@1.0.0"])],
    );
    let outcome = resolve(&tree, &merging());
    assert_eq!(&*outcome.direct[1]["h"], "h@1.0.0(c@2.0.0)");
    assert!(!outcome.graph.contains_key("s@1.0.0"));
}

#[test]
fn variants_that_see_different_packages_under_one_name_stay_apart() {
    let tree = tree(
        &[("x@2.0.0", &[], &["q@*?"]), ("m@2.0.0", &[], &["q@*?", "x@*"]), ("q@3.0.0", &[], &[])],
        &[("a", &["x@2.0.0", "q@3.0.0", "m@2.0.0"]), ("b", &["x=q@3.0.0", "m@2.0.0"])],
    );
    let outcome = resolve(&tree, &merging());
    assert_eq!(&*outcome.direct[0]["m"], "m@2.0.0(q@3.0.0)(x@2.0.0(q@3.0.0))");
    assert_eq!(&*outcome.direct[1]["m"], "m@2.0.0(q@3.0.0)(q@3.0.0)");
}

#[test]
fn a_variant_of_a_peer_that_a_project_does_without_is_not_given_to_it() {
    let packages: &[(&str, &[&str], &[&str])] = &[("d@1.0.0", &[], &["l@*?"]), ("l@1.0.0", &[], &[])];
    let projects: &[(&str, &[&str])] = &[("a", &["d@1.0.0"]), ("b", &["d@1.0.0", "l@1.0.0"])];
    let mut tree = tree(packages, projects);
    assert_eq!(&*resolve(&tree, &merging()).direct[0]["d"], "d@1.0.0(l@1.0.0)");
    tree.importers[0].left_absent.insert("l".into());
    assert_eq!(&*resolve(&tree, &merging()).direct[0]["d"], "d@1.0.0");
}

/// A row of packages `p0` → `p1` → …, of which the last one asks for `host`.
fn row(length: usize) -> Tree {
    let ids: Vec<String> = (0..length).map(|at| format!("p{at}@1.0.0")).collect();
    let edges: Vec<Vec<&str>> =
        (0..length).map(|at| ids.get(at + 1).map(String::as_str).into_iter().collect()).collect();
    let mut packages: Vec<(&str, &[&str], &[&str])> = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        packages.push((id, &edges[at], if at + 1 == length { &["host@*"] } else { &[] }));
    }
    packages.push(("host@1.0.0", &[], &[]));
    tree(&packages, &[(".", &["p0@1.0.0", "host@1.0.0"])])
}

#[test]
fn a_long_row_of_dependencies_is_walked_to_its_end() {
    let outcome = resolve(&row(DEPTH_LIMIT as usize - 1), &plain());
    assert!(!outcome.too_deep);
    assert_eq!(&*outcome.direct[0]["p0"], "p0@1.0.0(host@1.0.0)");
}

#[test]
fn a_row_of_dependencies_without_end_is_told_and_does_not_exhaust_the_stack() {
    assert!(resolve(&row(50_000), &plain()).too_deep);
}

#[test]
fn a_long_row_of_peers_of_peers_does_not_exhaust_the_stack() {
    let ids: Vec<String> = (0..5_000).map(|at| format!("p{at}@1.0.0")).collect();
    let peers: Vec<String> = (1..=5_000).map(|at| format!("p{at}@*")).collect();
    let peers: Vec<[&str; 1]> = peers.iter().map(|peer| [peer.as_str()]).collect();
    let packages: Vec<(&str, &[&str], &[&str])> =
        ids.iter().zip(&peers).map(|(id, peer)| (id.as_str(), [].as_slice(), peer.as_slice())).collect();
    let direct: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(paths(&tree(&packages, &[(".", &direct)]), &plain()).len(), 5_000);
}
