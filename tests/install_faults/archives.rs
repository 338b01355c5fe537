//! Tarballs that are what the lockfile says, and hostile or broken all the same.

use std::fs;

use pacwatch::core::config::Flags;
use ssri::Algorithm;
use tar::EntryType;

use crate::support::answer::Answer;
use crate::support::archive::Entry;
use crate::support::packages::{Package, digest};
use crate::support::project::Project;
use crate::support::registry::Registry;
use crate::support::{run, tree};
use crate::{Fault, assert_left_out, assert_refused};

/// Serves these bytes and locks their integrity.
fn serving(fault: Fault, bytes: &[u8]) -> Fault {
    fault.answers([Answer::Bytes(bytes.to_vec())]).integrity(digest(Algorithm::Sha512, bytes))
}

fn faults() -> Vec<Fault> {
    let traversal = |name, path: &'static str| {
        Fault::new(name, "ERR_PNPM_PATH_TRAVERSAL", "leaves the package")
            .package(|package| package.entry(Entry::file(path, "escaped")))
    };
    let tarball = crate::victim().tarball();
    vec![
        traversal("a way up", "package/../../escaped"),
        traversal("a way up, as on Windows", "package\\..\\..\\escaped"),
        traversal("another root", "/tmp/pacwatch-escaped"),
        Fault::new("a bomb", "ERR_PNPM_TARBALL_TOO_LARGE", "maxTarballUnpackedSize")
            .package(|package| package.zeros("zeros", 1 << 20))
            .setting("maxTarballUnpackedSize: 100000"),
        Fault::new("a bomb that says it is small", "ERR_PNPM_TARBALL_TOO_LARGE", "maxTarballUnpackedSize")
            .package(|package| package.gzip_members(4).zeros("zeros", 40 << 20))
            .setting("maxTarballUnpackedSize: 30000000"),
        Fault::new("an archive cut short", "ERR_PNPM_TARBALL_INCOMPLETE_TAR", "broken")
            .package(|package| package.cut_archive(3000)),
        serving(
            Fault::new("another kind of archive", "ERR_PNPM_TARBALL_UNRECOGNIZED", "neither"),
            b"PK\x03\x04zip",
        ),
        serving(Fault::new("nothing at all", "ERR_PNPM_TARBALL_UNRECOGNIZED", "neither"), b""),
        serving(
            Fault::new("data cut short", "ERR_PNPM_TARBALL_GZIP", "broken"),
            &tarball[..tarball.len() / 2],
        ),
    ]
}

#[test]
fn a_hostile_or_broken_archive_is_refused_before_anything_of_it_is_stored() {
    assert_refused(faults());
    assert!(!fs::exists("/tmp/pacwatch-escaped").unwrap());
}

#[test]
fn an_optional_package_in_such_an_archive_is_left_out() {
    assert_left_out(faults());
}

#[test]
fn links_devices_and_pipes_in_an_archive_are_not_unpacked() {
    let registry = Registry::start();
    let special = |path: &str, kind| Entry::special(path, kind);
    let package = Package::new("special", "1.0.0")
        .symlink("passwords", "/etc/passwd")
        .symlink("folder", "../../..")
        .file("folder/through-the-link", "stays inside")
        .hardlink("twin", "package/package.json")
        .entry(special("package/device", EntryType::Char))
        .entry(special("package/disk", EntryType::Block))
        .entry(special("package/pipe", EntryType::Fifo))
        .entry(special("package/empty folder", EntryType::Directory));
    let site = Project::new().direct(&package).write(&registry);
    run::install_well(&site, Flags::default());
    let slot = site.modules().join(".pnpm/special@1.0.0/node_modules/special");
    let names: Vec<_> = tree::list(&slot).into_keys().collect();
    assert_eq!(names, ["folder", "folder/through-the-link", "package.json"]);
}

#[test]
fn an_archive_that_is_not_compressed_is_as_good_as_one_that_is() {
    let registry = Registry::start();
    let package = Package::new("plain", "1.0.0").file("x", "x").uncompressed();
    let site = Project::new().direct(&package).write(&registry);
    run::install_well(&site, Flags::default());
    assert_eq!(fs::read_to_string(site.modules().join("plain/x")).unwrap(), "x");
}
