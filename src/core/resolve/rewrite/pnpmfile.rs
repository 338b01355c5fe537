//! The pnpmfile: JavaScript that may change every manifest. It is refused by name, never run and never overlooked.

use std::path::Path;

use super::error::RewriteError;

/// The names pnpm knows, in the order it looks for them.
const NAMES: [&str; 2] = [".pnpmfile.mjs", ".pnpmfile.cjs"];

/// Fails if there is a pnpmfile in a folder (the workspace's, else the lockfile's). The caller asks only where a
/// resolution is due and hooks are not switched off with `--ignore-pnpmfile`.
///
/// # Errors
/// `Pnpmfile`, naming the file.
pub fn refuse_pnpmfile(folder: &Path) -> Result<(), RewriteError> {
    match NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file()) {
        Some(path) => Err(RewriteError::Pnpmfile { path }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pnpmfile_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        refuse_pnpmfile(folder.path()).unwrap();
        for name in [".pnpmfile.cjs", ".pnpmfile.mjs"] {
            std::fs::write(folder.path().join(name), "").unwrap();
            let error = refuse_pnpmfile(folder.path()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
