//! A folder for what is needed only for a while.

use std::fs::DirBuilder;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::core::clock::unix_millis;

/// A folder that is gone when it is not needed any more.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// A new, empty folder that nobody else can look into.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn new() -> io::Result<Self> {
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

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
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
    fn a_temporary_folder_is_gone_when_it_is_dropped() {
        let temporary = Temporary::new().unwrap();
        let path = temporary.0.clone();
        assert!(path.is_dir());
        drop(temporary);
        assert!(!path.exists());
    }
}
