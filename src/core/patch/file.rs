//! The files of `patchedDependencies`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use indexmap::IndexMap;

use super::PatchError;
use crate::core::lockfile::Patches;

/// A file with a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchFile {
    /// What it is declared for: `name`, `name@1.0.0`, `name@^1`.
    pub selector: String,
    /// Where it is.
    pub path: PathBuf,
    /// SHA-256 of its text, line ends as LF, in hexadecimal digits.
    pub hash: String,
    /// Its text; what is not UTF-8 is replaced, as pnpm does.
    pub text: String,
}

impl PatchFile {
    /// Reads a patch.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(selector: &str, path: PathBuf) -> Result<Self, PatchError> {
        match std::fs::read(&path) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                Ok(Self { selector: selector.to_owned(), path, hash: hash(&text), text })
            }
            Err(source) => Err(PatchError::Unreadable { selector: selector.to_owned(), path, source }),
        }
    }
}

/// The same whatever system wrote the patch.
fn hash(text: &str) -> String {
    let digest = digest(&SHA256, text.replace("\r\n", "\n").as_bytes());
    let nibbles = digest.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

/// All patches of a project.
#[derive(Debug, Clone, Default)]
pub struct PatchFiles {
    files: IndexMap<String, Arc<PatchFile>>,
    patches: Patches,
}

impl PatchFiles {
    /// Reads the patches that are declared: selector → path, from the folder of the lockfile unless it is absolute.
    ///
    /// # Errors
    /// When one cannot be read, or is declared for something that is no range of versions.
    pub fn read(declared: &IndexMap<String, String>, lockfile_dir: &Path) -> Result<Self, PatchError> {
        let files = declared.iter().map(|(selector, path)| {
            Ok((selector.clone(), Arc::new(PatchFile::read(selector, lockfile_dir.join(path))?)))
        });
        let mut read = Self { files: files.collect::<Result<_, PatchError>>()?, patches: Patches::default() };
        read.patches = Patches::new(&read.hashes())?;
        Ok(read)
    }

    /// Selector → hash, as the lockfile has it.
    #[must_use]
    pub fn hashes(&self) -> IndexMap<String, String> {
        self.files.iter().map(|(selector, file)| (selector.clone(), file.hash.clone())).collect()
    }

    /// Which patch is for which package.
    #[must_use]
    pub fn declared(&self) -> &Patches {
        &self.patches
    }

    /// The patch of a package; its version may be anything that stands in its place.
    ///
    /// # Errors
    /// When there are several.
    pub fn of(&self, name: &str, version: &str) -> Result<Option<&Arc<PatchFile>>, PatchError> {
        let patch = self.patches.of(name, version)?;
        Ok(patch.and_then(|patch| self.files.get(&patch.selector)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_does_not_depend_on_line_ends() {
        let folder = tempfile::tempdir().unwrap();
        let hash = |text: &str| {
            let path = folder.path().join("a.patch");
            std::fs::write(&path, text).unwrap();
            PatchFile::read("a", path).unwrap().hash
        };
        assert_eq!(hash("a\n"), "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7");
        assert_eq!(hash("a\r\n"), hash("a\n"));
    }

    #[test]
    fn a_patch_is_found_by_its_selector_and_an_absent_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.patch"), "").unwrap();
        let declared = |path: &str| IndexMap::from([("a@^1".to_owned(), path.to_owned())]);
        let files = PatchFiles::read(&declared("a.patch"), folder.path()).unwrap();
        assert_eq!(files.of("a", "1.2.3").unwrap().unwrap().selector, "a@^1");
        assert_eq!(files.of("a", "2.0.0").unwrap(), None);
        assert_eq!(files.hashes().keys().collect::<Vec<_>>(), ["a@^1"]);
        let error = PatchFiles::read(&declared("b.patch"), folder.path()).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_PATCH_NOT_FOUND"));
        assert!(error.to_string().contains("b.patch"), "{error}");
    }
}
