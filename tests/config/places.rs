//! Where the project, the lockfile, the store and the cache are.

use std::fs;
use std::path::{Path, PathBuf};

use pacwatch::core::config::{Config, Flags, Input};

use super::Machine;

fn flags_with_store(dir: &str) -> Flags {
    Flags { store_dir: Some(PathBuf::from(dir)), ..Flags::default() }
}

#[test]
fn the_default_store_and_cache_are_pnpms() {
    let machine = Machine::new();
    let below =
        if cfg!(target_os = "macos") { "Library/pnpm/store/v11" } else { ".local/share/pnpm/store/v11" };
    assert_eq!(machine.load().store_dir.value, machine.home().join(below));
    let below = if cfg!(target_os = "macos") { "Library/Caches/pnpm" } else { ".cache/pnpm" };
    assert_eq!(machine.load().cache_dir.value, machine.home().join(below));
    let (data, home, cache) = (machine.path("data"), machine.path("pnpm-home"), machine.path("cache"));
    let machine = machine
        .variable("XDG_DATA_HOME", data.to_str().unwrap())
        .variable("XDG_CACHE_HOME", cache.to_str().unwrap());
    assert_eq!(machine.load().store_dir.value, data.join("pnpm/store/v11"));
    assert_eq!(machine.load().cache_dir.value, cache.join("pnpm"));
    let machine = machine.variable("PNPM_HOME", home.to_str().unwrap());
    assert_eq!(machine.load().store_dir.value, home.join("store/v11"));
    assert!(!machine.load().store_dir.is_explicit());
}

#[test]
fn a_store_that_is_named_gets_its_version_and_starts_from_the_project() {
    let store = |machine: &Machine| machine.load().store_dir.value;
    for (written, expected) in [
        ("/absolute/store", "/absolute/store/v11"),
        ("/absolute/store/v11", "/absolute/store/v11"),
        ("relative", "PROJECT/relative/v11"),
        ("./relative/", "PROJECT/./relative/v11"),
        ("~/store", "PROJECT/~/store/v11"),
        ("${PLACE}/store", "/place/store/v11"),
    ] {
        let machine =
            Machine::new().variable("PLACE", "/place").project_yaml(&format!("storeDir: {written}\n"));
        let expected = expected.replace("PROJECT", machine.project().to_str().unwrap());
        assert_eq!(store(&machine).to_str().unwrap(), expected, "{written}");
    }
    let machine = Machine::new();
    let machine =
        machine.project_yaml("storeDir: from-yaml\n").variable("PNPM_CONFIG_STORE_DIR", "from-variable");
    assert_eq!(store(&machine), machine.project().join("from-variable/v11"));
    let machine = machine.flags(flags_with_store("from-flag"));
    assert_eq!(store(&machine), machine.project().join("from-flag/v11"));
}

#[test]
fn a_project_of_a_workspace_has_the_settings_and_the_lockfile_of_the_workspace() {
    let machine = Machine::new();
    let workspace = machine.path("work");
    Machine::write(&workspace.join("pnpm-workspace.yaml"), "packages: [project]\nstoreDir: store\n");
    Machine::write(&workspace.join(".npmrc"), "registry=http://workspace.test\n");
    let machine = machine.project_npmrc("registry=http://project.test\n");
    let config = machine.load();
    assert_eq!(config.project_dir, machine.project());
    assert_eq!(config.workspace_dir.as_deref(), Some(&*workspace));
    assert_eq!(config.lockfile_dir, workspace);
    assert_eq!(config.virtual_store_dir.value, workspace.join("node_modules/.pnpm"));
    assert_eq!(config.store_dir.value, workspace.join("store/v11"));
    assert_eq!(config.registries.default.value, "http://workspace.test/");
    assert_eq!(config.workspace_packages.value, Some(vec!["project".to_owned()]));
    let machine = machine.variable("PNPM_CONFIG_SHARED_WORKSPACE_LOCKFILE", "false");
    assert_eq!(machine.load().lockfile_dir, machine.project());
}

#[test]
fn a_variable_can_name_the_workspace() {
    let machine = Machine::new();
    let elsewhere = machine.path("elsewhere");
    Machine::write(&elsewhere.join("pnpm-workspace.yaml"), "hoist: false\n");
    let machine = machine
        .project_yaml("hoist: true\n")
        .variable("NPM_CONFIG_WORKSPACE_DIR", elsewhere.to_str().unwrap());
    let config = machine.load();
    assert_eq!(config.workspace_dir, Some(elsewhere));
    assert!(!*config.hoist);
}

#[test]
fn a_project_on_its_own_has_no_workspace() {
    let machine = Machine::new();
    let config = machine.load();
    assert_eq!(config.workspace_dir, None);
    assert_eq!(config.lockfile_dir, machine.project());
    assert_eq!(config.root_modules_dir(), machine.project().join("node_modules"));
    let machine = machine.project_yaml("modulesDir: modules\nvirtualStoreDir: slots\n");
    assert_eq!(machine.load().root_modules_dir(), machine.project().join("modules"));
    assert_eq!(machine.load().virtual_store_dir.value, machine.project().join("slots"));
}

#[test]
fn shared_slots_lie_in_the_store_unless_somebody_says_where() {
    let machine = Machine::new().project_yaml("virtualStoreType: global\nstoreDir: /s\n");
    let config = machine.load();
    assert!(*config.enable_global_virtual_store);
    assert_eq!(config.global_virtual_store_dir.value, Path::new("/s/v11/links"));
    let machine = machine.project_yaml("enableGlobalVirtualStore: true\nvirtualStoreDir: /slots\n");
    assert_eq!(machine.load().global_virtual_store_dir.value, Path::new("/slots"));
}

#[test]
fn the_projects_folder_may_be_relative_and_is_found_without_links() {
    let machine = Machine::new();
    #[cfg(unix)]
    std::os::unix::fs::symlink(machine.project(), machine.path("work/link")).unwrap();
    let names: &[&str] = if cfg!(unix) { &["project", "./project/", "link"] } else { &["project"] };
    for name in names {
        let config = Config::load(&Input { dir: PathBuf::from(name), ..machine.input() }).unwrap();
        assert_eq!(config.project_dir, machine.project(), "{name}");
    }
    let error = Config::load(&Input { dir: PathBuf::from("absent"), ..machine.input() }).unwrap_err();
    assert!(error.to_string().contains("absent"));
}

#[test]
fn looking_for_the_store_leaves_nothing_in_the_project() {
    let machine = Machine::new();
    machine.load();
    let left: Vec<_> =
        fs::read_dir(machine.project()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["package.json"]);
}

#[test]
fn without_a_home_the_folders_must_be_named() {
    let machine = Machine::new();
    let error = Config::load(&Input { home: None, ..machine.input() }).unwrap_err();
    assert!(error.to_string().contains("the store") && error.help().unwrap().contains("--store-dir"));
    let flags = Flags { cache_dir: Some("/c".into()), ..flags_with_store("/s") };
    let config = Config::load(&Input { home: None, flags, ..machine.input() }).unwrap();
    assert_eq!((config.store_dir.value, config.cache_dir.value), ("/s/v11".into(), "/c".into()));
}

#[test]
fn a_project_that_a_workspace_does_not_name_is_on_its_own() {
    let belongs = |packages: &str| {
        let machine = Machine::new();
        let workspace = machine.path("work");
        Machine::write(&workspace.join("pnpm-workspace.yaml"), packages);
        machine.load().workspace_dir == Some(workspace)
    };
    for packages in [
        "packages: [project]\n",
        "packages: ['./project/']\n",
        "packages: ['pro*']\n",
        "packages: ['**', '!other']\n",
        "packages: ['{project,other}']\n",
    ] {
        assert!(belongs(packages), "{packages}");
    }
    for packages in
        ["hoist: true\n", "packages: [other]\n", "packages: ['**', '!project']\n", "packages: ['proj']\n"]
    {
        assert!(!belongs(packages), "{packages}");
    }
}

#[test]
fn the_users_settings_may_name_the_home() {
    let machine = Machine::new().user_yaml("storeDir: ~/from-file\n");
    assert_eq!(machine.load().store_dir.value, machine.home().join("from-file/v11"));
    let machine = machine.variable("PNPM_CONFIG_STORE_DIR", "~/from-variable");
    assert_eq!(machine.load().store_dir.value, machine.home().join("from-variable/v11"));
    let machine = machine.flags(flags_with_store("~/from-flag"));
    assert_eq!(machine.load().store_dir.value, machine.home().join("from-flag/v11"));
}

#[test]
fn a_folder_inside_a_project_stands_for_the_project() {
    let machine = Machine::new();
    let inside = machine.project().join("src/deep");
    fs::create_dir_all(&inside).unwrap();
    let load = || Config::load(&Input { dir: inside.clone(), ..machine.input() }).unwrap();
    assert_eq!(load().project_dir, machine.project());
    Machine::write(&machine.project().join("src/package.json"), "{}");
    assert_eq!(load().project_dir, machine.project().join("src"));
}

#[test]
fn relative_paths_start_from_the_file_or_the_project_and_those_of_flags_from_the_workspace() {
    let machine = Machine::new();
    let workspace = machine.path("work");
    let store = |machine: &Machine| machine.load().store_dir.value;
    Machine::write(&workspace.join("pnpm-workspace.yaml"), "packages: [project]\n");
    let machine = machine.user_yaml("storeDir: s\n");
    assert_eq!(store(&machine), machine.project().join("s/v11"));
    Machine::write(&workspace.join("pnpm-workspace.yaml"), "packages: [project]\nstoreDir: s\n");
    assert_eq!(store(&machine), workspace.join("s/v11"));
    let machine = machine.variable("PNPM_CONFIG_STORE_DIR", "s");
    assert_eq!(store(&machine), machine.project().join("s/v11"));
    assert_eq!(store(&machine.flags(flags_with_store("s"))), workspace.join("s/v11"));
}
