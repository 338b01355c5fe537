//! Which files of a folder are a package: what would be in its tarball, for packages that are folders on this machine.
//!
//! The rules are npm's, as pnpm 12 was seen to apply them: the `files` of `package.json`, or else `.npmignore`, or else
//! `.gitignore`; some files always, some never. Nothing outside the folder is ever named: a link that leads out of it
//! is left out, and one that leads to another file of the package stays a link.

mod rules;
mod walk;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::core::store::row::requires_build;

/// What a path of a package is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packed {
    /// A file, with the content of the one at this absolute path.
    File(PathBuf),
    /// A link that leads here, from the folder it stands in, with `/`.
    Link(String),
}

/// The package that a folder is.
#[derive(Debug, Clone, Default)]
pub struct PackedFolder {
    /// Path in the package, with `/` → what it is.
    pub entries: BTreeMap<String, Packed>,
    /// Its `package.json`, if that can be read.
    pub manifest: Option<Value>,
}

impl PackedFolder {
    /// Lists the package that a folder is.
    ///
    /// # Errors
    /// When the folder, or one in it, cannot be read.
    pub fn list(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        let manifest = std::fs::read(root.join("package.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let mut entries = walk::entries(&root, manifest.as_ref())?;
        walk::add_bundled(&root, manifest.as_ref(), &mut entries)?;
        Ok(Self { entries, manifest })
    }

    /// Whether the package asks for a build.
    #[must_use]
    pub fn requires_build(&self) -> bool {
        requires_build(self.manifest.as_ref(), self.entries.keys().map(String::as_str))
    }
}

#[cfg(test)]
mod tests;
