//! The store is pnpm's, and pnpm is the judge: what one of the two has stored the other installs from, without a
//! registry, and both make the same slots. Where no pnpm 12 is installed, these tests say so and are skipped.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use pacwatch::core::config::Flags;
use pacwatch::core::store::row::StoredPackage;
use serde_json::Value;

use support::archive::{Entry, LongName};
use support::packages::Package;
use support::peer::{pnpm_or_skip, run_pnpm};
use support::project::{Project, Site};
use support::registry::Registry;
use support::run::{self, Step};
use support::tree::Node;
use support::{sample, store, tree};

/// Every shape of package and of archive.
fn project() -> Project {
    let long = format!("{}/file.js", "long".repeat(40));
    let archive = Package::new("archive", "1.0.0-rc.1")
        .root("another root")
        .file("twice", "first")
        .file("twice", "last")
        .file_with_mode("modes/600", "600", 0o600)
        .file_with_mode("modes/777", "777", 0o777)
        .file_with_mode("modes/4755", "4755", 0o4755)
        .file_with_mode("modes/0", "0", 0)
        .file_named_by(&format!("gnu/{long}"), "gnu", LongName::Gnu)
        .file_named_by(&format!("pax/{long}"), "pax", LongName::Pax)
        .file("windows\\path.js", "backslash")
        .file("./dot/./path.js", "dots")
        .symlink("symlink", "/etc/passwd")
        .entry(Entry::global_header("comment", "0123456789"))
        .trailing("after the end");
    let scripts =
        Package::new("scripts", "1.0.0").script("postinstall", "node build.js").file("build.js", "");
    let gyp = Package::new("gyp", "1.0.0").file("binding.gyp", "{}");
    let marked =
        Package::new("marked", "1.0.0").manifest_bytes("\u{feff}{\"name\":\"marked\",\"version\":\"1.0.0\"}");
    let odd = Package::new("odd-manifest", "1.0.0")
        .manifest_bytes(
            r#"{"name":"odd-manifest","version":"1.0.0","scripts":{"install":""},"engines":["node"]}"#,
        )
        .file("x.js", "");
    let mut project = sample::of_every_shape()
        .direct(&Package::new("large", "1.0.0").zeros("zeros", 17 << 20).file("after", "zeros"))
        .direct(&Package::new("plain", "1.0.0").file("x", "x").uncompressed())
        // What the release age and scripts are about is not the store.
        .setting("trustLockfile: true")
        .setting("ignoreScripts: true")
        .setting("fetchRetries: 0");
    for package in [archive, scripts, gyp, marked, odd] {
        project = project.direct(&package);
    }
    // Scripts that are none, or of which it is not said what they are.
    let values = [r#"" ""#, "null", "1", "0", "true", "false", "[]", r#"{"a":1}"#];
    for (number, value) in values.iter().enumerate() {
        let name = format!("script-{number}");
        let manifest =
            format!(r#"{{"name":"{name}","version":"1.0.0","scripts":{{"postinstall":{value}}}}}"#);
        project = project.direct(&Package::new(&name, "1.0.0").manifest_bytes(manifest));
    }
    project
}

/// What a store alone decides: the slots, without the executables that are made in them afterwards.
fn slots(site: &Site) -> BTreeMap<String, Node> {
    let mut slots = tree::list(&site.modules().join(".pnpm"));
    slots.retain(|path, _| {
        let is_slot = path.contains('/') && !path.starts_with("node_modules/");
        // The folder that only holds `.bin` comes with it.
        let holds_executables = path.split('/').skip(3).any(|part| part == "node_modules");
        is_slot && !holds_executables && !path.split('/').any(|part| part == ".bin")
    });
    slots
}

/// Another project on the same store.
fn beside(site: &Site, project: &Project, registry: &Registry) -> Site {
    let mut other = Site::new();
    other.store.clone_from(&site.store);
    project.write_into(&other, registry);
    other
}

fn install_by_pnpm(pnpm: &PathBuf, site: &Site, more: &[&str]) -> Vec<Value> {
    let arguments = [&["install", "--frozen-lockfile", "--reporter=ndjson"], more].concat();
    let output = run_pnpm(pnpm, site, &arguments);
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    assert!(output.status.success(), "{}", said.lines().last().unwrap_or_default());
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn pnpm_installs_offline_from_what_pacwatch_stored() {
    let Some(pnpm) = pnpm_or_skip("pnpm_installs_offline_from_what_pacwatch_stored") else {
        return;
    };
    for mode in run::MODES {
        let registry = Registry::start();
        let project = project();
        let ours = project.write(&registry);
        run::install_by(&ours, mode).went_well();
        let theirs = beside(&ours, &project, &registry);
        drop(registry);
        let told = install_by_pnpm(&pnpm, &theirs, &["--offline"]);
        let status = |wanted: &str| {
            let progress = told.iter().filter(|record| record["name"] == "pnpm:progress");
            progress.filter(|record| record["status"] == wanted).count()
        };
        assert_eq!(status("fetched"), 0);
        assert!(status("found_in_store") > 10);
        tree::assert_same(&slots(&theirs), &slots(&ours));
        store::assert_rows_are_complete(&ours);
    }
}

#[test]
fn pacwatch_installs_offline_from_what_pnpm_stored() {
    let Some(pnpm) = pnpm_or_skip("pacwatch_installs_offline_from_what_pnpm_stored") else {
        return;
    };
    let registry = Registry::start();
    let project = project();
    let theirs = project.write(&registry);
    install_by_pnpm(&pnpm, &theirs, &[]);
    let ours = beside(&theirs, &project, &registry);
    drop(registry);
    let flags = Flags { offline: Some(true), ..Flags::default() };
    let run = run::install_well(&ours, flags);
    for (dep_path, steps) in run.steps() {
        assert!(
            matches!(steps[..], [Step::FoundInStore, Step::Imported] | [Step::Skipped]),
            "{dep_path}: {steps:?}"
        );
    }
    tree::assert_same(&slots(&ours), &slots(&theirs));
}

/// What a row says of a package: whether it wants a build, and of each file path, digest, executable or not, and size.
fn meaning(row: &[u8]) -> (bool, Vec<(String, String, bool, u64)>) {
    let package = StoredPackage::decode(row.to_vec()).unwrap();
    let files = package
        .files()
        .map(|file| (file.path.to_owned(), file.digest().to_owned(), file.executable, file.size))
        .collect();
    (package.requires_build(), files)
}

#[test]
fn both_store_the_same_files_and_rows() {
    let Some(pnpm) = pnpm_or_skip("both_store_the_same_files_and_rows") else {
        return;
    };
    let registry = Registry::start();
    let project = project();
    let (ours, theirs) = (project.write(&registry), project.write(&registry));
    run::install_well(&ours, Flags::default());
    install_by_pnpm(&pnpm, &theirs, &[]);
    // Of an entry that comes twice pnpm stores the first one, too, and names it nowhere.
    let (our_files, their_files) = (store::files(&ours), store::files(&theirs));
    let more: Vec<_> = our_files.difference(&their_files).collect();
    assert!(more.is_empty(), "{more:?}");
    let unnamed: Vec<_> = their_files.difference(&our_files).collect();
    let first = store::path_of(&theirs, b"first", false);
    assert!(unnamed.len() == 1 && first.ends_with(unnamed[0]), "{unnamed:?}");
    let (our_rows, their_rows) = (store::rows(&ours), store::rows(&theirs));
    assert_eq!(our_rows.keys().collect::<Vec<_>>(), their_rows.keys().collect::<Vec<_>>());
    let other: Vec<_> = our_rows
        .iter()
        .map(|(key, row)| (key.split_once('\t').unwrap().1, meaning(row), meaning(&their_rows[key])))
        .filter(|(_, ours, theirs)| ours != theirs)
        .collect();
    assert!(other.is_empty(), "name, ours, theirs: {other:#?}");
}

#[test]
fn what_is_damaged_in_a_shared_store_is_noticed_by_either() {
    let Some(pnpm) = pnpm_or_skip("what_is_damaged_in_a_shared_store_is_noticed_by_either") else {
        return;
    };
    let registry = Registry::start();
    let project = Project::new()
        .direct(&Package::new("damaged", "1.0.0").file("file", "content"))
        .setting("trustLockfile: true");
    let first = project.write(&registry);
    run::install_well(&first, Flags::default());
    let blob = store::path_of(&first, b"content", false);
    for by_pnpm in [true, false, true] {
        fs::remove_file(&blob).unwrap();
        fs::write(&blob, "CONTENT").unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(10);
        fs::File::options().write(true).open(&blob).unwrap().set_modified(later).unwrap();
        let site = beside(&first, &project, &registry);
        if by_pnpm {
            install_by_pnpm(&pnpm, &site, &[]);
        } else {
            run::install_well(&site, Flags::default());
        }
        assert_eq!(fs::read_to_string(site.modules().join("damaged/file")).unwrap(), "content");
        assert_eq!(fs::read_to_string(&blob).unwrap(), "content");
    }
}

#[test]
fn both_at_the_same_time_on_one_store_do_not_disturb_each_other() {
    let Some(pnpm) = pnpm_or_skip("both_at_the_same_time_on_one_store_do_not_disturb_each_other") else {
        return;
    };
    let registry = Registry::start();
    let project = sample::of_many(60, 6).setting("trustLockfile: true");
    let first = project.write(&registry);
    let second = beside(&first, &project, &registry);
    std::thread::scope(|scope| {
        scope.spawn(|| install_by_pnpm(&pnpm, &first, &[]));
        scope.spawn(|| {
            let output = run::pacwatch(&second, &["install"]).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
        });
    });
    tree::assert_same(&slots(&first), &slots(&second));
    store::assert_rows_are_complete(&first);
    assert_eq!(store::packages(&first).len(), 60);
}
