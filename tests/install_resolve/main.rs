//! Installs that have to resolve: without a lockfile, or with one that does not fit the manifests.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

#[path = "../support/mod.rs"]
mod support;

mod events;
mod lockfiles;

use std::fs;

use pacwatch::core::lockfile::Lockfile;
use serde_json::Value;

use support::packages::Package;
use support::project::{Project, Site};
use support::registry::Registry;

/// Ten years of age for every package would not be enough for those who are published while the test runs; this turns
/// the question off, and with it the look at every locked package.
const NO_AGE: &str = "minimumReleaseAge: 0";

fn leaf() -> Package {
    Package::new("leaf", "1.0.0").file("leaf.js", "leaf")
}

fn branch() -> Package {
    Package::new("branch", "1.0.0").dependency("leaf", "1.0.0").file("branch.js", "branch")
}

/// A project that depends on a package with a dependency.
fn project() -> Project {
    Project::new().setting(NO_AGE).direct(&branch()).package(&leaf())
}

/// The project on the registry, without its lockfile; and what its lockfile would be.
fn without_lockfile(project: &Project, registry: &Registry) -> (Site, Lockfile) {
    let site = project.write(registry);
    let path = lockfile_path(&site);
    let lockfile = Lockfile::read(&path).unwrap().unwrap();
    fs::remove_file(path).unwrap();
    (site, lockfile)
}

fn lockfile_path(site: &Site) -> std::path::PathBuf {
    site.project.join(Lockfile::FILE_NAME)
}

fn lockfile_text(site: &Site) -> String {
    fs::read_to_string(lockfile_path(site)).unwrap()
}

/// Changes the project's manifest.
fn edit_manifest(site: &Site, edit: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let path = site.project.join("package.json");
    let mut manifest: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    edit(manifest.as_object_mut().unwrap());
    fs::write(&path, serde_json::to_string_pretty(&manifest).unwrap() + "\n").unwrap();
}

/// Adds a dependency to the project's manifest.
fn add_dependency(site: &Site, alias: &str, specifier: &str) {
    edit_manifest(site, |manifest| {
        manifest["dependencies"][alias] = Value::from(specifier);
    });
}
