//! `patchedDependencies`: patches are applied to slots, and to nothing else.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use pacwatch::core::config::Flags;
use pacwatch::core::event::{EventKind, ImportMethod, Outcome};

use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::run::{self, Run};
use support::store;

const CHANGE: &str = "diff --git a/index.js b/index.js
--- a/index.js
+++ b/index.js
@@ -1,3 +1,3 @@
 one
-two
+patched
 three
";

fn package(version: &str) -> Package {
    Package::new("patched", version)
        .file("index.js", "one\ntwo\nthree\n")
        .file("README.md", "read")
        .executable("bin/run", "run\n")
        .bin("run", "bin/run")
        .peer("peer", "*")
}

fn project() -> Project {
    Project::new()
        .setting("minimumReleaseAge: 0")
        .setting("packageImportMethod: hardlink")
        .direct(&Package::new("peer", "1.0.0"))
        .direct(&package("1.0.0"))
        .direct(&Package::new("user", "1.0.0").dependency("patched", "2.0.0"))
        .package(&package("2.0.0"))
        .direct(&Package::new("other", "1.0.0").file("index.js", "other"))
}

/// The project without a lockfile, with this patch for these packages.
fn site(registry: &Registry, selector: &str, patch: &str) -> Site {
    let site = project()
        .setting("patchedDependencies:")
        .setting(&format!("  {selector}: patches/a.patch"))
        .write(registry);
    fs::remove_file(site.project.join("pnpm-lock.yaml")).unwrap();
    fs::create_dir(site.project.join("patches")).unwrap();
    write_patch(&site, patch);
    site
}

fn write_patch(site: &Site, patch: &str) {
    fs::write(site.project.join("patches/a.patch"), patch).unwrap();
}

fn lockfile(site: &Site) -> String {
    fs::read_to_string(site.project.join("pnpm-lock.yaml")).unwrap()
}

fn install(site: &Site) -> Run {
    run::install_well(site, Flags::default())
}

fn frozen() -> Flags {
    Flags { frozen_lockfile: Some(true), ..Flags::default() }
}

/// A file of the package that the project depends on.
fn placed(site: &Site, path: &str) -> PathBuf {
    site.modules().join("patched").join(path)
}

fn code(run: &Run) -> &str {
    run.failure().code.as_deref().unwrap_or_default()
}

#[test]
fn a_patch_is_applied_to_the_versions_it_is_for_and_the_lockfile_has_its_hash() {
    let registry = Registry::start();
    let site = site(&registry, "patched@^1.0.0", CHANGE);
    install(&site);
    assert_eq!(fs::read_to_string(placed(&site, "index.js")).unwrap(), "one\npatched\nthree\n");
    let other = site.modules().join(".pnpm/user@1.0.0_peer@1.0.0/node_modules/patched/index.js");
    assert_eq!(fs::read_to_string(other).unwrap(), "one\ntwo\nthree\n");
    let hash = "patch_hash=";
    let text = lockfile(&site);
    assert!(text.contains("patchedDependencies:\n  patched@^1.0.0: "), "{text}");
    assert!(text.contains(&format!("  patched@1.0.0({hash}")), "{text}");
    assert!(!text.contains(&format!("patched@2.0.0({hash}")), "{text}");
    assert!(text.contains(")(peer@1.0.0)"), "{text}");
}

#[test]
fn what_is_patched_shares_nothing_with_the_store_and_the_rest_does() {
    let registry = Registry::start();
    let site = site(&registry, "patched@1.0.0", CHANGE);
    install(&site);
    let rows = store::rows(&site);
    let has_patch = |id: &str| {
        let row = rows.iter().find(|(key, _)| key.ends_with(id)).unwrap().1;
        String::from_utf8_lossy(row).contains(";format=2;patch=")
    };
    assert!(
        has_patch("patched@1.0.0") && !has_patch("patched@2.0.0"),
        "pnpm looks there for what became of it"
    );
    for path in ["index.js", "README.md", "package.json"] {
        assert_eq!(placed(&site, path).metadata().unwrap().nlink(), 1, "{path}");
    }
    assert!(site.modules().join("other/index.js").metadata().unwrap().nlink() > 1);
    store::assert_files_are_whole(&site);
    // The names of patched packages are known from the beginning where there is a lockfile.
    fs::remove_dir_all(site.modules()).unwrap();
    let run = install(&site);
    let packages = run.packages();
    let method = |name: &str| {
        run.events.iter().find_map(|event| match &event.kind {
            EventKind::Imported(imported) if packages[&imported.package].starts_with(name) => {
                Some(imported.method)
            }
            _ => None,
        })
    };
    assert!(matches!(method("patched@1.0.0(patch_hash="), Some(ImportMethod::Copy | ImportMethod::Reflink)));
    assert_eq!(method("other@1.0.0"), Some(ImportMethod::Hardlink));
}

#[test]
fn files_are_made_removed_and_renamed_and_executables_follow_the_patched_manifest() {
    let registry = Registry::start();
    let renaming = "diff --git a/bin/run b/bin/start
similarity index 100%
rename from bin/run
rename to bin/start
diff --git a/README.md b/README.md
deleted file mode 100644
--- a/README.md
+++ /dev/null
@@ -1 +0,0 @@
-read
\\ No newline at end of file
diff --git a/lib/deep/new.js b/lib/deep/new.js
new file mode 100755
--- /dev/null
+++ b/lib/deep/new.js
@@ -0,0 +1 @@
+new
";
    let site = site(&registry, "patched@1.0.0", renaming);
    let plain = project().write(&registry);
    install(&plain);
    // The patch is written for the manifest as it is in the package.
    let before = fs::read_to_string(placed(&plain, "package.json")).unwrap();
    let difference: String = {
        let after = before.replace("bin/run", "bin/start");
        let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
        let marked = |lines: &[&str], mark: char| {
            lines
                .iter()
                .flat_map(|line| [mark.to_string(), (*line).to_owned(), "\n".to_owned()])
                .collect::<String>()
        };
        let (removed, added) = (marked(&old, '-'), marked(&new, '+'));
        format!(
            "diff --git a/package.json b/package.json\n--- a/package.json\n+++ b/package.json\n@@ -1,{} +1,{} @@\n{removed}{added}",
            old.len(),
            new.len()
        )
    };
    write_patch(&site, &format!("{renaming}{difference}"));
    install(&site);
    assert!(!placed(&site, "README.md").exists() && !placed(&site, "bin/run").exists());
    assert_eq!(fs::read_to_string(placed(&site, "lib/deep/new.js")).unwrap(), "new\n");
    for path in ["lib/deep/new.js", "bin/start"] {
        assert_eq!(placed(&site, path).metadata().unwrap().permissions().mode() & 0o111, 0o111, "{path}");
    }
    let shim = fs::read_to_string(site.modules().join(".bin/run")).unwrap();
    assert!(shim.contains("bin/start"), "{shim}");
    // Not even an install that believes nothing misses what the patch removed.
    assert_eq!(run::install_well(&site, frozen()).finished().outcome, Outcome::UpToDate);
}

#[test]
fn the_next_install_has_nothing_to_do_and_another_patch_makes_another_slot() {
    let registry = Registry::start();
    let site = site(&registry, "patched@1.0.0", CHANGE);
    install(&site);
    let before = lockfile(&site);
    registry.forget_requests();
    assert_eq!(install(&site).finished().outcome, Outcome::UpToDate);
    assert_eq!(run::install_well(&site, frozen()).finished().outcome, Outcome::UpToDate);
    let slot = fs::read_link(site.modules().join("patched")).unwrap();
    write_patch(&site, &CHANGE.replace("patched", "otherwise"));
    let failed = run::install(&site, frozen());
    assert_eq!(code(&failed), "ERR_PNPM_LOCKFILE_CONFIG_MISMATCH");
    install(&site);
    assert_eq!(fs::read_to_string(placed(&site, "index.js")).unwrap(), "one\notherwise\nthree\n");
    assert_ne!(fs::read_link(site.modules().join("patched")).unwrap(), slot);
    assert_ne!(lockfile(&site), before);
    assert!(registry.requests().is_empty(), "{:?}", registry.requests());
}

#[test]
fn a_patch_with_other_line_ends_is_the_same_patch() {
    let registry = Registry::start();
    let site = site(&registry, "patched@1.0.0", CHANGE);
    install(&site);
    let before = lockfile(&site);
    write_patch(&site, &CHANGE.replace('\n', "\r\n"));
    fs::remove_dir_all(site.modules()).unwrap();
    run::install_well(&site, frozen());
    assert_eq!(lockfile(&site), before);
    assert_eq!(fs::read_to_string(placed(&site, "index.js")).unwrap(), "one\npatched\r\nthree\n");
}

#[test]
fn a_patch_that_does_not_fit_is_named_with_its_package_and_leaves_no_package_behind() {
    let registry = Registry::start();
    let site = site(&registry, "patched@1.0.0", &CHANGE.replace("three", "four"));
    let failed = run::install(&site, Flags::default());
    assert_eq!(code(&failed), "ERR_PNPM_PATCH_FAILED");
    let message = &failed.failure().message;
    assert!(message.contains("patched@1.0.0") && message.contains("patches/a.patch"), "{message}");
    assert!(message.contains("hunk 1 does not fit index.js"), "{message}");
    let slots = fs::read_dir(site.modules().join(".pnpm")).unwrap();
    for slot in
        slots.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().contains("patch_hash"))
    {
        assert!(!slot.join("node_modules/patched/package.json").exists());
    }
    write_patch(&site, CHANGE);
    install(&site);
    assert_eq!(fs::read_to_string(placed(&site, "index.js")).unwrap(), "one\npatched\nthree\n");
}

#[test]
fn no_patch_writes_outside_of_its_package() {
    let registry = Registry::start();
    let evil = CHANGE.replace("index.js", "../../../../evil");
    let creation = "diff --git a/../evil b/../evil
new file mode 100644
--- /dev/null
+++ b/../evil
@@ -0,0 +1 @@
+evil
";
    let through_link = "diff --git a/out b/out
new file mode 120000
--- /dev/null
+++ b/out
@@ -0,0 +1 @@
+../../..
\\ No newline at end of file
diff --git a/out/evil b/out/evil
new file mode 100644
--- /dev/null
+++ b/out/evil
@@ -0,0 +1 @@
+evil
";
    for patch in [evil.as_str(), creation, through_link] {
        let site = site(&registry, "patched@1.0.0", patch);
        let failed = run::install(&site, Flags::default());
        assert_eq!(code(&failed), "ERR_PNPM_PATCH_FAILED");
        let found = support::tree::list(site.root.path());
        assert!(found.keys().all(|path| !path.ends_with("evil")), "{patch}");
    }
}

#[test]
fn a_patch_that_is_absent_no_patch_or_for_nothing_ends_the_install() {
    let registry = Registry::start();
    let absent = site(&registry, "patched@1.0.0", CHANGE);
    fs::remove_file(absent.project.join("patches/a.patch")).unwrap();
    assert_eq!(code(&run::install(&absent, Flags::default())), "ERR_PNPM_PATCH_NOT_FOUND");
    let garbage = site(&registry, "patched@1.0.0", "garbage");
    assert_eq!(code(&run::install(&garbage, Flags::default())), "ERR_PNPM_INVALID_PATCH");
    let unused = site(&registry, "patched@^3.0.0", CHANGE);
    let failed = run::install(&unused, Flags::default());
    assert_eq!(code(&failed), "ERR_PNPM_UNUSED_PATCH");
    assert!(failed.failure().message.contains("patched@^3.0.0"));
    let settings = unused.project.join("pnpm-workspace.yaml");
    let text = fs::read_to_string(&settings).unwrap() + "allowUnusedPatches: true\n";
    fs::write(settings, text).unwrap();
    let run = install(&unused);
    assert!(
        run.warnings().iter().any(|(_, message)| message.contains("patched@^3.0.0")),
        "{:?}",
        run.warnings()
    );
    assert!(lockfile(&unused).contains("patched@^3.0.0: "));
}

#[test]
fn a_patched_slot_that_nobody_vouches_for_is_made_anew() {
    let registry = Registry::start();
    let site = site(&registry, "patched@1.0.0", CHANGE);
    install(&site);
    // As an install leaves it that was killed before it patched what it had placed.
    fs::write(placed(&site, "index.js"), "one\ntwo\nthree\n").unwrap();
    fs::remove_file(site.modules().join(".pnpm/lock.yaml")).unwrap();
    install(&site);
    assert_eq!(fs::read_to_string(placed(&site, "index.js")).unwrap(), "one\npatched\nthree\n");
}
