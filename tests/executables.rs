//! Hoisted packages and executables of a whole install: where they stand, and that they start.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use pacwatch::core::config::Flags;

use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;
use support::{run, tree};

/// A package whose executables say who they are, and what they were told.
fn tool(name: &str, version: &str, commands: &[&str]) -> Package {
    let script = format!("#!/bin/sh\nprintf '{name}@{version}'\nprintf ' [%s]' \"$@\"\n");
    commands.iter().fold(Package::new(name, version).file("run.sh", script), |package, command| {
        package.bin(command, "./run.sh")
    })
}

/// `app` needs `helper` and a peer; `helper` needs an older `tool` than the project.
fn project() -> Project {
    let old_tool = tool("tool", "1.0.0", &["tool", "old"]);
    let new_tool = tool("tool", "2.0.0", &["tool"]);
    let peer = tool("peer", "1.0.0", &["peer-tool"]);
    let helper = tool("helper", "1.0.0", &["helper", "tool"]).dependency("tool", "1.0.0");
    let app = Package::new("@s/app", "1.0.0").dependency("helper", "1.0.0").peer("peer", "*");
    Project::new()
        .package(&old_tool)
        .package(&peer)
        .package(&helper)
        .direct(&new_tool)
        .package_with_peers(&app, &[("peer", "1.0.0")])
        .depend("@s/app", "1.0.0(peer@1.0.0)")
}

fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn said(program: &Path) -> String {
    let output = Command::new(program).args(["a b", "$x"]).current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}: {output:?}", program.display());
    String::from_utf8(output.stdout).unwrap()
}

fn assert_linked(site: &Site) {
    let modules = site.modules();
    let hidden = modules.join(".pnpm/node_modules");
    let link = |path: &str| fs::read_link(modules.join(path)).unwrap();
    assert_eq!(names(&hidden), BTreeSet::from([".bin", "helper", "peer"].map(str::to_owned)));
    assert_eq!(link(".pnpm/node_modules/helper"), Path::new("../helper@1.0.0/node_modules/helper"));
    let bins = |path: &str| names(&modules.join(path).join(".bin")).into_iter().collect::<Vec<_>>();
    assert_eq!(bins(""), ["peer-tool", "tool"]);
    assert_eq!(bins(".pnpm/node_modules"), ["helper", "peer-tool", "tool"]);
    let slot = ".pnpm/helper@1.0.0/node_modules/helper/node_modules";
    assert_eq!(bins(slot), ["helper", "old", "tool"]);
    assert_eq!(
        bins(".pnpm/@s+app@1.0.0_peer@1.0.0/node_modules/@s/app/node_modules"),
        ["helper", "peer-tool", "tool"]
    );
    let told = |path: &str| said(&modules.join(path));
    assert_eq!(told(".bin/tool"), "tool@2.0.0 [a b] [$x]");
    assert_eq!(told(".bin/peer-tool"), "peer@1.0.0 [a b] [$x]");
    assert_eq!(told(&format!("{slot}/.bin/tool")), "tool@1.0.0 [a b] [$x]");
    assert_eq!(told(".pnpm/node_modules/.bin/tool"), "helper@1.0.0 [a b] [$x]");
    let target = modules.join(".pnpm/helper@1.0.0/node_modules/helper/run.sh");
    assert_eq!(fs::metadata(target).unwrap().permissions().mode() & 0o111, 0o111);
}

#[test]
fn executables_start_from_every_folder_cold_warm_and_mended() {
    let registry = Registry::start();
    let site = project().write(&registry);
    run::install_well(&site, Flags::default());
    assert_linked(&site);
    let first = tree::list(&site.modules());
    fs::rename(site.modules(), site.root.path().join("first")).unwrap();
    run::install_well(&site, Flags::default());
    assert_linked(&site);

    fs::remove_dir_all(site.modules().join(".bin")).unwrap();
    fs::remove_file(site.modules().join(".pnpm/node_modules/helper")).unwrap();
    fs::write(site.modules().join(".pnpm/helper@1.0.0/node_modules/helper/node_modules/.bin/old"), "broken")
        .unwrap();
    fs::remove_file(site.modules().join(".pnpm-workspace-state-v1.json")).unwrap();
    run::install_well(&site, Flags::default());
    assert_linked(&site);
    let same = |path: &str| {
        !path.starts_with('.') || path.contains("/.bin") || path.starts_with(".pnpm/node_modules")
    };
    let of = |mut nodes: std::collections::BTreeMap<String, tree::Node>| {
        nodes.retain(|path, _| same(path));
        nodes
    };
    tree::assert_same(&of(tree::list(&site.modules())), &of(first));
}

#[test]
fn what_is_hoisted_publicly_stands_beside_the_projects_own_which_keep_their_commands() {
    let registry = Registry::start();
    let site = project().setting("shamefullyHoist: true").write(&registry);
    run::install_well(&site, Flags::default());
    let modules = site.modules();
    assert_eq!(
        fs::read_link(modules.join("helper")).unwrap(),
        Path::new(".pnpm/helper@1.0.0/node_modules/helper")
    );
    assert_eq!(names(&modules.join(".pnpm/node_modules")), BTreeSet::new());
    assert_eq!(names(&modules.join(".bin")).into_iter().collect::<Vec<_>>(), ["helper", "peer-tool", "tool"]);
    assert_eq!(said(&modules.join(".bin/tool")), "tool@2.0.0 [a b] [$x]");
}

#[test]
fn hostile_names_and_paths_of_executables_reach_nothing() {
    let registry = Registry::start();
    let mut hostile = tool("hostile", "1.0.0", &["good"]);
    for (command, path) in [
        ("../escaped", "run.sh"),
        ("a;touch hacked", "run.sh"),
        ("", "run.sh"),
        (".", "run.sh"),
        ("absolute", "/bin/sh"),
        ("line", "run.sh\ntouch hacked"),
        ("self", "."),
    ] {
        hostile = hostile.bin(command, path);
    }
    let hostile = hostile
        .bin("quotes", "it's $(touch hacked).sh")
        .file("it's $(touch hacked).sh", "#!/bin/sh -e $(touch hacked)\necho fine\n")
        .bin("outside", "../../../../../../run.sh");
    let site = Project::new().direct(&hostile).write(&registry);
    run::install_well(&site, Flags::default());
    let bin = site.modules().join(".bin");
    assert_eq!(names(&bin).into_iter().collect::<Vec<_>>(), ["good", "outside", "quotes"]);
    assert_eq!(said(&bin.join("outside")), "hostile@1.0.0 [a b] [$x]");
    // The arguments of its first line are nonsense to a shell, but they are no commands.
    let _ = Command::new(bin.join("quotes")).current_dir(&bin).output().unwrap();
    let hacked = tree::list(site.root.path());
    assert!(!hacked.keys().any(|path| path.ends_with("hacked") || path.ends_with("escaped")));
}

#[test]
fn nothing_is_hoisted_and_no_program_looks_there_when_hoisting_is_off() {
    let registry = Registry::start();
    let site = project().setting("hoist: false").write(&registry);
    run::install_well(&site, Flags::default());
    assert!(!site.modules().join(".pnpm/node_modules").exists());
    let shim = fs::read_to_string(site.modules().join(".bin/tool")).unwrap();
    assert!(!shim.contains("NODE_PATH"));
    assert_eq!(said(&site.modules().join(".bin/tool")), "tool@2.0.0 [a b] [$x]");
}
