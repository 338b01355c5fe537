//! Filling the folder of a package: its files from the store, and what a patch makes of them.
//!
//! The file that marks a slot as complete comes last. Of a package with a patch, nothing is written before the patch is
//! known to fit, and no file is shared with the store.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use super::LinkError;
use super::method::{Placement, Source};
use super::slot::MARKER;
use crate::core::folder::Folder;
use crate::core::patch::{Content, PatchFile, Patched};
use crate::core::store::Store;
use crate::core::store::row::{StoredFile, StoredPackage};

/// What a patch makes of a package. Nothing is written yet.
pub(super) fn patched(
    package: &StoredPackage,
    store: &Store,
    patch: &PatchFile,
) -> Result<Patched, LinkError> {
    let stored: BTreeMap<&str, StoredFile<'_>> = package.files().map(|file| (file.path, file)).collect();
    let files = stored.iter().map(|(path, file)| (*path, file.executable)).collect();
    let read = |path: &str| {
        let file = stored.get(path).ok_or(io::ErrorKind::NotFound)?;
        let shard = store.shard(file.shard).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        shard.open_file(file.blob_name().as_str())?.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    Ok(patch.apply(&files, &read)?)
}

/// A package's folder while it is filled.
pub(super) struct Filling<'a> {
    /// Where the files are.
    pub store: &'a Store,
    /// How they are placed.
    pub placement: &'a Placement,
    /// The package's folder.
    pub folder: &'a Folder,
    /// Its path, for messages.
    pub path: PathBuf,
    /// Nothing may be shared with the store.
    pub is_apart: bool,
}

impl Filling<'_> {
    /// Places files, those that a patch has changed included, and the marker at the end. Gives their number.
    pub(super) fn fill(&self, package: &StoredPackage, patched: &Patched) -> Result<u32, LinkError> {
        let mut folders = Folders { package: self.folder, open: String::new() };
        let mut marker = None;
        let mut count = 0;
        for file in package.files() {
            if file.path == MARKER {
                marker = Some(file);
            } else if !patched.files.contains_key(file.path) {
                self.enter(&mut folders, file.path)?;
                self.place(&file)?;
                count += 1;
            }
        }
        for (path, content) in patched.files.iter().filter(|(path, _)| *path != MARKER) {
            match content {
                Some(content) => {
                    self.enter(&mut folders, path)?;
                    self.write(path, content)?;
                    count += 1;
                }
                // A left-over of an install that was killed.
                None => self
                    .folder
                    .remove(path)
                    .or_else(none_there)
                    .map_err(|source| self.fail("remove", path, source))?,
            }
        }
        match (patched.files.get(MARKER), marker) {
            (Some(Some(content)), _) => self.write(MARKER, content)?,
            (None, Some(file)) => self.place(&file)?,
            (Some(None), _) | (None, None) => return Ok(count),
        }
        Ok(count + 1)
    }

    fn enter(&self, folders: &mut Folders<'_>, path: &str) -> Result<(), LinkError> {
        folders.enter_parent_of(path).map_err(|source| self.fail("create a folder for", path, source))
    }

    fn place(&self, file: &StoredFile<'_>) -> Result<(), LinkError> {
        let shard = self.store.shard(file.shard)?;
        let name = file.blob_name();
        let from =
            Source { shard, name: name.as_str(), executable: file.executable, at_once: file.path == MARKER };
        let placed = if self.is_apart {
            self.placement.place_apart(from, self.folder, file.path)
        } else {
            self.placement.place(from, self.folder, file.path)
        };
        placed.map_err(|source| self.fail("place", file.path, source))
    }

    fn write(&self, path: &str, content: &Content) -> Result<(), LinkError> {
        let (parent, name) =
            path.rsplit_once('/').map_or((None, path), |(parent, name)| (Some(parent), name));
        let write = || {
            let parent = parent.map(|parent| self.folder.open_folder(parent)).transpose()?;
            let parent = parent.as_ref().unwrap_or(self.folder);
            let mut file = parent.unnamed_file(content.executable)?;
            file.file.write_all(&content.bytes)?;
            file.replace(parent, name)
        };
        write().map_err(|source| self.fail("write", path, source))
    }

    fn fail(&self, action: &'static str, file: &str, source: io::Error) -> LinkError {
        LinkError::io(action, &self.path.join(file), source)
    }
}

/// No folder, no file.
fn none_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotADirectory { Ok(()) } else { Err(error) }
}

/// Makes the folders of a package as its files come, each once. Files of one folder come one after another, since
/// a row is sorted; where it is not, a folder that is there is no error.
struct Folders<'a> {
    package: &'a Folder,
    /// The folder of the file before, without a final `/`; its ancestors are there too.
    open: String,
}

impl Folders<'_> {
    fn enter_parent_of(&mut self, path: &str) -> io::Result<()> {
        let Some((parent, _)) = path.rsplit_once('/') else {
            return Ok(());
        };
        if parent == self.open {
            return Ok(());
        }
        let mut made = common_folders(&self.open, parent);
        while made < parent.len() {
            let start = if made == 0 { 0 } else { made + 1 };
            made = parent[start..].find('/').map_or(parent.len(), |slash| start + slash);
            self.package.make_folder(&parent[..made])?;
        }
        parent.clone_into(&mut self.open);
        Ok(())
    }
}

/// Length of the longest path of whole folders that both begin with.
fn common_folders(open: &str, wanted: &str) -> usize {
    let mut common = 0;
    for (end, _) in wanted.match_indices('/').chain([(wanted.len(), "")]) {
        let whole = open.len() == end || open.as_bytes().get(end) == Some(&b'/');
        if !(whole && open.as_bytes().get(..end) == wanted.as_bytes().get(..end)) {
            break;
        }
        common = end;
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_shared_with_the_file_before_are_not_made_again() {
        assert_eq!(common_folders("", "a/b"), 0);
        assert_eq!(common_folders("a/b", "a/b/c"), 3);
        assert_eq!(common_folders("a/bc", "a/b"), 1);
        assert_eq!(common_folders("a/b", "a/bc"), 1);
        assert_eq!(common_folders("a", "a"), 1);
        assert_eq!(common_folders("é/x", "é/y"), 2);
    }
}
