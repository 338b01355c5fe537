//! Making the links of hoisted packages.
//!
//! A link of the user's own, one that leads out of the virtual store, stays; so does anything that is no link. In the
//! virtual store itself nobody has links of his own: one that leads out of it was a project's.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::LinkError;
use super::slot::Symlink;
use crate::core::path::without_dots;

/// A folder for hoisted packages: `.pnpm/node_modules`, or a project's `node_modules`.
#[derive(Debug)]
pub struct HoistFolder {
    path: PathBuf,
    virtual_store: PathBuf,
    /// It is in the virtual store.
    is_hidden: bool,
    descriptor: OwnedFd,
    /// It was made just now, so nothing stands in it.
    new: bool,
}

impl HoistFolder {
    /// Opens the folder, making it and the folders of the scopes of `links` if need be.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path, virtual_store: &Path, links: &[Symlink]) -> Result<Self, LinkError> {
        let new = !path.exists();
        std::fs::create_dir_all(path).map_err(|source| LinkError::io("create", path, source))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat(CWD, path, flags, Mode::empty())
            .map_err(|errno| LinkError::io("open", path, errno))?;
        let mut scopes: Vec<&str> =
            links.iter().filter_map(|link| link.alias.split_once('/').map(|(scope, _)| scope)).collect();
        scopes.sort_unstable();
        scopes.dedup();
        for scope in scopes {
            match rustix::fs::mkdirat(&descriptor, scope, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(LinkError::io("create", &path.join(scope), errno)),
            }
        }
        let virtual_store = without_dots(virtual_store);
        let is_hidden = without_dots(path).starts_with(&virtual_store);
        Ok(Self { path: path.to_path_buf(), virtual_store, is_hidden, descriptor, new })
    }

    /// Sees to it that a link is there. True if it was made.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn link(&self, link: &Symlink) -> Result<bool, LinkError> {
        self.place(link).map_err(|errno| LinkError::io("link", &self.path.join(&link.alias), errno))
    }

    fn place(&self, link: &Symlink) -> Result<bool, Errno> {
        let folder = self.descriptor.as_fd();
        let make = || rustix::fs::symlinkat(link.target.as_str(), folder, link.alias.as_str());
        if self.new {
            match make() {
                Err(Errno::EXIST) => {}
                other => return other.map(|()| true),
            }
        }
        match rustix::fs::readlinkat(folder, link.alias.as_str(), Vec::new()) {
            Ok(now) if now.as_bytes() == link.target.as_bytes() => Ok(false),
            Ok(now) => {
                let alias = self.path.join(&link.alias);
                let folder_of_alias = alias.parent().unwrap_or(&self.path);
                let text = now.to_str().map_err(|_| Errno::ILSEQ)?;
                let leads_to = without_dots(&folder_of_alias.join(text));
                if leads_to == without_dots(&folder_of_alias.join(&link.target))
                    || !leads_to.starts_with(&self.virtual_store) && !self.is_hidden
                {
                    return Ok(false);
                }
                rustix::fs::unlinkat(folder, link.alias.as_str(), AtFlags::empty())?;
                make().map(|()| true)
            }
            Err(Errno::NOENT) => make().map(|()| true),
            // Something that is no link.
            Err(Errno::INVAL) => Ok(false),
            Err(errno) => Err(errno),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn links(links: &[(&str, &str)]) -> Vec<Symlink> {
        links
            .iter()
            .map(|(alias, target)| Symlink { alias: (*alias).to_owned(), target: (*target).to_owned() })
            .collect()
    }

    #[test]
    fn links_are_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let virtual_store = folder.path().join(".pnpm");
        let hidden = virtual_store.join("node_modules");
        let links = links(&[("a", "../a@1/node_modules/a"), ("@s/b", "../../@s+b@1/node_modules/@s/b")]);
        for made in [true, false] {
            let hoist = HoistFolder::open(&hidden, &virtual_store, &links).unwrap();
            for link in &links {
                assert_eq!(hoist.link(link).unwrap(), made);
            }
        }
        assert_eq!(
            std::fs::read_link(hidden.join("@s/b")).unwrap(),
            Path::new("../../@s+b@1/node_modules/@s/b")
        );
    }

    #[test]
    fn a_project_gives_way_to_a_package_of_its_name_in_the_virtual_store() {
        let folder = tempfile::tempdir().unwrap();
        let virtual_store = folder.path().join("node_modules/.pnpm");
        let hidden = virtual_store.join("node_modules");
        std::fs::create_dir_all(&hidden).unwrap();
        symlink("../../../packages/c", hidden.join("c")).unwrap();
        let links = links(&[("c", "../c@1.0.0/node_modules/c")]);
        assert!(HoistFolder::open(&hidden, &virtual_store, &links).unwrap().link(&links[0]).unwrap());
        assert_eq!(std::fs::read_link(hidden.join("c")).unwrap(), Path::new("../c@1.0.0/node_modules/c"));
    }

    #[test]
    fn a_link_into_the_virtual_store_is_turned_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let virtual_store = folder.path().join("node_modules/.pnpm");
        let modules = folder.path().join("node_modules");
        std::fs::create_dir_all(modules.join("folder")).unwrap();
        std::fs::write(modules.join("file"), "").unwrap();
        symlink(".pnpm/old@1/node_modules/old", modules.join("old")).unwrap();
        symlink(virtual_store.join("same@1"), modules.join("same")).unwrap();
        symlink("../mine", modules.join("mine")).unwrap();
        let links = links(&[
            ("old", ".pnpm/new@1/node_modules/old"),
            ("same", ".pnpm/same@1"),
            ("mine", ".pnpm/x@1"),
            ("folder", ".pnpm/x@1"),
            ("file", ".pnpm/x@1"),
        ]);
        let hoist = HoistFolder::open(&modules, &virtual_store, &links).unwrap();
        let made: Vec<bool> = links.iter().map(|link| hoist.link(link).unwrap()).collect();
        assert_eq!(made, [true, false, false, false, false]);
        let read = |alias: &str| std::fs::read_link(modules.join(alias)).unwrap();
        assert_eq!(read("old"), Path::new(".pnpm/new@1/node_modules/old"));
        assert_eq!(read("mine"), Path::new("../mine"));
        assert_eq!(read("same"), virtual_store.join("same@1"));
    }
}
