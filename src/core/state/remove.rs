//! Taking away links that are no longer wanted. Only symlinks go: a folder or file in their place is somebody's own.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::StateError;
use super::purge::remove_entry;
use crate::core::path::without_dots;

/// Removes the link of an alias from a folder of modules. True if there was one.
///
/// # Errors
/// When the system refuses.
pub fn remove_link(modules: &Path, alias: &str) -> Result<bool, StateError> {
    if !stays_inside(alias) {
        return Ok(false);
    }
    if let Some((scope, _)) = alias.split_once('/') {
        // A scope that is a link leads to somewhere else.
        if !fs::symlink_metadata(modules.join(scope)).is_ok_and(|metadata| metadata.is_dir()) {
            return Ok(false);
        }
    }
    let link = modules.join(alias);
    if !link.is_symlink() {
        return Ok(false);
    }
    match fs::remove_file(&link) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(source) => Err(StateError::io("remove", &link, source)),
    }
}

/// Removes the folder of an alias's scope from a folder of modules, if nothing is left in it.
pub fn remove_empty_scope(modules: &Path, alias: &str) {
    if let Some((scope, _)) = alias.split_once('/').filter(|_| stays_inside(alias)) {
        // It fails when something is in the scope, as it should.
        let _ = fs::remove_dir(modules.join(scope));
    }
}

/// Removes the files of a package from a folder of modules, so that another can take its place.
///
/// # Errors
/// When the system refuses.
pub fn remove_package(modules: &Path, name: &str) -> Result<(), StateError> {
    if stays_inside(name) { remove_entry(&modules.join(name)) } else { Ok(()) }
}

/// Aliases in a folder of modules whose links lead into a virtual store and are not wanted. This is for a tree whose
/// making was cut short, so that nobody knows what was linked.
///
/// # Errors
/// When the system refuses.
pub fn stale_links(
    virtual_store: &Path,
    modules: &Path,
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Vec<String>, StateError> {
    let mut stale = Vec::new();
    for name in links_and_scopes(modules)? {
        let aliases = if name.starts_with('@') {
            let scoped = links_and_scopes(&modules.join(&name))?;
            scoped.into_iter().map(|below| format!("{name}/{below}")).collect()
        } else {
            vec![name]
        };
        let is_stale = |alias: &String| !is_wanted(alias) && leads_into(virtual_store, &modules.join(alias));
        stale.extend(aliases.into_iter().filter(is_stale));
    }
    Ok(stale)
}

/// Removes executables from the `.bin` of a folder of modules: files and links alone.
///
/// # Errors
/// When the system refuses.
pub fn remove_executables<'a>(
    modules: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<(), StateError> {
    let folder = modules.join(".bin");
    if !fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(());
    }
    for name in names.filter(|name| stays_inside(name) && !name.contains('/')) {
        let path = folder.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_dir()) {
            remove_entry(&path)?;
        }
    }
    Ok(())
}

/// Names of a folder that may be aliases or scopes; none if it is no folder of its own.
fn links_and_scopes(folder: &Path) -> Result<Vec<String>, StateError> {
    if !fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).map_err(|source| StateError::io("list", folder, source))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    Ok(names.filter(|name| !name.starts_with('.')).collect())
}

fn leads_into(virtual_store: &Path, link: &Path) -> bool {
    let (Ok(target), Some(folder)) = (fs::read_link(link), link.parent()) else {
        return false;
    };
    without_dots(&folder.join(target)).starts_with(without_dots(virtual_store))
}

/// Whether an alias names something right in the folder, or in a scope in it.
fn stays_inside(alias: &str) -> bool {
    let parts: Vec<&str> = alias.split('/').collect();
    let is_name = |part: &&str| !part.is_empty() && *part != "." && *part != "..";
    parts.iter().all(is_name) && (parts.len() == 1 || parts.len() == 2 && alias.starts_with('@'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_links_are_removed_and_nothing_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        let outside = folder.path().join("outside");
        fs::create_dir_all(modules.join("folder")).unwrap();
        fs::create_dir_all(modules.join("@s")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        symlink("x", outside.join("link")).unwrap();
        symlink("x", modules.join("a")).unwrap();
        symlink("x", modules.join("@s/a")).unwrap();
        symlink(&outside, modules.join("@t")).unwrap();
        assert!(remove_link(&modules, "a").unwrap());
        symlink("x", modules.join("@s/b")).unwrap();
        assert!(remove_link(&modules, "@s/a").unwrap());
        remove_empty_scope(&modules, "@s/a");
        assert!(remove_link(&modules, "@s/b").unwrap());
        remove_empty_scope(&modules, "@s/b");
        assert!(!modules.join("@s").exists());
        for kept in ["folder", "absent", "@t/link", "@s/absent", "../outside/link", "@s/../a", "a/b/c"] {
            assert!(!remove_link(&modules, kept).unwrap(), "{kept}");
        }
        assert!(outside.join("link").is_symlink());
    }

    #[test]
    fn of_a_tree_nobody_knows_the_links_into_the_virtual_store_are_stale() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        let store = modules.join(".pnpm");
        fs::create_dir_all(modules.join("@s")).unwrap();
        fs::create_dir_all(modules.join("mine")).unwrap();
        for (alias, target) in [
            ("kept", ".pnpm/kept@1/node_modules/kept"),
            ("stale", ".pnpm/stale@1/node_modules/stale"),
            ("@s/stale", "../.pnpm/s@1/node_modules/s"),
            ("theirs", "../elsewhere"),
        ] {
            symlink(target, modules.join(alias)).unwrap();
        }
        let mut stale = stale_links(&store, &modules, |alias| alias == "kept").unwrap();
        stale.sort();
        assert_eq!(stale, ["@s/stale", "stale"]);
        let absent = folder.path().join("absent");
        assert!(stale_links(&store, &absent, |_| false).unwrap().is_empty());
    }

    #[test]
    fn executables_are_removed_from_a_folder_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let (modules, outside) = (folder.path().join("node_modules"), folder.path().join("outside"));
        fs::create_dir_all(modules.join(".bin/folder")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("tool"), "").unwrap();
        fs::write(modules.join(".bin/tool"), "").unwrap();
        fs::write(modules.join("kept"), "").unwrap();
        remove_executables(&modules, ["tool", "folder", "absent", "../kept"].into_iter()).unwrap();
        assert!(!modules.join(".bin/tool").exists());
        assert!(modules.join(".bin/folder").exists() && modules.join("kept").exists());
        let linked = folder.path().join("linked");
        fs::create_dir_all(&linked).unwrap();
        symlink(&outside, linked.join(".bin")).unwrap();
        remove_executables(&linked, ["tool"].into_iter()).unwrap();
        assert!(outside.join("tool").exists());
    }
}
