//! Looks at a store from outside: which files and rows it has, and whether they are what they should be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pacwatch::core::store::digest::Digest;
use pacwatch::core::store::row::StoredPackage;
use rusqlite::{Connection, OpenFlags};

use super::project::Site;

/// The files of a store: path below `files/`. What is still under a temporary name is not visible, and not listed.
pub fn files(site: &Site) -> BTreeSet<PathBuf> {
    let root = site.store_v11().join("files");
    let mut found = BTreeSet::new();
    for shard in entries(&root) {
        for file in entries(&shard) {
            let relative = file.strip_prefix(&root).unwrap().to_path_buf();
            if !relative.file_name().unwrap().to_str().unwrap().starts_with('.') {
                found.insert(relative);
            }
        }
    }
    found
}

/// Where a store keeps this content, whether it is there or not.
pub fn path_of(site: &Site, content: &[u8], executable: bool) -> PathBuf {
    let hex = Digest::of(content).to_hex();
    let (shard, rest) = hex.as_str().split_at(2);
    let suffix = if executable { "-exec" } else { "" };
    site.store_v11().join("files").join(shard).join(format!("{rest}{suffix}"))
}

/// The rows of the index: key and data.
pub fn rows(site: &Site) -> BTreeMap<String, Vec<u8>> {
    let path = site.store_v11().join("index.db");
    if !path.exists() {
        return BTreeMap::new();
    }
    let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let Ok(mut statement) = connection.prepare("SELECT key, data FROM package_index") else {
        // Killed between making the file and making its table.
        return BTreeMap::new();
    };
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Ids of the packages that have a row.
pub fn packages(site: &Site) -> BTreeSet<String> {
    rows(site).into_keys().map(|key| key.split_once('\t').unwrap().1.to_owned()).collect()
}

/// Fails unless each file holds what its name says.
pub fn assert_files_are_whole(site: &Site) {
    let root = site.store_v11().join("files");
    for relative in files(site) {
        let path = root.join(&relative);
        let content = fs::read(&path).unwrap();
        let executable = relative.to_str().unwrap().ends_with("-exec");
        assert_eq!(path_of(site, &content, executable), path, "a file is not what its name says");
        assert_eq!(is_executable(&path), executable, "{}", path.display());
    }
}

/// Fails unless each row can be read and all files that it names are there, whole.
pub fn assert_rows_are_complete(site: &Site) {
    assert_files_are_whole(site);
    for (key, data) in rows(site) {
        let package = StoredPackage::decode(data).unwrap_or_else(|error| panic!("{key}: {error}"));
        assert!(package.file_count() > 0, "{key} names no file");
        for file in package.files() {
            let (shard, _) = file.digest().split_at(2);
            let path = site.store_v11().join("files").join(shard).join(file.blob_name().as_str());
            let length = fs::metadata(&path).map(|metadata| metadata.len());
            assert_eq!(length.ok(), Some(file.size), "{key}: {}", file.path);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o100 != 0
}
