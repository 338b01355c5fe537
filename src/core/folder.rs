//! An open folder, and the file system calls that are made relative to it.
//!
//! The one module of the engine that knows Unix: store and links are built on [`Folder`] alone. Calls relative to an
//! open folder spare the kernel the walk from the root, forty thousand times an install, and cannot be led astray by
//! somebody who exchanges a folder above. Nothing here follows a symlink at the end of a path.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
}

/// What is known of an entry of a folder.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// It is a regular file.
    pub is_file: bool,
    /// Bytes.
    pub size: u64,
    /// When its content changed last, milliseconds since the epoch.
    pub modified_ms: f64,
}

impl Folder {
    /// Opens a folder by its path.
    ///
    /// # Errors
    /// When it is not there, is no folder, or may not be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let descriptor = rustix::fs::openat(CWD, path, folder_flags(), Mode::empty())?;
        Ok(Self { descriptor })
    }

    /// Opens a folder below this one.
    ///
    /// # Errors
    /// As [`Folder::open`], and when a symlink stands there.
    pub fn open_folder(&self, path: &str) -> io::Result<Self> {
        let flags = folder_flags() | OFlags::NOFOLLOW;
        let descriptor = rustix::fs::openat(&self.descriptor, path, flags, Mode::empty())?;
        Ok(Self { descriptor })
    }

    /// Makes a folder below this one; false if something stands there already.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn make_folder(&self, path: &str) -> io::Result<bool> {
        match rustix::fs::mkdirat(&self.descriptor, path, Mode::from_raw_mode(0o777)) {
            Ok(()) => Ok(true),
            Err(Errno::EXIST) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// What is known of an entry; `None` if there is none.
    ///
    /// # Errors
    /// When the system refuses to look.
    pub fn metadata(&self, path: &str) -> io::Result<Option<Metadata>> {
        match rustix::fs::statat(&self.descriptor, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Metadata {
                is_file: FileType::from_raw_mode(stat.st_mode).is_file(),
                size: u64::try_from(stat.st_size).unwrap_or_default(),
                modified_ms: modified_ms(&stat),
            })),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Opens a file for reading; never waits for a pipe's other end.
    ///
    /// # Errors
    /// When it is not there, is a symlink, or may not be read.
    pub fn open_file(&self, path: &str) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.descriptor, path, flags, Mode::empty())?.into())
    }

    /// Makes a file, which must not be there yet, for writing. Its mode passes through the umask.
    ///
    /// # Errors
    /// When it is there ([`io::ErrorKind::AlreadyExists`]), or the system refuses.
    pub fn create_file(&self, path: &str, executable: bool) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        Ok(rustix::fs::openat(&self.descriptor, path, flags, file_mode(executable))?.into())
    }

    /// Gives a file of this folder another name in another.
    ///
    /// # Errors
    /// When the name is taken, or hard links cannot be made there.
    pub fn hard_link(&self, name: &str, to: &Self, path: &str) -> io::Result<()> {
        Ok(rustix::fs::linkat(&self.descriptor, name, &to.descriptor, path, AtFlags::empty())?)
    }

    /// Makes a copy of a file that shares its blocks, whole as soon as it has its name.
    ///
    /// # Errors
    /// When the name is taken, or the file system has no such copies.
    #[cfg(target_os = "linux")]
    pub fn clone_file(&self, name: &str, to: &Self, path: &str, executable: bool) -> io::Result<()> {
        let source = self.open_file(name)?;
        let target = to.unnamed_file(executable)?;
        rustix::fs::ioctl_ficlone(&target.file, &source)?;
        target.publish(to, path)
    }

    /// Makes a copy of a file that shares its blocks, whole as soon as it has its name.
    ///
    /// # Errors
    /// When the name is taken, or the file system has no such copies.
    #[cfg(not(target_os = "linux"))]
    pub fn clone_file(&self, name: &str, to: &Self, path: &str, _executable: bool) -> io::Result<()> {
        reflink_copy::reflink(self.path()?.join(name), to.path()?.join(path))
    }

    /// The path of the folder, for calls that take no descriptor.
    #[cfg(not(target_os = "linux"))]
    fn path(&self) -> io::Result<std::path::PathBuf> {
        use std::os::unix::ffi::OsStringExt;
        let path = rustix::fs::getpath(&self.descriptor)?;
        Ok(std::ffi::OsString::from_vec(path.into_bytes()).into())
    }

    /// Makes a symlink.
    ///
    /// # Errors
    /// When the name is taken, or the system refuses.
    pub fn symlink(&self, path: &str, target: &str) -> io::Result<()> {
        Ok(rustix::fs::symlinkat(target, &self.descriptor, path)?)
    }

    /// Sees to it that a symlink is there and leads to `target`: another symlink, or a file, is replaced.
    ///
    /// # Errors
    /// When a folder stands there, or the system refuses.
    pub fn place_symlink(&self, path: &str, target: &str) -> io::Result<()> {
        match self.symlink(path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other,
        }
        if self.leads_to(path, target) {
            return Ok(());
        }
        self.remove(path)?;
        self.symlink(path, target)
    }

    /// Whether a symlink is there that leads to `target`.
    #[must_use]
    pub fn leads_to(&self, path: &str, target: &str) -> bool {
        rustix::fs::readlinkat(&self.descriptor, path, Vec::new())
            .is_ok_and(|now| now.as_bytes() == target.as_bytes())
    }

    /// Removes a file or symlink; one that is not there is no error.
    ///
    /// # Errors
    /// When a folder stands there, or the system refuses.
    pub fn remove(&self, path: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.descriptor, path, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Makes a file that has no name yet, on the file system of this folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn unnamed_file(&self, executable: bool) -> io::Result<UnnamedFile> {
        #[cfg(target_os = "linux")]
        if !NAMELESS_FILES_FAIL.load(Ordering::Relaxed) {
            let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
            match rustix::fs::openat(&self.descriptor, ".", flags, file_mode(executable)) {
                Ok(descriptor) => {
                    return Ok(UnnamedFile { file: descriptor.into(), temporary: None });
                }
                Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {
                    NAMELESS_FILES_FAIL.store(true, Ordering::Relaxed);
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        self.temporary_file(executable)
    }

    fn temporary_file(&self, executable: bool) -> io::Result<UnnamedFile> {
        let name = temporary_name();
        // A process that was killed may have had our number, and this name.
        self.remove(&name)?;
        let file = self.create_file(&name, executable)?;
        let folder = Self { descriptor: self.descriptor.try_clone()? };
        Ok(UnnamedFile { file, temporary: Some(Temporary { folder, name }) })
    }
}

/// The file system told once that it has no nameless files. Only a hint: with another one, names are used there too.
static NAMELESS_FILES_FAIL: AtomicBool = AtomicBool::new(false);
/// The system told once that it gives an open file no name without a path that leads to it.
#[cfg(target_os = "linux")]
static NAMING_BY_DESCRIPTOR_FAILS: AtomicBool = AtomicBool::new(false);
static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

fn temporary_name() -> String {
    format!(".pacwatch-{}-{}", std::process::id(), NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed))
}

/// A file that becomes visible when it is complete.
///
/// On Linux it has no name at all until then, so a killed process leaves nothing behind. Elsewhere it has a temporary
/// one, which begins with a dot.
#[derive(Debug)]
pub struct UnnamedFile {
    /// Where its content goes.
    pub file: File,
    temporary: Option<Temporary>,
}

/// A temporary name, which goes with this value.
#[derive(Debug)]
struct Temporary {
    folder: Folder,
    name: String,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename the name is gone, and so it is when somebody else tidied up.
        let _ = self.folder.remove(&self.name);
    }
}

impl UnnamedFile {
    /// Gives the file its name.
    ///
    /// # Errors
    /// When the name is taken ([`io::ErrorKind::AlreadyExists`]), or the system refuses.
    pub fn publish(&self, folder: &Folder, name: &str) -> io::Result<()> {
        match &self.temporary {
            None => self.link(folder, name),
            Some(_) if folder.metadata(name)?.is_some() => Err(io::ErrorKind::AlreadyExists.into()),
            Some(temporary) => rename(&temporary.folder, &temporary.name, folder, name),
        }
    }

    /// Gives the file its name; whatever had it before is replaced at one stroke.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn replace(&self, folder: &Folder, name: &str) -> io::Result<()> {
        if let Some(temporary) = &self.temporary {
            return rename(&temporary.folder, &temporary.name, folder, name);
        }
        let temporary = temporary_name();
        folder.remove(&temporary)?;
        self.link(folder, &temporary)?;
        rename(folder, &temporary, folder, name).inspect_err(|_| {
            // What remains is in nobody's way; the first error is the one to tell.
            let _ = folder.remove(&temporary);
        })
    }

    fn link(&self, folder: &Folder, name: &str) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if !NAMING_BY_DESCRIPTOR_FAILS.load(Ordering::Relaxed) {
            match rustix::fs::linkat(&self.file, "", &folder.descriptor, name, AtFlags::EMPTY_PATH) {
                // Kernels before 6.10 let nobody do so who may not read everything.
                Err(Errno::NOENT | Errno::INVAL | Errno::PERM) => {
                    NAMING_BY_DESCRIPTOR_FAILS.store(true, Ordering::Relaxed);
                }
                other => return Ok(other?),
            }
        }
        let from = format!("/proc/self/fd/{}", self.file.as_fd().as_raw_fd());
        Ok(rustix::fs::linkat(CWD, &from, &folder.descriptor, name, AtFlags::SYMLINK_FOLLOW)?)
    }
}

fn rename(from: &Folder, name: &str, to: &Folder, new_name: &str) -> io::Result<()> {
    Ok(rustix::fs::renameat(&from.descriptor, name, &to.descriptor, new_name)?)
}

/// Whether an error means that the file system, or this pair of them, cannot do a thing at all.
#[must_use]
pub fn is_impossible(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(
            Errno::XDEV
                | Errno::OPNOTSUPP
                | Errno::NOSYS
                | Errno::INVAL
                | Errno::NOTTY
                | Errno::PERM
                | Errno::ACCESS
        )
    )
}

/// Whether a file has as many hard links as its file system allows.
#[must_use]
pub fn has_too_many_links(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::MLINK)
}

/// Whether this process has as many files open as it may.
#[must_use]
pub fn has_too_many_open_files(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

fn file_mode(executable: bool) -> Mode {
    Mode::from_raw_mode(if executable { 0o777 } else { 0o666 })
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float's 53 bits")]
fn modified_ms(stat: &rustix::fs::Stat) -> f64 {
    stat.st_mtime as f64 * 1000.0 + stat.st_mtime_nsec as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_not_seen_before_it_is_published_with_or_without_a_temporary_name() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        let files = [folder.unnamed_file(true).unwrap(), folder.temporary_file(false).unwrap()];
        for (mut unnamed, name) in files.into_iter().zip(["a", "b"]) {
            unnamed.file.write_all(b"content").unwrap();
            assert!(folder.metadata(name).unwrap().is_none());
            unnamed.publish(&folder, name).unwrap();
            assert_eq!(std::fs::read(directory.path().join(name)).unwrap(), b"content");
        }
        for (mut unnamed, name) in [folder.unnamed_file(true).unwrap(), folder.temporary_file(false).unwrap()]
            .into_iter()
            .zip(["a", "b"])
        {
            unnamed.file.write_all(b"new").unwrap();
            assert_eq!(unnamed.publish(&folder, name).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            unnamed.replace(&folder, name).unwrap();
            assert_eq!(std::fs::read(directory.path().join(name)).unwrap(), b"new");
        }
        drop(folder.temporary_file(false).unwrap());
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 2, "no temporary name stays");
    }

    #[test]
    fn a_symlink_is_turned_and_never_followed() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::open(directory.path()).unwrap();
        std::fs::create_dir(directory.path().join("elsewhere")).unwrap();
        folder.place_symlink("link", "elsewhere").unwrap();
        folder.place_symlink("link", "elsewhere").unwrap();
        assert!(folder.open_folder("link").is_err());
        assert!(folder.open_file("link").is_err());
        assert!(!folder.metadata("link").unwrap().unwrap().is_file);
        folder.place_symlink("link", "other").unwrap();
        assert_eq!(std::fs::read_link(directory.path().join("link")).unwrap(), Path::new("other"));
        assert!(folder.place_symlink("elsewhere", "other").is_err(), "a folder is not replaced");
    }
}
