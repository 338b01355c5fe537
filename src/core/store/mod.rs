//! The content-addressed store, pnpm's v11: files under `files/`, one row a package in `index.db`.
//!
//! The store is shared with pnpm and with other pacwatch processes, so everything in it may change at any moment
//! and none of it is trusted: a row is validated before it is used, a file is checked by pnpm's rule before it is
//! linked. A file becomes visible under its name only when it is complete ([`blob`]), and a row only when all its
//! files are ([`index`]).

pub mod blob;
pub mod check;
pub mod digest;
mod error;
pub mod index;
mod records;
pub mod row;
pub mod side_effects;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::core::folder::Folder;

pub use error::StoreError;

/// An open store.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    files: Folder,
    shards: Vec<OnceLock<Folder>>,
    written: blob::WrittenBlobs,
}

impl Store {
    /// Opens the store at `root` (the folder that ends in `v11`), making what is missing of it.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let files = root.join("files");
        std::fs::create_dir_all(&files).map_err(|source| StoreError::io("create", &files, source))?;
        let opened = Folder::open(&files).map_err(|source| StoreError::io("open", &files, source))?;
        Ok(Self {
            root: root.to_path_buf(),
            files: opened,
            shards: (0..256).map(|_| OnceLock::new()).collect(),
            written: blob::WrittenBlobs::default(),
        })
    }

    /// The folder that ends in `v11`.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where `index.db` is.
    #[must_use]
    pub fn index_path(&self) -> PathBuf {
        self.root.join("index.db")
    }

    /// The open folder `files/<first two digits>/`, made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn shard(&self, first_byte: u8) -> Result<&Folder, StoreError> {
        let cell = &self.shards[usize::from(first_byte)];
        if let Some(shard) = cell.get() {
            return Ok(shard);
        }
        let name = format!("{first_byte:02x}");
        let opened = self.files.open_folder(&name).or_else(|error| {
            if error.kind() != std::io::ErrorKind::NotFound {
                return Err(error);
            }
            self.files.make_folder(&name)?;
            self.files.open_folder(&name)
        });
        let opened =
            opened.map_err(|source| StoreError::io("open", &self.root.join("files").join(&name), source))?;
        Ok(cell.get_or_init(|| opened))
    }
}
