//! Whether the names and paths of a lockfile may become names and paths on disk.
//!
//! A lockfile comes with a project, so whoever can change the project can change it. What it says must not be able to
//! write outside of `node_modules` and the store. Links and folders that the project names may lie outside of it, as
//! pnpm allows, since a link writes nothing there.

use super::dep_path::split;
use super::error::LockfileError;
use super::model::{Importer, Lockfile, PackageMetadata};
use super::names::is_valid_package_name;
use super::resolution::Resolution;
use crate::core::manifest::{BundledDependencies, Executables};

/// Checks every text of the lockfile that will be part of a path: names of packages, aliases, versions, importer ids,
/// links, folders, and paths inside packages.
///
/// # Errors
/// The first entry that is refused: `InvalidName` or `InvalidEntry`.
pub fn validate(lockfile: &Lockfile) -> Result<(), LockfileError> {
    for (id, importer) in &lockfile.importers {
        check_importer(id, importer)?;
    }
    for (id, metadata) in &lockfile.packages {
        check_dep_path(id, "packages")?;
        check_package(id, metadata)?;
    }
    for (dep_path, snapshot) in &lockfile.snapshots {
        check_dep_path(dep_path, "snapshots")?;
        for (group, references) in [
            ("dependencies", &snapshot.dependencies),
            ("optionalDependencies", &snapshot.optional_dependencies),
        ] {
            let entry = || format!("snapshots[{dep_path:?}].{group}");
            for (alias, reference) in references {
                check_name("a dependency", alias, entry)?;
                check_text(reference, || format!("{}.{alias}", entry()))?;
            }
        }
    }
    Ok(())
}

fn refused(entry: String, value: &str, problem: &str) -> LockfileError {
    LockfileError::InvalidEntry { entry, value: value.to_owned(), problem: problem.to_owned() }
}

fn check_name(what: &'static str, name: &str, entry: impl Fn() -> String) -> Result<(), LockfileError> {
    if is_valid_package_name(name) {
        return Ok(());
    }
    Err(LockfileError::InvalidName { what, name: name.to_owned(), entry: entry() })
}

/// No control characters: NUL ends paths, the others deceive who reads a message.
fn check_text(text: &str, entry: impl Fn() -> String) -> Result<(), LockfileError> {
    if text.is_empty() {
        return Err(refused(entry(), text, "which is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused(entry(), text, "which holds control characters"));
    }
    Ok(())
}

/// A path that must stay inside of a package: no way up, no other root. A leading `/` means the package's root in git
/// addresses.
fn check_inner_path(path: &str, entry: impl Fn() -> String) -> Result<(), LockfileError> {
    check_text(path, &entry)?;
    let leaves = path.split(['/', '\\']).any(|part| part == "..") || path.contains('\\') || has_drive(path);
    if leaves { Err(refused(entry(), path, "which leads out of the package")) } else { Ok(()) }
}

fn has_drive(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

fn check_importer(id: &str, importer: &Importer) -> Result<(), LockfileError> {
    let entry = || format!("importers[{id:?}]");
    check_text(id, entry)?;
    if id.starts_with('/') || id.contains('\\') || has_drive(id) {
        return Err(refused(entry(), id, "which is not a path relative to the lockfile"));
    }
    // `..` may only stand in front: projects may lie beside the lockfile's folder, but each has one spelling.
    let inner = id.split('/').skip_while(|part| *part == "..");
    if id != "." && inner.clone().any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(refused(entry(), id, "which is not a plain path"));
    }
    if inner.clone().any(|part| part.eq_ignore_ascii_case("node_modules")) {
        return Err(refused(entry(), id, "which lies inside of a node_modules folder"));
    }
    for (group, dependencies) in [
        ("dependencies", &importer.dependencies),
        ("devDependencies", &importer.dev_dependencies),
        ("optionalDependencies", &importer.optional_dependencies),
    ] {
        let entry = || format!("importers[{id:?}].{group}");
        for (alias, dependency) in dependencies {
            check_name("a dependency", alias, entry)?;
            check_text(&dependency.version, || format!("{}.{alias}.version", entry()))?;
        }
    }
    Ok(())
}

fn check_dep_path(dep_path: &str, section: &'static str) -> Result<(), LockfileError> {
    let entry = || format!("{section}[{dep_path:?}]");
    check_text(dep_path, entry)?;
    let parts = split(dep_path);
    if parts.name.is_empty() {
        return Err(refused(entry(), dep_path, "which is not a name and a version"));
    }
    check_name("a package", parts.name, || section.to_owned())?;
    let version = parts.version;
    // A version is letters, digits and `.+-`. What else identifies a package has a scheme, such as `file:`.
    let is_version = !version.is_empty()
        && !version.starts_with('.')
        && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte));
    if is_version || version.contains(':') {
        Ok(())
    } else {
        Err(refused(entry(), version, "which is neither a version nor an address"))
    }
}

fn check_package(id: &str, metadata: &PackageMetadata) -> Result<(), LockfileError> {
    let entry = |field: &str| format!("packages[{id:?}].{field}");
    if let Some(name) = &metadata.name {
        check_name("a package", name, || entry("name"))?;
    }
    if let Some(version) = &metadata.version {
        check_inner_path(version, || entry("version"))?;
    }
    if let Some(BundledDependencies::Names(names)) = &metadata.bundled_dependencies {
        for name in names {
            check_inner_path(name, || entry("bundledDependencies"))?;
        }
    }
    check_resolution(&metadata.resolution, &|field| entry(&format!("resolution.{field}")))
}

fn check_resolution(resolution: &Resolution, entry: &dyn Fn(&str) -> String) -> Result<(), LockfileError> {
    match resolution {
        Resolution::Registry { integrity, .. } => check_text(integrity, || entry("integrity")),
        Resolution::Tarball { tarball, path, .. } => {
            check_text(tarball, || entry("tarball"))?;
            path.as_ref().map_or(Ok(()), |path| check_inner_path(path, || entry("path")))
        }
        Resolution::Directory { directory, .. } => check_text(directory, || entry("directory")),
        Resolution::Git { repo, commit, path, .. } => {
            // Both become arguments of git, where a leading dash makes an option.
            for (field, value) in [("repo", repo), ("commit", commit)] {
                check_text(value, || entry(field))?;
                if value.starts_with('-') {
                    return Err(refused(entry(field), value, "which git would take for an option"));
                }
            }
            path.as_ref().map_or(Ok(()), |path| check_inner_path(path, || entry("path")))
        }
        Resolution::Binary(binary) => {
            check_text(&binary.url, || entry("url"))?;
            if let Some(prefix) = &binary.prefix {
                check_inner_path(prefix, || entry("prefix"))?;
            }
            match &binary.bin {
                None => Ok(()),
                Some(Executables::One(path)) => check_inner_path(path, || entry("bin")),
                Some(Executables::Many(paths)) => paths.iter().try_for_each(|(name, path)| {
                    check_name("an executable", name, || entry("bin"))?;
                    check_inner_path(path, || entry("bin"))
                }),
            }
        }
        Resolution::Variations { variants, .. } => {
            variants.iter().try_for_each(|variant| check_resolution(&variant.resolution, entry))
        }
        // Nothing is done with what is not known.
        Resolution::Unknown(_) => Ok(()),
    }
}
