//! The manifest of a commit, read out of the repository without ever checking anything out.

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::command::{Failure, git};
use super::refs::is_commit;
use crate::core::clock::unix_millis;
use crate::core::resolve::{PackageManifest, found};

/// A commit of a repository.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commit<'a> {
    /// Address of the repository.
    pub repository: &'a str,
    /// All digits of the commit.
    pub digits: &'a str,
    /// Its host gives single commits.
    pub is_shallow: bool,
}

/// Why a manifest cannot be read.
#[derive(Debug)]
pub(super) enum CommitError {
    /// git failed at this.
    Git(&'static str, Failure),
    /// No temporary folder can be made.
    Temporary(io::Error),
    /// The manifest is no JSON.
    Json(serde_json::Error),
}

impl Commit<'_> {
    /// The manifest in a folder of the commit (`""` for its root); `None` when there is none.
    pub(super) async fn manifest(self, folder: &str) -> Result<Option<Arc<PackageManifest>>, CommitError> {
        debug_assert!(is_commit(self.digits), "an argument of git must not be anything else");
        let place = Temporary::new().map_err(CommitError::Temporary)?;
        self.bring(&place.0).await?;
        let path =
            if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
        let listed = git(&["ls-tree", "--full-tree", "-z", self.digits, "--", &path], Some(&place.0)).await;
        let listed = listed.map_err(|failure| CommitError::Git("ls-tree", failure))?;
        let Some(blob) = blob(&listed) else {
            return Ok(None);
        };
        let text = git(&["cat-file", "blob", &blob], Some(&place.0)).await;
        let text = text.map_err(|failure| CommitError::Git("cat-file", failure))?;
        let raw = found::parse(&text).map_err(CommitError::Json)?;
        Ok(Some(Arc::new(found::with_version(&raw))))
    }

    /// Brings the commit into a bare repository: alone where the host gives it alone, or with all history.
    async fn bring(self, place: &Path) -> Result<(), CommitError> {
        let path = place.to_string_lossy();
        let made = git(&["init", "--quiet", "--bare", "--", &path], None).await;
        made.map_err(|failure| CommitError::Git("init", failure))?;
        let fetch = ["fetch", "--quiet", "--no-tags", "--depth", "1", "--", self.repository, self.digits];
        let alone = match git(&fetch, Some(place)).await {
            Ok(_) => return Ok(()),
            Err(failure) => CommitError::Git("fetch", failure),
        };
        if self.is_shallow {
            return Err(alone);
        }
        let everything = ["fetch", "--quiet", "--no-tags", "--", self.repository, "+refs/*:refs/*"];
        git(&everything, Some(place)).await.map_err(|failure| CommitError::Git("fetch", failure))?;
        let object = format!("{}^{{commit}}", self.digits);
        git(&["cat-file", "-e", &object], Some(place)).await.map(|_| ()).map_err(|_| alone)
    }
}

/// The blob of the one file that `git ls-tree -z` lists, unless it is a link or something else.
fn blob(listed: &[u8]) -> Option<String> {
    let listed = std::str::from_utf8(listed).ok()?;
    let (entry, _) = listed.split_once('\t')?;
    let mut fields = entry.split(' ');
    let (mode, kind, blob) = (fields.next()?, fields.next()?, fields.next()?);
    let is_file =
        mode.starts_with("100") && kind == "blob" && blob.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_file.then(|| blob.to_owned())
}

/// A folder that is gone when it is not needed any more.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pacwatch-git-{}-{}-{count}", std::process::id(), unix_millis());
        let folder = std::env::temp_dir().join(name);
        let mut builder = DirBuilder::new();
        // Nobody else may read a private repository, or put something of theirs in place of it.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // This fails if there is anything already.
        builder.create(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a temporary folder stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_counts_as_a_manifest() {
        assert_eq!(blob(b"100644 blob 00ff\tpackage.json\0").as_deref(), Some("00ff"));
        assert_eq!(blob(b"100755 blob 00ff\tpackage.json\0").as_deref(), Some("00ff"));
        for other in [
            "",
            "120000 blob 00ff\tpackage.json\0",
            "040000 tree 00ff\tpackage.json\0",
            "100644 blob -p\tx\0",
        ] {
            assert_eq!(blob(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_temporary_folder_is_gone_when_it_is_dropped() {
        let temporary = Temporary::new().unwrap();
        let path = temporary.0.clone();
        assert!(path.is_dir());
        drop(temporary);
        assert!(!path.exists());
    }
}
