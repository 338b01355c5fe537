//! What a patch makes of a package.

use std::collections::BTreeMap;
use std::io;

use diffy::patch_set::{FileMode, FileOperation, FilePatch, ParseOptions, PatchSet};

use super::{PatchError, PatchFile, hunks};
use crate::core::store::row::is_inside_package;

/// A file that a patch has made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Whether it may be run.
    pub executable: bool,
}

/// What a patch makes of a package: path → new content, or `None` for a file that goes. All other files stay as they
/// are. Paths are relative, with `/`, and stay inside the package.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Patched {
    /// The files that are not as they were, by path.
    pub files: BTreeMap<String, Option<Content>>,
}

impl PatchFile {
    /// Applies the patch to a package. `files` has the paths of its files and whether they are executable, `read` gives
    /// what is in them.
    ///
    /// # Errors
    /// When this is no patch, or it does not fit.
    pub fn apply(
        &self,
        files: &BTreeMap<&str, bool>,
        read: &dyn Fn(&str) -> io::Result<Vec<u8>>,
    ) -> Result<Patched, PatchError> {
        let mut package = Package { files, read, patched: Patched::default() };
        for part in self.parts() {
            package.apply(&part?).map_err(|reason| PatchError::Failed { path: self.path.clone(), reason })?;
        }
        Ok(package.patched)
    }

    /// The paths that the patch removes from a package or renames, as far as it can be read.
    #[must_use]
    pub fn removed_paths(&self) -> Vec<String> {
        let parts = self.parts().filter_map(Result::ok);
        let removed = parts.filter_map(|part| match part.operation() {
            FileOperation::Delete(path) => Some(without_prefix(path).to_owned()),
            FileOperation::Rename { from, .. } => Some(from.to_string()),
            _ => None,
        });
        removed.collect()
    }

    fn parts(&self) -> impl Iterator<Item = Result<FilePatch<'_, str>, PatchError>> {
        PatchSet::parse(&self.text, ParseOptions::gitdiff()).map(|part| {
            part.map_err(|error| PatchError::Invalid {
                selector: self.selector.clone(),
                path: self.path.clone(),
                reason: error.to_string(),
            })
        })
    }
}

/// A path without its first folder, which is `a` or `b`.
fn without_prefix(path: &str) -> &str {
    path.split_once('/').map_or(path, |(_, path)| path)
}

/// A package while it is patched.
struct Package<'a> {
    files: &'a BTreeMap<&'a str, bool>,
    read: &'a dyn Fn(&str) -> io::Result<Vec<u8>>,
    patched: Patched,
}

impl Package<'_> {
    /// Applies what a patch has for one file. The error says why that is impossible.
    fn apply(&mut self, part: &FilePatch<'_, str>) -> Result<(), String> {
        match part.operation() {
            FileOperation::Modify { modified, .. } => {
                let path = inside(without_prefix(modified))?;
                let before = self.existing(path)?;
                let after = changed(path, before, part)?;
                self.patched.files.insert(path.to_owned(), Some(after));
            }
            FileOperation::Create(path) => self.create(inside(without_prefix(path))?, part)?,
            FileOperation::Delete(path) => self.delete(inside(without_prefix(path))?, part)?,
            // These paths stand in lines of their own, without a prefix.
            FileOperation::Rename { from, to } => {
                let (from, to) = (inside(from)?, inside(to)?);
                let before = self.existing(from)?;
                let after = changed(from, before, part)?;
                self.patched.files.insert(from.to_owned(), None);
                self.check_free(to)?;
                self.patched.files.insert(to.to_owned(), Some(after));
            }
            FileOperation::Copy { from, .. } => {
                return Err(format!("it copies {from}, which pnpm does not support"));
            }
        }
        Ok(())
    }

    fn create(&mut self, path: &str, part: &FilePatch<'_, str>) -> Result<(), String> {
        let empty = Content { bytes: Vec::new(), executable: false };
        let after = changed(path, empty, part)?;
        // Someone may have asked the author for the same file.
        if self.content(path)?.is_some_and(|existing| existing.bytes == after.bytes) {
            return Ok(());
        }
        self.check_free(path)?;
        self.patched.files.insert(path.to_owned(), Some(after));
        Ok(())
    }

    fn delete(&mut self, path: &str, part: &FilePatch<'_, str>) -> Result<(), String> {
        // What is not there need not be removed.
        let Some(before) = self.content(path)? else {
            return Ok(());
        };
        if !changed(path, before, part)?.bytes.is_empty() {
            return Err(format!("it removes {path}, but does not have all of its lines"));
        }
        self.patched.files.insert(path.to_owned(), None);
        Ok(())
    }

    /// A file as it is by now; `None` if there is none.
    fn content(&self, path: &str) -> Result<Option<Content>, String> {
        if let Some(content) = self.patched.files.get(path) {
            return Ok(content.clone());
        }
        let Some(executable) = self.files.get(path) else {
            return Ok(None);
        };
        let bytes = (self.read)(path).map_err(|error| format!("cannot read {path}: {error}"))?;
        Ok(Some(Content { bytes, executable: *executable }))
    }

    fn existing(&self, path: &str) -> Result<Content, String> {
        self.content(path)?.ok_or_else(|| format!("the package has no file {path}"))
    }

    /// That no file has the path, or that of a folder above or below.
    fn check_free(&self, path: &str) -> Result<(), String> {
        let is_there = |path: &str| match self.patched.files.get(path) {
            Some(content) => content.is_some(),
            None => self.files.contains_key(path),
        };
        let above = path.match_indices('/').map(|(end, _)| &path[..end]);
        let folder = format!("{path}/");
        let below = self.files.range(folder.as_str()..).map(|(path, _)| *path);
        let new_below = self.patched.files.range(folder.clone()..).map(|(path, _)| path.as_str());
        let below = below.take_while(|path| path.starts_with(&folder));
        let new_below = new_below.take_while(|path| path.starts_with(&folder));
        let mut taken = std::iter::once(path).chain(above).chain(below).chain(new_below);
        match taken.find(|path| is_there(path)) {
            Some(taken) => Err(format!("it makes {path}, but the package has {taken}")),
            None => Ok(()),
        }
    }
}

fn inside(path: &str) -> Result<&str, String> {
    if is_inside_package(path) {
        Ok(path)
    } else {
        Err(format!("the path {path:?} leads out of the package"))
    }
}

/// A file with the changes that a patch has for it.
fn changed(path: &str, before: Content, part: &FilePatch<'_, str>) -> Result<Content, String> {
    let executable = match part.new_mode() {
        Some(mode) => *mode == FileMode::Executable,
        None => before.executable,
    };
    let text_patch =
        part.patch().as_text().ok_or_else(|| format!("it has a binary difference for {path}"))?;
    if text_patch.hunks().is_empty() {
        return Ok(Content { executable, ..before });
    }
    let text = String::from_utf8_lossy(&before.bytes);
    let bytes = match hunks::apply(&text, text_patch.hunks()) {
        Ok(text) => text.into_bytes(),
        // The author may have made the same change.
        Err(_) if hunks::apply(&text, text_patch.reverse().hunks()).is_ok() => before.bytes,
        Err(number) => return Err(format!("its hunk {number} does not fit {path}")),
    };
    Ok(Content { bytes, executable })
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
