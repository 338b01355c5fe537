//! Putting a complete new file in the place of an old one, so that nobody ever sees half of it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use crate::core::folder::{Folder, UnnamedFile};

/// Writes a file of this text. It is complete, and on the disk, before it takes the old one's name and mode. A symlink is
/// replaced, not written through.
///
/// # Errors
/// The system refuses. Then the old file is there as it was, and nothing beside it.
pub fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    Replacement::of(path, text)?.put()
}

/// A new file that is complete and on the disk, and has yet to take the old one's name. Until then nothing of it is to be
/// seen; dropped, it is gone.
#[derive(Debug)]
pub struct Replacement {
    folder: Folder,
    name: String,
    file: UnnamedFile,
}

impl Replacement {
    /// Writes a file of this text that is to stand at a path.
    ///
    /// # Errors
    /// The system refuses. Then nothing has changed.
    pub fn of(path: &Path, text: &str) -> io::Result<Self> {
        let permissions = match fs::metadata(path) {
            Ok(metadata) => Some(metadata.permissions()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let name = path.file_name().and_then(OsStr::to_str).ok_or(ErrorKind::InvalidFilename)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = Folder::open(parent.unwrap_or(Path::new(".")))?;
        let mut file = folder.unnamed_file(false)?;
        file.file.write_all(text.as_bytes())?;
        if let Some(permissions) = permissions {
            file.file.set_permissions(permissions)?;
        }
        file.file.sync_all()?;
        Ok(Self { name: name.to_owned(), folder, file })
    }

    /// Gives it the name.
    ///
    /// # Errors
    /// The system refuses. Then the old file is there as it was, and nothing beside it.
    pub fn put(self) -> io::Result<()> {
        match self.file.publish(&self.folder, &self.name) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.file.replace(&self.folder, &self.name)
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_file_takes_the_mode_of_the_old_one_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        replace_file(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace_file(&path, "two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_made_ready_is_not_seen_before_it_is_put() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        replace_file(&path, "one").unwrap();
        drop(Replacement::of(&path, "two").unwrap());
        let three = Replacement::of(&path, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        three.put().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
    }

    #[test]
    fn what_cannot_be_replaced_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("taken/full")).unwrap();
        replace_file(&folder.path().join("taken"), "x").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
