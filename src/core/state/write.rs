//! Writing a file of state: all of it or nothing.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::StateError;

/// Writes a file beside its place and renames it there. A file that already has these bytes is left alone; the answer
/// says whether it was written.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<bool, StateError> {
    if fs::read(path).is_ok_and(|now| now == bytes) {
        return Ok(false);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&temporary, path));
    written.map_err(|source| {
        // What is left of it is of no use, and its name would not come again.
        let _ = fs::remove_file(&temporary);
        StateError::io("write", path, source)
    })?;
    Ok(true)
}

/// Removes a file; one that is not there is no error.
pub(super) fn remove(path: &Path) -> Result<(), StateError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(StateError::io("remove", path, source))
        }
        _ => Ok(()),
    }
}
