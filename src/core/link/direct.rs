//! The direct dependencies of a project: symlinks in its `node_modules` that lead into the virtual store.

use std::io;
use std::path::{Path, PathBuf};

use super::LinkError;
use crate::core::folder::Folder;
use crate::core::path::relative;

/// A direct dependency to be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectLink {
    /// Its name below `node_modules`, scope included.
    pub alias: String,
    /// Absolute path it leads to.
    pub target: PathBuf,
}

/// Links the direct dependencies of one project. A folder of the user's that stands in the way is moved aside, as
/// pnpm does; its new path is in the answer.
///
/// # Errors
/// When the system refuses.
pub fn link_direct(modules: &Path, links: &[DirectLink]) -> Result<Vec<PathBuf>, LinkError> {
    let mut moved = Vec::new();
    if links.is_empty() {
        return Ok(moved);
    }
    std::fs::create_dir_all(modules).map_err(|source| LinkError::io("create", modules, source))?;
    let folder = Folder::open(modules).map_err(|source| LinkError::io("open", modules, source))?;
    for link in links {
        let path = modules.join(&link.alias);
        let parent = path.parent().unwrap_or(modules);
        if parent != modules {
            std::fs::create_dir_all(parent).map_err(|source| LinkError::io("create", parent, source))?;
        }
        if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            moved.push(move_aside(modules, &path, &link.alias)?);
        }
        let target = relative(parent, &link.target);
        let placed = match target.to_str() {
            Some(target) => folder.place_symlink(&link.alias, target),
            None => {
                Err(io::Error::new(io::ErrorKind::InvalidFilename, "the path of the project is not UTF-8"))
            }
        };
        placed.map_err(|source| LinkError::io("link", &path, source))?;
    }
    Ok(moved)
}

fn move_aside(modules: &Path, path: &Path, alias: &str) -> Result<PathBuf, LinkError> {
    let aside = modules.join(format!(".ignored_{}", alias.replace('/', "+")));
    if aside.exists() {
        std::fs::remove_dir_all(&aside).map_err(|source| LinkError::io("remove", &aside, source))?;
    }
    std::fs::rename(path, &aside).map_err(|source| LinkError::io("move aside", path, source))?;
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_a_scope_adds_a_step() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("packages/a/node_modules");
        let slot = folder.path().join("node_modules/.pnpm/x@1/node_modules/x");
        let links = ["x", "@s/x"].map(|alias| DirectLink { alias: alias.into(), target: slot.clone() });
        assert_eq!(link_direct(&modules, &links).unwrap(), Vec::<PathBuf>::new());
        let read = |alias: &str| std::fs::read_link(modules.join(alias)).unwrap();
        assert_eq!(read("x"), Path::new("../../../node_modules/.pnpm/x@1/node_modules/x"));
        assert_eq!(read("@s/x"), Path::new("../../../../node_modules/.pnpm/x@1/node_modules/x"));
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_turned_and_a_folder_in_the_way_is_moved_aside() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        std::fs::create_dir_all(modules.join("mine")).unwrap();
        std::fs::write(modules.join("mine/kept"), "").unwrap();
        std::os::unix::fs::symlink("elsewhere", modules.join("x")).unwrap();
        let link = |alias: &str| DirectLink { alias: alias.into(), target: modules.join(".pnpm/t") };
        let moved = link_direct(&modules, &[link("x"), link("mine")]).unwrap();
        assert_eq!(std::fs::read_link(modules.join("x")).unwrap(), Path::new(".pnpm/t"));
        assert_eq!(std::fs::read_link(modules.join("mine")).unwrap(), Path::new(".pnpm/t"));
        assert_eq!(moved, [modules.join(".ignored_mine")]);
        assert!(modules.join(".ignored_mine/kept").exists());
    }
}
