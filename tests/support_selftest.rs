//! The shared test support keeps its own promises.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use ssri::Integrity;
use tar::{Archive, EntryType};

use support::archive::{Entry, LongName};
use support::lockfile::Group;
use support::packages::Package;
use support::peer;
use support::project::{Project, Site};
use support::registry::Registry;
use support::tree::{self, Node};

/// Path, kind and size of each entry, as the tar library reads them.
fn entries(tarball: &[u8]) -> Vec<(String, EntryType, u64)> {
    let mut archive = Archive::new(MultiGzDecoder::new(tarball));
    archive
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
            (path, entry.header().entry_type(), entry.size())
        })
        .collect()
}

fn paths(package: &Package) -> Vec<String> {
    entries(&package.tarball()).into_iter().map(|(path, ..)| path).collect()
}

#[test]
fn hostile_entries_stand_in_the_archive_as_they_were_described() {
    let package = Package::new("hostile", "1.0.0")
        .entry(Entry::file("/etc/absolute", "x"))
        .entry(Entry::file("package/../../escaped", "x"))
        .symlink("link", "../../outside")
        .hardlink("hard", "package/package.json")
        .entry(Entry::special("package/device", EntryType::Char))
        .entry(Entry::special("package/pipe", EntryType::Fifo))
        .entry(Entry::special("package/folder", EntryType::Directory))
        .file("twice", "first")
        .file("twice", "second")
        .file("Case", "upper")
        .file("case", "lower")
        .file("empty", "");
    let read = entries(&package.tarball());
    let has = |path: &str, kind| read.iter().filter(|entry| entry.0 == path && entry.1 == kind).count();
    assert_eq!(read[0].0, "package/package.json");
    assert_eq!(has("/etc/absolute", EntryType::Regular), 1);
    assert_eq!(has("package/../../escaped", EntryType::Regular), 1);
    assert_eq!(has("package/link", EntryType::Symlink), 1);
    assert_eq!(has("package/hard", EntryType::Link), 1);
    assert_eq!(has("package/device", EntryType::Char), 1);
    assert_eq!(has("package/pipe", EntryType::Fifo), 1);
    assert_eq!(has("package/folder", EntryType::Directory), 1);
    assert_eq!(has("package/twice", EntryType::Regular), 2);
    assert_eq!(has("package/Case", EntryType::Regular) + has("package/case", EntryType::Regular), 2);
}

#[test]
fn long_names_are_readable_in_each_way_of_writing_them() {
    let long = format!("{}/file.js", "folder".repeat(22));
    for name in [LongName::Ustar, LongName::Pax, LongName::Gnu] {
        let package = Package::new("long", "1.0.0").file_named_by(&long, "x", name);
        assert_eq!(paths(&package)[1], format!("package/{long}"), "{name:?}");
    }
}

#[test]
fn archives_come_in_every_wrapping() {
    let plain = Package::new("wrapped", "1.0.0").file("a.js", "a");
    let members = plain.clone().gzip_members(3);
    assert_ne!(members.tarball(), plain.tarball());
    assert_eq!(paths(&members), paths(&plain));
    assert_eq!(plain.clone().uncompressed().tarball(), plain.tar());
    assert!(plain.clone().trailing("garbage").tarball().ends_with(b"garbage"));
    assert_eq!(plain.clone().cut_archive(700).tar().len(), 700);
    let rooted = Package::new("wrapped", "1.0.0").root("other root").file("a.js", "a");
    assert_eq!(paths(&rooted), ["other root/package.json", "other root/a.js"]);
    assert_eq!(paths(&plain.clone().without_manifest()), ["package/a.js"]);
    let global = Package::new("g", "1.0.0").entry(Entry::global_header("comment", "0123456789"));
    assert_eq!(paths(&global), ["package/package.json", "pax_global_header"]);
}

#[test]
fn a_bomb_is_small_on_the_wire() {
    let bomb = Package::new("bomb", "1.0.0").zeros("zeros", 16 << 20);
    assert!(bomb.tarball().len() < 64 << 10);
    assert_eq!(entries(&bomb.tarball())[1].2, 16 << 20);
}

#[test]
fn a_package_is_the_same_bytes_each_time_and_its_digests_are_theirs() {
    let package = Package::new("@scope/name", "1.2.3").executable("cli.js", "#!/usr/bin/env node\n");
    assert_eq!(package.tarball(), package.tarball());
    assert_eq!(package.file_name(), "name-1.2.3.tgz");
    for integrity in [package.integrity(), package.sha1_integrity()] {
        let integrity: Integrity = integrity.parse().unwrap();
        integrity.check(package.tarball()).unwrap();
    }
}

#[test]
fn a_lockfile_is_written_as_pnpm_writes_it() {
    let react = Package::new("react", "18.0.0").engine("node", ">=0.10.0");
    let dom = Package::new("react-dom", "18.0.0").peer("react", "^18.0.0").dependency("loose", "1.4.0");
    let loose = Package::new("loose", "1.4.0").bin("loose", "cli.js");
    let native = Package::new("@native/linux", "1.0.0").only_on("os", &["linux"]).only_on("cpu", &["x64"]);
    let wrapper = Package::new("wrapper", "2.0.0").optional_dependency("@native/linux", "1.0.0");
    let project = Project::new()
        .direct(&react)
        .package_with_peers(&dom, &[("react", "18.0.0")])
        .package(&loose)
        .package(&native)
        .package(&wrapper)
        .depend("react-dom", "18.0.0(react@18.0.0)")
        .depend_in(Group::Development, "alias", "wrapper@2.0.0")
        .integrity("react@18.0.0", "sha512-R")
        .integrity("react-dom@18.0.0", "sha512-D")
        .integrity("loose@1.4.0", "sha512-L")
        .integrity("@native/linux@1.0.0", "sha512-N")
        .integrity("wrapper@2.0.0", "sha512-W");
    let expected = "\
lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      react:
        specifier: 18.0.0
        version: 18.0.0
      react-dom:
        specifier: 18.0.0
        version: 18.0.0(react@18.0.0)
    devDependencies:
      alias:
        specifier: npm:wrapper@2.0.0
        version: wrapper@2.0.0

packages:

  '@native/linux@1.0.0':
    resolution: {integrity: sha512-N}
    cpu: [x64]
    os: [linux]

  loose@1.4.0:
    resolution: {integrity: sha512-L}
    hasBin: true

  react-dom@18.0.0:
    resolution: {integrity: sha512-D}
    peerDependencies:
      react: ^18.0.0

  react@18.0.0:
    resolution: {integrity: sha512-R}
    engines: {node: '>=0.10.0'}

  wrapper@2.0.0:
    resolution: {integrity: sha512-W}

snapshots:

  '@native/linux@1.0.0':
    optional: true

  loose@1.4.0: {}

  react-dom@18.0.0(react@18.0.0):
    dependencies:
      loose: 1.4.0
      react: 18.0.0

  react@18.0.0: {}

  wrapper@2.0.0:
    optionalDependencies:
      '@native/linux': 1.0.0
";
    assert_eq!(project.lockfile.text(), expected);
    let manifest: serde_json::Value = serde_json::from_str(&project.manifest()).unwrap();
    assert_eq!(manifest["devDependencies"]["alias"], "npm:wrapper@2.0.0");
    assert_eq!(manifest["dependencies"]["react-dom"], "18.0.0");
}

#[test]
fn a_project_is_written_with_all_that_an_install_reads() {
    let registry = Registry::start();
    let site = Project::new().direct(&Package::new("one", "1.0.0")).write(&registry);
    let files: BTreeSet<_> = tree::list(&site.project).into_keys().collect();
    assert_eq!(
        files.iter().map(String::as_str).collect::<Vec<_>>(),
        [".npmrc", "package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"]
    );
    let npmrc = fs::read_to_string(site.project.join(".npmrc")).unwrap();
    assert_eq!(npmrc, format!("registry={}\n", registry.url()));
    assert!(!site.store.exists() && !site.cache.exists(), "an install makes these");
}

#[test]
fn trees_are_compared_by_kind_mode_target_and_content() {
    let (one, other) = (Site::new(), Site::new());
    for site in [&one, &other] {
        fs::create_dir(site.project.join("folder")).unwrap();
        fs::write(site.project.join("folder/file"), "same").unwrap();
    }
    tree::assert_same(&tree::list(&one.project), &tree::list(&other.project));
    fs::write(one.project.join("folder/file"), "changed").unwrap();
    fs::write(other.project.join("more"), "").unwrap();
    let differences = tree::differences(&tree::list(&one.project), &tree::list(&other.project));
    let signs: Vec<_> = differences.iter().map(|line| line.rsplit_once(" File").unwrap().0).collect();
    assert_eq!(signs, ["- folder/file", "+ folder/file", "+ more"]);
    assert_eq!(tree::list(&one.root.path().join("absent")), tree::list(&one.home));
}

#[cfg(unix)]
#[test]
fn symlinks_are_listed_and_not_followed() {
    let site = Site::new();
    std::os::unix::fs::symlink("../home", site.project.join("link")).unwrap();
    fs::write(site.home.join("hidden"), "").unwrap();
    let tree = tree::list(&site.project);
    assert_eq!(
        tree.into_iter().collect::<Vec<_>>(),
        [("link".to_owned(), Node::Symlink("../home".to_owned()))]
    );
}

#[test]
fn the_support_reads_back_what_it_packs() {
    let package = Package::new("content", "1.0.0").file("a.js", "exports.a = 1\n");
    let tarball = package.tarball();
    let mut archive = Archive::new(MultiGzDecoder::new(&tarball[..]));
    let mut text = String::new();
    let mut entries = archive.entries().unwrap();
    entries.nth(1).unwrap().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "exports.a = 1\n");
}

#[test]
fn a_real_pnpm_installs_the_project_and_leaves_its_lockfile_alone() {
    let Some(pnpm) = peer::pnpm() else { return };
    let registry = Registry::start();
    let react = Package::new("react", "18.0.0").file("index.js", "exports.react = 18\n");
    let dom = Package::new("react-dom", "18.0.0")
        .peer("react", "^18.0.0")
        .optional_peer("absent", "*")
        .dependency("loose", "1.4.0")
        .file_named_by(&format!("{}/x.js", "deep".repeat(30)), "", LongName::Pax);
    let loose = Package::new("loose", "1.4.0").bin("loose", "cli.js").executable("cli.js", "#!/bin/sh\n");
    let native = Package::new("@native/other", "1.0.0").only_on("os", &["aix"]).only_on("cpu", &["s390"]);
    let wrapper = Package::new("wrapper", "2.0.0")
        .engine("node", ">=0.10.0")
        .deprecated("do not: use # this")
        .optional_dependency("@native/other", "1.0.0")
        .aliased_dependency("other-name", "loose", "1.4.0");
    let project = Project::new()
        .direct(&react)
        .package_with_peers(&dom, &[("react", "18.0.0")])
        .package(&loose)
        .package(&native)
        .package(&wrapper)
        .depend("react-dom", "18.0.0(react@18.0.0)")
        .depend_in(Group::Development, "alias", "wrapper@2.0.0")
        .direct_optional(&Package::new("maybe", "0.1.0").file("case.js", "").file("Case.js", "x"));
    let site = project.write(&registry);
    for arguments in [&["install", "--frozen-lockfile"][..], &["install", "--no-frozen-lockfile"]] {
        let output = peer::run_pnpm(&pnpm, &site, arguments);
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success(), "{}", said.concat());
        let lockfile = fs::read_to_string(site.project.join("pnpm-lock.yaml")).unwrap();
        assert_eq!(lockfile, project.lockfile.text(), "after {arguments:?}");
    }
    // Resolved anew, from the metadata that the registry tells.
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    fs::remove_dir_all(site.modules()).unwrap();
    let output = peer::run_pnpm(&pnpm, &site, &["install", "--no-frozen-lockfile"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let lockfile = fs::read_to_string(site.project.join("pnpm-lock.yaml")).unwrap();
    assert_eq!(lockfile, project.lockfile.text());
    assert!(site.store_v11().join("index.db").exists(), "the store is where the project says");
    let tree = tree::list(&site.modules());
    assert!(tree.contains_key(".pnpm/react-dom@18.0.0_react@18.0.0/node_modules/react-dom/package.json"));
}
