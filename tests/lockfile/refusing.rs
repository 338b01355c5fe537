//! What is refused, and with which words.

use crate::{HEAD, ONE_DEPENDENCY, lockfile, parse};
use pacwatch::core::lockfile::{Lockfile, LockfileError, validate};
use std::fmt::Write as _;

#[test]
fn broken_files_are_refused_with_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pnpm-lock.yaml");
    for (bytes, line, words) in [
        (&b"lockfileVersion: '9.0'\nimporters:\n  a: [\n"[..], 3, "a project"),
        (b"lockfileVersion: '9.0'\nimporters:\n  .: 5\n", 3, "a project"),
        (b"lockfileVersion: '9.0'\nsnapshots:\n  a@1.0.0:\n    optional: 7\n", 4, ""),
        (b"lockfileVersion: '9.0'\noverrides:\n  a: 1\n  a: 2\n", 4, "duplicate"),
        (b"lockfileVersion: '9.0'\noverrides:\n  a: \xff\n", 3, "UTF-8"),
        (b"lockfileVersion: '9.0'\noverrides:\n  a:\n", 3, "a value is missing"),
        (b"lockfileVersion: '9.0'\noverrides: &a\n  b: *a\n", 3, "anchors"),
        (b"---\nfirst: 1\n---\nlockfileVersion: '9.0'\nimporters: []\n", 5, ""),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = Lockfile::read(&path).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_BROKEN_LOCKFILE"), "{error}");
        let message = error.to_string();
        assert!(message.contains(&format!("pnpm-lock.yaml:{line}")), "{message}");
        assert!(message.contains(words) && !message.contains(" at line "), "{message}");
        assert!(error.help().is_some());
    }
}

#[test]
fn other_versions_are_refused_by_name() {
    for (text, version, line) in [
        ("lockfileVersion: '6.0'\n\ndependencies:\n  a:\n    specifier: 1\n    version: 1.0.0\n", "6.0", 1),
        ("lockfileVersion: 5.4\nspecifiers: {a: 1}\nimporters: [what, ever]\n", "5.4", 1),
        ("# x\nlockfileVersion: '10.0'\n", "10.0", 2),
        ("lockfileVersion: nine\n", "nine", 1),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_LOCKFILE_BREAKING_CHANGE"), "{error}");
        let message = error.to_string();
        assert!(
            message.contains(&format!("pnpm-lock.yaml:{line} has lockfile version {version},")),
            "{message}"
        );
    }
    assert_eq!(parse("importers: {}\n").unwrap_err().code(), Some("ERR_PNPM_BROKEN_LOCKFILE"));
}

#[test]
fn an_unfinished_merge_is_told_as_such() {
    let text = format!(
        "{HEAD}importers:\n\n  .:\n<<<<<<< HEAD\n{ONE_DEPENDENCY}=======\n{ONE_DEPENDENCY}>>>>>>> other\n"
    );
    let error = parse(&text).unwrap_err();
    assert!(matches!(error, LockfileError::Conflict { line: 10, .. }), "{error}");
}

#[test]
fn files_made_to_exhaust_the_reader_are_refused() {
    let bomb = {
        let mut text = String::from("lockfileVersion: '9.0'\na0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let below = vec![format!("*a{}", level - 1); 9].join(", ");
            let _ = writeln!(text, "a{level}: &a{level} [{below}]");
        }
        text
    };
    let deep_flow = format!("lockfileVersion: '9.0'\nx: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let deep_block = {
        let mut text = String::from("lockfileVersion: '9.0'\n");
        for level in 0..500 {
            let _ = writeln!(text, "{}x:", " ".repeat(level));
        }
        text + &" ".repeat(500) + "x: 1\n"
    };
    let merge = "lockfileVersion: '9.0'\nimporters:\n  <<: {a: {}}\n".to_owned();
    for text in [bomb, deep_flow, deep_block, merge] {
        assert_eq!(parse(&text).unwrap_err().code(), Some("ERR_PNPM_BROKEN_LOCKFILE"));
    }
    let huge_number =
        format!("lockfileVersion: '9.0'\nsettings:\n  peersSuffixMaxLength: {}\n", "9".repeat(10_000));
    assert!(parse(&huge_number).is_err());
}

fn check_refused(cases: &[(String, &str, &str)]) {
    for (body, code, words) in cases {
        let error = validate(&lockfile(body)).unwrap_err();
        assert_eq!(error.code(), Some(*code), "{body}: {error}");
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.help().is_some());
    }
}

#[test]
fn names_and_versions_that_lead_astray_are_refused() {
    let snapshots =
        |key: &str, edges: &str| format!("snapshots:\n\n  {key}:\n    dependencies:\n      {edges}\n");
    check_refused(&[
        (
            snapshots("a@1.0.0", "'../../etc': 1.0.0"),
            "ERR_PNPM_INVALID_DEPENDENCY_NAME",
            "snapshots[\"a@1.0.0\"].dependencies",
        ),
        (snapshots("a@1.0.0", "'@s/../x': 1.0.0"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", "@s/../x"),
        (snapshots("a@1.0.0", ".bin: 1.0.0"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", ".bin"),
        (snapshots("a@1.0.0", "node_modules: 1.0.0"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", "node_modules"),
        (snapshots("a@1.0.0", "\"a\\0b\": 1.0.0"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", "dependencies"),
        (snapshots("'../a@1.0.0'", "b: 1.0.0"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", "../a"),
        (snapshots("a@../../x", "b: 1.0.0"), "ERR_PNPM_BROKEN_LOCKFILE", "neither a version nor an address"),
        (snapshots("a@..", "b: 1.0.0"), "ERR_PNPM_BROKEN_LOCKFILE", "neither a version nor an address"),
        (snapshots("a", "b: 1.0.0"), "ERR_PNPM_BROKEN_LOCKFILE", "not a name and a version"),
        (snapshots("a@1.0.0", "b: \"link:x\\0y\""), "ERR_PNPM_BROKEN_LOCKFILE", "control characters"),
    ]);
}

#[test]
fn paths_that_lead_astray_are_refused() {
    let package = |field: &str| format!("packages:\n\n  a@1.0.0:\n    {field}\n");
    let project = |id: &str| format!("importers:\n\n  {id}:\n    dependencies: {{}}\n");
    check_refused(&[
        (package("name: ../x"), "ERR_PNPM_INVALID_DEPENDENCY_NAME", "packages[\"a@1.0.0\"].name"),
        (package("version: ../../x"), "ERR_PNPM_BROKEN_LOCKFILE", "leads out of the package"),
        (package("bundledDependencies: [../x]"), "ERR_PNPM_BROKEN_LOCKFILE", "bundledDependencies"),
        (
            package("resolution: {tarball: 'file:a.tgz', path: ../..}"),
            "ERR_PNPM_BROKEN_LOCKFILE",
            "resolution.path",
        ),
        (
            package("resolution: {type: git, repo: x, commit: --upload-pack=evil}"),
            "ERR_PNPM_BROKEN_LOCKFILE",
            "option",
        ),
        (project("/etc"), "ERR_PNPM_BROKEN_LOCKFILE", "not a path relative"),
        (project("a/../../b"), "ERR_PNPM_BROKEN_LOCKFILE", "not a plain path"),
        (project("'C:/x'"), "ERR_PNPM_BROKEN_LOCKFILE", "not a path relative"),
        (project("node_modules/x"), "ERR_PNPM_BROKEN_LOCKFILE", "node_modules"),
    ]);
}

#[test]
fn what_pnpm_allows_is_not_refused() {
    let allowed = lockfile(
        "importers:\n\n  ../outside: {}\n\n  .:\n    dependencies:\n      '@s/x':\n        specifier: link:../x\n        version: \
         link:../x\n\npackages:\n\n  JSONStream@1.3.5:\n    resolution: {integrity: sha512-X}\n\n  d@file:../d:\n    resolution: \
         {directory: ../d, type: directory}\n\n  g@https://host/o/r/tar.gz/abc:\n    resolution: {tarball: https://host/o/r/tar.gz/abc, \
         path: /packages/g}\n    version: 1.0.0\n\nsnapshots:\n\n  a@1.0.0-rc.1+build.5(b@../x):\n    dependencies:\n      b: link:../../b\n",
    );
    validate(&allowed).unwrap();
}
