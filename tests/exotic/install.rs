//! Packages of git repositories in `node_modules`.

use std::fs;
use std::path::Path;

use pacwatch::core::config::Flags;

use crate::git::git;
use crate::support::project::Site;
use crate::support::run::{install, install_well};
use crate::support::store;

/// A repository with this manifest, some sources and a package in a folder; its address and commit.
fn repository(site: &Site, manifest: &str) -> (String, String) {
    let folder = site.root.path().join("repository.git");
    for (path, content) in [
        ("package.json", manifest),
        ("lib/index.js", "library"),
        ("test/test.js", "test"),
        ("packages/sub/package.json", r#"{"name":"sub","version":"0.3.0"}"#),
        ("packages/sub/sub.js", "sub"),
        (".gitattributes", "lib export-ignore\n"),
    ] {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "all"]);
    (format!("file://{}", folder.display()), git(&folder, &["rev-parse", "HEAD"]))
}

/// Writes a project that depends on a commit, in the folder `path` of the repository (with its separator).
fn project(site: &Site, name: &str, address: &str, commit: &str, path: &str) -> String {
    let fragment = if path.is_empty() { String::new() } else { format!("&path:{path}") };
    let field = if path.is_empty() { String::new() } else { format!("path: {path}, ") };
    let id = format!("git+{address}#{commit}{fragment}");
    let specifier = format!("git+{address}{}", fragment.replace('&', "#"));
    let manifest = format!(r#"{{"name":"project","dependencies":{{"{name}":"{specifier}"}}}}"#);
    let lockfile = format!(
        "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n\
         importers:\n\n  .:\n    dependencies:\n      {name}:\n        specifier: {specifier}\n        version: {id}\n\n\
         packages:\n\n  {name}@{id}:\n    resolution: {{commit: {commit}, {field}repo: {address}, type: git}}\n    \
         version: 1.0.0\n\nsnapshots:\n\n  {name}@{id}: {{}}\n"
    );
    let settings =
        format!("storeDir: {}\ncacheDir: {}\n", serde_json::json!(site.store), serde_json::json!(site.cache));
    for (file, content) in
        [("package.json", manifest), ("pnpm-lock.yaml", lockfile), ("pnpm-workspace.yaml", settings)]
    {
        fs::write(site.project.join(file), content).unwrap();
    }
    id
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path().strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn what_its_author_would_publish_of_a_repository_is_installed_and_stays_in_the_store() {
    let site = Site::new();
    let manifest = r#"{"name":"repository","version":"1.0.0","files":["lib"]}"#;
    let (address, commit) = repository(&site, manifest);
    let id = project(&site, "repository", &address, &commit, "");
    install_well(&site, Flags::default());
    // What the repository leaves out of archives is part of it all the same.
    assert_eq!(files(&site.modules().join("repository")), ["lib/index.js", "package.json"]);
    assert!(store::rows(&site).contains_key(&format!("{id}\tbuilt")));
    store::assert_files_are_whole(&site);

    fs::remove_dir_all(site.root.path().join("repository.git")).unwrap();
    fs::rename(site.modules(), site.root.path().join("old")).unwrap();
    install_well(&site, Flags::default());
    assert_eq!(files(&site.modules().join("repository")), ["lib/index.js", "package.json"]);
}

#[test]
fn a_folder_of_a_repository_is_installed_alone() {
    let site = Site::new();
    let (address, commit) = repository(&site, r#"{"name":"repository","version":"1.0.0"}"#);
    project(&site, "sub", &address, &commit, "/packages/sub");
    install_well(&site, Flags::default());
    assert_eq!(files(&site.modules().join("sub")), ["package.json", "sub.js"]);
}

#[test]
fn a_repository_that_must_be_built_is_refused_unless_scripts_are_ignored() {
    let site = Site::new();
    let manifest = r#"{"name":"repository","version":"1.0.0","scripts":{"prepare":"exit 1"}}"#;
    let (address, commit) = repository(&site, manifest);
    project(&site, "repository", &address, &commit, "");
    let run = install(&site, Flags::default());
    assert_eq!(run.failure().code.as_deref(), Some("ERR_PNPM_GIT_DEP_PREPARE_NOT_ALLOWED"));
    install_well(&site, Flags { ignore_scripts: Some(true), ..Flags::default() });
    assert!(site.modules().join("repository/package.json").is_file());
}

#[test]
fn a_hostile_lockfile_cannot_make_git_run_anything() {
    let site = Site::new();
    let marker = site.root.path().join("marker");
    let address = format!("ext::sh -c touch% {}", marker.display());
    project(&site, "evil", &address, "208358630c97edfb9f8af57d2ce7ef2ab0a0ec98", "");
    let run = install(&site, Flags::default());
    assert!(run.failure().message.contains("not fit for git"), "{}", run.failure().message);
    assert!(!marker.exists());
}
