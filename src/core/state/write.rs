//! Writing a file of state: all of it or nothing.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::StateError;
use crate::core::folder::Folder;

/// Writes a file that is seen whole or not at all; a kill leaves no half of it behind. A file that already has these
/// bytes is left alone; the answer says whether it was written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<bool, StateError> {
    if fs::read(path).is_ok_and(|now| now == bytes) {
        return Ok(false);
    }
    publish(path, bytes).map_err(|source| StateError::io("write", path, source))?;
    Ok(true)
}

fn publish(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parts = path.parent().zip(path.file_name().and_then(OsStr::to_str));
    let (parent, name) = parts.ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = Folder::open(parent)?;
    let mut unnamed = folder.unnamed_file(false)?;
    unnamed.file.write_all(bytes)?;
    match unnamed.publish(&folder, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => unnamed.replace(&folder, name),
        other => other,
    }
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StateError::io("remove", path, source))
        }
        _ => Ok(()),
    }
}
