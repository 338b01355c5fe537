//! The lockfile that is written, and when it is not.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

use pacwatch::core::config::Flags;
use pacwatch::core::event::Outcome;
use pacwatch::core::lockfile::Lockfile;

use super::support::packages::Package;
use super::support::project::Project;
use super::support::registry::Registry;
use super::support::{run, tree};
use super::{
    add_dependency, branch, edit_manifest, leaf, lockfile_path, lockfile_text, project, without_lockfile,
};

#[test]
fn an_install_without_a_lockfile_makes_one_and_the_same_tree_as_from_it() {
    let registry = Registry::start();
    let (site, expected) = without_lockfile(&project(), &registry);
    assert_eq!(run::install_well(&site, Flags::default()).finished().outcome, Outcome::Done);
    assert_eq!(lockfile_text(&site), expected.to_yaml());
    let restored = project().write(&registry);
    run::install_well(&restored, Flags::default());
    let names = |site: &super::Site| tree::list(&site.modules()).into_keys().collect::<Vec<_>>();
    assert_eq!(names(&site), names(&restored));
    assert_eq!(fs::read_to_string(site.modules().join("branch/branch.js")).unwrap(), "branch");
}

#[test]
fn the_next_install_has_nothing_to_do_and_asks_nobody() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    registry.forget_requests();
    assert_eq!(run::install_well(&site, Flags::default()).finished().outcome, Outcome::UpToDate);
    fs::remove_dir_all(site.modules()).unwrap();
    run::install_well(&site, Flags::default());
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
}

#[test]
fn a_dependency_that_is_added_is_all_that_is_asked_for() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    let added = Package::new("added", "1.2.0").dependency("leaf", "^1.0.0");
    registry.publish(&added);
    add_dependency(&site, "added", "^1.0.0");
    registry.forget_requests();
    run::install_well(&site, Flags::default());
    let paths: Vec<String> = registry.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/added".to_owned(), Registry::tarball_path(&added)]);
    let text = lockfile_text(&site);
    assert!(text.contains("      added:\n        specifier: ^1.0.0\n        version: 1.2.0\n"), "{text}");
    assert!(site.modules().join("added").exists());
}

#[test]
fn a_dependency_that_is_removed_needs_no_resolution() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project().direct(&Package::new("other", "1.0.0")), &registry);
    run::install_well(&site, Flags::default());
    edit_manifest(&site, |manifest| {
        manifest["dependencies"].as_object_mut().unwrap().remove("branch");
    });
    registry.forget_requests();
    run::install_well(&site, Flags::default());
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert!(!lockfile_text(&site).contains("leaf"));
    assert!(!site.modules().join("branch").exists());
}

#[test]
fn the_lockfile_alone_may_be_asked_for() {
    let registry = Registry::start();
    let (site, expected) = without_lockfile(&project(), &registry);
    let flags = Flags { lockfile_only: true, ..Flags::default() };
    assert_eq!(run::install_well(&site, flags.clone()).finished().outcome, Outcome::Done);
    assert_eq!(lockfile_text(&site), expected.to_yaml());
    assert!(!site.modules().exists());
    assert!(registry.requests().iter().all(|request| !request.path.contains("/-/")));
    let before = fs::metadata(lockfile_path(&site)).unwrap().ino();
    assert_eq!(run::install_well(&site, flags).finished().outcome, Outcome::UpToDate);
    assert_eq!(fs::metadata(lockfile_path(&site)).unwrap().ino(), before);
}

#[test]
fn a_resolution_that_fails_leaves_the_lockfile_and_the_tree_as_they_were() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    let (text, modules) = (lockfile_text(&site), tree::list(&site.modules()));
    add_dependency(&site, "leaf", "^7.0.0");
    let run = run::install(&site, Flags::default());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_NO_MATCHING_VERSION"));
    assert!(run.failure().message.contains("leaf"), "{:?}", run.failure());
    assert_eq!(lockfile_text(&site), text);
    tree::assert_same(&tree::list(&site.modules()), &modules);
}

#[test]
fn an_install_that_fails_after_resolution_leaves_the_lockfile_as_it_was() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    let text = lockfile_text(&site);
    let added = Package::new("added", "1.0.0");
    registry.publish(&added).script_tarball(&added, [super::support::answer::Answer::Status(404)]);
    add_dependency(&site, "added", "1.0.0");
    assert_eq!(run::install(&site, Flags::default()).finished().outcome, Outcome::Failed);
    assert_eq!(lockfile_text(&site), text);
}

#[test]
fn a_broken_lockfile_is_made_anew_with_a_warning_unless_it_is_frozen() {
    let registry = Registry::start();
    let (site, expected) = without_lockfile(&project(), &registry);
    for broken in ["lockfileVersion: '9.0'\nimporters: [\n", "lockfileVersion: '6.0'\n", "<<<<<<< ours\n"] {
        fs::write(lockfile_path(&site), broken).unwrap();
        // Clocks of file systems are coarse: what is written at once looks as old as what was there.
        let later = SystemTime::now() + Duration::from_secs(1);
        fs::File::open(lockfile_path(&site)).unwrap().set_modified(later).unwrap();
        let frozen = Flags { frozen_lockfile: Some(true), ..Flags::default() };
        assert_eq!(run::install(&site, frozen).finished().outcome, Outcome::Failed);
        assert_eq!(lockfile_text(&site), broken);
        let run = run::install_well(&site, Flags::default());
        let warned = run.warnings().iter().any(|(_, message)| message.contains("made anew"));
        assert!(warned, "{broken:?}: {:?}", run.warnings());
        assert_eq!(lockfile_text(&site), expected.to_yaml());
    }
}

#[test]
fn in_continuous_integration_a_lockfile_that_is_there_does_not_change() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    let install = |more: &[&str]| {
        let arguments = [&["install", "--headless"], more].concat();
        let output = run::pacwatch(&site, &arguments).env("CI", "true").output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(install(&[]).0);
    add_dependency(&site, "leaf", "1.0.0");
    let (is_fine, told) = install(&[]);
    assert!(!is_fine && told.contains("ERR_PNPM_OUTDATED_LOCKFILE"), "{told}");
    assert!(install(&["--no-frozen-lockfile"]).0);
    assert!(lockfile_text(&site).contains("      leaf:\n        specifier: 1.0.0\n"));
}

#[test]
fn what_is_in_place_tells_what_a_lost_lockfile_was() {
    let registry = Registry::start();
    let (site, expected) = without_lockfile(&project(), &registry);
    run::install_well(&site, Flags::default());
    fs::remove_file(lockfile_path(&site)).unwrap();
    registry.forget_requests();
    run::install_well(&site, Flags::default());
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
    assert_eq!(lockfile_text(&site), expected.to_yaml());
}

#[test]
fn a_pnpmfile_is_refused_by_name_where_something_is_to_be_resolved() {
    let registry = Registry::start();
    let (site, _) = without_lockfile(&project(), &registry);
    fs::write(site.project.join(".pnpmfile.cjs"), "").unwrap();
    let run = run::install(&site, Flags::default());
    assert!(run.failure().message.contains(".pnpmfile.cjs"), "{:?}", run.failure());
}

#[test]
fn versions_that_are_taken_too_young_are_excluded_by_name_so_that_the_next_run_accepts_them() {
    let registry = Registry::start();
    let project = Project::new()
        .direct(&branch())
        .package(&leaf())
        .setting("trustLockfile: false")
        .setting("minimumReleaseAge: 100000000")
        .setting("minimumReleaseAgeStrict: false")
        .setting("minimumReleaseAgeExclude: [leaf@0.9.0]");
    let (site, expected) = without_lockfile(&project, &registry);
    let run = run::install_well(&site, Flags::default());
    assert!(run.warnings().iter().any(|(_, warning)| warning.contains("branch@1.0.0 was published at")));
    assert_eq!(Lockfile::read(&lockfile_path(&site)).unwrap().unwrap(), expected);
    let settings = fs::read_to_string(site.project.join("pnpm-workspace.yaml")).unwrap();
    let excluded = "minimumReleaseAgeExclude: [ leaf@0.9.0 || 1.0.0, branch@1.0.0 ]";
    assert!(settings.contains(excluded), "{settings}");
    let again = run::install_well(&site, Flags::default());
    assert!(again.warnings().is_empty(), "{:?}", again.warnings());
}

#[test]
fn what_is_only_younger_than_what_it_came_with_breaks_no_policy() {
    let registry = Registry::start();
    // What is published second within its package is younger than any package's first version.
    let young = Package::new("young", "1.0.1").file("y", "y");
    let top = Package::new("top", "1.0.0").dependency("young", "1.0.1");
    let project = Project::new()
        .direct(&top)
        .package(&Package::new("young", "1.0.0").file("y", "old"))
        .package(&young)
        .setting("minimumReleaseAge: 1440")
        .setting("resolutionMode: time-based");
    let (site, _) = without_lockfile(&project, &registry);
    run::install_well(&site, Flags::default());
    assert!(lockfile_text(&site).contains("young@1.0.1"));
}
