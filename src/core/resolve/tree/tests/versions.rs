//! Which version is taken where, and which place decides.

use super::world::{About, World, direct, edges, specifiers};
use crate::core::resolve::PackageManifest;

#[test]
fn a_dependency_takes_the_version_that_a_sibling_of_an_ancestor_has() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@1.1.0", &[]).package("b@1.0.0", &[("c", "1")]);
    world.package("c@1.0.0", &[("a", "^1")]).project(".", &[("a", "1.0.0"), ("b", "1")]);
    assert_eq!(edges(&world.tree(), "c@1.0.0"), ["a → a@1.0.0"]);
}

#[test]
fn siblings_do_not_prefer_each_others_versions() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@1.1.0", &[]);
    world.package("b@1.0.0", &[("a", "1.0.0"), ("alias", "npm:a@^1")]).project(".", &[("b", "1")]);
    assert_eq!(edges(&world.tree(), "b@1.0.0"), ["a → a@1.0.0", "alias → a@1.1.0"]);
}

#[test]
fn the_least_deep_place_decides_about_the_children_of_a_package() {
    let mut world = World::new();
    world.package("x@1.0.0", &[]).package("x@1.5.0", &[]).package("shared@1.0.0", &[("x", "^1")]);
    // Deep below `a`, `shared` would see x@1.0.0; below `b` it does not.
    world.package("a@1.0.0", &[("x", "1.0.0"), ("deep", "1")]).package("deep@1.0.0", &[("shared", "1")]);
    world.package("b@1.0.0", &[("shared", "1")]).project(".", &[("a", "1"), ("b", "1")]);
    assert_eq!(edges(&world.tree(), "shared@1.0.0"), ["x → x@1.5.0"]);
}

#[test]
fn among_places_of_one_depth_the_one_whose_ancestors_sort_first_decides() {
    let mut world = World::new();
    world.package("x@1.0.0", &[]).package("x@1.5.0", &[]).package("shared@1.0.0", &[("x", "^1")]);
    world.package("a@1.0.0", &[("x", "1.0.0"), ("shared", "1")]).package("b@1.0.0", &[("shared", "1")]);
    world.project(".", &[("b", "1"), ("a", "1")]);
    assert_eq!(edges(&world.tree(), "shared@1.0.0"), ["x → x@1.0.0"]);
}

#[test]
fn what_a_project_recorded_first_stands_even_if_a_later_project_has_the_better_place() {
    let mut world = World::new();
    world.package("x@1.0.0", &[]).package("x@1.5.0", &[]).package("shared@1.0.0", &[("x", "^1")]);
    world.package("a@1.0.0", &[("x", "1.0.0"), ("shared", "1")]);
    world.project("one", &[("a", "1")]).project("two", &[("shared", "1")]);
    assert_eq!(edges(&world.tree(), "shared@1.0.0"), ["x → x@1.0.0"]);
}

#[test]
fn a_cycle_is_closed_once() {
    let mut world = World::new();
    world.package("a@1.0.0", &[("b", "1")]).package("b@1.0.0", &[("a", "1")]).project(".", &[("a", "1")]);
    let tree = world.tree();
    assert_eq!(edges(&tree, "a@1.0.0"), ["b → b@1.0.0"]);
    assert_eq!(edges(&tree, "b@1.0.0"), ["a → a@1.0.0"]);
}

#[test]
fn a_package_does_not_depend_on_itself() {
    let mut world = World::new();
    world.package("a@1.0.0", &[("a", "1"), ("b", "1")]).package("b@1.0.0", &[]).project(".", &[("a", "1")]);
    assert_eq!(edges(&world.tree(), "a@1.0.0"), ["b → b@1.0.0"]);
}

#[test]
fn a_package_is_optional_only_if_every_walked_way_to_it_is() {
    let mut world = World::new();
    world.package("leaf@1.0.0", &[]).package("both@1.0.0", &[]);
    let about = About { optional: &[("leaf", "1"), ("both", "1")], ..About::default() };
    world.publish("a@1.0.0", &about).project(".", &[("a", "1"), ("both", "1")]);
    let tree = world.tree();
    assert!(tree.packages["leaf@1.0.0"].optional && !tree.packages["both@1.0.0"].optional);
}

#[test]
fn an_optional_dependency_that_cannot_be_had_is_left_out_and_told() {
    let mut world = World::new();
    world
        .publish("a@1.0.0", &About { optional: &[("gone", "1")], ..About::default() })
        .project(".", &[("a", "1")]);
    assert!(edges(&world.tree(), "a@1.0.0").is_empty());
    assert_eq!(*world.heard.borrow(), ["resolved a@1.0.0", "skipped 1 below [a@1.0.0]"]);
}

#[test]
fn a_dependency_that_cannot_be_had_is_an_error() {
    let mut world = World::new();
    world.package("a@1.0.0", &[("gone", "1")]).project(".", &[("a", "1")]);
    assert!(world.walk().unwrap_err().to_string().contains("gone@1"));
}

#[test]
fn groups_of_a_project_are_merged_and_the_last_specifier_counts() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@2.0.0", &[]).package("b@1.0.0", &[]);
    let manifest = PackageManifest {
        dev_dependencies: specifiers(&[("a", "1"), ("b", "1")]),
        dependencies: specifiers(&[("a", "2")]),
        ..PackageManifest::default()
    };
    world.project_of(".", manifest);
    assert_eq!(direct(&world.tree(), "."), ["a → a@2.0.0", "b → b@1.0.0"]);
}

#[test]
fn catalogs_stand_for_their_specifier() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@2.0.0", &[]).project(".", &[("a", "catalog:^1")]);
    assert_eq!(direct(&world.tree(), "."), ["a → a@1.0.0"]);
}

#[test]
fn a_patch_is_part_of_the_id() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).project(".", &[("a", "1")]);
    world.patches.push(("a@^1", "abc"));
    let walked = world.walk().unwrap();
    assert_eq!(direct(&walked.tree, "."), ["a → a@1.0.0(patch_hash=abc)"]);
    assert!(walked.applied_patches.contains("a@^1"));
}

#[test]
fn deprecated_packages_are_told_once_unless_they_are_allowed() {
    let mut world = World::new();
    let about = About { deprecated: Some("use b"), ..About::default() };
    world.publish("a@1.0.0", &about).publish("old@1.0.0", &about).package("b@1.0.0", &[("a", "1")]);
    world.project(".", &[("b", "1"), ("old", "1")]).project("p", &[("a", "1")]);
    world.settings.allowed_deprecated_versions.insert("old".to_owned(), "^1".to_owned());
    world.tree();
    let heard = world.heard.borrow();
    let deprecated: Vec<&String> = heard.iter().filter(|heard| heard.starts_with("deprecated")).collect();
    assert_eq!(deprecated, ["deprecated a@1.0.0 1: use b"]);
}

#[test]
fn a_link_has_no_children_and_one_place() {
    let mut world = World::new();
    world.project(".", &[("w", "link:w")]).project("p", &[("w", "link:w")]);
    let tree = world.tree();
    assert_eq!(tree.nodes.len(), 1);
    assert_eq!(tree.nodes[0].depth, -1);
    assert!(tree.packages["link:w"].is_link());
}

#[test]
fn with_time_based_resolution_direct_dependencies_are_lowest_and_set_the_limit() {
    let mut world = World::new();
    let published = |time: &'static str| About { published: Some(time), ..About::default() };
    world
        .publish("a@1.0.0", &published("1970-01-01T00:00:01Z"))
        .publish("a@1.1.0", &published("2020-01-01T00:00:00Z"));
    world.project(".", &[("a", "^1")]);
    super::world::time_based(&mut world.settings);
    let walked = world.walk().unwrap();
    assert_eq!(direct(&walked.tree, "."), ["a → a@1.0.0"]);
    assert_eq!(walked.time.len(), 1);
    assert_eq!(&*walked.time["a@1.0.0"], "1970-01-01T00:00:01Z");
}

#[test]
fn what_a_project_asks_for_is_preferred_in_that_project_alone() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@2.0.0", &[]).package("plugin@1.0.0", &[("a", ">=1")]);
    world.project(".", &[("a", "^1"), ("again", "npm:a@>=1")]).project("p", &[("plugin", "1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, ".")[1], "again → a@1.0.0");
    assert_eq!(edges(&tree, "plugin@1.0.0"), ["a → a@2.0.0"]);
}

#[test]
fn what_an_earlier_project_was_answered_counts_for_later_ones() {
    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@2.0.0", &[]);
    world.package("first@1.0.0", &[("a", ">=1")]).package("second@1.0.0", &[("a", ">=1")]);
    world.project(".", &[("a", "^1"), ("first", "1")]).project("p", &[("second", "1")]);
    assert_eq!(edges(&world.tree(), "second@1.0.0"), ["a → a@1.0.0"]);

    let mut world = World::new();
    world.package("a@1.0.0", &[]).package("a@2.0.0", &[]);
    world.package("first@1.0.0", &[("a", ">=1")]).package("second@1.0.0", &[("a", ">=1")]);
    world.project(".", &[("second", "1")]).project("p", &[("a", "^1"), ("first", "1")]);
    assert_eq!(edges(&world.tree(), "second@1.0.0"), ["a → a@2.0.0"]);
}

/// Two projects, the second of which has a better place for `above` and what is below it, and `host` in sight there.
/// `both` has `host` as a dependency and as a peer that may be absent; `below_x` is what `x` has beside `c`.
fn with_a_better_place(below_above: &[(&str, &str)], below_x: &[(&str, &str)]) -> World {
    let mut world = World::new();
    let both = About {
        dependencies: &[("host", "1")],
        peers: &[("host", "1")],
        may_lack: &["host"],
        ..About::default()
    };
    world.publish("both@1.0.0", &both).package("host@1.0.0", &[]);
    world.package("c@1.0.0", &[]).package("c@1.1.0", &[]);
    world.package("y@1.0.0", &[("both", "1")]).package("x@1.0.0", &[&[("c", "^1")], below_x].concat());
    world.package("above@1.0.0", &[&[("x", "1")], below_above].concat());
    world.package("tool@1.0.0", &[("above", "1"), ("c", "1.0.0")]);
    world.project("two", &[("above", "1"), ("host", "1")]);
    world
}

#[test]
fn a_better_place_walks_again_only_where_something_below_would_leave_other_names_to_peers() {
    let c_of_x = |world: &World| {
        let of_x = edges(&world.tree(), "x@1.0.0");
        of_x.into_iter().find(|edge| edge.starts_with("c ")).unwrap()
    };
    let mut below = with_a_better_place(&[], &[("both", "1")]);
    below.project("one", &[("tool", "1")]);
    assert_eq!(c_of_x(&below), "c → c@1.1.0");
    let mut beside = with_a_better_place(&[("both", "1")], &[]);
    beside.project("one", &[("tool", "1")]);
    assert_eq!(c_of_x(&beside), "c → c@1.0.0");
    let mut seen_before = with_a_better_place(&[], &[("host", "1"), ("y", "1")]);
    seen_before.project("one", &[("tool", "1")]);
    assert_eq!(c_of_x(&seen_before), "c → c@1.0.0");
    let mut better_elsewhere = with_a_better_place(&[], &[("both", "1")]);
    better_elsewhere.project("one", &[("tool", "1"), ("both", "1")]);
    assert_eq!(c_of_x(&better_elsewhere), "c → c@1.0.0");
}

#[test]
fn what_is_below_an_added_peer_prefers_what_its_project_asks_for_whoever_asked_before() {
    let mut world = World::new();
    world.package("n@1.0.0", &[]).package("n@2.0.0", &[]).package("asks@1.0.0", &[("n", "*")]);
    world.package("host@1.0.0", &[("m", "1")]).package("m@1.0.0", &[("n", "*")]);
    let plugin = About { peers: &[("host", "1")], ..About::default() };
    world.publish("plugin@1.0.0", &plugin);
    world.project("one", &[("asks", "1")]).project("two", &[("plugin", "1"), ("n", "^1")]);
    assert_eq!(edges(&world.tree(), "asks@1.0.0"), ["n → n@2.0.0"]);
    assert_eq!(edges(&world.tree(), "m@1.0.0"), ["n → n@1.0.0"]);
}

#[test]
fn what_a_project_asks_for_by_a_catalog_is_preferred_below_it() {
    let mut world = World::new();
    world.package("n@1.2.0", &[]).package("n@1.9.0", &[]).package("n@2.0.0", &[]);
    world.package("asks@1.0.0", &[("n", "1.2.0 || 2.0.0")]);
    world.project(".", &[("asks", "1"), ("n", "catalog:^1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["asks → asks@1.0.0", "n → n@1.9.0"]);
    assert_eq!(edges(&tree, "asks@1.0.0"), ["n → n@1.2.0"]);
}
