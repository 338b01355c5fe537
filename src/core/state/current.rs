//! `lock.yaml` in the virtual store, the current lockfile: of the wanted one, what is really installed (pnpm:
//! `deps-restorer/src/current_lockfile.rs`).

use std::borrow::Cow;
use std::path::Path;

use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use super::{IncludedGroups, StateError, write};
use crate::core::lockfile::{
    Importer, ImporterDependency, Lockfile, Reference, Snapshot, package_id, reference,
};

/// Name of the file in the virtual store.
pub const CURRENT_LOCKFILE: &str = "lock.yaml";

/// Narrows a lockfile to what is installed: groups that are not included go, and what only they lead to. A snapshot
/// that is left out on this machine stays, since the next install would leave it out again; one for which `failed`
/// holds goes, so that the next install tries again.
///
/// `failed` takes a dep path. The positions of what stays keep their order.
#[must_use]
pub fn filter_for_current(
    lockfile: &Lockfile,
    included: IncludedGroups,
    failed: impl Fn(&str) -> bool,
) -> Lockfile {
    let left_behind = left_behind(lockfile, included);
    let is_left_behind = |dep_path: &str, alias: &str, value: &str| {
        is_peer(lockfile, dep_path, alias)
            && matches!(reference(alias, value), Reference::Package(to) if left_behind.contains(to.as_ref()))
    };
    let reached = reach(lockfile, included, &failed, is_left_behind);
    let mut packages = vec![false; lockfile.packages.len()];
    for (dep_path, reached) in lockfile.snapshots.keys().zip(&reached) {
        // What is known of a package does not depend on whether it could be fetched.
        if (*reached || failed(dep_path))
            && let Some(position) = lockfile.packages.get_index_of(package_id(dep_path))
        {
            packages[position] = true;
        }
    }
    let mut current = lockfile.clone();
    current.environment_document = None;
    let mut kept = reached.iter();
    current.snapshots.retain(|_, _| kept.next().copied().unwrap_or_default());
    for (dep_path, snapshot) in &mut current.snapshots {
        snapshot.optional_dependencies.retain(|alias, value| !is_left_behind(dep_path, alias, value));
    }
    let mut kept = packages.iter();
    current.packages.retain(|_, _| kept.next().copied().unwrap_or_default());
    for importer in current.importers.values_mut() {
        narrow(importer, included, &current.snapshots);
    }
    current
}

fn narrow(importer: &mut Importer, included: IncludedGroups, snapshots: &IndexMap<String, Snapshot>) {
    if !included.dependencies {
        importer.dependencies.clear();
    }
    if !included.dev_dependencies {
        importer.dev_dependencies.clear();
    }
    if !(included.optional_dependencies && included.dependencies) {
        importer.optional_dependencies.clear();
    }
    importer.optional_dependencies.retain(|alias, dependency| match reference(alias, &dependency.version) {
        Reference::Link(_) => true,
        Reference::Package(dep_path) => snapshots.contains_key(dep_path.as_ref()),
    });
}

/// What projects name in groups that are not included. An optional peer that is among them is not installed for the
/// sake of a package either, and its edge goes.
fn left_behind(lockfile: &Lockfile, included: IncludedGroups) -> FxHashSet<String> {
    let groups = |importer| groups(importer, included);
    lockfile
        .importers
        .values()
        .flat_map(groups)
        .filter(|(_, wanted)| !wanted)
        .flat_map(|(group, _)| group)
        .filter_map(|(alias, dependency)| match reference(alias, &dependency.version) {
            Reference::Link(_) => None,
            Reference::Package(dep_path) => Some(dep_path.into_owned()),
        })
        .collect()
}

fn is_peer(lockfile: &Lockfile, dep_path: &str, alias: &str) -> bool {
    lockfile.metadata(dep_path).is_some_and(|metadata| metadata.peer_dependencies.contains_key(alias))
}

/// The groups of a project, and whether they are included.
fn groups(
    importer: &Importer,
    included: IncludedGroups,
) -> [(&IndexMap<String, ImporterDependency>, bool); 3] {
    [
        (&importer.dependencies, included.dependencies),
        (&importer.dev_dependencies, included.dev_dependencies),
        (&importer.optional_dependencies, included.optional_dependencies && included.dependencies),
    ]
}

/// Which snapshots the included groups lead to, by position.
fn reach(
    lockfile: &Lockfile,
    included: IncludedGroups,
    failed: impl Fn(&str) -> bool,
    is_left_behind: impl Fn(&str, &str, &str) -> bool,
) -> Vec<bool> {
    let mut reached = vec![false; lockfile.snapshots.len()];
    let mut pending = Vec::new();
    let position = |alias: &str, value: &str| match reference(alias, value) {
        Reference::Link(_) => None,
        Reference::Package(dep_path) if failed(&dep_path) => None,
        Reference::Package(dep_path) => lockfile.snapshots.get_index_of(dep_path.as_ref()),
    };
    for importer in lockfile.importers.values() {
        for (group, wanted) in groups(importer, included) {
            if wanted {
                let entries = group.iter();
                pending
                    .extend(entries.filter_map(|(alias, dependency)| position(alias, &dependency.version)));
            }
        }
    }
    while let Some(index) = pending.pop() {
        if std::mem::replace(&mut reached[index], true) {
            continue;
        }
        let Some((dep_path, snapshot)) = lockfile.snapshots.get_index(index) else {
            continue;
        };
        let follows = |alias: &str, value: &str, optional: bool| {
            !optional || included.optional_dependencies && !is_left_behind(dep_path, alias, value)
        };
        pending.extend(
            snapshot
                .edges()
                .filter(|(alias, value, optional)| follows(alias, value, *optional))
                .filter_map(|(alias, value, _)| position(alias, value)),
        );
    }
    reached
}

/// Writes the current lockfile, or removes it when nothing is installed. One with the same bytes is left alone. `text` is
/// its main document, where that is known already.
///
/// # Errors
/// When the system refuses.
pub fn save_current(virtual_store: &Path, current: &Lockfile, text: Option<&str>) -> Result<(), StateError> {
    let path = virtual_store.join(CURRENT_LOCKFILE);
    let is_empty = current.importers.values().all(|importer| {
        importer.dependencies.is_empty()
            && importer.dev_dependencies.is_empty()
            && importer.optional_dependencies.is_empty()
    });
    if is_empty {
        return write::remove(&path);
    }
    let text = text.map_or_else(|| Cow::Owned(current.main_document()), Cow::Borrowed);
    write::write(&path, text.as_bytes()).map(|_| ())
}

/// Takes the current lockfile away: what is in the virtual store is about to change.
///
/// # Errors
/// When the system refuses.
pub fn forget_current(virtual_store: &Path) -> Result<(), StateError> {
    write::remove(&virtual_store.join(CURRENT_LOCKFILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: &str = "lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      a:
        specifier: ^1.0.0
        version: 1.0.0
      m:
        specifier: workspace:*
        version: link:m
    devDependencies:
      d:
        specifier: ^1.0.0
        version: 1.0.0
    optionalDependencies:
      o:
        specifier: ^1.0.0
        version: 1.0.0

  m: {}

packages:

  a@1.0.0:
    resolution: {integrity: sha512-A==}

  b@1.0.0:
    resolution: {integrity: sha512-B==}

  d@1.0.0:
    resolution: {integrity: sha512-D==}

  e@1.0.0:
    resolution: {integrity: sha512-E==}

  o@1.0.0:
    resolution: {integrity: sha512-O==}

  p@1.0.0:
    resolution: {integrity: sha512-P==}

snapshots:

  a@1.0.0:
    dependencies:
      b: 1.0.0
    optionalDependencies:
      p: 1.0.0

  b@1.0.0: {}

  d@1.0.0:
    dependencies:
      b: 1.0.0
      e: 1.0.0

  e@1.0.0: {}

  o@1.0.0:
    dependencies:
      p: 1.0.0
    optional: true

  p@1.0.0:
    optional: true
";

    const ALL: IncludedGroups =
        IncludedGroups { dependencies: true, dev_dependencies: true, optional_dependencies: true };

    fn wanted() -> Lockfile {
        Lockfile::parse(WANTED, Path::new("pnpm-lock.yaml")).unwrap()
    }

    fn snapshots(lockfile: &Lockfile) -> Vec<&str> {
        lockfile.snapshots.keys().map(String::as_str).collect()
    }

    #[test]
    fn with_everything_installed_it_has_the_bytes_of_the_wanted_one() {
        let mut wanted = wanted();
        wanted.environment_document = Some("x: y\n".into());
        let current = filter_for_current(&wanted, ALL, |_| false);
        assert_eq!(current.to_yaml(), WANTED);
    }

    #[test]
    fn a_group_that_is_not_included_goes_with_what_only_it_needs() {
        let production = IncludedGroups { dev_dependencies: false, ..ALL };
        let current = filter_for_current(&wanted(), production, |_| false);
        assert_eq!(snapshots(&current), ["a@1.0.0", "b@1.0.0", "o@1.0.0", "p@1.0.0"]);
        assert_eq!(current.packages.len(), 4);
        assert!(current.importers["."].dev_dependencies.is_empty());
        let without_optional = IncludedGroups { optional_dependencies: false, ..ALL };
        let current = filter_for_current(&wanted(), without_optional, |_| false);
        assert_eq!(snapshots(&current), ["a@1.0.0", "b@1.0.0", "d@1.0.0", "e@1.0.0"]);
        assert!(current.importers["."].optional_dependencies.is_empty());
    }

    #[test]
    fn an_optional_peer_that_a_project_has_in_another_group_goes_with_its_edge() {
        let mut wanted = wanted();
        wanted.packages["a@1.0.0"].peer_dependencies.insert("d".into(), "*".into());
        wanted.snapshots["a@1.0.0"].optional_dependencies.insert("d".into(), "1.0.0".into());
        let production = IncludedGroups { dev_dependencies: false, ..ALL };
        let current = filter_for_current(&wanted, production, |_| false);
        assert!(!current.snapshots.contains_key("d@1.0.0"));
        assert!(!current.snapshots["a@1.0.0"].optional_dependencies.contains_key("d"));
        assert_eq!(filter_for_current(&wanted, ALL, |_| false).snapshots, wanted.snapshots);
    }

    #[test]
    fn what_could_not_be_fetched_goes_so_that_it_is_tried_again() {
        let current = filter_for_current(&wanted(), ALL, |dep_path| dep_path == "o@1.0.0");
        assert_eq!(snapshots(&current), ["a@1.0.0", "b@1.0.0", "d@1.0.0", "e@1.0.0", "p@1.0.0"]);
        assert!(current.packages.contains_key("o@1.0.0"));
        assert!(current.importers["."].optional_dependencies.is_empty());
    }

    #[test]
    fn it_is_written_unless_it_is_there_already_and_removed_when_nothing_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(CURRENT_LOCKFILE);
        save_current(folder.path(), &wanted(), None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), WANTED);
        let written = std::fs::metadata(&path).unwrap();
        save_current(folder.path(), &wanted(), None).unwrap();
        let again = std::fs::metadata(&path).unwrap();
        assert_eq!(
            std::os::unix::fs::MetadataExt::ino(&written),
            std::os::unix::fs::MetadataExt::ino(&again)
        );
        let mut empty = wanted();
        empty.importers.values_mut().for_each(|importer| *importer = Importer::default());
        save_current(folder.path(), &empty, Some(WANTED)).unwrap();
        assert!(!path.exists());
        forget_current(folder.path()).unwrap();
    }
}
