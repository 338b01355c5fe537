//! Workspaces: which folders are projects, which of them are installed, and packages that lie on this machine.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use pacwatch::core::config::Flags;
use pacwatch::core::event::{EventKind, ImportersKnown, Outcome};

use support::packages::Package;
use support::project::Site;
use support::registry::Registry;
use support::run::{self, Run};
use support::tree::{self, Node};
use support::workspace::Workspace;
use support::{peer, store};

fn once() -> Package {
    Package::new("once", "1.0.0").file("index.js", "once")
}

fn tarball() -> Package {
    Package::new("packed", "0.2.0").file("lib/i.js", "packed")
}

/// Root → a; a → b's `dist`; web → a, the folder `local/folder`, the tarball `local/packed.tgz`; c → d, injected.
fn workspace() -> Workspace {
    let lockfile = format!(
        "importers:\n
  .:\n    dependencies:\n      a:\n        specifier: workspace:*\n        version: link:packages/a\n
  apps/web:\n    dependencies:\n      a:\n        specifier: workspace:^1.0.0\n        version: link:../../packages/a
      folder:\n        specifier: file:../../local/folder\n        version: file:local/folder
      packed:\n        specifier: file:../../local/packed.tgz\n        version: file:local/packed.tgz\n
  packages/a:\n    dependencies:\n      b:\n        specifier: workspace:*\n        version: link:../b/dist
      once:\n        specifier: 1.0.0\n        version: 1.0.0\n
  packages/b:\n    publishDirectory: dist\n
  packages/c:\n    dependencies:\n      d:\n        specifier: workspace:*\n        version: file:packages/d
    dependenciesMeta:\n      d:\n        injected: true\n
  packages/d:\n    dependencies:\n      once:\n        specifier: 1.0.0\n        version: 1.0.0\n
packages:\n
  d@file:packages/d:\n    resolution: {{directory: packages/d, type: directory}}\n
  folder@file:local/folder:\n    resolution: {{directory: local/folder, type: directory}}\n
  once@1.0.0:\n    resolution: {{integrity: {}}}\n
  packed@file:local/packed.tgz:\n    resolution: {{integrity: {}, tarball: file:local/packed.tgz}}\n    version: 0.2.0\n
snapshots:\n
  d@file:packages/d:\n    dependencies:\n      once: 1.0.0\n
  folder@file:local/folder:\n    dependencies:\n      once: 1.0.0\n
  once@1.0.0: {{}}\n
  packed@file:local/packed.tgz: {{}}\n",
        once().integrity(),
        tarball().integrity(),
    );
    Workspace::new(&["packages/*", "apps/**", "!**/test/**"], &lockfile)
        .setting("dedupeInjectedDeps: false")
        .setting("minimumReleaseAge: 0")
        .setting("trustLockfile: true")
        .file("package.json", r#"{"name":"root","dependencies":{"a":"workspace:*"}}"#)
        .file(
            "apps/web/package.json",
            r#"{"name":"web","dependencies":{"a":"workspace:^1.0.0","folder":"file:../../local/folder",
                "packed":"file:../../local/packed.tgz"}}"#,
        )
        .file("apps/web/test/inner/package.json", r#"{"name":"inner"}"#)
        .file(
            "packages/a/package.json",
            r#"{"name":"a","version":"1.0.0","dependencies":{"b":"workspace:*","once":"1.0.0"}}"#,
        )
        .file(
            "packages/b/package.json",
            r#"{"name":"b","version":"2.0.0","publishConfig":{"directory":"dist","linkDirectory":true}}"#,
        )
        .file("packages/b/dist/package.json", r#"{"name":"b","version":"2.0.0"}"#)
        .file(
            "packages/c/package.json",
            r#"{"name":"c","dependencies":{"d":"workspace:*"},"dependenciesMeta":{"d":{"injected":true}}}"#,
        )
        .file(
            "packages/d/package.json",
            r#"{"name":"d","version":"4.0.0","files":["lib"],"dependencies":{"once":"1.0.0"}}"#,
        )
        .file("packages/d/lib/l.js", "l")
        .file("packages/d/src/not-packed.ts", "s")
        .file(
            "local/folder/package.json",
            r#"{"name":"folder","version":"0.1.0","dependencies":{"once":"1.0.0"}}"#,
        )
        .file("local/folder/index.js", "folder")
        .file("local/folder/ignored.log", "")
        .file("local/folder/.npmignore", "*.log\n")
        .file("local/packed.tgz", tarball().tarball())
}

fn registry() -> Registry {
    let registry = Registry::start();
    registry.publish(&once());
    registry
}

fn frozen() -> Flags {
    Flags { frozen_lockfile: Some(true), ignore_scripts: Some(true), ..Flags::default() }
}

fn filtered(selectors: &[&str]) -> Flags {
    Flags { filter: selectors.iter().map(|selector| (*selector).to_owned()).collect(), ..frozen() }
}

/// The folders of the project that have a `node_modules`, `.` for the root.
fn installed(site: &Site) -> Vec<String> {
    let folders =
        [".", "apps/web", "apps/web/test/inner", "packages/a", "packages/b", "packages/c", "packages/d"];
    let has_modules = |folder: &&str| site.project.join(folder).join("node_modules").exists();
    folders.iter().copied().filter(has_modules).map(str::to_owned).collect()
}

fn link(site: &Site, path: &str) -> PathBuf {
    fs::read_link(site.project.join(path)).unwrap()
}

fn importers(run: &Run) -> ImportersKnown {
    let known = run.events.iter().find_map(|event| match &event.kind {
        EventKind::ImportersKnown(known) => Some(known.as_ref().clone()),
        _ => None,
    });
    known.unwrap()
}

#[test]
fn every_member_gets_its_links_and_its_folders_and_tarballs_are_there() {
    let registry = registry();
    let site = workspace().write(&registry);
    let run = run::install(&site, frozen()).went_well();
    assert_eq!(installed(&site), [".", "apps/web", "packages/a", "packages/c", "packages/d"]);
    assert_eq!(link(&site, "node_modules/a"), Path::new("../packages/a"));
    assert_eq!(link(&site, "packages/a/node_modules/b"), Path::new("../../b/dist"));
    assert_eq!(
        link(&site, "apps/web/node_modules/packed"),
        Path::new("../../../node_modules/.pnpm/packed@file+local+packed.tgz/node_modules/packed")
    );
    let read = |path: &str| fs::read_to_string(site.project.join(path)).unwrap();
    assert_eq!(read("apps/web/node_modules/packed/lib/i.js"), "packed");
    assert_eq!(read("apps/web/node_modules/folder/index.js"), "folder");
    assert!(!site.project.join("apps/web/node_modules/folder/ignored.log").exists());
    assert_eq!(read("packages/c/node_modules/d/lib/l.js"), "l");
    assert!(!site.project.join("packages/c/node_modules/d/src").exists());
    let inode = |path: &str| fs::metadata(site.project.join(path)).unwrap().ino();
    assert_eq!(inode("packages/c/node_modules/d/lib/l.js"), inode("packages/d/lib/l.js"));

    let keys = store::rows(&site);
    let with = |text: &str| keys.keys().filter(|key| key.contains(text)).count();
    assert_eq!((with("file:local/packed.tgz"), with("folder"), with("packages/d")), (1, 0, 0));

    let known = importers(&run);
    let counts: Vec<(&str, u32, usize)> = known
        .importers
        .iter()
        .map(|importer| (importer.id.as_str(), importer.dependencies, importer.packages.len()))
        .collect();
    assert_eq!(
        counts,
        [
            (".", 1, 0),
            ("apps/web", 3, 2),
            ("packages/a", 2, 1),
            ("packages/b", 0, 0),
            ("packages/c", 1, 1),
            ("packages/d", 1, 1)
        ]
    );
    assert_eq!(known.left_out, 0);
    assert_eq!(known.importers[1].name.as_deref(), Some("web"));
}

#[test]
fn a_second_install_has_nothing_to_do_until_a_folder_changes() {
    let registry = registry();
    let site = workspace().write(&registry);
    run::install(&site, frozen()).went_well();
    let again = run::install(&site, frozen()).went_well();
    assert_eq!(again.finished().outcome, Outcome::UpToDate);
    assert_eq!(again.finished().totals.imported, 0);
    fs::remove_file(site.project.join("local/folder/index.js")).unwrap();
    fs::write(site.project.join("local/folder/other.js"), "other").unwrap();
    let after = run::install(&site, frozen()).went_well();
    assert_eq!(after.finished().totals.imported, 1);
    let folder = site.project.join("apps/web/node_modules/folder");
    assert!(folder.join("other.js").exists() && !folder.join("index.js").exists());
}

#[test]
fn nothing_is_written_into_folders_that_are_no_projects_whatever_the_lockfile_says() {
    let registry = registry();
    let site = workspace().write(&registry);
    let lockfile = site.project.join("pnpm-lock.yaml");
    let importer = |id: &str, up: &str| {
        format!(
            "  {id}:\n    dependencies:\n      a:\n        specifier: '*'\n        version: link:{up}packages/a\n
  "
        )
    };
    let text = fs::read_to_string(&lockfile).unwrap();
    let text =
        text.replacen("  packages/a:", &(importer("apps/web/test/inner", "../../../../") + "packages/a:"), 1);
    let text = text.replacen("  packages/a:", &(importer("local/folder", "../../") + "packages/a:"), 1);
    fs::write(&lockfile, text).unwrap();
    let run = run::install(&site, frozen()).went_well();
    assert_eq!(installed(&site), [".", "apps/web", "packages/a", "packages/c", "packages/d"]);
    assert!(!site.project.join("local/folder/node_modules").exists());
    let about = |id: &str| run.warnings().iter().filter(|(_, text)| text.contains(id)).count();
    assert_eq!((about("apps/web/test/inner"), about("local/folder")), (1, 1));
}

#[test]
fn an_importer_without_a_project_is_left_out_and_a_project_without_an_importer_must_be_empty() {
    let registry = registry();
    let site = workspace().write(&registry);
    fs::rename(site.project.join("packages/a"), site.root.path().join("a")).unwrap();
    fs::create_dir(site.project.join("packages/empty")).unwrap();
    fs::write(site.project.join("packages/empty/package.json"), "{}").unwrap();
    run::install(&site, filtered(&["c"])).went_well();
    fs::write(site.project.join("packages/empty/package.json"), r#"{"dependencies":{"once":"1.0.0"}}"#)
        .unwrap();
    let refused = run::install(&site, frozen());
    assert_eq!(refused.failure().code.as_deref(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));
}

#[test]
fn a_filter_installs_what_it_selects_and_the_root() {
    let registry = registry();
    for (selectors, expected, left_out) in [
        (&["web"][..], &[".", "apps/web"][..], 4),
        (&["web..."], &[".", "apps/web", "packages/a"], 2),
        (&["...^a"], &[".", "apps/web"], 4),
        (&["{packages/*}", "!d"], &[".", "packages/a", "packages/c"], 2),
        (&["!web"], &[".", "packages/a", "packages/c", "packages/d"], 1),
    ] {
        let site = workspace().write(&registry);
        let run = run::install(&site, filtered(selectors)).went_well();
        assert_eq!(installed(&site), expected, "{selectors:?}");
        assert_eq!(importers(&run).left_out, left_out, "{selectors:?}");
    }
}

#[test]
fn a_filter_that_selects_nothing_says_so_and_does_nothing() {
    let registry = registry();
    let site = workspace().write(&registry);
    let run = run::install(&site, filtered(&["nobody"])).went_well();
    assert_eq!(run.finished().outcome, Outcome::UpToDate);
    assert!(run.warnings().iter().any(|(_, text)| text.contains("nobody")));
    assert!(!site.modules().exists());
}

#[test]
fn a_filter_that_selects_nothing_fails_where_that_is_asked_for() {
    let registry = registry();
    let asked = Flags { fail_if_no_match: true, ..filtered(&["nobody"]) };
    for (workspace, flags) in
        [(workspace().setting("failIfNoMatch: true"), filtered(&["nobody"])), (workspace(), asked)]
    {
        let site = workspace.write(&registry);
        let refused = run::install(&site, flags);
        assert!(refused.failure().message.contains("nobody"), "{:?}", refused.failure());
        assert!(!site.modules().exists());
    }
    let site = workspace().setting("failIfNoMatch: true").write(&registry);
    run::install(&site, filtered(&["nobody", "web"])).went_well();
}

#[test]
fn a_member_installs_the_whole_workspace_unless_installs_are_not_recursive() {
    let registry = registry();
    let whole = [".", "apps/web", "packages/a", "packages/c", "packages/d"];
    for (setting, expected) in
        [("recursiveInstall: true", &whole[..]), ("recursiveInstall: false", &whole[..3])]
    {
        let mut site = workspace().setting(setting).write(&registry);
        let root = site.project.clone();
        site.project.push("apps/web");
        run::install(&site, frozen()).went_well();
        site.project = root;
        assert_eq!(installed(&site), expected);
    }
}

#[test]
fn a_folder_or_tarball_that_is_not_what_the_lockfile_was_made_with_is_refused() {
    let registry = registry();
    let site = workspace().write(&registry);
    let manifest = site.project.join("local/folder/package.json");
    fs::write(&manifest, r#"{"name":"folder","dependencies":{"once":"1.0.0","more":"1"}}"#).unwrap();
    let refused = run::install(&site, frozen());
    assert_eq!(refused.failure().code.as_deref(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));
    fs::remove_file(&manifest).unwrap();
    let refused = run::install(&site, frozen());
    assert_eq!(refused.failure().code.as_deref(), Some("ERR_PNPM_OUTDATED_LOCKFILE"));

    let site = workspace().write(&registry);
    fs::write(site.project.join("local/packed.tgz"), "another").unwrap();
    let refused = run::install(&site, frozen());
    assert_eq!(refused.failure().code.as_deref(), Some("ERR_PNPM_TARBALL_INTEGRITY"));
}

#[test]
fn projects_with_manifests_of_other_kinds_are_linked_and_mentioned() {
    let registry = registry();
    let site = workspace().write(&registry);
    fs::rename(site.project.join("packages/d/package.json"), site.root.path().join("manifest")).unwrap();
    fs::write(site.project.join("packages/d/package.yaml"), "name: d\n").unwrap();
    let run = run::install(&site, filtered(&["./packages/d"])).went_well();
    assert_eq!(installed(&site), [".", "packages/d"]);
    assert!(run.warnings().iter().any(|(_, text)| text.contains("package.yaml")));
}

/// The tree of a workspace without what records it, and without its registry's files.
fn whole_tree(site: &Site) -> BTreeMap<String, Node> {
    let mut tree = tree::list(&site.project);
    let records = [".modules.yaml", "lock.yaml", ".pnpm-workspace-state-v1.json", "pnpm-workspace.yaml"];
    tree.retain(|path, _| !records.iter().any(|record| path.ends_with(record)));
    tree
}

#[test]
fn the_tree_is_pnpms() {
    let Some(pnpm) = peer::pnpm() else { return };
    let registry = registry();
    for selectors in [&[][..], &["web"][..], &["...a", "c"][..]] {
        let theirs = workspace().write(&registry);
        let mut arguments = vec!["install", "--frozen-lockfile", "--ignore-scripts"];
        for selector in selectors {
            arguments.extend(["--filter", selector]);
        }
        let output = peer::run_pnpm(&pnpm, &theirs, &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let ours = workspace().write(&registry);
        run::install(&ours, filtered(selectors)).went_well();
        tree::assert_same(&whole_tree(&theirs), &whole_tree(&ours));
    }
}

#[test]
fn a_project_has_no_links_of_its_own_to_what_the_root_links_if_that_is_asked_for() {
    let registry = Registry::start();
    let lockfile = format!(
        "importers:\n
  .:\n    dependencies:\n      once:\n        specifier: 1.0.0\n        version: 1.0.0
      other:\n        specifier: 1.0.0\n        version: 1.0.0\n
  packages/a:\n    dependencies:\n      once:\n        specifier: 1.0.0\n        version: 1.0.0
      other:\n        specifier: 2.0.0\n        version: 2.0.0\n
packages:\n
  once@1.0.0:\n    resolution: {{integrity: {}}}\n    hasBin: true\n
  other@1.0.0:\n    resolution: {{integrity: {}}}\n
  other@2.0.0:\n    resolution: {{integrity: {}}}\n
snapshots:\n
  once@1.0.0: {{}}\n
  other@1.0.0: {{}}\n
  other@2.0.0: {{}}\n",
        once().bin("once", "index.js").integrity(),
        Package::new("other", "1.0.0").integrity(),
        Package::new("other", "2.0.0").integrity(),
    );
    for package in
        [once().bin("once", "index.js"), Package::new("other", "1.0.0"), Package::new("other", "2.0.0")]
    {
        registry.publish(&package);
    }
    let site = Workspace::new(&["packages/*"], &lockfile)
        .setting("minimumReleaseAge: 0")
        .file("package.json", r#"{"name":"root","dependencies":{"once":"1.0.0","other":"1.0.0"}}"#)
        .file("packages/a/package.json", r#"{"name":"a","dependencies":{"once":"1.0.0","other":"2.0.0"}}"#)
        .write(&registry);
    let own = site.project.join("packages/a/node_modules");
    run::install_well(&site, Flags::default());
    assert!(own.join("once").exists() && own.join(".bin/once").exists());
    let settings = site.project.join("pnpm-workspace.yaml");
    let text = fs::read_to_string(&settings).unwrap() + "dedupeDirectDeps: true\n";
    fs::write(settings, text).unwrap();
    for _ in 0..2 {
        run::install_well(&site, Flags::default());
        assert!(!own.join("once").is_symlink() && !own.join(".bin/once").exists());
        assert!(own.join("other/package.json").exists(), "the root has another version");
        assert!(site.modules().join(".bin/once").exists());
        fs::remove_dir_all(&own).unwrap();
        fs::remove_dir_all(site.modules()).unwrap();
    }
}
