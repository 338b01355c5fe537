//! Is a stored file still what its row says? pnpm's rule (pnpm: `store-dir/src/check_pkg_files_integrity.rs`).
//!
//! A file not modified since it was last checked is trusted. One that was is compared by size, then by digest; a
//! changed one is deleted, so that the next writer makes it anew.

use std::io;

use super::digest::{Digest, RunningDigest};
use super::row::StoredPackage;
use super::{Store, StoreError};
use crate::core::folder::Folder;

/// A modification time may exceed the time of the check by this many milliseconds: both are taken by the process
/// that writes the file, and file systems round.
const TOLERANCE_MS: f64 = 100.0;

/// What the files of a package are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All of them can be linked.
    Good,
    /// All of them can be linked, but some had to be read: the row's times are out of date.
    GoodAfterReading,
    /// At least one is missing or was changed: the package must be fetched again.
    Damaged,
}

impl Store {
    /// Checks every file of a package.
    ///
    /// # Errors
    /// When the system refuses to look; a missing or changed file is no error.
    pub fn check(&self, package: &StoredPackage) -> Result<Verdict, StoreError> {
        let mut verdict = Verdict::Good;
        for file in package.files() {
            let shard = self.shard(file.shard)?;
            let name = file.blob_name();
            let metadata = shard.metadata(name.as_str()).map_err(|source| {
                let path = self.root().join("files").join(&file.digest()[..2]).join(name.as_str());
                StoreError::io("look at", &path, source)
            })?;
            let Some(metadata) = metadata.filter(|metadata| metadata.is_file) else {
                return Ok(Verdict::Damaged);
            };
            if metadata.modified_ms - file.checked_at <= TOLERANCE_MS {
                continue;
            }
            if metadata.size != file.size || !has_digest(shard, name.as_str(), file.digest()) {
                // Somebody else may have mended or deleted it just now; then it is fetched for nothing.
                let _ = shard.remove(name.as_str());
                return Ok(Verdict::Damaged);
            }
            verdict = Verdict::GoodAfterReading;
        }
        Ok(verdict)
    }
}

fn has_digest(shard: &Folder, name: &str, wanted: &str) -> bool {
    shard.open_file(name).and_then(digest_of).is_ok_and(|found| found.to_hex().as_str() == wanted)
}

/// The digest of a file's content.
pub(super) fn digest_of(mut file: std::fs::File) -> io::Result<Digest> {
    let mut running = RunningDigest::default();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(running.finish()),
            Ok(read) => running.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::core::clock::unix_millis;
    use crate::core::store::row::{NewFile, NewRow};

    struct Fixture {
        _folder: tempfile::TempDir,
        store: Store,
        package: StoredPackage,
        blob: std::path::PathBuf,
    }

    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("v11")).unwrap();
        let digest = store.write_blob(b"content", false).unwrap();
        let hex = digest.to_hex();
        let blob = store.root().join("files").join(&hex.as_str()[..2]).join(&hex.as_str()[2..]);
        let files = vec![NewFile { path: "index.js".into(), digest, mode: 0o644, size: 7 }];
        let row = NewRow { requires_build: false, manifest: None, files, checked_at_ms: unix_millis() };
        let package = StoredPackage::decode(row.encode()).unwrap();
        Fixture { _folder: folder, store, package, blob }
    }

    fn touch_later(path: &std::path::Path) {
        let later = SystemTime::now() + Duration::from_secs(5);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
    }

    #[test]
    fn a_file_that_was_not_touched_since_its_check_is_not_read() {
        let Fixture { _folder, store, package, .. } = fixture();
        assert_eq!(store.check(&package).unwrap(), Verdict::Good);
    }

    #[test]
    fn a_file_that_was_touched_but_not_changed_is_good_after_reading() {
        let Fixture { _folder, store, package, blob } = fixture();
        touch_later(&blob);
        assert_eq!(store.check(&package).unwrap(), Verdict::GoodAfterReading);
    }

    #[test]
    fn a_changed_file_of_the_same_size_is_found_and_deleted() {
        let Fixture { _folder, store, package, blob } = fixture();
        std::fs::write(&blob, b"CONTENT").unwrap();
        touch_later(&blob);
        assert_eq!(store.check(&package).unwrap(), Verdict::Damaged);
        assert!(!blob.exists());
    }

    #[test]
    fn a_missing_file_or_a_symlink_in_its_place_is_damage() {
        let Fixture { _folder, store, package, blob } = fixture();
        std::fs::remove_file(&blob).unwrap();
        assert_eq!(store.check(&package).unwrap(), Verdict::Damaged);
        std::os::unix::fs::symlink("/dev/null", &blob).unwrap();
        assert_eq!(store.check(&package).unwrap(), Verdict::Damaged);
    }
}
