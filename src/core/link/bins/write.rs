//! Writing a `.bin` folder: shims, or symlinks where those are preferred.
//!
//! What is there and right is left alone, whoever made it. What is written is a new file: nothing is ever written
//! through a symlink or into a file that has other names.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::plan::{BinEntry, BinFile, BinFolder, BinPackage, BinPlan, module_folders};
use super::runtime::{HEAD_LENGTH, runtime_of};
use super::shim::{MARKER, NODE_PATH_LINE, Shim, is_ours};
use crate::core::link::LinkError;
use crate::core::path::{relative, without_dots};

/// What a shim's mode must be.
const SHIM_MODE: u32 = 0o755;

/// A shim is smaller than this; of a larger file no more is read.
const LARGEST_SHIM: u64 = 64 * 1024;

/// Writes folders. Threads share it.
#[derive(Debug, Default)]
pub struct BinWriter {
    /// Whether files are made with a mode of their own, because the umask takes bits away.
    takes_bits: OnceLock<bool>,
}

/// What was done in a folder.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// Files that were written.
    pub made: u32,
    /// Files that were right already.
    pub kept: u32,
    /// What a user should know.
    pub warnings: Vec<String>,
}

impl BinWriter {
    /// Sees to it that everything wanted stands in a folder.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, plan: &BinPlan, folder: &BinFolder) -> Result<Written, LinkError> {
        let mut written = Written::default();
        let mut open: Option<(OwnedFd, bool)> = None;
        for entry in &folder.entries {
            let package = &plan.packages[entry.package];
            let file = look_at(package, entry.command)?;
            if *file == BinFile::Folder || (entry.own && *file == BinFile::Absent) {
                continue;
            }
            let (descriptor, new) = match &open {
                Some(open) => open,
                None => open.insert(open_folder(&folder.path)?),
            };
            let place = Place {
                plan,
                folder: &folder.path,
                descriptor: descriptor.as_fd(),
                new: *new,
                modules_first: folder.modules_first,
                name: plan.name(*entry),
            };
            if self.write_entry(&place, *entry, file, &mut written)? {
                written.made += 1;
            } else {
                written.kept += 1;
            }
        }
        Ok(written)
    }

    fn write_entry(
        &self,
        place: &Place<'_>,
        entry: BinEntry,
        file: &BinFile,
        written: &mut Written,
    ) -> Result<bool, LinkError> {
        let package = &place.plan.packages[entry.package];
        let target = package.folder.join(&package.bins.commands[entry.command].path);
        let way = relative(place.folder, &target);
        let way = way.to_str().ok_or_else(|| place.fail("link", Errno::ILSEQ))?;
        let is_node = place.name == "node";
        // What is no program by itself needs a shim. What is not there may become one.
        let may_run = !matches!(file, BinFile::File { executable: false, .. });
        if is_node || place.plan.prefer_symlinks && may_run {
            if *file == BinFile::Absent && !is_node {
                written.warnings.push(format!(
                    "{} is linked, but {} is not there",
                    place.folder.join(place.name).display(),
                    target.display()
                ));
            }
            return place.symlink(way).map_err(|errno| place.fail("link", errno));
        }
        let node_path = place.node_path(package)?;
        let plain = without_dots(&target);
        let absolute = (!plain.starts_with(&place.plan.root)).then(|| plain.to_string_lossy());
        let by_name;
        let runtime = match file {
            BinFile::File { runtime, .. } => runtime.as_ref(),
            // A build may make the file yet.
            BinFile::Absent | BinFile::Folder => {
                by_name = runtime_of(&package.bins.commands[entry.command].path, &[]);
                by_name.as_ref()
            }
        };
        let shim =
            Shim { target: way, marker: absolute.as_deref().unwrap_or(way), runtime, node_path: &node_path };
        self.shim(place, &shim).map_err(|errno| place.fail("write", errno))
    }

    /// Writes a shim, unless it is there.
    fn shim(&self, place: &Place<'_>, shim: &Shim<'_>) -> Result<bool, Errno> {
        let text = shim.text();
        if !place.new {
            match place.present(shim, &text) {
                Present::Right => return Ok(false),
                Present::Wrong => rustix::fs::unlinkat(place.descriptor, place.name, AtFlags::empty())?,
                Present::Nothing => {}
            }
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(SHIM_MODE);
        let descriptor = rustix::fs::openat(place.descriptor, place.name, flags, mode)?;
        let mut file = File::from(descriptor);
        file.write_all(text.as_bytes()).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        let takes_bits = self.takes_bits.get_or_init(|| {
            rustix::fs::fstat(&file).map_or(true, |stat| permissions(stat.st_mode) != SHIM_MODE)
        });
        if *takes_bits {
            rustix::fs::fchmod(&file, mode)?;
        }
        Ok(true)
    }
}

/// A place in a folder.
struct Place<'a> {
    plan: &'a BinPlan,
    folder: &'a Path,
    descriptor: BorrowedFd<'a>,
    /// The folder was made just now, so nothing stands in it.
    new: bool,
    /// See [`BinFolder::modules_first`].
    modules_first: bool,
    name: &'a str,
}

enum Present {
    Nothing,
    Right,
    Wrong,
}

impl Place<'_> {
    fn fail(&self, action: &'static str, errno: Errno) -> LinkError {
        LinkError::io(action, &self.folder.join(self.name), errno)
    }

    /// The folders for `NODE_PATH`, as a shim has them.
    fn node_path(&self, package: &BinPackage) -> Result<Vec<String>, LinkError> {
        let Some(hidden) = &self.plan.hidden_modules else {
            return Ok(Vec::new());
        };
        let mut folders = Vec::with_capacity(4);
        if self.modules_first {
            folders.extend(self.folder.parent().map(Path::to_path_buf));
        }
        folders.extend(module_folders(&package.folder));
        if !folders.contains(hidden) {
            folders.push(hidden.clone());
        }
        folders
            .into_iter()
            .map(|folder| {
                let plain = without_dots(&folder);
                let way =
                    if plain.starts_with(&self.plan.root) { relative(self.folder, &folder) } else { plain };
                way.into_os_string().into_string().map_err(|_| self.fail("write", Errno::ILSEQ))
            })
            .collect()
    }

    /// Looks at what stands in the place of a shim.
    fn present(&self, shim: &Shim<'_>, text: &str) -> Present {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let descriptor = match rustix::fs::openat(self.descriptor, self.name, flags, Mode::empty()) {
            Ok(descriptor) => descriptor,
            Err(Errno::NOENT) => return Present::Nothing,
            // A symlink that leads to the executable itself does as well.
            Err(Errno::LOOP | Errno::MLINK) if self.leads_to(shim.target) => return Present::Right,
            Err(_) => return Present::Wrong,
        };
        let file = File::from(descriptor);
        let Ok(stat) = rustix::fs::fstat(&file) else {
            return Present::Wrong;
        };
        if !FileType::from_raw_mode(stat.st_mode).is_file() {
            return Present::Wrong;
        }
        let right = read_small(&file, stat.st_size)
            .is_some_and(|now| now == text.as_bytes() || is_shim_of_another(&now, shim));
        if !right {
            return Present::Wrong;
        }
        let is_executable = permissions(stat.st_mode) == SHIM_MODE
            || rustix::fs::fchmod(&file, Mode::from_raw_mode(SHIM_MODE)).is_ok();
        if is_executable { Present::Right } else { Present::Wrong }
    }

    fn leads_to(&self, target: &str) -> bool {
        rustix::fs::readlinkat(self.descriptor, self.name, Vec::new())
            .is_ok_and(|now| now.as_bytes() == target.as_bytes())
    }

    /// Makes a symlink, unless it is there.
    fn symlink(&self, target: &str) -> Result<bool, Errno> {
        if !self.new && self.leads_to(target) {
            return Ok(false);
        }
        match rustix::fs::symlinkat(target, self.descriptor, self.name) {
            Err(Errno::EXIST) => {
                rustix::fs::unlinkat(self.descriptor, self.name, AtFlags::empty())?;
                rustix::fs::symlinkat(target, self.descriptor, self.name)?;
            }
            other => other?,
        }
        Ok(true)
    }
}

/// The beginning of a file of this size; a shim is read whole by it.
fn read_small(file: &File, size: i64) -> Option<Vec<u8>> {
    let size = u64::try_from(size).ok()?.min(LARGEST_SHIM);
    // One byte more, so that the end is seen without asking for room again.
    let mut bytes = Vec::with_capacity(usize::try_from(size).ok()? + 1);
    file.take(LARGEST_SHIM).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Whether a text that is not ours is the shim of another installer for the same executable, with a `NODE_PATH` where
/// ours has one.
fn is_shim_of_another(text: &[u8], shim: &Shim<'_>) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let marked =
        text.lines().any(|line| line.strip_prefix(MARKER).is_some_and(|target| target == shim.marker));
    !is_ours(text) && marked && text.contains(NODE_PATH_LINE) != shim.node_path.is_empty()
}

fn permissions(mode: u32) -> u32 {
    mode & 0o777
}

/// Opens a `.bin` folder, making it if need be; true if it was made.
fn open_folder(path: &Path) -> Result<(OwnedFd, bool), LinkError> {
    let make = |path: &Path| match rustix::fs::mkdirat(CWD, path, Mode::from_raw_mode(0o777)) {
        Ok(()) => Ok(true),
        Err(Errno::EXIST) => Ok(false),
        Err(errno) => Err(LinkError::io("create", path, errno)),
    };
    // The folder above is a package's own `node_modules`, which is seldom there, or one that holds links.
    if let Some(modules) = path.parent() {
        make(modules)?;
    }
    let new = make(path)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let descriptor = rustix::fs::openat(CWD, path, flags, Mode::empty())
        .map_err(|errno| LinkError::io("open", path, errno))?;
    Ok((descriptor, new))
}

/// Finds out what a command leads to, once, and makes an installed file executable. Its other names, such as the one
/// in the store, become executable with it, as pnpm has it.
fn look_at(package: &BinPackage, command: usize) -> Result<&BinFile, LinkError> {
    let cell = &package.files[command];
    if let Some(file) = cell.get() {
        return Ok(file);
    }
    let relative_path = &package.bins.commands[command].path;
    let path = package.folder.join(relative_path);
    // A pipe must not hold up the install.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let found = match rustix::fs::openat(CWD, &path, flags, Mode::empty()) {
        Ok(descriptor) => look_into(File::from(descriptor), relative_path, package.installed)
            .map_err(|source| LinkError::io("read", &path, source))?,
        Err(Errno::NOENT | Errno::NOTDIR) => BinFile::Absent,
        Err(errno) => return Err(LinkError::io("read", &path, errno)),
    };
    Ok(cell.get_or_init(|| found))
}

fn look_into(mut file: File, path: &str, installed: bool) -> std::io::Result<BinFile> {
    let stat = rustix::fs::fstat(&file)?;
    if !FileType::from_raw_mode(stat.st_mode).is_file() {
        return Ok(BinFile::Folder);
    }
    let executable = stat.st_mode & 0o111 == 0o111;
    if installed && !executable {
        rustix::fs::fchmod(&file, Mode::from_raw_mode(stat.st_mode & 0o7777 | 0o111))?;
    }
    let mut head = [0; HEAD_LENGTH];
    let mut length = 0;
    while length < head.len() {
        match file.read(&mut head[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(BinFile::File { runtime: runtime_of(path, &head[..length]), executable: executable || installed })
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
