//! What is read, however it is written.

use crate::{HEAD, ONE_DEPENDENCY, lockfile, parse};
use pacwatch::core::lockfile::{Lockfile, LockfileError, Resolution};

#[test]
fn line_ends_byte_order_marks_and_leading_documents_do_not_matter() {
    let body = format!("importers:\n\n  .:\n{ONE_DEPENDENCY}");
    let plain = format!("{HEAD}{body}");
    let expected = parse(&plain).unwrap();
    assert_eq!(parse(&plain.replace('\n', "\r\n")).unwrap(), expected);
    assert_eq!(parse(&format!("\u{feff}{plain}")).unwrap(), expected);
    assert_eq!(parse(&format!("---\n{plain}")).unwrap(), expected);

    let with_environment =
        parse(&format!("---\nlockfileVersion: '9.0'\nimporters: {{}}\n---\n{plain}")).unwrap();
    assert_eq!(
        with_environment.environment_document.as_deref(),
        Some("lockfileVersion: '9.0'\nimporters: {}\n")
    );
    assert_eq!(Lockfile { environment_document: None, ..with_environment }, expected);
}

#[test]
fn yaml_that_pnpm_would_not_write_is_read_as_well() {
    let strange = parse(
        "# by hand\n\"lockfileVersion\": 9.0\nimporters: {\".\": {dependencies: {a: {specifier: ^1.0.0, version: 1.2.3}}}}\n",
    )
    .unwrap();
    assert_eq!(strange.version, "9.0");
    assert_eq!(strange.importers["."].dependencies["a"].version, "1.2.3");
}

#[test]
fn a_null_is_an_absent_value() {
    let nulls =
        parse("lockfileVersion: '9.0'\noverrides: ~\nimporters:\n  packages/a:\n  .: {dependencies: null}\n")
            .unwrap();
    let empty = parse("lockfileVersion: '9.0'\nimporters:\n  packages/a: {}\n  .: {}\n").unwrap();
    assert_eq!(nulls, empty);
}

#[test]
fn unknown_keys_survive_at_every_level() {
    let lockfile = parse(
        "lockfileVersion: '9.0'\nnew: {a: [1, true]}\nsettings: {x: 1}\nimporters:\n  .:\n    y: 2\n    dependencies:\n      \
         a: {specifier: '1', version: 1.0.0, z: 3}\npackages:\n  a@1.0.0:\n    resolution: {integrity: sha512-X, w: 4}\n    \
         v: 5\nsnapshots:\n  a@1.0.0: {u: 6}\n",
    )
    .unwrap();
    let first = |other: &Vec<(String, serde_json::Value)>| format!("{}={}", other[0].0, other[0].1);
    assert_eq!(first(&lockfile.other), r#"new={"a":[1,true]}"#);
    assert_eq!(first(&lockfile.settings.as_ref().unwrap().other), "x=1");
    assert_eq!(first(&lockfile.importers["."].other), "y=2");
    assert_eq!(first(&lockfile.importers["."].dependencies["a"].other), "z=3");
    assert_eq!(first(&lockfile.packages["a@1.0.0"].other), "v=5");
    assert_eq!(first(&lockfile.snapshots["a@1.0.0"].other), "u=6");
    assert!(
        matches!(&lockfile.packages["a@1.0.0"].resolution, Resolution::Registry { integrity, other } if integrity == "sha512-X" && first(other) == "w=4")
    );
}

#[test]
fn every_shape_of_resolution_is_known_and_others_are_kept() {
    let shapes = [
        ("{integrity: sha512-X}", "Registry"),
        ("{integrity: sha512-X, tarball: http://127.0.0.1/a.tgz}", "Tarball"),
        ("{tarball: file:a.tgz}", "Tarball"),
        ("{directory: ../a, type: directory}", "Directory"),
        ("{gitHosted: true, path: sub, tarball: http://127.0.0.1/a.tgz}", "Tarball"),
        ("{commit: abc, path: sub, repo: http://127.0.0.1/a.git, type: git}", "Git"),
        ("{type: 'custom:cdn', cdnId: x}", "Unknown"),
        ("{integrity: 5}", "Unknown"),
    ];
    for (shape, expected) in shapes {
        let text = format!("{HEAD}packages:\n\n  a@1.0.0:\n    resolution: {shape}\n");
        let resolution = format!("{:?}", parse(&text).unwrap().packages["a@1.0.0"].resolution);
        assert!(resolution.starts_with(expected), "{shape}: {resolution}");
    }
    let runtime = lockfile(
        "packages:\n\n  node@runtime:22.0.0:\n    resolution:\n      type: variations\n      variants:\n        - resolution:\n            \
         archive: tarball\n            bin: {node: bin/node}\n            integrity: sha256-X\n            type: binary\n            \
         url: http://127.0.0.1/node.tar.gz\n          targets:\n            - cpu: x64\n              os: linux\n",
    );
    let Resolution::Variations { variants, .. } = &runtime.packages["node@runtime:22.0.0"].resolution else {
        panic!("{runtime:?}");
    };
    assert_eq!(variants[0].resolution.integrity(), Some("sha256-X"));
    assert_eq!((variants[0].targets[0].os.as_str(), variants[0].targets[0].cpu.as_str()), ("linux", "x64"));
}

#[test]
fn patches_in_the_shape_of_pnpm_10_are_read() {
    let lockfile = lockfile("patchedDependencies:\n  a@1.0.0:\n    hash: abc\n    path: patches/a.patch\n");
    assert_eq!(lockfile.patched_dependencies["a@1.0.0"], "abc");
}

#[test]
fn the_entry_of_a_folder_that_was_pruned_is_made_again() {
    let lockfile = lockfile("snapshots:\n\n  a@file:packages/a(react@19.0.0): {}\n\n  b@file:b.tgz: {}\n");
    assert!(
        matches!(&lockfile.packages["a@file:packages/a"].resolution, Resolution::Directory { directory, .. } if directory == "packages/a")
    );
    assert_eq!(lockfile.packages.len(), 1);
}

#[test]
fn an_absent_or_empty_file_is_no_lockfile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pnpm-lock.yaml");
    assert!(Lockfile::read(&path).unwrap().is_none());
    std::fs::write(&path, "\u{feff}\n").unwrap();
    assert!(Lockfile::read(&path).unwrap().is_none());
    let absent = LockfileError::Absent { path };
    assert_eq!(absent.code(), Some("ERR_PNPM_NO_LOCKFILE"));
}

#[test]
fn a_key_longer_than_yaml_allows_is_read_in_both_of_pnpms_spellings() {
    let key = format!("a@1.0.0{}", "(peer@1.0.0)".repeat(400));
    let plain = lockfile(&format!("packages: {{}}\n\nsnapshots:\n\n  {key}:\n    optional: true\n"));
    let explicit = lockfile(&format!("packages: {{}}\n\nsnapshots:\n\n  ? {key}\n  : optional: true\n"));
    assert!(plain.snapshots[&key].optional);
    assert_eq!(plain, explicit);
}
