//! Making one slot of the virtual store: its folders, its symlinks, its files.
//!
//! The order is the promise: `package.json` is placed last, so a slot that has it is complete, and one that a
//! killed install left without it is filled again (pnpm: `deps-restorer/src/import_indexed_dir.rs`). Every name that
//! comes here was checked by [`lockfile::validate`](crate::core::lockfile::validate), every path by
//! [`StoredPackage::decode`].

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LinkError;
use super::fill::{Filling, patched};
use super::method::Placement;
use crate::core::event::PackageId;
use crate::core::folder::Folder;
use crate::core::patch::{PatchFile, Patched};
use crate::core::store::Store;
use crate::core::store::row::StoredPackage;

/// The file that marks a slot as complete.
pub(super) const MARKER: &str = "package.json";

/// A slot to be made.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The package.
    pub package: PackageId,
    /// Name of its folder in the virtual store.
    pub directory: String,
    /// Real name of the package, scope included: where its files go below the slot's `node_modules`.
    pub name: String,
    /// What is changed in its files.
    pub patch: Option<Arc<PatchFile>>,
    /// Its dependencies.
    pub symlinks: Vec<Symlink>,
}

/// A symlink beside a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symlink {
    /// Its name below `node_modules`, scope included.
    pub alias: String,
    /// Where it leads, relative to the folder it stands in.
    pub target: String,
}

/// What was done to make a slot whole.
#[derive(Debug, Default)]
pub struct Filled {
    /// Files placed: none, if it was complete.
    pub files: u32,
    /// What its patch changed, if it has one.
    pub patched: Option<Patched>,
}

/// The folder of all slots, open.
#[derive(Debug)]
pub struct VirtualStore {
    path: PathBuf,
    folder: Folder,
    existed: bool,
}

impl VirtualStore {
    /// Opens the folder, making it if need be.
    ///
    /// # Errors
    /// When it cannot be made or opened.
    pub fn open(path: &Path) -> Result<Self, LinkError> {
        let existed = path.is_dir();
        std::fs::create_dir_all(path).map_err(|source| LinkError::io("create", path, source))?;
        let folder = Folder::open(path).map_err(|source| LinkError::io("open", path, source))?;
        Ok(Self { path: path.to_path_buf(), folder, existed })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the slot is complete. In a virtual store that this run has made, none is.
    #[must_use]
    pub fn is_complete(&self, slot: &Slot) -> bool {
        self.existed && self.has_marker(&format!("{}/node_modules/{}", slot.directory, slot.name))
    }

    /// Whether every file of the package is in the slot. What they hold is not looked at.
    #[must_use]
    pub fn has_all_files(&self, slot: &Slot, package: &StoredPackage) -> bool {
        let path = format!("{}/node_modules/{}", slot.directory, slot.name);
        let removed = slot.patch.as_ref().map_or_else(Vec::new, |patch| patch.removed_paths());
        self.folder.open_folder(&path).is_ok_and(|folder| {
            package
                .files()
                .filter(|file| removed.iter().all(|removed| removed != file.path))
                .all(|file| folder.metadata(file.path).is_ok_and(|found| found.is_some()))
        })
    }

    fn has_marker(&self, package: &str) -> bool {
        let marker = format!("{package}/{MARKER}");
        self.folder.metadata(&marker).is_ok_and(|found| found.is_some_and(|found| found.is_file))
    }

    /// Sees to it that a slot's symlinks are there and lead where they should.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn make_symlinks(&self, slot: &Slot) -> Result<(), LinkError> {
        let modules = format!("{}/node_modules", slot.directory);
        for symlink in &slot.symlinks {
            self.make_symlink(&modules, symlink)?;
        }
        Ok(())
    }

    /// Likewise, for a slot whose symlinks are most likely as they should be.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn mend_symlinks(&self, slot: &Slot) -> Result<(), LinkError> {
        let modules = format!("{}/node_modules", slot.directory);
        for symlink in &slot.symlinks {
            let path = format!("{modules}/{}", symlink.alias);
            if !self.folder.leads_to(&path, &symlink.target) {
                self.make_symlink(&modules, symlink)?;
            }
        }
        Ok(())
    }

    fn make_symlink(&self, modules: &str, symlink: &Symlink) -> Result<(), LinkError> {
        let path = format!("{modules}/{}", symlink.alias);
        if let Some((scope, _)) = symlink.alias.split_once('/') {
            self.make_folder(&format!("{modules}/{scope}"))?;
        }
        self.folder
            .place_symlink(&path, &symlink.target)
            .map_err(|source| LinkError::io("link", &self.path.join(&path), source))
    }

    /// Removes a slot's symlink; one that is not there is no error.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_symlink(&self, slot: &Slot, symlink: &Symlink) -> Result<(), LinkError> {
        let path = format!("{}/node_modules/{}", slot.directory, symlink.alias);
        self.folder.remove(&path).map_err(|source| LinkError::io("remove", &self.path.join(&path), source))
    }

    /// Makes a folder; true if it was not there.
    fn make_folder(&self, path: &str) -> Result<bool, LinkError> {
        self.folder.make_folder(path).map_err(|source| LinkError::io("create", &self.path.join(path), source))
    }

    /// Makes a slot whole.
    ///
    /// # Errors
    /// When the system refuses; the slot then lacks its marker and the next install fills it.
    pub fn fill(
        &self,
        slot: &Slot,
        package: &StoredPackage,
        store: &Store,
        placement: &Placement,
    ) -> Result<Filled, LinkError> {
        let mut path = slot.directory.clone();
        let new = self.make_folder(&path)?;
        path.push_str("/node_modules");
        self.make_folder(&path)?;
        self.make_symlinks(slot)?;
        if let Some((scope, _)) = slot.name.split_once('/') {
            self.make_folder(&format!("{path}/{scope}"))?;
        }
        path.push('/');
        path.push_str(&slot.name);
        if !self.make_folder(&path)? && !new && self.has_marker(&path) {
            return Ok(Filled::default());
        }
        let folder = self
            .folder
            .open_folder(&path)
            .map_err(|source| LinkError::io("open", &self.path.join(&path), source))?;
        let patched = slot.patch.as_ref().map(|patch| patched(package, store, patch)).transpose()?;
        let filling = Filling {
            store,
            placement,
            folder: &folder,
            path: self.path.join(&path),
            is_apart: patched.is_some(),
        };
        let files = filling.fill(package, patched.as_ref().unwrap_or(&Patched::default()))?;
        Ok(Filled { files, patched })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::clock::{Clock, unix_millis};
    use crate::core::emit::Emitter;
    use crate::core::event::ImportMethod;
    use crate::core::store::row::{NewFile, NewRow};

    struct Fixture {
        folder: tempfile::TempDir,
        store: Store,
        virtual_store: VirtualStore,
        placement: Placement,
    }

    fn fixture(method: ImportMethod) -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let virtual_store = VirtualStore::open(&folder.path().join("node_modules/.pnpm")).unwrap();
        let (emitter, _) = Emitter::new(Clock::start());
        Fixture { folder, store, virtual_store, placement: Placement::new(method, emitter) }
    }

    fn package(store: &Store, paths: &[&str]) -> StoredPackage {
        let files = paths
            .iter()
            .map(|path| {
                let executable = path.contains("bin/");
                let digest = store.write_blob(path.as_bytes(), executable).unwrap();
                let mode = if executable { 0o755 } else { 0o644 };
                NewFile { path: (*path).to_owned(), digest, mode, size: path.len() as u64 }
            })
            .collect();
        let row = NewRow { requires_build: false, manifest: None, files, checked_at_ms: unix_millis() };
        StoredPackage::decode(row.encode()).unwrap()
    }

    fn slot(name: &str, symlinks: &[(&str, &str)]) -> Slot {
        let symlinks = symlinks
            .iter()
            .map(|(alias, target)| Symlink { alias: (*alias).to_owned(), target: (*target).to_owned() })
            .collect();
        Slot {
            package: PackageId(0),
            directory: format!("{}@1.0.0", name.replace('/', "+")),
            name: name.to_owned(),
            patch: None,
            symlinks,
        }
    }

    const PATHS: [&str; 7] =
        ["LICENSE", "a-b/x.js", "a/b/c/deep.js", "a/b/d/deep.js", "a/x.js", "bin/run", "package.json"];

    #[test]
    fn a_slot_has_the_files_the_folders_and_the_symlinks() {
        for method in [ImportMethod::Hardlink, ImportMethod::Copy, ImportMethod::Auto] {
            let Fixture { folder, store, virtual_store, placement } = fixture(method);
            let package = package(&store, &PATHS);
            let slot = slot(
                "@scope/name",
                &[("dep", "../../dep@1/node_modules/dep"), ("@scope/other", "../../../o")],
            );
            assert_eq!(virtual_store.fill(&slot, &package, &store, &placement).unwrap().files, 7);
            let modules = folder.path().join("node_modules/.pnpm/@scope+name@1.0.0/node_modules");
            for path in PATHS {
                assert_eq!(std::fs::read_to_string(modules.join("@scope/name").join(path)).unwrap(), path);
            }
            assert_eq!(
                std::fs::read_link(modules.join("dep")).unwrap(),
                Path::new("../../dep@1/node_modules/dep")
            );
            assert_eq!(std::fs::read_link(modules.join("@scope/other")).unwrap(), Path::new("../../../o"));
            assert!(virtual_store.has_marker("@scope+name@1.0.0/node_modules/@scope/name"));
        }
    }

    #[test]
    fn a_slot_without_its_marker_is_filled_again_and_one_with_it_is_left_alone() {
        let Fixture { folder, store, virtual_store, placement } = fixture(ImportMethod::Hardlink);
        let package = package(&store, &PATHS);
        let slot = slot("name", &[("dep", "right")]);
        virtual_store.fill(&slot, &package, &store, &placement).unwrap();
        let modules = folder.path().join("node_modules/.pnpm/name@1.0.0/node_modules");
        let root = modules.join("name");
        std::fs::remove_file(root.join("a/x.js")).unwrap();
        assert_eq!(virtual_store.fill(&slot, &package, &store, &placement).unwrap().files, 0);
        assert!(!root.join("a/x.js").exists());
        std::fs::remove_file(root.join("package.json")).unwrap();
        std::fs::remove_file(root.join("LICENSE")).unwrap();
        std::fs::write(root.join("LICENSE"), "torn").unwrap();
        std::fs::remove_file(modules.join("dep")).unwrap();
        std::os::unix::fs::symlink("wrong", modules.join("dep")).unwrap();
        assert_eq!(virtual_store.fill(&slot, &package, &store, &placement).unwrap().files, 7);
        assert_eq!(std::fs::read_to_string(root.join("LICENSE")).unwrap(), "LICENSE");
        assert!(root.join("a/x.js").exists());
        assert_eq!(std::fs::read_link(modules.join("dep")).unwrap(), Path::new("right"));
    }
}
