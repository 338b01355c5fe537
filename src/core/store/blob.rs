//! Writing a file of a package into `files/`, so that its name never shows anything but its whole content.
//!
//! On Linux the content goes to a nameless file (`O_TMPFILE`) that gets its name when it is complete: a killed
//! process leaves nothing behind. Where that is not to be had, a temporary name in the same folder is renamed.
//! A file that is there already is compared: equal stays, different is replaced.

use std::collections::HashSet;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::digest::{Digest, RunningDigest};
use super::{Store, StoreError};

const STRIPES: usize = 64;

/// Names that this process has written or compared: content that comes again (licences, mostly) costs no system
/// call.
#[derive(Debug)]
pub(super) struct WrittenBlobs {
    names: Vec<Mutex<HashSet<(Digest, bool)>>>,
    nameless_files_fail: AtomicBool,
    next_temporary: AtomicU64,
}

impl Default for WrittenBlobs {
    fn default() -> Self {
        Self {
            names: (0..STRIPES).map(|_| Mutex::default()).collect(),
            nameless_files_fail: AtomicBool::new(false),
            next_temporary: AtomicU64::new(0),
        }
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
        self.publish(shard, &staged, &digest, executable, &|existing| {
            same_content(existing, content)
        })?;
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
        self.publish(shard, &staged, &digest, executable, &|existing| {
            same_digest(existing, &digest)
        })?;
        Ok(digest)
    }

    fn stage(&self, directory: BorrowedFd<'_>, executable: bool) -> Result<Staged, StoreError> {
        // The mode passes through the umask, as pnpm's does.
        let mode = Mode::from_raw_mode(if executable { 0o777 } else { 0o666 });
        let fail = |errno: Errno| StoreError::io("create a file", &self.root.join("files"), errno.into());
        #[cfg(target_os = "linux")]
        if !self.written.nameless_files_fail.load(Ordering::Relaxed) {
            match rustix::fs::openat(
                directory,
                ".",
                OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC,
                mode,
            ) {
                Ok(descriptor) => {
                    return Ok(Staged {
                        file: descriptor.into(),
                        temporary: None,
                    });
                }
                Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {
                    self.written.nameless_files_fail.store(true, Ordering::Relaxed);
                }
                Err(errno) => return Err(fail(errno)),
            }
        }
        let name = format!(
            ".pacwatch-{}-{}",
            std::process::id(),
            self.written.next_temporary.fetch_add(1, Ordering::Relaxed)
        );
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(directory, &name, flags, mode).map_err(fail)?;
        let directory = directory
            .try_clone_to_owned()
            .map_err(|source| StoreError::io("open", &self.root.join("files"), source))?;
        Ok(Staged {
            file: descriptor.into(),
            temporary: Some(Temporary { directory, name }),
        })
    }

    /// Gives a complete file its name.
    fn publish(
        &self,
        shard: BorrowedFd<'_>,
        staged: &Staged,
        digest: &Digest,
        executable: bool,
        is_same: &dyn Fn(OwnedFd) -> bool,
    ) -> Result<(), StoreError> {
        let hex = digest.to_hex();
        let mut name = String::with_capacity(131);
        name.push_str(&hex.as_str()[2..]);
        if executable {
            name.push_str("-exec");
        }
        let fail = |errno: Errno| self.blob_error("name", digest, executable, errno.into());
        match &staged.temporary {
            None => {
                let link = |to: &str| {
                    let from = format!("/proc/self/fd/{}", staged.file.as_fd().as_raw_fd());
                    rustix::fs::linkat(CWD, &from, shard, to, AtFlags::SYMLINK_FOLLOW)
                };
                match link(&name) {
                    Ok(()) => {}
                    Err(Errno::EXIST) => {
                        if !existing_is_same(shard, &name, is_same) {
                            let temporary = format!(
                                ".pacwatch-{}-{}",
                                std::process::id(),
                                self.written.next_temporary.fetch_add(1, Ordering::Relaxed)
                            );
                            link(&temporary).map_err(fail)?;
                            rustix::fs::renameat(shard, &temporary, shard, &name).map_err(fail)?;
                        }
                    }
                    Err(errno) => return Err(fail(errno)),
                }
            }
            Some(temporary) => {
                if !existing_is_same(shard, &name, is_same) {
                    rustix::fs::renameat(&temporary.directory, &temporary.name, shard, &name)
                        .map_err(fail)?;
                }
            }
        }
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
        StoreError::io(
            action,
            &self.root.join("files").join(&hex.as_str()[..2]).join(name),
            source,
        )
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

struct Staged {
    file: std::fs::File,
    temporary: Option<Temporary>,
}

/// A file under a temporary name; gone with this value unless it was renamed before.
struct Temporary {
    directory: OwnedFd,
    name: String,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename the name is gone, and so it is when somebody else tidied up.
        let _ = rustix::fs::unlinkat(&self.directory, &self.name, AtFlags::empty());
    }
}

fn existing_is_same(shard: BorrowedFd<'_>, name: &str, is_same: &dyn Fn(OwnedFd) -> bool) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(shard, name, flags, Mode::empty()).is_ok_and(is_same)
}

fn same_content(existing: OwnedFd, content: &[u8]) -> bool {
    let mut existing = std::fs::File::from(existing);
    let fits = existing
        .metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == content.len() as u64);
    let mut bytes = Vec::new();
    fits && io::Read::read_to_end(&mut existing, &mut bytes).is_ok() && bytes == content
}

fn same_digest(existing: OwnedFd, digest: &Digest) -> bool {
    let existing = std::fs::File::from(existing);
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
        store
            .root()
            .join("files")
            .join(&hex.as_str()[..2])
            .join(format!("{}{suffix}", &hex.as_str()[2..]))
    }

    #[test]
    fn content_lands_under_its_digest_and_the_executable_twin_beside_it() {
        let (_folder, store) = store();
        let digest = store.write_blob(b"content", false).unwrap();
        assert_eq!(store.write_blob(b"content", true).unwrap(), digest);
        for (suffix, executable) in [("", 0), ("-exec", 0o100)] {
            let path = path_of(&store, &digest, suffix);
            assert_eq!(std::fs::read(&path).unwrap(), b"content");
            assert_eq!(
                std::fs::metadata(&path).unwrap().permissions().mode() & 0o100,
                executable
            );
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
    fn without_nameless_files_a_temporary_name_is_renamed_and_none_stays() {
        let (_folder, store) = store();
        store.written.nameless_files_fail.store(true, Ordering::Relaxed);
        let digest = store.write_blob(b"content", false).unwrap();
        let streamed = store.stream_blob(&mut &b"streamed"[..], 8, true).unwrap();
        assert_eq!(std::fs::read(path_of(&store, &digest, "")).unwrap(), b"content");
        assert_eq!(
            std::fs::read(path_of(&store, &streamed, "-exec")).unwrap(),
            b"streamed"
        );
        let leftovers = walk(store.root())
            .into_iter()
            .filter(|name| name.starts_with('.'))
            .count();
        assert_eq!(leftovers, 0);
    }

    #[test]
    fn a_stream_that_ends_early_leaves_nothing() {
        let (_folder, store) = store();
        assert!(matches!(
            store.stream_blob(&mut &b"short"[..], 6, false),
            Err(StreamError::Source(_))
        ));
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
