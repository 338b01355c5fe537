//! Missing peers, and what is done about them.

use super::world::{About, World, direct, edges, specifiers};
use crate::core::resolve::PackageManifest;
use crate::core::resolve::tree::{Origin, PeerOverride};

fn with_peer(world: &mut World, id: &str, peer: &str, range: &str) {
    world.publish(id, &About { peers: &[(peer, range)], ..About::default() });
}

#[test]
fn a_missing_peer_is_installed_for_the_project() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    world.package("host@1.2.0", &[]).package("host@2.0.0", &[]).project(".", &[("plugin", "1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["plugin → plugin@1.0.0", "host → host@1.2.0"]);
    assert_eq!(tree.importers[0].direct[1].origin, Origin::MissingPeer);
}

#[test]
fn peers_that_the_setting_does_not_install_stay_missing() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    world.package("host@1.2.0", &[]).project(".", &[("plugin", "1")]);
    world.settings.auto_install_peers = false;
    assert_eq!(direct(&world.tree(), "."), ["plugin → plugin@1.0.0"]);
}

#[test]
fn several_ranges_meet_in_a_version_that_fits_all() {
    let mut world = World::new();
    with_peer(&mut world, "a@1.0.0", "host", "^1.1.0");
    with_peer(&mut world, "b@1.0.0", "host", "<1.3.0");
    world.package("host@1.0.0", &[]).package("host@1.2.0", &[]).package("host@1.4.0", &[]);
    world.project(".", &[("a", "1"), ("b", "1")]);
    assert_eq!(direct(&world.tree(), ".")[2], "host → host@1.2.0");
}

#[test]
fn ranges_that_share_no_version_leave_the_peer_out_unless_any_match_is_enough() {
    let mut world = World::new();
    with_peer(&mut world, "a@1.0.0", "host", "^1");
    with_peer(&mut world, "b@1.0.0", "host", "^2");
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]).project(".", &[("a", "1"), ("b", "1")]);
    assert_eq!(direct(&world.tree(), ".").len(), 2);
    world.settings.auto_install_peers_from_highest_match = true;
    assert_eq!(direct(&world.tree(), ".")[2], "host → host@2.0.0");
}

#[test]
fn a_version_that_the_tree_has_is_taken_over_a_newer_one() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", ">=1");
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]).package("user@1.0.0", &[("host", "^1")]);
    world.project(".", &[("plugin", "1"), ("user", "1")]);
    assert_eq!(direct(&world.tree(), ".")[2], "host → host@1.0.0");
}

#[test]
fn an_optional_peer_is_only_installed_if_the_tree_has_a_fitting_version() {
    let mut world = World::new();
    let about = About { peers: &[("host", "^1")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@1.5.0", &[]);
    world.package("user@1.0.0", &[("host", "1.0.0")]);
    world.project(".", &[("plugin", "1")]);
    assert_eq!(direct(&world.tree(), "."), ["plugin → plugin@1.0.0"]);
    world.without_projects().project(".", &[("plugin", "1"), ("user", "1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, ".")[2], "host → host@1.0.0");
    assert_eq!(tree.importers[0].direct[2].origin, Origin::MissingOptionalPeer);
}

#[test]
fn peers_of_installed_peers_are_installed_as_well() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    with_peer(&mut world, "host@1.0.0", "base", "^1");
    world.package("base@1.0.0", &[]).project(".", &[("plugin", "1")]);
    assert_eq!(direct(&world.tree(), ".")[1..], ["host → host@1.0.0", "base → base@1.0.0"]);
}

#[test]
fn the_root_of_the_workspace_says_by_which_specifier() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", ">=1");
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    world.project(".", &[("host", "^1")]).project("p", &[("plugin", "1")]);
    assert_eq!(direct(&world.tree(), "p")[1], "host → host@1.0.0");
}

#[test]
fn an_override_redirects_or_drops_an_installed_peer() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    world.package("host@1.0.0", &[]).package("host@3.0.0", &[]).project(".", &[("plugin", "1")]);
    world.overridden.insert("host", PeerOverride::Specifier("3".into()));
    assert_eq!(direct(&world.tree(), ".")[1], "host → host@3.0.0");
    world.overridden.insert("host", PeerOverride::Drop);
    assert_eq!(direct(&world.tree(), ".").len(), 1);
}

#[test]
fn a_dependency_that_is_a_peer_too_is_left_to_be_found() {
    let mut world = World::new();
    let about = About { dependencies: &[("host", "^1")], peers: &[("host", ">=1")], ..About::default() };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    world.project(".", &[("plugin", "1"), ("host", "2")]);
    let tree = world.tree();
    assert!(edges(&tree, "plugin@1.0.0").is_empty());
    assert!(tree.packages["plugin@1.0.0"].peers.contains_key("host"));
    world.settings.auto_install_peers = false;
    assert!(edges(&world.tree(), "plugin@1.0.0").is_empty(), "in sight");
    world.without_projects().project(".", &[("plugin", "1")]);
    assert_eq!(edges(&world.tree(), "plugin@1.0.0"), ["host → host@1.0.0"], "not in sight");
}

#[test]
fn what_provides_a_peer_below_is_offered_to_the_project() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    world.package("host@1.0.0", &[]).package("app@1.0.0", &[("host", "1"), ("plugin", "1")]);
    world.project(".", &[("app", "1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["app → app@1.0.0", "host → host@1.0.0"]);
    assert_eq!(tree.importers[0].direct[1].origin, Origin::Provider);
}

#[test]
fn a_dependency_that_is_an_optional_peer_too_is_only_left_to_be_found_where_it_is_in_sight() {
    let mut world = World::new();
    let about = About {
        dependencies: &[("host", "^1")],
        peers: &[("host", "^1")],
        may_lack: &["host"],
        ..About::default()
    };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@1.1.0", &[]);
    world.package("wrap@1.0.0", &[("plugin", "1"), ("host", "1.0.0")]).project(".", &[("wrap", "1")]);
    assert_eq!(edges(&world.tree(), "plugin@1.0.0"), ["host → host@1.0.0"], "a sibling is not above");
    world.without_projects().project(".", &[("plugin", "1"), ("host", "1.0.0")]);
    assert!(edges(&world.tree(), "plugin@1.0.0").is_empty());
}

#[test]
fn a_peer_of_a_project_meets_what_another_project_asks_for() {
    let mut world = World::new();
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    let manifest =
        PackageManifest { peer_dependencies: specifiers(&[("host", ">=1")]), ..PackageManifest::default() };
    world.project_of(".", manifest).project("p", &[("host", "^1")]);
    assert_eq!(direct(&world.tree(), "."), ["host → host@1.0.0"]);
}

#[test]
fn what_another_project_asks_for_by_a_catalog_is_met_by_peers_of_projects_only() {
    let mut world = World::new();
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    let manifest =
        PackageManifest { peer_dependencies: specifiers(&[("host", ">=1")]), ..PackageManifest::default() };
    world.project_of("peers", manifest);
    world.project("by-catalog", &[("host", "catalog:^1")]).project("depends", &[("host", ">=1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "peers"), ["host → host@1.0.0"]);
    assert_eq!(direct(&tree, "depends"), ["host → host@2.0.0"]);
}

#[test]
fn what_a_place_finds_is_not_offered_where_it_takes_its_children_from_another_place() {
    let mut world = World::new();
    let about = About { peers: &[("host", "*")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    world.package("between@1.0.0", &[("plugin", "1.0.0")]).package("newer@1.0.0", &[("host", "2.0.0")]);
    world.package("a@1.0.0", &[("host", "1.0.0"), ("between", "1.0.0")]);
    // The direct dependency decides about what is below `between`.
    world.project(".", &[("a", "1"), ("between", "1"), ("newer", "1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, ".")[3], "host → host@2.0.0");
    assert_eq!(tree.importers[0].direct[3].origin, Origin::MissingOptionalPeer);
}

#[test]
fn a_better_place_walks_again_where_more_is_in_sight_than_before() {
    let mut world = World::new();
    let both = About {
        dependencies: &[("host", "1.0.0")],
        peers: &[("host", "1.0.0")],
        may_lack: &["host"],
        ..About::default()
    };
    world.publish("both@1.0.0", &both).package("host@1.0.0", &[]);
    with_peer(&mut world, "asks@1.0.0", "host", "1.0.0");
    world.package("has@1.0.0", &[("host", "1.0.0"), ("both", "1.0.0"), ("asks", "1.0.0")]);
    world.package("above@1.0.0", &[("has", "1.0.0")]);
    with_peer(&mut world, "plugin@1.0.0", "above", "1.0.0");
    world.package("tool@1.0.0", &[("above", "1.0.0")]);
    // `host` is offered to the project before `above` is installed for `plugin`.
    world.project(".", &[("tool", "1"), ("plugin", "1")]);
    assert!(edges(&world.tree(), "both@1.0.0").is_empty());
}

/// A library that can use a tool, and a project elsewhere that brings the tool, whose own peer is `base@1`.
fn with_tool(range: &str, base: &str) -> World {
    let mut world = World::new();
    let about = About { peers: &[("tool", "*")], may_lack: &["tool"], ..About::default() };
    world.publish("library@1.0.0", &about);
    with_peer(&mut world, "tool@1.0.0", "base", range);
    world.package("base@1.0.0", &[]).package("base@2.0.0", &[]).package("user@1.0.0", &[("tool", "1")]);
    world.project("a", &[("library", "1"), ("base", base)]);
    world.project("b", &[("user", "1"), ("base", "1")]);
    world
}

#[test]
fn an_optional_peer_stays_away_if_its_own_peer_refuses_what_the_project_has() {
    assert_eq!(direct(&with_tool("^1", "1").tree(), "a")[2], "tool → tool@1.0.0");
    assert_eq!(direct(&with_tool("^1", "2").tree(), "a").len(), 2);
    assert_eq!(direct(&with_tool("*", "2").tree(), "a")[2], "tool → tool@1.0.0");
}

#[test]
fn an_optional_peer_takes_a_lower_version_that_gets_along_with_the_project() {
    let mut world = with_tool("^2", "2");
    with_peer(&mut world, "tool@2.0.0", "base", "^1");
    world.project("c", &[("tool", "2"), ("base", "1")]);
    assert_eq!(direct(&world.tree(), "a")[2], "tool → tool@1.0.0");
}

#[test]
fn an_optional_peer_stays_away_if_a_peer_it_would_bring_refuses_what_the_project_has() {
    let mut world = with_tool("*", "2");
    with_peer(&mut world, "tool@1.1.0", "helper", "*");
    with_peer(&mut world, "helper@1.0.0", "base", "^1");
    world.project("c", &[("tool", "1.1.0"), ("helper", "1"), ("base", "1")]);
    assert_eq!(direct(&world.tree(), "a").len(), 2, "nothing but what it asks for");
}

#[test]
fn an_optional_peer_stays_away_if_its_own_peer_refuses_what_the_root_has() {
    let mut world = with_tool("^1", "2");
    world.without_projects().project("a", &[("library", "1")]).project("b", &[("user", "1"), ("base", "1")]);
    world.project(".", &[("base", "2")]);
    assert_eq!(direct(&world.tree(), "a"), ["library → library@1.0.0"]);
    world.settings.resolve_peers_from_workspace_root = false;
    assert_eq!(direct(&world.tree(), "a")[1..], ["tool → tool@1.0.0", "base → base@1.0.0"]);
}

#[test]
fn the_root_does_not_decide_about_an_optional_peer_that_cannot_live_with_it() {
    let mut world = World::new();
    let about = About { peers: &[("host", "^2")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    world.project(".", &[("host", "^1")]).project("a", &[("plugin", "1")]).project("b", &[("host", "2")]);
    assert_eq!(direct(&world.tree(), "a")[1], "host → host@2.0.0");
}

#[test]
fn a_missing_peer_takes_the_version_that_fits_whatever_projects_ask_for() {
    let mut world = World::new();
    with_peer(&mut world, "plugin@1.0.0", "host", "^1");
    world.package("host@1.0.0", &[]).package("host@1.5.0", &[]).package("host@2.0.0", &[]);
    world.package("user@1.0.0", &[("host", "1.5.0")]);
    world.project("a", &[("plugin", "1")]).project("b", &[("host", "~1.0")]);
    world.project("c", &[("user", "1")]).project("d", &[("host", "2")]);
    assert_eq!(direct(&world.tree(), "a")[1], "host → host@1.5.0");
}

#[test]
fn projects_that_keep_to_themselves_take_optional_peers_only_from_what_they_have() {
    let mut world = with_tool("^1", "1");
    world.settings.dedupe_peer_dependents = false;
    assert_eq!(direct(&world.tree(), "a").len(), 2);
    world.package("other@1.0.0", &[("tool", "1")]).without_projects();
    world.project("a", &[("library", "1"), ("other", "1")]);
    let tree = world.tree();
    assert!(direct(&tree, "a").contains(&"tool → tool@1.0.0".to_owned()), "{:?}", direct(&tree, "a"));
}

#[test]
fn all_who_miss_a_peer_are_heard_where_a_subtree_was_looked_at_before() {
    let mut world = World::new();
    with_peer(&mut world, "inner@1.0.0", "host", "<2");
    world.publish(
        "outer@1.0.0",
        &About { dependencies: &[("inner", "1")], peers: &[("host", "*")], ..About::default() },
    );
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]).package("user@1.0.0", &[("outer", "1")]);
    world.project("a", &[("outer", "1")]).project("b", &[("user", "1")]).project("c", &[("host", "2")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "a")[1], "host → host@1.0.0");
    assert_eq!(direct(&tree, "b")[1], "host → host@1.0.0");
}

#[test]
fn what_a_place_finds_is_offered_where_it_takes_over_edges_from_a_deeper_place() {
    let with = |project: &str| {
        let mut world = World::new();
        with_peer(&mut world, "plugin@1.0.0", "parser", "*");
        with_peer(&mut world, "parser@2.0.0", "host", "*");
        world.package("host@1.0.0", &[]);
        world.package("inner@1.0.0", &[("parser", "2"), ("plugin", "1")]);
        world.package("suite@1.0.0", &[("inner", "1")]);
        world.package("config@1.0.0", &[("suite", "1")]).package("other@1.0.0", &[("suite", "1")]);
        world.project(".", &[("config", "1"), ("host", "1")]).project("p", &[(project, "1")]);
        direct(&world.tree(), "p")
    };
    // The direct dependency decides about `suite` from then on, and what is below it about `inner`.
    assert_eq!(with("suite"), ["suite → suite@1.0.0", "parser → parser@2.0.0", "host → host@1.0.0"]);
    // Here it is as deep as in the first project, which keeps it and answers for what is missing there.
    assert_eq!(with("other"), ["other → other@1.0.0"]);
}

#[test]
fn a_peer_that_may_be_absent_is_bound_by_what_the_root_asks_for_not_by_what_it_came_to() {
    let mut world = World::new();
    let plugin = About { peers: &[("host", "<1.9 || 2")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &plugin);
    world.package("host@1.2.0", &[]).package("host@1.9.0", &[]).package("host@2.0.0", &[]);
    world.project(".", &[("host", "^1.2")]).project("a", &[("plugin", "1")]);
    world.project("b", &[("host", "2")]).project("c", &[("host", "1.2.0")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["host → host@1.9.0"]);
    assert_eq!(direct(&tree, "a"), ["plugin → plugin@1.0.0", "host → host@1.2.0"]);
}
