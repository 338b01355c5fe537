//! Changes that are not made: what `add` and `remove` refuse, and what a failure leaves unwritten.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::fs;

use pacwatch::core::change::{Add, Command, Remove};
use pacwatch::core::clock::Clock;
use pacwatch::core::config::Flags;
use pacwatch::core::control::Controls;
use pacwatch::core::emit::Emitter;
use pacwatch::core::event::Outcome;
use pacwatch::core::install::{Change, Finished, Install, InstallError, Place};

use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::run;
use support::workspace::Workspace;

fn registry() -> Registry {
    let registry = Registry::start();
    for name in ["x", "y", "z"] {
        registry.publish(&Package::new(name, "1.0.0").file("x", name));
    }
    registry
}

/// A root, `a` and `b` need x; `b` needs y too.
fn workspace(patterns: &[&str]) -> Workspace {
    let manifest = |name: &str, dependencies: &str| {
        format!(r#"{{"name":"{name}","version":"1.0.0","dependencies":{{{dependencies}}}}}"#)
    };
    Workspace::new(patterns, "")
        .setting("minimumReleaseAge: 0")
        .file("package.json", manifest("root", r#""x":"1.0.0""#))
        .file("packages/a/package.json", manifest("a", r#""x":"1.0.0""#))
        .file("packages/b/package.json", manifest("b", r#""x":"1.0.0","y":"1.0.0""#))
}

fn written(workspace: &Workspace, registry: &Registry) -> Site {
    let site = workspace.write(registry);
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    site
}

fn change(site: &Site, flags: Flags, place: Place, command: Command) -> Finished {
    let (emitter, _events) = Emitter::new(Clock::start());
    let config = run::config(site, Flags { frozen_lockfile: Some(false), ..flags });
    let controls = Controls::new(config.knobs());
    Install { config, controls, emitter, change: Some(Change { command, place }) }.run()
}

fn code(finished: &Finished) -> Option<&str> {
    finished.error.as_ref().and_then(InstallError::code)
}

fn add(request: &str) -> Command {
    Command::Add(Add { requests: vec![request.to_owned()], ..Add::default() })
}

fn remove(name: &str) -> Command {
    Command::Remove(Remove { names: vec![name.to_owned()], group: None })
}

fn read(site: &Site, path: &str) -> String {
    fs::read_to_string(site.project.join(path)).unwrap()
}

fn manifests(site: &Site) -> Vec<String> {
    ["package.json", "packages/a/package.json", "packages/b/package.json"].map(|path| read(site, path)).into()
}

#[test]
fn nothing_is_added_to_the_root_of_a_workspace_with_several_patterns_unless_that_is_meant() {
    let registry = registry();
    let several = || workspace(&["packages/*", "apps/*"]);
    let site = written(&several(), &registry);
    let before = manifests(&site);
    let refused = change(&site, Flags::default(), Place::Here, add("z"));
    assert_eq!(code(&refused), Some("ERR_PNPM_ADDING_TO_ROOT"));
    assert_eq!(manifests(&site), before);
    assert!(!site.modules().exists());

    let ignoring = Flags { ignore_workspace_root_check: true, ..Flags::default() };
    for (workspace, flags, place) in [
        (several(), Flags::default(), Place::Root),
        (several(), ignoring, Place::Here),
        (several().setting("ignoreWorkspaceRootCheck: true"), Flags::default(), Place::Here),
        (workspace(&["packages/*"]), Flags::default(), Place::Here),
    ] {
        let site = written(&workspace, &registry);
        let finished = change(&site, flags, place, add("z"));
        assert_eq!(finished.outcome, Outcome::Done, "{workspace:?} {place:?}: {:?}", finished.error);
        assert!(read(&site, "package.json").contains("\"z\":"), "{workspace:?} {place:?}");
    }
}

#[test]
fn the_root_of_a_workspace_is_named_on_the_command_line_by_w() {
    let registry = registry();
    for (arguments, is_added) in [
        (&["add", "z"][..], false),
        (&["add", "-w", "z"], true),
        (&["add", "--ignore-workspace-root-check", "z"], true),
    ] {
        let site = written(&workspace(&["packages/*", "apps/*"]), &registry);
        let output = run::pacwatch(&site, arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), is_added, "{arguments:?}: {told}");
        assert_eq!(told.contains("ERR_PNPM_ADDING_TO_ROOT"), !is_added, "{arguments:?}: {told}");
        assert_eq!(read(&site, "package.json").contains("\"z\":"), is_added, "{arguments:?}");
    }
}

#[test]
fn anything_can_be_added_to_a_member() {
    let registry = registry();
    let mut site = written(&workspace(&["packages/*", "apps/*"]), &registry);
    site.project.push("packages/a");
    let finished = change(&site, Flags::default(), Place::Here, add("z"));
    assert_eq!(finished.outcome, Outcome::Done, "{:?}", finished.error);
    assert!(read(&site, "package.json").contains("\"z\":"));
}

#[test]
fn of_several_projects_one_must_have_what_is_removed() {
    let registry = registry();
    let selecting = |selectors: &[&str]| Flags {
        filter: selectors.iter().map(|selector| (*selector).to_owned()).collect(),
        ..Flags::default()
    };
    for (selectors, name) in [(&[][..], "z"), (&["a", "b"], "z"), (&["a"], "y")] {
        let site = written(&workspace(&["packages/*"]), &registry);
        let before = manifests(&site);
        for place in [Place::Selected, Place::SelectedWithoutRoot] {
            let refused = change(&site, selecting(selectors), place, remove(name));
            assert_eq!(
                code(&refused),
                Some("ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS"),
                "{selectors:?} {place:?}"
            );
            let message = refused.error.unwrap().to_string();
            assert!(message.contains(name), "{message}");
            assert_eq!(manifests(&site), before);
        }
    }
    for selectors in [&[][..], &["a", "b"]] {
        let site = written(&workspace(&["packages/*"]), &registry);
        let before = manifests(&site);
        let finished = change(&site, selecting(selectors), Place::Selected, remove("y"));
        assert_eq!(finished.outcome, Outcome::Done, "{:?}", finished.error);
        let after = manifests(&site);
        assert_eq!(after[..2], before[..2], "those without it stay as they are");
        assert!(!after[2].contains("\"y\""), "{}", after[2]);
    }
}

#[test]
fn a_removal_of_what_no_project_has_fails_on_the_command_line() {
    let registry = registry();
    for arguments in [&["remove", "-r", "z"][..], &["remove", "--filter", "a", "--filter", "b", "z"]] {
        let site = written(&workspace(&["packages/*"]), &registry);
        let output = run::pacwatch(&site, arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains("ERR_PNPM_CANNOT_REMOVE_MISSING_DEPS"), "{told}");
    }
}

#[test]
fn a_manifest_is_not_written_when_peers_do_not_fit_and_must() {
    for only_lockfile in [false, true] {
        let registry = registry();
        registry.publish(&Package::new("needs", "1.0.0").peer("x", "^2.0.0").file("x", ""));
        let project = Project::new().direct(&Package::new("x", "1.0.0").file("x", "x"));
        let flags = || Flags { lockfile_only: only_lockfile, ..Flags::default() };
        let strict = project.clone().setting("strictPeerDependencies: true").write(&registry);
        let before = read(&strict, "package.json");
        let refused = change(&strict, flags(), Place::Here, add("needs"));
        assert_eq!(code(&refused), Some("ERR_PNPM_PEER_DEP_ISSUES"));
        assert_eq!(read(&strict, "package.json"), before);
        let lenient = project.write(&registry);
        let finished = change(&lenient, flags(), Place::Here, add("needs"));
        assert_eq!(finished.outcome, Outcome::Done, "{:?}", finished.error);
        assert!(read(&lenient, "package.json").contains("\"needs\":"));
    }
}
