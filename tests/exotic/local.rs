//! Folders and tarballs on this machine.

use pacwatch::core::resolve::{Via, Wanted};

use crate::support::packages::Package;
use crate::{Desk, resolution, wanted};

#[tokio::test]
async fn every_form_of_a_folder_gets_the_id_that_pnpm_gives_it() {
    let desk = Desk::new();
    desk.write(
        "folder/package.json",
        r#"{"name":"folder","version":"1.2.3","deprecated":"old","bin":"x.js"}"#,
    );
    desk.write("home/folder/package.json", r#"{"name":"at-home","version":"2.0.0"}"#);
    desk.write("empty/x", "");
    let absolute = desk.site.root.path().join("folder").display().to_string();
    for (specifier, id, resolved_to) in [
        ("file:../folder", "folder@file:../folder", "directory ../folder"),
        ("file:./a/../../folder/", "folder@file:../folder", "directory ../folder"),
        ("file:..\\folder", "folder@file:../folder", "directory ../folder"),
        (&format!("file:{absolute}"), "folder@file:../folder", "directory ../folder"),
        (&format!("file://{absolute}"), "folder@file:../folder", "directory ../folder"),
        ("file:~/folder", "at-home@file:../home/folder", "directory ../home/folder"),
        ("file:../empty", "empty@file:../empty", "directory ../empty"),
        ("link:../folder", "link:../folder", "link ../folder"),
        ("link:../empty", "link:../empty", "link ../empty"),
        ("link:../gone", "link:../gone", "link ../gone"),
        ("workspace:../folder", "link:../folder", "link ../folder"),
        ("../folder", "link:../folder", "link ../folder"),
        ("./a/b", "link:a/b", "link a/b"),
        (&absolute, "link:../folder", "link ../folder"),
        ("link:.", "link:", "link "),
    ] {
        let resolved = desk.ask(specifier).await.unwrap();
        assert_eq!((&*resolved.id, &*resolution(&resolved)), (id, resolved_to), "{specifier}");
        assert_eq!(resolved.via, Via::Local);
    }
}

#[tokio::test]
async fn the_manifest_of_a_folder_is_read() {
    let desk = Desk::new();
    desk.write("folder/package.json", "\u{feff}{\"name\":\"folder\",\"version\":\"1.2.3\",\"bin\":\"x.js\"}");
    let resolved = desk.ask("file:../folder").await.unwrap();
    assert_eq!((&*resolved.name, resolved.version.as_deref()), ("folder", Some("1.2.3")));
    assert!(resolved.manifest.has_bin);
    let linked = desk.ask("link:../folder").await.unwrap();
    assert_eq!((&*linked.name, linked.version.as_deref()), ("folder", Some("1.2.3")));
}

#[tokio::test]
async fn an_injected_folder_is_copied() {
    let desk = Desk::new();
    desk.write("folder/package.json", r#"{"name":"folder"}"#);
    let injected = Wanted { injected: Some(true), ..wanted("../folder") };
    let resolved = desk.ask_for(&injected, &desk.site.project).await.unwrap();
    assert_eq!(&*resolved.id, "folder@file:../folder");
}

#[tokio::test]
async fn ids_start_at_the_lockfile_wherever_the_manifest_stands() {
    let desk = Desk::new();
    desk.write("project/packages/a/package.json", r#"{"name":"a"}"#);
    desk.write("project/packages/b/package.json", r#"{"name":"b"}"#);
    let folder = desk.site.project.join("packages/a");
    for (specifier, id) in [("file:../b", "b@file:packages/b"), ("link:../b", "link:packages/b")] {
        let resolved = desk.ask_for(&wanted(specifier), &folder).await.unwrap();
        assert_eq!(&*resolved.id, id);
        assert_eq!(resolved.normalized_specifier.as_deref(), Some(specifier));
    }
}

#[tokio::test]
async fn a_tarball_is_known_by_its_digest() {
    let desk = Desk::new();
    let package = Package::new("packed", "5.0.0").deprecated("old").bin("packed", "x.js");
    desk.write("packed.tgz", package.tarball());
    desk.write("plain.tar", package.clone().uncompressed().tarball());
    let integrity = package.integrity();
    for specifier in ["file:../packed.tgz", "../packed.tgz"] {
        let resolved = desk.ask(specifier).await.unwrap();
        assert_eq!(&*resolved.id, "packed@file:../packed.tgz");
        assert_eq!(resolution(&resolved), format!("tarball file:../packed.tgz {integrity}"));
        assert_eq!(resolved.version.as_deref(), Some("5.0.0"));
        // What publishers say of a version to the registry is not in its tarball.
        assert_eq!(resolved.manifest.deprecated, None);
        assert!(resolved.manifest.has_bin);
    }
    assert_eq!(&*desk.ask("file:../plain.tar").await.unwrap().id, "packed@file:../plain.tar");
}

#[tokio::test]
async fn a_tarball_without_a_manifest_has_the_name_it_is_asked_for_by() {
    let desk = Desk::new();
    let bare = Package::new("bare", "1.0.0").without_manifest().file("x.js", "x");
    desk.write("bare.tgz", bare.tarball());
    desk.write("versionless.tgz", Package::new("x", "1.0.0").manifest_bytes(r#"{"name":"named"}"#).tarball());
    let resolved = desk.ask("file:../bare.tgz").await.unwrap();
    assert_eq!((&*resolved.id, resolved.version.as_deref()), ("it@file:../bare.tgz", Some("0.0.0")));
    let resolved = desk.ask("file:../versionless.tgz").await.unwrap();
    assert_eq!(
        (&*resolved.id, resolved.version.as_deref()),
        ("named@file:../versionless.tgz", Some("0.0.0"))
    );
}

#[tokio::test]
async fn what_cannot_be_a_package_is_refused() {
    let desk = Desk::new();
    desk.write("nameless/package.json", "{}");
    desk.write("list/package.json", "[]");
    desk.write("evil/package.json", r#"{"name":"../../evil"}"#);
    desk.write("broken/package.json", "{\"name\":");
    desk.write("file", "");
    desk.write("nameless.tgz", Package::new("x", "1.0.0").manifest_bytes("{}").tarball());
    desk.write("evil.tgz", Package::new("x", "1.0.0").manifest_bytes(r#"{"name":".bin"}"#).tarball());
    desk.write("broken.tgz", Package::new("x", "1.0.0").manifest_bytes("{").tarball());
    desk.write("no.tgz", "no tarball");
    for (specifier, code) in [
        ("file:../gone", Some("ERR_PNPM_LINKED_PKG_DIR_NOT_FOUND")),
        ("file:../gone.tgz", Some("ERR_PNPM_LINKED_PKG_DIR_NOT_FOUND")),
        ("file:../file", Some("ERR_PNPM_NOT_PACKAGE_DIRECTORY")),
        ("link:../file", Some("ERR_PNPM_NOT_PACKAGE_DIRECTORY")),
        ("file:../nameless", Some("ERR_PNPM_MISSING_PACKAGE_NAME")),
        ("file:../list", Some("ERR_PNPM_MISSING_PACKAGE_NAME")),
        ("file:../nameless.tgz", Some("ERR_PNPM_MISSING_PACKAGE_NAME")),
        ("file:../evil", Some("ERR_PNPM_INVALID_DEPENDENCY_NAME")),
        ("file:../evil.tgz", Some("ERR_PNPM_INVALID_DEPENDENCY_NAME")),
        ("file:../broken", Some("ERR_PNPM_JSON_PARSE")),
        ("link:../broken", Some("ERR_PNPM_JSON_PARSE")),
        ("file:../broken.tgz", Some("ERR_PNPM_JSON_PARSE")),
        ("file:../no.tgz", Some("ERR_PNPM_TARBALL_UNRECOGNIZED")),
        ("file:.", None),
    ] {
        let (found, message) = desk.refusal(specifier).await;
        assert_eq!(found, code, "{specifier}: {message}");
    }
}
