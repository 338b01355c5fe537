//! A repository as a package: of its files, those that its author would publish.
//!
//! The archive of a repository has everything in it: tests, sources, other packages. It is unpacked into a temporary
//! folder, the rules of publishing choose from that, and only what is chosen goes into the store. No script runs: a
//! repository that has to be built before it can be published is refused, unless scripts are to be ignored.

use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path};

use serde_json::Value;

use super::archive::{Archive, ArchiveError, Content};
use super::extract::ExtractError;
use super::integrity;
use crate::core::clock::unix_millis;
use crate::core::git::Temporary;
use crate::core::packlist::{Packed, PackedFolder};
use crate::core::store::Store;
use crate::core::store::row::{NewFile, NewRow, requires_build, stored_manifest};

/// What of a repository is the package, and where the repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPart {
    /// The folder of the package, as the lockfile has it; empty for the root.
    pub folder: String,
    /// The commit to fetch with git; without it the tarball is the archive that the host made of it.
    pub commit: Option<RepositoryCommit>,
    /// Scripts that would have to run first are left out (`--ignore-scripts`).
    pub ignore_scripts: bool,
}

/// A commit to fetch with git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryCommit {
    /// Address of the repository.
    pub repository: String,
    /// All digits of the commit.
    pub digits: String,
    /// The host gives single commits (`gitShallowHosts`).
    pub is_shallow: bool,
}

/// Key of the row of a package that came out of a repository (pnpm: `store-dir/src/store_index.rs`).
#[must_use]
pub fn repository_key(package_id: &str, ignore_scripts: bool) -> String {
    format!("{package_id}\t{}", if ignore_scripts { "not-built" } else { "built" })
}

/// Stores what of an archive is the package. `wanted` is the integrity of the archive, `limit` the most bytes it may
/// unpack to. Runs on the extract pool.
pub(super) fn pack(
    store: &Store,
    archive: &[u8],
    wanted: Option<&str>,
    limit: u64,
    part: &RepositoryPart,
) -> Result<NewRow, ExtractError> {
    if let Some(wanted) = wanted {
        integrity::check(archive, wanted)?;
    }
    let folder = inside(&part.folder)
        .ok_or_else(|| ArchiveError::PathTraversal(part.folder.clone()))
        .map_err(ExtractError::Archive)?;
    let place = Temporary::new().map_err(temporary)?;
    unpack(archive, limit, &folder, place.path())?;
    let packed = PackedFolder::list(place.path()).map_err(temporary)?;
    let manifest = packed.manifest.as_ref();
    if !part.ignore_scripts && manifest.is_some_and(|manifest| must_be_built(manifest, place.path())) {
        return Err(ExtractError::MustBeBuilt);
    }
    let mut files = Vec::with_capacity(packed.entries.len());
    for (path, entry) in &packed.entries {
        // Archives are unpacked without links, so there is nothing else here.
        let Packed::File(place) = entry else { continue };
        let content = fs::read(place).map_err(temporary)?;
        let executable = is_executable(place).map_err(temporary)?;
        let digest = store.write_blob(&content, executable)?;
        let mode = if executable { 0o755 } else { 0o644 };
        files.push(NewFile { path: path.clone(), digest, mode, size: content.len() as u64 });
    }
    Ok(NewRow {
        requires_build: requires_build(manifest, files.iter().map(|file| file.path.as_str())),
        manifest: manifest.and_then(stored_manifest),
        files,
        checked_at_ms: unix_millis(),
    })
}

fn temporary(error: io::Error) -> ExtractError {
    ExtractError::Temporary(error)
}

/// Writes the files of a folder of the archive. Their paths were checked when the archive was looked through.
fn unpack(archive: &[u8], limit: u64, folder: &str, place: &Path) -> Result<(), ExtractError> {
    let archive = Archive::open(archive, limit)?;
    archive.read(|entry, content| -> Result<(), ExtractError> {
        let path = match folder {
            "" => entry.path.as_str(),
            folder => match entry.path.strip_prefix(folder).and_then(|path| path.strip_prefix('/')) {
                Some(path) => path,
                None => return Ok(()),
            },
        };
        let target = place.join(path);
        if Path::new(path).components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(ArchiveError::PathTraversal(path.to_owned()).into());
        }
        fs::create_dir_all(target.parent().unwrap_or(place)).map_err(temporary)?;
        let mut file = fs::File::create(&target).map_err(temporary)?;
        match content {
            Content::Whole(bytes) => io::copy(&mut &bytes[..], &mut file),
            Content::Stream(reader) => io::copy(&mut reader.take(entry.size), &mut file),
        }
        .map_err(temporary)?;
        if entry.mode & 0o111 != 0 { make_executable(&file).map_err(temporary) } else { Ok(()) }
    })
}

#[cfg(unix)]
fn make_executable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail where files can be executable")]
fn make_executable(_file: &fs::File) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail where files can be executable")]
fn is_executable(_path: &Path) -> io::Result<bool> {
    Ok(false)
}

/// A path of the lockfile without dots and outer slashes; `None` when it leads out.
fn inside(path: &str) -> Option<String> {
    let mut folders: Vec<&str> = Vec::new();
    for folder in path.split('/') {
        match folder {
            "" | "." => {}
            ".." => {
                folders.pop()?;
            }
            folder => folders.push(folder),
        }
    }
    Some(folders.join("/"))
}

/// Whether scripts have to run before the package can be published: `prepare`, or others where the main file is absent
/// (pnpm: `git-fetcher/src/prepare_package.rs`).
fn must_be_built(manifest: &Value, folder: &Path) -> bool {
    let script = |name: &str| {
        let script = manifest.get("scripts").and_then(|scripts| scripts.get(name)?.as_str());
        script.is_some_and(|script| !script.is_empty())
    };
    if script("prepare") {
        return true;
    }
    let main = manifest.get("main").and_then(Value::as_str).unwrap_or("index.js");
    ["prepublish", "prepack", "publish"].into_iter().any(script) && !folder.join(main).exists()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prepare_script_or_an_absent_main_file_asks_for_a_build() {
        let folder = Temporary::new().unwrap();
        fs::write(folder.path().join("there.js"), "").unwrap();
        for (manifest, expected) in [
            (json!({}), false),
            (json!({ "scripts": { "test": "x", "prepublishOnly": "x" } }), false),
            (json!({ "scripts": { "prepare": "" } }), false),
            (json!({ "scripts": { "prepare": "x" } }), true),
            (json!({ "scripts": { "prepack": "x" } }), true),
            (json!({ "scripts": { "prepack": "x" }, "main": "there.js" }), false),
            (json!({ "scripts": { "prepublish": "x" }, "main": "gone.js" }), true),
        ] {
            assert_eq!(must_be_built(&manifest, folder.path()), expected, "{manifest}");
        }
    }

    #[test]
    fn keys_tell_whether_scripts_were_ignored() {
        assert_eq!(repository_key("https://x/y", false), "https://x/y\tbuilt");
        assert_eq!(repository_key("git+file:///x#c0", true), "git+file:///x#c0\tnot-built");
    }
}
