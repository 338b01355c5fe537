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
    emitter: Emitter,
}

/// A stored file on its way into a slot.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub shard: &'a Folder,
    pub name: &'a str,
    pub executable: bool,
    /// It must be whole as soon as it has its name: so it grows under another.
    pub at_once: bool,
}

/// The name that such a file grows under.
const UNFINISHED: &str = ".pacwatch-unfinished";

impl Placement {
    /// Files are to be placed like this, if it works.
    #[must_use]
    pub fn new(wanted: ImportMethod, emitter: Emitter) -> Self {
        Self {
            wanted,
            chosen: OnceLock::new(),
            emitter,
        }
    }

    /// The method in effect: what was wanted until the first file was placed.
    #[must_use]
    pub fn method(&self) -> ImportMethod {
        self.chosen.get().copied().unwrap_or(self.wanted)
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
                        let kind = EventKind::ImportMethodChosen {
                            wanted: self.wanted,
                            method,
                            tried,
                        };
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
    match method {
        ImportMethod::Reflink => grow(from, folder, path, |name| {
            from.shard.clone_file(from.name, folder, name, from.executable)
        }),
        ImportMethod::Copy => copy(from, folder, path),
        ImportMethod::Hardlink | ImportMethod::Auto => {
            match anew(folder, path, |path| from.shard.hard_link(from.name, folder, path)) {
                // A file such as the empty one, which very many packages have.
                Err(error) if has_too_many_links(&error) => copy(from, folder, path),
                other => other,
            }
        }
    }
}

fn copy(from: Source<'_>, folder: &Folder, path: &str) -> io::Result<()> {
    let mut source = from.shard.open_file(from.name)?;
    grow(from, folder, path, |name| {
        let mut target = folder.create_file(name, from.executable)?;
        io::copy(&mut source, &mut target).map(|_| ())
    })
}

/// Makes a file that a kill may leave half made, under its own name or under one that nobody looks at.
fn grow(
    from: Source<'_>,
    folder: &Folder,
    path: &str,
    make: impl FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    if !from.at_once {
        return anew(folder, path, make);
    }
    anew(folder, UNFINISHED, make)?;
    folder.rename(UNFINISHED, path)
}

/// Makes a file; what stood there before is removed: a left-over of an install that was killed, or, where case does
/// not count, a name's twin.
fn anew(folder: &Folder, path: &str, mut make: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    match make(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            folder.remove(path)?;
            make(path)
        }
        other => other,
    }
}
