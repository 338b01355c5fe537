//! Paths as texts: what can be said of them without asking the file system, so no symlink is followed.

use std::path::{Component, Path, PathBuf};

/// The path that leads from one folder to another place. Both are absolute and without `.` and `..`.
#[must_use]
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<Component<'_>>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(left, right)| left == right).count();
    let up = from[common..].iter().map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to[common..].iter().copied()).collect();
    if path.as_os_str().is_empty() { PathBuf::from(".") } else { path }
}

/// A path without `.` and `..`, by its text alone.
#[must_use]
pub fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_go_and_the_root_is_its_own_parent() {
        for (path, plain) in
            [("/a/./b/../c", "/a/c"), ("/..", "/"), ("a/..", ""), ("../a", "a"), ("/a//b/", "/a/b")]
        {
            assert_eq!(without_dots(Path::new(path)), Path::new(plain), "{path}");
        }
    }

    #[test]
    fn a_relative_path_goes_up_to_what_is_common_and_down_again() {
        for (from, to, way) in
            [("/a/b", "/a/c/d", "../c/d"), ("/a", "/a/b", "b"), ("/a", "/a", "."), ("/a/b", "/", "../..")]
        {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(way), "{from} {to}");
        }
    }
}
