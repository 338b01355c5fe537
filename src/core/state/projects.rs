//! The store's list of the projects that use it: what `pnpm store prune` asks before it deletes.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};

use super::StateError;

/// Enters a project into the list: a symlink in `projects`, named after the digest of its path. A store that lies
/// inside of the project has no list.
///
/// # Errors
/// When the system refuses.
pub fn register_project(store: &Path, project: &Path) -> Result<(), StateError> {
    if store.starts_with(project) {
        return Ok(());
    }
    let folder = store.join("projects");
    let link = folder.join(name(project));
    if fs::read_link(&link).is_ok_and(|target| target == project) {
        return Ok(());
    }
    fs::create_dir_all(&folder).map_err(|source| StateError::io("create", &folder, source))?;
    if link.is_symlink() {
        fs::remove_file(&link).map_err(|source| StateError::io("replace", &link, source))?;
    }
    match std::os::unix::fs::symlink(project, &link) {
        // Another install of the same project came first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(|source| StateError::io("link", &link, source)),
    }
}

/// The first 32 hexadecimal digits of the SHA-256 of its path.
fn name(project: &Path) -> String {
    let digest = digest(&SHA256, project.as_os_str().as_encoded_bytes());
    digest.as_ref()[..16].iter().fold(String::new(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_entered_once_and_under_the_name_that_pnpm_gives_it() {
        assert_eq!(name(Path::new("/tmp/t/corpus/umami-pnpm")), "645c983bbfb590e17e3242bc6c61fe4b");
        let folder = tempfile::tempdir().unwrap();
        let (store, project) = (folder.path().join("store/v11"), folder.path().join("project"));
        let link = store.join("projects").join(name(&project));
        register_project(&store, &project).unwrap();
        register_project(&store, &project).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), project);
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        register_project(&store, &project).unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), project);
    }

    #[test]
    fn a_store_inside_of_the_project_keeps_no_list() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("store/v11");
        register_project(&store, folder.path()).unwrap();
        assert!(!store.exists());
    }
}
