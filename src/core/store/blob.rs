//! Writing a file of a package into `files/`, so that its name never shows anything but its whole content.
//!
//! The content goes to a file that gets its name when it is complete ([`UnnamedFile`]). One that is there already is
//! compared: equal stays, different is replaced.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;

use super::digest::{Digest, RunningDigest};
use super::{Store, StoreError};
use crate::core::folder::{Folder, UnnamedFile};

const STRIPES: usize = 64;

/// Names that this process has written or compared: content that comes again (licences, mostly) costs no system
/// call.
#[derive(Debug)]
pub(super) struct WrittenBlobs {
    names: Vec<Mutex<HashSet<(Digest, bool)>>>,
}

impl Default for WrittenBlobs {
    fn default() -> Self {
        Self { names: (0..STRIPES).map(|_| Mutex::default()).collect() }
    }
}

impl WrittenBlobs {
    fn stripe(&self, digest: &Digest) -> std::sync::MutexGuard<'_, HashSet<(Digest, bool)>> {
        // A poisoned set still holds only names that were written.
        self.names[usize::from(digest.shard()) % STRIPES]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Store {
    /// Writes a file whose content is at hand and returns its digest. The content is on its way to disk when
    /// this returns; it is not flushed.
    ///
    /// # Errors
    /// When the system refuses; nothing is visible then.
    pub fn write_blob(&self, content: &[u8], executable: bool) -> Result<Digest, StoreError> {
        let digest = Digest::of(content);
        if self.written.stripe(&digest).contains(&(digest, executable)) {
            return Ok(digest);
        }
        let shard = self.shard(digest.shard())?;
        let mut staged = self.stage(shard, executable)?;
        staged
            .file
            .write_all(content)
            .map_err(|source| self.blob_error("write", &digest, executable, source))?;
        self.publish(shard, &staged, &digest, executable, &|existing| same_content(existing, content))?;
        Ok(digest)
    }

    /// Writes a file whose content comes from a reader, for content too large to hold. Returns its digest and its
    /// size.
    ///
    /// # Errors
    /// When the reader fails or does not give `size` bytes ([`io::ErrorKind::UnexpectedEof`]), or when the system
    /// refuses; nothing is visible then.
    pub fn stream_blob(
        &self,
        content: &mut dyn io::Read,
        size: u64,
        executable: bool,
    ) -> Result<Digest, StreamError> {
        // The digest, and so the folder, is known at the end only: any folder of the same file system will do.
        let staging = self.shard(0)?;
        let mut staged = self.stage(staging, executable)?;
        let mut running = RunningDigest::default();
        let mut buffer = vec![0; 256 * 1024];
        let mut total: u64 = 0;
        loop {
            let read = match content.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(StreamError::Source(error)),
            };
            running.update(&buffer[..read]);
            staged
                .file
                .write_all(&buffer[..read])
                .map_err(|source| StoreError::io("write a file", &self.root.join("files"), source))?;
            total += read as u64;
        }
        if total != size {
            return Err(StreamError::Source(io::ErrorKind::UnexpectedEof.into()));
        }
        let digest = running.finish();
        if self.written.stripe(&digest).contains(&(digest, executable)) {
            return Ok(digest);
        }
        let shard = self.shard(digest.shard())?;
        self.publish(shard, &staged, &digest, executable, &|existing| same_digest(existing, &digest))?;
        Ok(digest)
    }

    fn stage(&self, folder: &Folder, executable: bool) -> Result<UnnamedFile, StoreError> {
        let fail = |source| StoreError::io("create a file in", &self.root.join("files"), source);
        folder.unnamed_file(executable).map_err(fail)
    }

    /// Gives a complete file its name.
    fn publish(
        &self,
        shard: &Folder,
        staged: &UnnamedFile,
        digest: &Digest,
        executable: bool,
        is_same: &dyn Fn(File) -> bool,
    ) -> Result<(), StoreError> {
        let hex = digest.to_hex();
        let mut name = String::with_capacity(131);
        name.push_str(&hex.as_str()[2..]);
        if executable {
            name.push_str("-exec");
        }
        staged
            .publish(shard, &name)
            .or_else(|error| {
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error);
                }
                if shard.open_file(&name).is_ok_and(is_same) { Ok(()) } else { staged.replace(shard, &name) }
            })
            .map_err(|source| self.blob_error("name", digest, executable, source))?;
        self.written.stripe(digest).insert((*digest, executable));
        Ok(())
    }

    fn blob_error(
        &self,
        action: &'static str,
        digest: &Digest,
        executable: bool,
        source: io::Error,
    ) -> StoreError {
        let hex = digest.to_hex();
        let name = format!("{}{}", &hex.as_str()[2..], if executable { "-exec" } else { "" });
        StoreError::io(action, &self.root.join("files").join(&hex.as_str()[..2]).join(name), source)
    }
}

/// Why a streamed file was not written.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The content could not be read.
    #[error(transparent)]
    Source(io::Error),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn same_content(mut existing: File, content: &[u8]) -> bool {
    let fits = existing
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == content.len() as u64);
    let mut bytes = Vec::new();
    fits && io::Read::read_to_end(&mut existing, &mut bytes).is_ok() && bytes == content
}

fn same_digest(existing: File, digest: &Digest) -> bool {
    existing.metadata().is_ok_and(|metadata| metadata.is_file())
        && super::check::digest_of(existing).is_ok_and(|found| found == *digest)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("v11")).unwrap();
        (folder, store)
    }

    fn path_of(store: &Store, digest: &Digest, suffix: &str) -> std::path::PathBuf {
        let hex = digest.to_hex();
        store.root().join("files").join(&hex.as_str()[..2]).join(format!("{}{suffix}", &hex.as_str()[2..]))
    }

    #[test]
    fn content_lands_under_its_digest_and_the_executable_twin_beside_it() {
        let (_folder, store) = store();
        let digest = store.write_blob(b"content", false).unwrap();
        assert_eq!(store.write_blob(b"content", true).unwrap(), digest);
        for (suffix, executable) in [("", 0), ("-exec", 0o100)] {
            let path = path_of(&store, &digest, suffix);
            assert_eq!(std::fs::read(&path).unwrap(), b"content");
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o100, executable);
        }
    }

    #[test]
    fn a_damaged_file_is_replaced_by_the_next_process_that_writes_it() {
        let (folder, store) = store();
        let digest = store.write_blob(b"content", false).unwrap();
        std::fs::write(path_of(&store, &digest, ""), b"torn").unwrap();
        let next_process = Store::open(&folder.path().join("v11")).unwrap();
        next_process.write_blob(b"content", false).unwrap();
        assert_eq!(std::fs::read(path_of(&store, &digest, "")).unwrap(), b"content");
    }

    #[test]
    fn a_stream_that_ends_early_leaves_nothing() {
        let (_folder, store) = store();
        assert!(matches!(store.stream_blob(&mut &b"short"[..], 6, false), Err(StreamError::Source(_))));
        assert_eq!(walk(store.root()), Vec::<String>::new());
    }

    fn walk(folder: &std::path::Path) -> Vec<String> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                files.extend(walk(&entry.path()));
            } else {
                files.push(entry.file_name().into_string().unwrap());
            }
        }
        files
    }
}
