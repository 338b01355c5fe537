//! Where the store lies.
//!
//! Files are linked from the store into projects, and a hard link cannot leave its drive. So when nobody says where
//! the store is to be and the project's drive is not that of pnpm's home, the store goes to the project's drive. The
//! path is recorded in each project and a different one makes pnpm install everything anew, hence it is found
//! exactly as pnpm finds it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The layout of the store, and the name of its folder below the store's root.
const VERSION: &str = "v11";

/// The store of this root: the root itself when it is named after the version already.
pub(super) fn versioned(root: PathBuf) -> PathBuf {
    if root.ends_with(VERSION) { root } else { root.join(VERSION) }
}

/// The root of the store when nobody says where it is.
///
/// `can_link` tells whether a file of one folder can be linked into another ([`files_can_be_linked`]).
pub(super) fn default_root(
    project_dir: &Path,
    pnpm_home: &Path,
    can_link: impl Fn(&Path, &Path) -> bool,
) -> PathBuf {
    let at_home = pnpm_home.join("store");
    let Ok(project_dir) = project_dir.canonicalize() else {
        return at_home;
    };
    if can_link(&project_dir, pnpm_home) {
        return at_home;
    }
    // From the root of the file system down: the first folder on the project's drive is where that is mounted.
    let mut folders: Vec<&Path> = project_dir.ancestors().collect();
    folders.reverse();
    let Some(mount) = folders.into_iter().find(|folder| can_link(&project_dir, folder)) else {
        return at_home;
    };
    // The folder above may belong to the drive as well and merely not have been writable through its own parents.
    let mount = match mount.parent() {
        Some(parent) if can_link(&project_dir, parent) => parent,
        _ => mount,
    };
    if mount == project_dir {
        return project_dir.join("node_modules").join(".pnpm-store");
    }
    mount.join(".pnpm-store")
}

/// Tries to link a new file of `from` into a new folder of `to`, and removes both. Any failure is a no.
pub(super) fn files_can_be_linked(from: &Path, to: &Path) -> bool {
    let source = from.join(temporary_name());
    if fs::File::create_new(&source).is_err() {
        return false;
    }
    let folder = to.join(temporary_name());
    let linked = fs::create_dir_all(&folder).is_ok() && {
        let target = folder.join("link");
        let linked = fs::hard_link(&source, &target).is_ok();
        // What cannot be removed is an empty file that harms nobody.
        let _ = fs::remove_file(&target);
        let _ = fs::remove_dir(&folder);
        linked
    };
    let _ = fs::remove_file(&source);
    linked
}

/// A name that no other process and no other call has.
fn temporary_name() -> String {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    format!("_tmp_{}_{nanoseconds:08x}{call:x}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_gets_the_version_once() {
        assert_eq!(versioned("/s".into()), Path::new("/s/v11"));
        assert_eq!(versioned("/s/v11".into()), Path::new("/s/v11"));
        assert_eq!(versioned("/s/v10".into()), Path::new("/s/v10/v11"));
        assert_eq!(versioned("/s/./x/".into()), Path::new("/s/./x/v11"));
    }

    #[test]
    fn the_store_is_at_home_when_links_reach_it() {
        let project = tempfile::tempdir().unwrap();
        let root = default_root(project.path(), Path::new("/home/a/pnpm"), |_, _| true);
        assert_eq!(root, Path::new("/home/a/pnpm/store"));
    }

    #[test]
    fn the_store_is_where_the_drive_of_the_project_is_mounted() {
        let mount = tempfile::tempdir().unwrap();
        let mount = mount.path().canonicalize().unwrap();
        let project = mount.join("a/b");
        fs::create_dir_all(&project).unwrap();
        let home = Path::new("/home/a/pnpm");
        let on_the_drive = |_: &Path, to: &Path| to.starts_with(&mount);
        assert_eq!(default_root(&project, home, on_the_drive), mount.join(".pnpm-store"));
        let in_the_project = |_: &Path, to: &Path| to.starts_with(&project);
        assert_eq!(default_root(&project, home, in_the_project), project.join("node_modules/.pnpm-store"));
        assert_eq!(default_root(&project, home, |_, _| false), home.join("store"));
    }

    #[test]
    fn the_probe_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::create_dir(&to).unwrap();
        assert!(files_can_be_linked(&from, &to));
        assert!(!files_can_be_linked(&dir.path().join("absent"), &to));
        for folder in [&from, &to] {
            assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
        }
    }
}
