//! How files get from the store into a slot: the choice of method, made once a run.
//!
//! `auto` tries a reflink, then a hard link, then a copy, and stays with the first that works between this store
//! and this project. A method that was asked for by name falls back too where the file system cannot do it; either
//! way the choice is told once.

use std::os::fd::BorrowedFd;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, ImportMethod};
use crate::core::store::row::StoredFile;

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
    pub shard: BorrowedFd<'a>,
    pub name: &'a str,
    pub file: &'a StoredFile<'a>,
    /// The file is to be whole as soon as it has its name, so it is made under another.
    pub at_once: bool,
}

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
    pub(super) fn place(&self, from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
        match self.chosen.get() {
            Some(method) => place_by(*method, from, folder, path),
            None => self.choose(from, folder, path),
        }
    }

    /// Places the first file of the run, by the first method that works. Several threads may do so at once: each
    /// finds the same answer, and one of them tells it.
    fn choose(&self, from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
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
                Err(errno) if cannot_do(errno) && method != ImportMethod::Copy => {
                    tried.push(format!("{}: {errno}", method.name()));
                }
                Err(errno) => return Err(errno),
            }
        }
        Err(Errno::OPNOTSUPP)
    }
}

/// The file system, or the pair of them, cannot do it at all.
fn cannot_do(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::XDEV
            | Errno::OPNOTSUPP
            | Errno::NOSYS
            | Errno::INVAL
            | Errno::NOTTY
            | Errno::PERM
            | Errno::ACCESS
    )
}

fn place_by(method: ImportMethod, from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
    match method {
        ImportMethod::Reflink => reflink(from, folder, path),
        ImportMethod::Copy => copy(from, folder, path),
        ImportMethod::Hardlink | ImportMethod::Auto => {
            match rustix::fs::linkat(from.shard, from.name, folder, path, AtFlags::empty()) {
                Ok(()) => Ok(()),
                // A left-over of an install that was killed, or, where case does not count, a name's twin.
                Err(Errno::EXIST) => {
                    rustix::fs::unlinkat(folder, path, AtFlags::empty())?;
                    rustix::fs::linkat(from.shard, from.name, folder, path, AtFlags::empty())
                }
                // A file of which there are as many links as the file system allows, such as the empty one.
                Err(Errno::MLINK) => copy(from, folder, path),
                Err(errno) => Err(errno),
            }
        }
    }
}

/// Makes the file at `path` anew, open for writing.
fn create(from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<std::fs::File, Errno> {
    let mode = Mode::from_raw_mode(if from.file.executable { 0o777 } else { 0o666 });
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(folder, path, flags, mode) {
        Err(Errno::EXIST) => {
            rustix::fs::unlinkat(folder, path, AtFlags::empty())?;
            rustix::fs::openat(folder, path, flags, mode)
        }
        other => other,
    };
    Ok(opened?.into())
}

fn open_source(from: Source<'_>) -> Result<std::fs::File, Errno> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(from.shard, from.name, flags, Mode::empty())?.into())
}

/// Where the copy of a file that is to be whole at once grows.
const UNFINISHED: &str = ".pacwatch-unfinished";

/// Makes a file under a name that is not its own if it is to be whole at once, and then renames it.
fn under_its_name(
    from: Source<'_>,
    folder: BorrowedFd<'_>,
    path: &str,
    make: impl FnOnce(&str) -> Result<(), Errno>,
) -> Result<(), Errno> {
    if !from.at_once {
        return make(path);
    }
    make(UNFINISHED)?;
    rustix::fs::renameat(folder, UNFINISHED, folder, path)
}

fn copy(from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
    let mut source = open_source(from)?;
    under_its_name(from, folder, path, |name| {
        let mut target = create(from, folder, name)?;
        std::io::copy(&mut source, &mut target)
            .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
            .map(|_| ())
    })
}

#[cfg(target_os = "linux")]
fn reflink(from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
    let source = open_source(from)?;
    under_its_name(from, folder, path, |name| {
        let target = create(from, folder, name)?;
        let cloned = rustix::fs::ioctl_ficlone(&target, &source);
        if cloned.is_err() {
            // The next method makes it again.
            rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
        }
        cloned
    })
}

#[cfg(not(target_os = "linux"))]
fn reflink(from: Source<'_>, folder: BorrowedFd<'_>, path: &str) -> Result<(), Errno> {
    let source = path_of(from.shard)?.join(from.name);
    let target = path_of(folder)?.join(path);
    match rustix::fs::unlinkat(folder, path, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(errno) => return Err(errno),
    }
    reflink_copy::reflink(source, target)
        .map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::OPNOTSUPP))
}

/// The path of an open folder, for calls that take no descriptor.
#[cfg(not(target_os = "linux"))]
fn path_of(folder: BorrowedFd<'_>) -> Result<std::path::PathBuf, Errno> {
    use std::os::unix::ffi::OsStringExt;
    let path = rustix::fs::getpath(folder)?;
    Ok(std::path::PathBuf::from(std::ffi::OsString::from_vec(
        path.into_bytes(),
    )))
}
