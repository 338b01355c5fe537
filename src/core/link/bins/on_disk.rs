//! Executables of packages that lie in a folder already: those of the workspace, those that another package ships,
//! and those that an earlier install put in place.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::declared::DeclaredBins;
use crate::core::link::LinkError;

/// The fields that matter, whatever their shape.
#[derive(Deserialize)]
struct Fields {
    name: Option<Value>,
    version: Option<Value>,
    bin: Option<Value>,
    directories: Option<Value>,
}

/// Reads what the package in a folder declares; `None` where there is no package.
///
/// # Errors
/// When its manifest cannot be read or is no JSON.
pub fn declared_in(package: &Path) -> Result<Option<DeclaredBins>, LinkError> {
    let path = package.join("package.json");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(LinkError::io("read", &path, source)),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let fields: Fields =
        serde_json::from_slice(bytes).map_err(|source| LinkError::io("read", &path, source))?;
    let named = [
        ("name", fields.name),
        ("version", fields.version),
        ("bin", fields.bin),
        ("directories", fields.directories),
    ];
    let manifest: Map<String, Value> =
        named.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect();
    Ok(Some(DeclaredBins::new(&manifest.into(), |folder| {
        let mut files = Vec::new();
        list_files(package, folder, &mut files);
        files
    })))
}

/// Lists the files below a folder of a package, not those that symlinks lead to. What cannot be read holds none.
fn list_files(package: &Path, folder: &str, files: &mut Vec<String>) {
    for entry in entries(&package.join(folder)) {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else {
            continue;
        };
        let path = format!("{folder}/{name}");
        if kind.is_dir() {
            list_files(package, &path, files);
        } else if kind.is_file() {
            files.push(path);
        }
    }
}

/// The folders of the packages in a `node_modules`, in the order of their names.
#[must_use]
pub fn packages_in(modules: &Path) -> Vec<PathBuf> {
    let mut packages = Vec::new();
    for entry in entries(modules) {
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b"@") {
            packages.extend(entries(&entry.path()).map(|entry| entry.path()));
        } else if !name.as_encoded_bytes().starts_with(b".") {
            packages.push(entry.path());
        }
    }
    packages.sort_unstable();
    packages
}

fn entries(folder: &Path) -> impl Iterator<Item = DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_executables_is_walked_without_following_symlinks() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("package");
        std::fs::create_dir_all(package.join("tools/deep")).unwrap();
        for file in ["tools/a.js", "tools/deep/b", "outside"] {
            std::fs::write(package.join(file), "").unwrap();
        }
        std::os::unix::fs::symlink("../outside", package.join("tools/link")).unwrap();
        let manifest = "\u{feff}{\"name\": \"x\", \"version\": 1, \"directories\": {\"bin\": \"./tools\"}}";
        std::fs::write(package.join("package.json"), manifest).unwrap();
        let bins = declared_in(&package).unwrap().unwrap();
        let commands: Vec<_> =
            bins.commands.iter().map(|command| (command.name.as_str(), command.path.as_str())).collect();
        assert_eq!(commands, [("a.js", "tools/a.js"), ("b", "tools/deep/b")]);
        assert_eq!(bins.version, "");
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_package_and_a_broken_manifest_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(declared_in(folder.path()).unwrap().is_none());
        assert!(declared_in(&folder.path().join("absent")).unwrap().is_none());
        std::fs::write(folder.path().join("package.json"), "{").unwrap();
        let error = declared_in(folder.path()).unwrap_err().to_string();
        assert!(error.contains("package.json"), "{error}");
    }

    #[test]
    fn packages_of_a_folder_are_found_scopes_included() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "@s/a", "@s/c", ".bin", ".pnpm"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let expected: Vec<PathBuf> =
            ["@s/a", "@s/c", "b"].iter().map(|name| folder.path().join(name)).collect();
        assert_eq!(packages_in(folder.path()), expected);
        assert!(packages_in(&folder.path().join("absent")).is_empty());
    }
}
