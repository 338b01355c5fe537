//! Making room: a tree that was made in another way is taken away before the new one is made.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{ModulesState, StateError, sweep};

/// Empties a folder of modules, but for what other tools keep there: entries whose name begins with a dot and that
/// are none of ours. `virtual_stores` are names of virtual stores in it.
///
/// A folder of modules that is really somewhere else than in the project is not touched; the answer is then false.
///
/// # Errors
/// When the system refuses.
pub fn purge(modules: &Path, project: &Path, virtual_stores: &[&str]) -> Result<bool, StateError> {
    let (modules, project) = match (modules.canonicalize(), project.canonicalize()) {
        (Err(error), _) if error.kind() == ErrorKind::NotFound => return Ok(true),
        (Ok(modules), Ok(project)) => (modules, project),
        _ => return Ok(false),
    };
    if modules == project || !modules.starts_with(&project) {
        return Ok(false);
    }
    // First what says that there is a tree.
    remove_entry(&modules.join(ModulesState::FILE_NAME))?;
    sweep(&modules, |name| {
        let is_ours = name == ".bin" || virtual_stores.contains(&name);
        name.starts_with('.') && !is_ours
    })?;
    Ok(true)
}

/// Deletes a file, a symlink or a folder with all that is in it. What is not there is no error, and what symlinks
/// lead to is not touched.
pub(super) fn remove_entry(path: &Path) -> Result<(), StateError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(StateError::io("remove", path, source)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_other_tools_hide_there_survives() {
        let folder = tempfile::tempdir().unwrap();
        let (project, outside) = (folder.path().join("p"), folder.path().join("outside"));
        let modules = project.join("node_modules");
        for path in [".pnpm/a@1/node_modules/a", ".bin", ".cache", "@s/x", "mine"] {
            fs::create_dir_all(modules.join(path)).unwrap();
        }
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("kept"), "").unwrap();
        fs::write(modules.join(".modules.yaml"), "").unwrap();
        fs::write(modules.join(".other"), "").unwrap();
        std::os::unix::fs::symlink(&outside, modules.join("linked")).unwrap();
        assert!(purge(&modules, &project, &[".pnpm"]).unwrap());
        let mut left: Vec<_> = fs::read_dir(&modules)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".cache", ".other"]);
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn modules_that_are_really_elsewhere_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let (project, outside) = (folder.path().join("p"), folder.path().join("outside"));
        fs::create_dir_all(&project).unwrap();
        fs::create_dir_all(outside.join("x")).unwrap();
        std::os::unix::fs::symlink(&outside, project.join("node_modules")).unwrap();
        assert!(!purge(&project.join("node_modules"), &project, &[".pnpm"]).unwrap());
        assert!(!purge(&project, &project, &[]).unwrap());
        assert!(outside.join("x").exists());
        assert!(purge(&project.join("absent"), &project, &[]).unwrap());
    }
}
