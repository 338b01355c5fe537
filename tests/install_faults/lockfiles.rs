//! Lockfiles that are broken, absent, out of date, or made to harm.

use std::collections::BTreeMap;
use std::fs;

use pacwatch::core::config::Flags;

use crate::support::packages::Package;
use crate::support::project::{Project, Site};
use crate::support::registry::Registry;
use crate::support::tree::Node;
use crate::support::{run, tree};

fn installed(registry: &Registry) -> Site {
    let dependency = Package::new("b", "1.0.0").file("b.js", "b");
    let package = Package::new("a", "1.0.0").dependency("b", "1.0.0").file("a.js", "a");
    Project::new().direct(&package).package(&dependency).write(registry)
}

fn frozen() -> Flags {
    Flags { frozen_lockfile: Some(true), ..Flags::default() }
}

/// Everything below the site's root but for what an install is to write: the project's modules, the store, the cache.
fn surroundings(site: &Site) -> BTreeMap<String, Node> {
    let mut tree = tree::list(site.root.path());
    tree.retain(|path, _| {
        !["project/node_modules", "store", "cache"]
            .iter()
            .any(|own| path == own || path.starts_with(&format!("{own}/")))
    });
    tree
}

/// Installs from a lockfile made of the good one by replacing, which must not change; the run must fail, with this code,
/// and write nothing outside.
fn assert_refused(replace: &[(&str, &str)], code: &str, says: &str) {
    let registry = Registry::start();
    let site = installed(&registry);
    let path = site.project.join("pnpm-lock.yaml");
    let mut text = fs::read_to_string(&path).unwrap();
    for (from, to) in replace {
        assert!(text.contains(from), "{from:?} is not in {text}");
        text = text.replace(from, to);
    }
    fs::write(&path, &text).unwrap();
    let before = surroundings(&site);
    let run = run::install(&site, frozen());
    let failure = run.failure();
    assert_eq!(failure.code.as_deref(), Some(code), "{replace:?}: {failure:?}");
    assert!(failure.message.contains(says), "{replace:?}: no {says:?} in {failure:?}");
    assert!(failure.help.is_some(), "{failure:?}");
    tree::assert_same(&surroundings(&site), &before);
    let slots = tree::list(&site.modules().join(".pnpm"));
    assert!(slots.is_empty(), "{replace:?}: {slots:?}");
    assert_eq!(registry.requests().len(), 0, "{replace:?}");
}

#[test]
fn names_that_would_leave_node_modules_are_refused() {
    let name = "ERR_PNPM_INVALID_DEPENDENCY_NAME";
    for hostile in [
        "..",
        "../../home/x",
        "/etc/x",
        "node_modules",
        ".bin",
        ".pnpm",
        "@scope/../../x",
        "x/../../y",
        "x\\..\\y",
        "C:\\x",
    ] {
        let quoted = format!("'{hostile}':");
        // As a direct dependency's alias, as an alias of an edge, and as a package.
        assert_refused(
            &[("      a:\n        specifier", &format!("      {quoted}\n        specifier"))],
            name,
            hostile_part(hostile),
        );
        assert_refused(
            &[("      b: 1.0.0", &format!("      {quoted} b@1.0.0"))],
            name,
            hostile_part(hostile),
        );
    }
    for hostile in ["../x@1.0.0", "/x@1.0.0", "node_modules@1.0.0", "@s/../x@1.0.0"] {
        let quoted = format!("  '{hostile}':");
        assert_refused(&[("  b@1.0.0:", &quoted)], name, "lockfile names");
    }
}

/// What of a name stands in a message, where it is shown with its escapes.
fn hostile_part(name: &str) -> &str {
    name.split('\\').next().unwrap_or(name)
}

#[test]
fn versions_and_peers_that_would_leave_the_virtual_store_are_refused() {
    for hostile in ["..", "../../x", "1.0.0/../../x", "/etc"] {
        let broken = "ERR_PNPM_BROKEN_LOCKFILE";
        assert_refused(&[("b@1.0.0:", &format!("b@{hostile}:"))], broken, "neither a version");
    }
}

#[test]
fn control_characters_are_refused() {
    let broken = "ERR_PNPM_BROKEN_LOCKFILE";
    assert_refused(&[("      b: 1.0.0", "      b: \"1.0.0\\0\"")], broken, "control characters");
    assert_refused(
        &[("      b: 1.0.0", "      \"b\\0\": b@1.0.0")],
        "ERR_PNPM_INVALID_DEPENDENCY_NAME",
        "\\0",
    );
}

#[test]
fn projects_outside_and_in_node_modules_are_refused() {
    for hostile in ["/etc", "a/../../b", "node_modules/x", "a//b"] {
        let importer = format!("  '{hostile}': {{}}\n  .:");
        assert_refused(&[("  .:", &importer)], "ERR_PNPM_BROKEN_LOCKFILE", "which");
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = format!("x: {}{}\n", "[".repeat(200_000), "]".repeat(200_000));
    assert_refused(
        &[("lockfileVersion", &format!("{deep}lockfileVersion"))],
        "ERR_PNPM_BROKEN_LOCKFILE",
        "pnpm-lock.yaml",
    );
    let peers = format!("b@1.0.0{}{}:", "(c@1.0.0".repeat(50_000), ")".repeat(50_000));
    let registry = Registry::start();
    let site = installed(&registry);
    let path = site.project.join("pnpm-lock.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let (head, snapshots) = text.split_once("snapshots:").unwrap();
    fs::write(&path, format!("{head}snapshots:{}", snapshots.replace("b@1.0.0:", &peers))).unwrap();
    let output = run::pacwatch(&site, &["install"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn what_is_broken_is_told_with_its_line() {
    let broken = "ERR_PNPM_BROKEN_LOCKFILE";
    assert_refused(&[("importers:\n", "importers: [\n")], broken, "pnpm-lock.yaml:");
    assert_refused(&[("importers:\n", "}importers:\n")], broken, "pnpm-lock.yaml:7");
    assert_refused(&[("snapshots:\n", "<<<<<<< ours\nsnapshots:\n")], broken, "merge");
    assert_refused(&[("      b: 1.0.0", "      b: [1]")], broken, "pnpm-lock.yaml:");
    assert_refused(
        &[("lockfileVersion: '9.0'", "lockfileVersion: '6.0'")],
        "ERR_PNPM_LOCKFILE_BREAKING_CHANGE",
        "pnpm-lock.yaml:1",
    );
}

#[test]
fn what_is_missing_is_told_with_who_wants_it() {
    let missing = "ERR_PNPM_LOCKFILE_MISSING_DEPENDENCY";
    assert_refused(&[("      b: 1.0.0", "      b: 2.0.0")], missing, "b@2.0.0");
    let snapshot = "  a@1.0.0:\n    dependencies:\n      b: 1.0.0\n";
    assert_refused(&[(snapshot, "")], missing, "a@1.0.0");
}

#[test]
fn a_lockfile_that_does_not_fit_the_manifest_is_told_with_what_differs() {
    let registry = Registry::start();
    let site = installed(&registry);
    let manifest = fs::read_to_string(site.project.join("package.json")).unwrap();
    fs::write(site.project.join("package.json"), manifest.replace("\"a\": \"1.0.0\"", "\"a\": \"^2.0.0\""))
        .unwrap();
    let run = run::install(&site, frozen());
    let failure = run.failure();
    assert_eq!(failure.code.as_deref(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));
    assert!(failure.message.contains("^2.0.0"), "{failure:?}");
    assert!(failure.help.is_some());
}

#[test]
fn an_install_without_lockfile_or_manifest_says_which_is_missing() {
    let registry = Registry::start();
    let site = installed(&registry);
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    let run = run::install(&site, frozen());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_NO_LOCKFILE"));
    assert!(run.failure().message.contains("pnpm-lock.yaml"));
    fs::remove_file(site.project.join("package.json")).unwrap();
    let run = run::install(&site, frozen());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_NO_PKG_MANIFEST"));
    assert!(!site.modules().join(".pnpm").exists() || tree::list(&site.modules().join(".pnpm")).is_empty());
}
