use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::core::link::bins::{Candidate, DeclaredBins, Origin};

/// A project with a package `tool` in a slot, and one `local` of its own.
struct Project {
    folder: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let project = Self { folder: tempfile::tempdir().unwrap() };
        project.file("node_modules/.pnpm/tool@1.0.0/node_modules/tool/cli.js", "#!/usr/bin/env node\n");
        project.file("packages/local/run.sh", "echo\n");
        project
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }

    fn mode(&self, path: &str) -> u32 {
        std::fs::metadata(self.path(path)).unwrap().mode() & 0o777
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// A plan for `node_modules/.bin` with the commands of both packages.
    fn plan(&self) -> BinPlan {
        let mut plan = BinPlan {
            hidden_modules: Some(self.path("node_modules/.pnpm/node_modules")),
            root: self.folder.path().to_path_buf(),
            ..BinPlan::default()
        };
        let bins = |manifest: &serde_json::Value| Arc::new(DeclaredBins::new(manifest, |_| Vec::new()));
        let tool = bins(&json!({"name": "tool", "bin": {"tool": "cli.js", "gone": "gone.js"}}));
        let local = bins(&json!({"name": "local", "bin": {"local": "run.sh", "folder": "."}}));
        let tool_folder = self.path("node_modules/.pnpm/tool@1.0.0/node_modules/tool");
        let candidates = [
            plan.add_package(BinPackage::new(tool_folder, tool, true)),
            plan.add_package(BinPackage::new(self.path("packages/local"), local, false)),
        ]
        .map(|package| Candidate { package, origin: Origin::Direct, own: false });
        plan.add_folder(&self.path("node_modules"), &candidates);
        plan
    }
}

fn write(plan: &BinPlan) -> Written {
    BinWriter::default().write(plan, &plan.folders[0]).unwrap()
}

fn counts(written: &Written) -> (u32, u32) {
    (written.made, written.kept)
}

const TARGET: &str = "node_modules/.pnpm/tool@1.0.0/node_modules/tool/cli.js";

#[test]
fn shims_are_written_once_and_can_be_started() {
    let project = Project::new();
    let plan = project.plan();
    assert_eq!(counts(&write(&plan)), (3, 0));
    let shim = project.read("node_modules/.bin/tool");
    assert!(shim.ends_with("\n# cmd-shim-target=../.pnpm/tool@1.0.0/node_modules/tool/cli.js\n"));
    assert!(shim.contains(
        "export NODE_PATH=\"$basedir_abs\"/'../.pnpm/tool@1.0.0/node_modules/tool/node_modules':\
         \"$basedir_abs\"/'../.pnpm/tool@1.0.0/node_modules':\"$basedir_abs\"/'../.pnpm/node_modules'$"
    ));
    assert!(
        project
            .read("node_modules/.bin/local")
            .contains("export NODE_PATH=\"$basedir_abs\"/'../.pnpm/node_modules'$")
    );
    assert_eq!(project.mode("node_modules/.bin/tool"), 0o755);
    let before = std::fs::metadata(project.path("node_modules/.bin/tool")).unwrap().ino();
    assert_eq!(counts(&write(&project.plan())), (0, 3));
    assert_eq!(std::fs::metadata(project.path("node_modules/.bin/tool")).unwrap().ino(), before);
}

#[test]
fn an_installed_file_becomes_executable_and_a_projects_own_stays_as_it_is() {
    let project = Project::new();
    write(&project.plan());
    assert_eq!(project.mode(TARGET), 0o755);
    assert_eq!(project.mode("packages/local/run.sh"), 0o644);
}

#[test]
fn a_file_that_is_not_there_is_linked_all_the_same_but_not_in_its_own_package() {
    let project = Project::new();
    let mut plan = project.plan();
    for entry in &mut plan.folders[0].entries {
        entry.own = true;
    }
    assert_eq!(counts(&write(&plan)), (2, 0));
    assert!(!project.path("node_modules/.bin/gone").exists());
    write(&project.plan());
    assert!(project.read("node_modules/.bin/gone").contains("exec node  \"$shim_target\""));
}

#[test]
fn a_folder_is_no_executable() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("node_modules/.pnpm/tool@1.0.0/node_modules/tool/gone.js")).unwrap();
    assert_eq!(counts(&write(&project.plan())), (2, 0));
    assert!(!project.path("node_modules/.bin/gone").exists());
}

#[test]
fn the_shim_of_another_installer_is_kept_if_it_starts_the_same() {
    let project = Project::new();
    let marker = "# cmd-shim-target=../.pnpm/tool@1.0.0/node_modules/tool/cli.js\n";
    let foreign = format!("#!/bin/sh\n# Theirs\nexport NODE_PATH=x\n{marker}");
    for (text, kept) in [
        (foreign.clone(), true),
        (foreign.replace("export NODE_PATH=x\n", ""), false),
        (foreign.replace("1.0.0", "1.0.1"), false),
        ("#!/bin/sh\necho mine\n".to_owned(), false),
        (String::new(), false),
    ] {
        project.file("node_modules/.bin/tool", &text);
        write(&project.plan());
        assert_eq!(project.read("node_modules/.bin/tool") == text, kept, "{text:?}");
        assert_eq!(project.mode("node_modules/.bin/tool"), 0o755);
    }
}

#[test]
fn an_older_shim_of_ours_is_written_anew() {
    let project = Project::new();
    write(&project.plan());
    let right = project.read("node_modules/.bin/tool");
    project.file("node_modules/.bin/tool", &right.replace("exit 1", "exit 2"));
    write(&project.plan());
    assert_eq!(project.read("node_modules/.bin/tool"), right);
}

#[test]
fn nothing_is_written_through_a_symlink_or_into_a_file_with_another_name() {
    let project = Project::new();
    project.file("victim", "untouched");
    project.file("node_modules/.bin/x", "");
    symlink("../../victim", project.path("node_modules/.bin/tool")).unwrap();
    std::fs::hard_link(project.path("victim"), project.path("node_modules/.bin/local")).unwrap();
    write(&project.plan());
    assert_eq!(project.read("victim"), "untouched");
    assert_eq!(project.mode("victim"), 0o644);
    assert!(project.read("node_modules/.bin/tool").contains("cmd-shim-target"));
    assert!(project.read("node_modules/.bin/local").contains("cmd-shim-target"));
    assert_eq!(project.read("node_modules/.bin/x"), "", "what is not ours stays");
}

#[test]
fn symlinks_are_made_where_they_are_preferred() {
    let project = Project::new();
    let plan = BinPlan { prefer_symlinks: true, ..project.plan() };
    let written = write(&plan);
    assert_eq!(counts(&written), (3, 0));
    assert_eq!(written.warnings.len(), 1, "{:?}", written.warnings);
    assert!(written.warnings[0].contains("gone.js"));
    let link = |name: &str| std::fs::read_link(project.path("node_modules/.bin").join(name));
    assert_eq!(link("tool").unwrap(), Path::new("../.pnpm/tool@1.0.0/node_modules/tool/cli.js"));
    assert!(link("gone").is_ok());
    assert!(link("local").is_err(), "it could not be started by itself");
    let again = BinPlan { prefer_symlinks: true, ..project.plan() };
    assert_eq!(counts(&write(&again)), (0, 3));
    // A symlink does as well as the shim that would be written.
    assert_eq!(counts(&write(&project.plan())), (0, 3));
    assert!(link("tool").is_ok());
}

#[test]
fn node_itself_is_linked_and_never_wrapped() {
    let project = Project::new();
    let mut plan = project.plan();
    plan.packages[0].bins = Arc::new(DeclaredBins::new(
        &json!({"name": "node", "bin": {"node": "cli.js", "gone": "gone.js"}}),
        |_| Vec::new(),
    ));
    write(&plan);
    assert_eq!(
        std::fs::read_link(project.path("node_modules/.bin/node")).unwrap(),
        Path::new("../.pnpm/tool@1.0.0/node_modules/tool/cli.js")
    );
}

#[test]
fn paths_outside_the_project_are_told_whole() {
    let project = Project::new();
    let plan = BinPlan { root: project.path("elsewhere"), ..project.plan() };
    write(&plan);
    let shim = project.read("node_modules/.bin/tool");
    let target = project.path(TARGET);
    assert!(shim.ends_with(&format!("\n# cmd-shim-target={}\n", target.display())));
    assert!(shim.contains(&format!("export NODE_PATH={}", target.parent().unwrap().display())));
}

#[test]
fn what_cannot_be_written_is_an_error_with_its_path() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("node_modules/.bin/tool/full")).unwrap();
    let error =
        BinWriter::default().write(&project.plan(), &project.plan().folders[0]).unwrap_err().to_string();
    assert!(error.contains("node_modules/.bin/tool"), "{error}");
}
