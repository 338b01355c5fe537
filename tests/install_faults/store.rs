//! Stores that lack something or were tampered with, and installs that may not download.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use pacwatch::core::config::Flags;
use rusqlite::{Connection, params};

use crate::support::packages::Package;
use crate::support::project::{Project, Site};
use crate::support::registry::Registry;
use crate::support::run::{self, MODES, Run, Step};
use crate::support::{sample, store, tree};

fn offline() -> Flags {
    Flags { offline: Some(true), ..Flags::default() }
}

#[test]
fn offline_without_the_package_is_an_error_that_says_so_and_asks_nobody() {
    let registry = Registry::start();
    let site = sample::of_many(5, 2).write(&registry);
    let run = run::install(&site, offline());
    let failure = run.failure();
    assert_eq!(failure.code.as_deref(), Some("ERR_PNPM_NO_OFFLINE_TARBALL"));
    assert!(failure.message.contains("many-") && failure.message.contains("--offline"), "{failure:?}");
    assert!(failure.help.is_some());
    assert_eq!(registry.requests().len(), 0);
}

#[test]
fn offline_with_a_warm_store_needs_no_registry() {
    let registry = Registry::start();
    let project = sample::of_every_shape();
    let site = project.write(&registry);
    run::install_well(&site, Flags::default());
    let expected = tree::list(&site.modules());
    fs::rename(site.modules(), site.root.path().join("before")).unwrap();
    drop(registry);
    run::install_well(&site, offline());
    tree::assert_same(&tree::list(&site.modules()), &expected);
}

#[test]
fn offline_leaves_out_an_optional_package_that_is_not_in_the_store() {
    let registry = Registry::start();
    let before = sample::of_many(5, 2);
    let site = before.write(&registry);
    run::install_well(&site, Flags::default());
    let more = before.direct_optional(&Package::new("extra", "1.0.0"));
    more.write_into(&site, &registry);
    let run = run::install_well(&site, offline());
    assert_eq!(run.steps_of("extra@1.0.0"), [Step::Skipped]);
}

/// A project, installed, its tree put aside; and the path of a stored file of the package `damaged`.
fn warmed(registry: &Registry) -> (Site, std::path::PathBuf, Project) {
    let project = sample::of_many(8, 2).direct(&Package::new("damaged", "1.0.0").file("file", "content"));
    let site = project.write(registry);
    run::install_well(&site, Flags::default());
    fs::rename(site.modules(), site.root.path().join("before")).unwrap();
    let blob = store::path_of(&site, b"content", false);
    (site, blob, project)
}

fn rewrite_later(path: &Path, content: &str) {
    // Not through the hard link that a project has of it.
    fs::remove_file(path).unwrap();
    fs::write(path, content).unwrap();
    let later = SystemTime::now() + Duration::from_secs(10);
    fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
}

fn assert_repaired(site: &Site, run: &Run, mode: &str) {
    assert_eq!(run.steps_of("damaged@1.0.0"), [Step::Fetched, Step::Imported], "{mode}");
    assert_eq!(run.finished().totals.fetched, 1, "{mode}");
    assert_eq!(fs::read_to_string(site.modules().join("damaged/file")).unwrap(), "content", "{mode}");
    store::assert_rows_are_complete(site);
}

#[test]
fn a_stored_file_that_was_changed_or_deleted_is_noticed_and_fetched_again() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("changed, of the same size", |path| rewrite_later(path, "CONTENT")),
        ("cut short", |path| rewrite_later(path, "cont")),
        ("emptied", |path| rewrite_later(path, "")),
        ("deleted", |path| fs::remove_file(path).unwrap()),
        ("a symlink", |path| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", path).unwrap();
        }),
    ];
    for (name, damage) in damages {
        for mode in MODES {
            let registry = Registry::start();
            let (site, blob, _) = warmed(&registry);
            damage(&blob);
            let run = run::install_by(&site, mode).went_well();
            assert_repaired(&site, &run, name);
            assert!(run.warnings().iter().any(|(_, message)| message.contains("fetched again")), "{name}");
        }
    }
}

#[test]
fn a_damaged_file_that_cannot_be_fetched_again_is_an_error_and_is_not_linked() {
    let registry = Registry::start();
    let (site, blob, _) = warmed(&registry);
    rewrite_later(&blob, "CONTENT");
    let run = run::install(&site, offline());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_NO_OFFLINE_TARBALL"));
    assert!(!site.modules().join(".pnpm/damaged@1.0.0/node_modules/damaged/file").exists());
}

#[test]
fn a_stored_file_that_was_touched_but_not_changed_is_used() {
    let registry = Registry::start();
    let (site, blob, _) = warmed(&registry);
    rewrite_later(&blob, "content");
    let run = run::install_well(&site, offline());
    assert_eq!(run.steps_of("damaged@1.0.0"), [Step::FoundInStore, Step::Imported]);
}

#[test]
fn a_row_that_cannot_be_read_or_would_leave_its_package_is_as_good_as_none() {
    let registry = Registry::start();
    let (site, _, _) = warmed(&registry);
    let rows = store::rows(&site);
    let (key, good) = rows.iter().find(|(key, _)| key.ends_with("damaged@1.0.0")).unwrap();
    let path = b"\xa4file";
    let at = good.windows(path.len()).position(|window| window == path).unwrap();
    let mut escaping = good.clone();
    escaping[at..at + path.len()].copy_from_slice(b"\xa4../x");
    for row in [&b""[..], b"garbage", &good[..good.len() / 2], &escaping] {
        let index = site.store_v11().join("index.db");
        Connection::open(index)
            .unwrap()
            .execute("UPDATE package_index SET data = ?1 WHERE key = ?2", params![row, key])
            .unwrap();
        let run = run::install_well(&site, Flags::default());
        assert_repaired(&site, &run, "row");
        fs::rename(site.modules(), site.root.path().join(format!("row-{}", row.len()))).unwrap();
    }
}

#[test]
fn an_index_that_is_no_database_is_an_error_that_names_it() {
    let registry = Registry::start();
    let (site, _, _) = warmed(&registry);
    let index = site.store_v11().join("index.db");
    for rest in ["index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(site.store_v11().join(rest));
    }
    fs::write(&index, vec![b'x'; 8192]).unwrap();
    let run = run::install(&site, Flags::default());
    let failure = run.failure();
    assert!(failure.message.contains("index.db"), "{failure:?}");
    assert!(failure.help.is_some());
}
