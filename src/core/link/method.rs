//! How files get from the store into a slot: the choice of method, made once a run.
//!
//! `auto` tries a reflink, then a hard link, then a copy, and stays with the first that works between this store
//! and this project. A method that was asked for by name falls back too where the file system cannot do it; either
//! way the choice is told once.

use std::io;
use std::sync::OnceLock;

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, ImportMethod};
use crate::core::folder::{Folder, has_too_many_links, is_impossible};

/// Places files, and knows how.
#[derive(Debug)]
pub struct Placement {
    wanted: ImportMethod,
    chosen: OnceLock<ImportMethod>,
    /// The same for files that share nothing with the store.
    chosen_apart: OnceLock<ImportMethod>,
    emitter: Emitter,
}

/// A stored file on its way into a slot.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub shard: &'a Folder,
    pub name: &'a str,
    pub executable: bool,
    /// The file must be whole as soon as it has its name.
    pub at_once: bool,
}

impl Placement {
    /// Files are to be placed like this, if it works.
    #[must_use]
    pub fn new(wanted: ImportMethod, emitter: Emitter) -> Self {
        Self { wanted, chosen: OnceLock::new(), chosen_apart: OnceLock::new(), emitter }
    }

    /// The method that was asked for.
    #[must_use]
    pub fn wanted(&self) -> ImportMethod {
        self.wanted
    }

    /// The method in effect: what was wanted until the first file was placed.
    #[must_use]
    pub fn method(&self) -> ImportMethod {
        self.chosen.get().copied().unwrap_or(self.wanted)
    }

    /// The method in effect for packages that are changed after they were placed.
    #[must_use]
    pub fn method_apart(&self) -> ImportMethod {
        self.chosen_apart.get().copied().unwrap_or(ImportMethod::Copy)
    }

    /// Places a file so that changing it does not change the store: a hard link is out of the question.
    ///
    /// # Errors
    /// When every method that may be used fails.
    pub(super) fn place_apart(&self, from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
        let may_clone =
            self.wanted != ImportMethod::Copy && self.chosen_apart.get() != Some(&ImportMethod::Copy);
        if may_clone {
            match place_by(ImportMethod::Reflink, from, folder, path) {
                Err(error) if is_impossible(&error) => {}
                placed => {
                    self.chosen_apart.get_or_init(|| ImportMethod::Reflink);
                    return placed;
                }
            }
        }
        self.chosen_apart.get_or_init(|| ImportMethod::Copy);
        place_by(ImportMethod::Copy, from, folder, path)
    }

    /// Places a file at a path below a folder; whatever stood there before is replaced.
    ///
    /// # Errors
    /// When every method that may be used fails.
    pub(super) fn place(&self, from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
        match self.chosen.get() {
            Some(method) => place_by(*method, from, folder, path),
            None => self.choose(from, folder, path),
        }
    }

    /// Places the first file of the run, by the first method that works. Several threads may do so at once: each
    /// finds the same answer, and one of them tells it.
    fn choose(&self, from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
        let candidates: &[ImportMethod] = match self.wanted {
            ImportMethod::Auto => &[ImportMethod::Reflink, ImportMethod::Hardlink, ImportMethod::Copy],
            ImportMethod::Reflink => &[ImportMethod::Reflink, ImportMethod::Copy],
            ImportMethod::Hardlink => &[ImportMethod::Hardlink, ImportMethod::Copy],
            ImportMethod::Copy => &[ImportMethod::Copy],
        };
        let mut tried = Vec::new();
        for &method in candidates {
            match place_by(method, from, folder, path) {
                Ok(()) => {
                    if self.chosen.set(method).is_ok() {
                        let kind = EventKind::ImportMethodChosen { wanted: self.wanted, method, tried };
                        self.emitter.emit(kind);
                    }
                    return Ok(());
                }
                Err(error) if is_impossible(&error) && method != ImportMethod::Copy => {
                    tried.push(format!("{}: {error}", method.name()));
                }
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn place_by(method: ImportMethod, from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
    let place = || match method {
        ImportMethod::Reflink => from.shard.clone_file(from.name, folder, path, from.executable),
        ImportMethod::Copy => copy(from, folder, path),
        ImportMethod::Hardlink | ImportMethod::Auto => match from.shard.hard_link(from.name, folder, path) {
            // A file such as the empty one, which very many packages have.
            Err(error) if has_too_many_links(&error) => copy(from, folder, path),
            other => other,
        },
    };
    match place() {
        // A left-over of an install that was killed, or, where case does not count, a name's twin.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            folder.remove(path)?;
            place()
        }
        other => other,
    }
}

fn copy(from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
    let mut source = from.shard.open_file(from.name)?;
    if from.at_once {
        let mut target = folder.unnamed_file(from.executable)?;
        io::copy(&mut source, &mut target.file)?;
        return target.publish(folder, path);
    }
    let mut target = folder.create_file(path, from.executable)?;
    io::copy(&mut source, &mut target).map(|_| ())
}
