//! Starting from a lockfile.

use std::collections::BTreeSet;

use super::world::{About, World, direct, edges, specifiers};
use crate::core::resolve::PackageManifest;
use crate::core::resolve::tree::UpdateScope;

/// A project that is locked before newer versions come out.
fn locked() -> World {
    let mut world = World::new();
    world
        .package("leaf@1.0.0", &[])
        .package("mid@1.0.0", &[("leaf", "^1")])
        .package("top@1.0.0", &[("mid", "^1")]);
    world.package("other@1.0.0", &[("leaf", "^1")]).project(".", &[("top", "^1"), ("other", "^1")]);
    world.lockfile = Some(world.lock());
    world
        .package("leaf@1.1.0", &[])
        .package("mid@1.1.0", &[("leaf", "^1")])
        .package("top@1.1.0", &[("mid", "^1")]);
    world.asked.borrow_mut().clear();
    world
}

#[test]
fn what_fits_is_taken_without_a_question() {
    let world = locked();
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["top → top@1.0.0", "other → other@1.0.0"]);
    assert_eq!(edges(&tree, "mid@1.0.0"), ["leaf → leaf@1.0.0"]);
    assert!(world.asked.borrow().is_empty(), "{:?}", world.asked.borrow());
}

#[test]
fn adding_a_dependency_asks_for_little_more_than_that() {
    let mut world = locked();
    world.package("new@1.0.0", &[("leaf", "^1")]);
    world.without_projects().project(".", &[("top", "^1"), ("other", "^1"), ("new", "^1")]);
    let tree = world.tree();
    assert_eq!(edges(&tree, "new@1.0.0"), ["leaf → leaf@1.0.0"], "the locked version is preferred");
    let asked: Vec<String> = world.asked.borrow().iter().cloned().collect();
    assert_eq!(asked, ["leaf@^1", "new@^1"]);
}

#[test]
fn a_range_that_no_longer_fits_is_resolved_again_and_the_rest_stays() {
    let mut world = locked();
    world.without_projects().project(".", &[("top", "^1.1.0"), ("other", "^1")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["top → top@1.1.0", "other → other@1.0.0"]);
    assert_eq!(edges(&tree, "top@1.1.0"), ["mid → mid@1.0.0"], "locked versions are preferred below");
}

#[test]
fn a_changed_direct_dependency_takes_along_what_is_below_it() {
    let mut world = locked();
    world.without_projects().project(".", &[("top", "^1"), ("other", "^1"), ("leaf", "^1.1.0")]);
    let tree = world.tree();
    assert_eq!(direct(&tree, ".")[2], "leaf → leaf@1.1.0");
    assert_eq!(edges(&tree, "mid@1.0.0"), ["leaf → leaf@1.1.0"]);
    assert_eq!(edges(&tree, "other@1.0.0"), ["leaf → leaf@1.1.0"]);
    assert!(!tree.packages.contains_key("leaf@1.0.0"));
}

#[test]
fn without_reuse_manifests_are_read_again_but_versions_that_fit_stay() {
    let mut world = locked();
    world.reuse_subtrees = false;
    let tree = world.tree();
    assert_eq!(direct(&tree, "."), ["top → top@1.0.0", "other → other@1.0.0"]);
    assert_eq!(edges(&tree, "mid@1.0.0"), ["leaf → leaf@1.0.0"]);
    assert!(world.asked.borrow().contains("leaf@1.0.0"));
}

#[test]
fn an_update_of_one_package_moves_it_wherever_it_is() {
    let mut world = locked();
    world.update = UpdateScope::Names(BTreeSet::from(["leaf".to_owned()]));
    let tree = world.tree();
    assert_eq!(edges(&tree, "mid@1.0.0"), ["leaf → leaf@1.1.0"]);
    assert_eq!(direct(&tree, ".")[0], "top → top@1.0.0");
}

#[test]
fn an_update_of_everything_moves_everything() {
    let mut world = locked();
    world.update = UpdateScope::Everything;
    let tree = world.tree();
    assert_eq!(direct(&tree, ".")[0], "top → top@1.1.0");
    assert_eq!(edges(&tree, "mid@1.1.0"), ["leaf → leaf@1.1.0"]);
}

#[test]
fn an_optional_dependency_that_the_lockfile_has_is_not_left_out_when_it_cannot_be_resolved() {
    let mut world = World::new();
    world.package("maybe@1.0.0", &[]);
    world
        .publish("a@1.0.0", &About { optional: &[("maybe", "^1")], ..About::default() })
        .project(".", &[("a", "^1")]);
    let lockfile = world.lock();
    let mut later = World::new();
    later
        .publish("a@1.0.0", &About { optional: &[("maybe", "^1")], ..About::default() })
        .project(".", &[("a", "^1")]);
    later.lockfile = Some(lockfile);
    later.reuse_subtrees = false;
    let error = later.walk().unwrap_err();
    assert!(error.help().unwrap().contains("the lockfile has it"), "{error}");
}

#[test]
fn a_direct_dependency_that_is_resolved_again_keeps_its_version_beside_a_higher_one() {
    let mut world = World::new();
    world.package("leaf@1.0.0", &[]).project(".", &[("leaf", "1.0.0"), ("wrap", "1")]);
    world.package("leaf@1.1.0", &[]).package("wrap@1.0.0", &[("leaf", "^1.1.0")]);
    let mut lockfile = world.lock();
    lockfile.importers["."].dependencies["leaf"].specifier = "^1".to_owned();
    world.lockfile = Some(lockfile);
    world.reuse_subtrees = false;
    world.without_projects().project(".", &[("leaf", "^1"), ("wrap", "1")]);
    assert_eq!(direct(&world.tree(), "."), ["leaf → leaf@1.0.0", "wrap → wrap@1.0.0"]);
}

#[test]
fn what_asks_for_peers_is_read_again_with_all_that_leads_to_it() {
    let mut world = World::new();
    world.publish("plugin@1.0.0", &About { peers: &[("host", "^1")], ..About::default() });
    world.package("wrap@1.0.0", &[("plugin", "1")]).package("host@1.0.0", &[]);
    world.project(".", &[("wrap", "1"), ("host", "1")]);
    let fresh = world.tree();
    world.lockfile = Some(world.lock());
    world.asked.borrow_mut().clear();
    let again = world.tree();
    let asked: Vec<String> = world.asked.borrow().iter().cloned().collect();
    assert_eq!(asked, ["plugin@1.0.0", "wrap@1.0.0"]);
    assert!(edges(&again, "plugin@1.0.0").is_empty(), "a peer is no child");
    assert_eq!(edges(&again, "wrap@1.0.0"), edges(&fresh, "wrap@1.0.0"));
    assert_eq!(world.lock(), world.lockfile.clone().unwrap());
}

#[test]
fn a_version_that_only_the_lockfile_has_gives_way_to_one_that_the_tree_has() {
    let mut world = World::new();
    let about = About { peers: &[("host", ">=1")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &about).publish("needs@1.0.0", &About { may_lack: &[], ..about });
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]).package("user@1.0.0", &[("host", "^1")]);
    for plugin in ["plugin", "needs"] {
        world.without_projects().project(".", &[(plugin, "1"), ("host", "^2")]);
        world.lockfile = None;
        world.lockfile = Some(world.lock());
        world.without_projects().project(".", &[(plugin, "1"), ("user", "1")]);
        assert_eq!(direct(&world.tree(), ".")[2], "host → host@1.0.0");
        world.without_projects().project(".", &[(plugin, "1")]);
        assert_eq!(direct(&world.tree(), ".")[1], "host → host@2.0.0", "it is better than nothing");
    }
}

#[test]
fn of_versions_that_the_tree_has_the_one_that_was_recorded_stays_an_optional_peer() {
    let mut world = World::new();
    let about = About { peers: &[("host", ">=1")], may_lack: &["host"], ..About::default() };
    world.publish("plugin@1.0.0", &about).package("host@1.0.0", &[]).package("host@2.0.0", &[]);
    world.package("old@1.0.0", &[("host", "^1")]).package("new@1.0.0", &[("host", "^2")]);
    world.project(".", &[("plugin", "1"), ("old", "1")]);
    world.lockfile = Some(world.lock());
    world.without_projects().project(".", &[("plugin", "1"), ("old", "1"), ("new", "1")]);
    assert_eq!(direct(&world.tree(), ".")[3], "host → host@1.0.0");
}

#[test]
fn a_peer_of_the_project_itself_stays_locked_unless_projects_ask_for_another_version_of_it() {
    let mut world = World::new();
    world.package("host@1.0.0", &[]).package("host@1.1.0", &[]).project("b", &[("host", "1.1.0")]);
    world.project("a", &[("host", "1.0.0")]);
    let mut lockfile = world.lock();
    lockfile.importers["a"].dependencies["host"].specifier = "^1".to_owned();
    world.lockfile = Some(lockfile);
    let peers = specifiers(&[("host", "^1")]);
    let manifest = PackageManifest { peer_dependencies: peers, ..PackageManifest::default() };
    world.without_projects().project("b", &[("host", "1.1.0")]).project_of("a", manifest.clone());
    assert_eq!(direct(&world.tree(), "a"), ["host → host@1.1.0"]);
    world.without_projects().project("b", &[("host", "^1")]).project_of("a", manifest.clone());
    assert_eq!(direct(&world.tree(), "a"), ["host → host@1.0.0"]);
    world.without_projects().project("b", &[]).project_of("a", manifest);
    assert_eq!(direct(&world.tree(), "a"), ["host → host@1.0.0"], "though the lockfile has a higher one");
}

#[test]
fn what_changed_in_one_project_takes_along_what_another_has_locked() {
    let mut world = World::new();
    world.package("leaf@1.0.0", &[]).package("wrap@1.0.0", &[("leaf", "^1")]);
    world.project("a", &[("wrap", "1")]).project("b", &[]);
    world.lockfile = Some(world.lock());
    world.package("leaf@1.1.0", &[]);
    world.without_projects().project("a", &[("wrap", "1")]).project("b", &[("leaf", "1.1.0")]);
    assert_eq!(edges(&world.tree(), "wrap@1.0.0"), ["leaf → leaf@1.1.0"]);
    world.lockfile = None;
    world
        .without_projects()
        .project("a", &[("wrap", "1"), ("leaf", "1.0.0")])
        .project("b", &[("leaf", "1.1.0")]);
    world.lockfile = Some(world.lock());
    world.without_projects().project("a", &[("wrap", "1")]).project("b", &[("leaf", "1.1.0")]);
    assert_eq!(edges(&world.tree(), "wrap@1.0.0"), ["leaf → leaf@1.0.0"], "nothing changed in b");
}

#[test]
fn a_cycle_that_the_lockfile_has_is_taken_without_a_question() {
    let mut world = World::new();
    world.package("egg@1.0.0", &[("hen", "1")]).package("hen@1.0.0", &[("egg", "1"), ("corn", "1")]);
    world.package("corn@1.0.0", &[]).project(".", &[("egg", "1")]);
    world.lockfile = Some(world.lock());
    world.asked.borrow_mut().clear();
    let tree = world.tree();
    assert_eq!(edges(&tree, "hen@1.0.0"), ["corn → corn@1.0.0", "egg → egg@1.0.0"]);
    assert!(world.asked.borrow().is_empty(), "{:?}", world.asked.borrow());
}

#[test]
fn a_cycle_with_something_to_update_in_it_is_resolved_again_from_wherever_it_is_entered() {
    let mut world = World::new();
    world.package("egg@1.0.0", &[("hen", "1")]).package("hen@1.0.0", &[("egg", "1"), ("corn", "1")]);
    world.package("corn@1.0.0", &[]).project(".", &[("egg", "1"), ("hen", "1")]);
    world.lockfile = Some(world.lock());
    world.package("corn@1.1.0", &[]).asked.borrow_mut().clear();
    world.update = UpdateScope::Names(BTreeSet::from(["corn".to_owned()]));
    assert_eq!(edges(&world.tree(), "hen@1.0.0"), ["corn → corn@1.1.0", "egg → egg@1.0.0"]);
}

#[test]
fn what_is_looked_up_at_one_place_counts_more_than_what_the_lockfile_tells_at_another() {
    let mut world = World::new();
    world.package("leaf@1.0.0", &[]).package("kept@1.0.0", &[("leaf", "1")]).project(".", &[("kept", "1")]);
    world.lockfile = Some(world.lock());
    world.publish("leaf@1.0.0", &About { deprecated: Some("old"), ..About::default() });
    let told = |world: &World| world.tree().packages["leaf@1.0.0"].manifest.deprecated.clone();
    assert_eq!(told(&world), None);
    world.package("new@1.0.0", &[("leaf", "1")]);
    world.without_projects().project(".", &[("kept", "1"), ("new", "1")]);
    assert_eq!(told(&world).as_deref(), Some("old"));
}

#[test]
fn peers_that_only_the_lockfile_has_stay_away_when_peers_are_not_installed_by_themselves() {
    let mut world = World::new();
    let about = About { peers: &[("host", ">=1")], ..About::default() };
    world.publish("needs@1.0.0", &about);
    world.publish("plugin@1.0.0", &About { may_lack: &["host"], ..about });
    world.package("host@1.0.0", &[]).package("host@2.0.0", &[]).package("user@1.0.0", &[("host", "^1")]);
    for plugin in ["plugin", "needs"] {
        world.settings.auto_install_peers = true;
        world.without_projects().project(".", &[(plugin, "1"), ("host", "^2")]);
        world.lockfile = None;
        world.lockfile = Some(world.lock());
        world.settings.auto_install_peers = false;
        world.without_projects().project(".", &[(plugin, "1")]);
        assert_eq!(direct(&world.tree(), ".").len(), 1);
        world.without_projects().project(".", &[(plugin, "1"), ("user", "1")]);
        assert_eq!(direct(&world.tree(), ".")[2], "host → host@1.0.0");
    }
}
