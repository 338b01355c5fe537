//! Slots of packages that are folders on this machine: hard links to the very files of the folder, so that editing one
//! edits both, as pnpm has it. Nothing of them is ever in the store.
//!
//! Such a slot has no mark of completeness, for its folder may change at any time: each install compares the two, and
//! places, replaces and removes what differs.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::LinkError;
use super::slot::{Slot, VirtualStore};
use crate::core::event::ImportMethod;
use crate::core::packlist::{Packed, PackedFolder};

impl VirtualStore {
    /// Whether a slot is what its folder is now.
    #[must_use]
    pub fn mirrors(&self, slot: &Slot, package: &PackedFolder) -> bool {
        let root = self.package_path(slot);
        package.entries.iter().all(|(path, packed)| is_same(&root.join(path), packed))
            && strangers(&root, package).is_ok_and(|strangers| strangers.is_empty())
    }

    /// Makes a slot what its folder is now. Gives the number of its files.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn mirror(
        &self,
        slot: &Slot,
        package: &PackedFolder,
        method: ImportMethod,
    ) -> Result<u32, LinkError> {
        let root = self.package_path(slot);
        std::fs::create_dir_all(&root).map_err(|source| LinkError::io("create", &root, source))?;
        self.make_symlinks(slot)?;
        let strangers = strangers(&root, package).map_err(|source| LinkError::io("read", &root, source))?;
        for path in strangers {
            remove(&path).map_err(|source| LinkError::io("remove", &path, source))?;
        }
        for (path, packed) in &package.entries {
            let path = root.join(path);
            if !is_same(&path, packed) {
                place(&path, packed, method).map_err(|source| LinkError::io("place", &path, source))?;
            }
        }
        Ok(u32::try_from(package.entries.len()).unwrap_or(u32::MAX))
    }

    fn package_path(&self, slot: &Slot) -> PathBuf {
        self.path().join(&slot.directory).join("node_modules").join(&slot.name)
    }
}

fn is_same(path: &Path, packed: &Packed) -> bool {
    let Ok(found) = path.symlink_metadata() else {
        return false;
    };
    match packed {
        Packed::Link(target) => std::fs::read_link(path).is_ok_and(|found| found == Path::new(target)),
        Packed::File(source) => source.metadata().is_ok_and(|source| is_same_file(&found, &source)),
    }
}

/// One and the same file, or a copy that was made after the file was last changed.
fn is_same_file(found: &Metadata, source: &Metadata) -> bool {
    if !found.is_file() {
        return false;
    }
    let same = (found.dev(), found.ino()) == (source.dev(), source.ino());
    let may_be_copy = found.nlink() == 1 && found.len() == source.len();
    let newer =
        || matches!((found.modified(), source.modified()), (Ok(found), Ok(source)) if found >= source);
    same || (may_be_copy && newer())
}

/// What stands in a slot and is not in its folder; links to executables, in `node_modules/.bin`, belong there.
fn strangers(root: &Path, package: &PackedFolder) -> io::Result<Vec<PathBuf>> {
    let mut folders: BTreeSet<&str> = BTreeSet::new();
    for path in package.entries.keys() {
        folders.extend(path.match_indices('/').map(|(end, _)| &path[..end]));
    }
    let mut strangers = Vec::new();
    let mut open = vec![String::new()];
    while let Some(prefix) = open.pop() {
        let entries = match std::fs::read_dir(root.join(&prefix)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(strangers),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let path = entry.file_name().to_str().map(|name| format!("{prefix}{name}"));
            let is_folder = entry.file_type()?.is_dir();
            match path {
                Some(path) if path == "node_modules" && is_folder => {
                    if folders.contains("node_modules") {
                        open.push(path + "/");
                    }
                }
                Some(path) if path == "node_modules/.bin" => {}
                Some(path) if is_folder && folders.contains(path.as_str()) => open.push(path + "/"),
                Some(path) if !is_folder && package.entries.contains_key(&path) => {}
                _ => strangers.push(entry.path()),
            }
        }
    }
    Ok(strangers)
}

fn remove(path: &Path) -> io::Result<()> {
    if path.symlink_metadata()?.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

fn place(path: &Path, packed: &Packed, method: ImportMethod) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        remove(path)?;
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    match packed {
        Packed::Link(target) => std::os::unix::fs::symlink(target, path),
        Packed::File(source) => match method {
            ImportMethod::Auto | ImportMethod::Hardlink if std::fs::hard_link(source, path).is_ok() => Ok(()),
            // The system shares the blocks where it can.
            _ => std::fs::copy(source, path).map(|_| ()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::PackageId;

    struct Fixture {
        folder: tempfile::TempDir,
        virtual_store: VirtualStore,
        slot: Slot,
    }

    impl Fixture {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let fixture = Self {
                virtual_store: VirtualStore::open(&folder.path().join("node_modules/.pnpm")).unwrap(),
                slot: Slot {
                    package: PackageId(0),
                    directory: "x@file+x".into(),
                    name: "x".into(),
                    patch: None,
                    symlinks: Vec::new(),
                },
                folder,
            };
            fixture.write("package.json", "{}");
            fixture.write("lib/a.js", "a");
            fixture.write("lib/deep/b.js", "b");
            std::os::unix::fs::symlink("a.js", fixture.source("lib/link.js")).unwrap();
            fixture
        }

        fn source(&self, path: &str) -> PathBuf {
            self.folder.path().join("x").join(path)
        }

        fn placed(&self, path: &str) -> PathBuf {
            self.virtual_store.package_path(&self.slot).join(path)
        }

        fn write(&self, path: &str, content: &str) {
            let path = self.source(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        fn list(&self) -> PackedFolder {
            PackedFolder::list(&self.source("")).unwrap()
        }

        fn mirror(&self, method: ImportMethod) {
            let list = self.list();
            assert!(!self.virtual_store.mirrors(&self.slot, &list));
            self.virtual_store.mirror(&self.slot, &list, method).unwrap();
            assert!(self.virtual_store.mirrors(&self.slot, &list));
        }
    }

    #[test]
    fn a_slot_is_hard_links_to_the_folders_files_or_copies_where_these_are_asked_for() {
        for method in [ImportMethod::Auto, ImportMethod::Copy] {
            let fixture = Fixture::new();
            fixture.mirror(method);
            let inode = |path: PathBuf| path.metadata().unwrap().ino();
            let same = inode(fixture.source("lib/a.js")) == inode(fixture.placed("lib/a.js"));
            assert_eq!(same, method == ImportMethod::Auto);
            assert_eq!(std::fs::read(fixture.placed("lib/deep/b.js")).unwrap(), b"b");
            assert_eq!(std::fs::read_link(fixture.placed("lib/link.js")).unwrap(), Path::new("a.js"));
        }
    }

    #[test]
    fn what_changed_in_the_folder_changes_in_the_slot_and_executables_links_stay() {
        let fixture = Fixture::new();
        fixture.mirror(ImportMethod::Auto);
        std::fs::create_dir_all(fixture.placed("node_modules/.bin")).unwrap();
        std::fs::write(fixture.placed("node_modules/.bin/x"), "").unwrap();
        assert!(fixture.virtual_store.mirrors(&fixture.slot, &fixture.list()));
        std::fs::remove_dir_all(fixture.source("lib/deep")).unwrap();
        std::fs::remove_file(fixture.source("lib/a.js")).unwrap();
        fixture.write("lib/a.js", "new");
        fixture.write("lib/c.js", "c");
        std::fs::remove_file(fixture.source("lib/link.js")).unwrap();
        fixture.write("lib/link.js/now-a-folder", "");
        fixture.mirror(ImportMethod::Auto);
        assert_eq!(std::fs::read(fixture.placed("lib/a.js")).unwrap(), b"new");
        assert!(fixture.placed("lib/c.js").exists() && !fixture.placed("lib/deep").exists());
        assert!(fixture.placed("lib/link.js/now-a-folder").exists());
        assert!(fixture.placed("node_modules/.bin/x").exists());
    }

    #[test]
    fn a_file_that_was_deleted_from_the_slot_comes_back() {
        let fixture = Fixture::new();
        fixture.mirror(ImportMethod::Auto);
        std::fs::remove_file(fixture.placed("lib/a.js")).unwrap();
        fixture.mirror(ImportMethod::Auto);
    }
}
