//! The lockfile on disk: replaced as a whole, or left as it was.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::LockfileError;
use super::model::Lockfile;
use super::parse::{normalise, split_documents};
use crate::core::replace_file::Replacement;

/// A lockfile that is complete and on the disk, and has yet to take the old one's name.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    /// `None` when the file says the same already.
    replacement: Option<Replacement>,
}

impl Lockfile {
    /// Writes the file, unless it says the same already. A document before the lockfile stays as it stands in the
    /// file. Says whether it was written.
    ///
    /// The new file is complete, and on the disk, before it takes the old one's name and mode.
    ///
    /// # Errors
    /// The file is a symlink, or the system refuses. Then the old file is there as it was.
    pub fn save(&self, path: &Path) -> Result<bool, LockfileError> {
        self.draft(path, &self.main_document())?.put()
    }

    /// Does all of [`save`](Self::save) that is not to be seen yet. `main` is the [main
    /// document](Self::main_document).
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn draft(&self, path: &Path, main: &str) -> Result<Draft, LockfileError> {
        let fail = |source| LockfileError::Write { path: path.to_owned(), source };
        let existing = match std::fs::read(path) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(fail(error)),
        };
        let existing = existing.as_deref().map(normalise);
        let environment = match &existing {
            Some(existing) => split_documents(existing).0,
            None => self.environment_document.as_deref(),
        };
        let with_environment = environment.map(|environment| format!("---\n{environment}---\n{main}"));
        let text = with_environment.as_deref().unwrap_or(main);
        if existing.as_deref() == Some(text) {
            return Ok(Draft { path: path.to_owned(), replacement: None });
        }
        if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink()) {
            return Err(LockfileError::Symlink { path: path.to_owned() });
        }
        let replacement = Replacement::of(path, text).map_err(fail)?;
        Ok(Draft { path: path.to_owned(), replacement: Some(replacement) })
    }
}

impl Draft {
    /// Puts it in the old one's place. Says whether there was anything to be put.
    ///
    /// # Errors
    /// The system refuses. Then the old file is there as it was.
    pub fn put(self) -> Result<bool, LockfileError> {
        let Self { path, replacement } = self;
        let is_new = replacement.is_some();
        let put = replacement.map_or(Ok(()), Replacement::put);
        put.map_err(|source| LockfileError::Write { path, source })?;
        Ok(is_new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    fn lockfile(specifier: &str) -> Lockfile {
        let mut lockfile = Lockfile { version: "9.0".into(), ..Lockfile::default() };
        let importer = lockfile.importers.entry(".".into()).or_default();
        importer.dependencies.insert(
            "a".into(),
            super::super::ImporterDependency {
                specifier: specifier.into(),
                version: "1.0.0".into(),
                ..Default::default()
            },
        );
        lockfile
    }

    fn entries(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_that_says_the_same_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Lockfile::FILE_NAME);
        assert!(lockfile("^1.0.0").save(&path).unwrap());
        let before = std::fs::metadata(&path).unwrap().ino();
        assert!(!lockfile("^1.0.0").save(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().ino(), before);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), lockfile("^1.0.0").to_yaml());
    }

    #[test]
    fn a_new_file_takes_the_mode_of_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Lockfile::FILE_NAME);
        lockfile("^1.0.0").save(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(lockfile("^1.1.0").save(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(entries(folder.path()), [Lockfile::FILE_NAME]);
    }

    #[test]
    fn a_symlink_is_not_written_through_but_may_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("elsewhere");
        std::fs::write(&target, lockfile("^1.0.0").to_yaml()).unwrap();
        let path = folder.path().join(Lockfile::FILE_NAME);
        symlink(&target, &path).unwrap();
        assert!(!lockfile("^1.0.0").save(&path).unwrap());
        let error = lockfile("^2.0.0").save(&path).unwrap_err();
        assert!(matches!(error, LockfileError::Symlink { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&target).unwrap(), lockfile("^1.0.0").to_yaml());
    }

    #[test]
    fn a_document_before_the_lockfile_stays_even_where_the_lockfile_behind_it_is_broken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Lockfile::FILE_NAME);
        std::fs::write(&path, "---\nlockfileVersion: '9.0' # theirs\n---\nlockfileVersion: [\n").unwrap();
        assert!(lockfile("^1.0.0").save(&path).unwrap());
        let expected = format!("---\nlockfileVersion: '9.0' # theirs\n---\n{}", lockfile("^1.0.0").to_yaml());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("absent").join(Lockfile::FILE_NAME);
        let error = lockfile("^1.0.0").save(&path).unwrap_err();
        assert!(error.to_string().contains("pnpm-lock.yaml"), "{error}");
        assert_eq!(error.code(), Some("ERR_PNPM_LOCKFILE_WRITE_FILE"));
    }
}
