//! The folders that patterns such as `packages/*` name, found by walking only what they can match.
//!
//! The rules are those that pnpm 12 was seen to follow: `*` and `**` match no name that begins with a dot, but a dot
//! may be written out; links to folders are followed; `node_modules` and `bower_components` are never entered; a
//! pattern that begins with `/` names nothing, and one that begins with `../` looks beside the workspace.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::error::WorkspaceError;

/// Names of manifests, the one that counts first.
pub(super) const MANIFESTS: [&str; 3] = ["package.json", "package.json5", "package.yaml"];

/// One step of a pattern.
enum Step {
    /// A name as it stands.
    Name(String),
    /// A name with wildcards.
    Wildcard(String),
    /// Any number of folders.
    Any,
}

/// The folders with a manifest that the patterns name, without the workspace's own.
///
/// # Errors
/// `Read` when a folder refuses to be read, `Pattern` for extended globs.
pub(super) fn matching(root: &Path, patterns: &[String]) -> Result<BTreeSet<PathBuf>, WorkspaceError> {
    let mut walk = Walk { found: BTreeSet::new(), through: Vec::new() };
    let mut without = Vec::new();
    for pattern in patterns {
        let (body, list) = match pattern.strip_prefix('!') {
            Some(body) => (body, Some(&mut without)),
            None => (pattern.as_str(), None),
        };
        refuse_extended(pattern, body)?;
        let body = plain(body);
        if body.is_empty() || body == "." || body.starts_with('/') {
            continue;
        }
        match list {
            Some(list) => list.push(body.to_owned()),
            None => {
                for body in alternatives(body) {
                    walk.start(root, &body)?;
                }
            }
        }
    }
    let mut found = walk.found;
    found.retain(|folder| {
        let relative = relative_id(root, folder);
        !without.iter().any(|pattern| takes_out(pattern, &relative))
    });
    Ok(found)
}

/// A pattern without what says nothing: `./` before it, `/` after it.
fn plain(pattern: &str) -> &str {
    let pattern = pattern.trim_end_matches('/');
    pattern.strip_prefix("./").unwrap_or(pattern)
}

fn refuse_extended(pattern: &str, body: &str) -> Result<(), WorkspaceError> {
    if ["@(", "+(", "!(", "?(", "*("].iter().any(|start| body.contains(start)) {
        return Err(WorkspaceError::Pattern { pattern: pattern.to_owned() });
    }
    Ok(())
}

/// pnpm holds these patterns against the path of the manifest, so `a/**` takes out `a` as well.
fn takes_out(pattern: &str, folder: &str) -> bool {
    let manifest = format!("{folder}/{}", MANIFESTS[0]);
    fast_glob::glob_match(format!("{pattern}/{}", MANIFESTS[0]), &manifest)
}

/// The patterns that braces around a `/` stand for; other braces are left to the steps.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let (mut depth, mut cuts) = (0_usize, vec![open]);
    let mut close = None;
    for (at, character) in pattern[open..].char_indices() {
        match character {
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if depth == 0 {
                    close = Some(open + at);
                    break;
                }
            }
            ',' if depth == 1 => cuts.push(open + at),
            _ => {}
        }
    }
    let Some(close) = close else {
        return vec![pattern.to_owned()];
    };
    cuts.push(close);
    let (before, after) = (&pattern[..open], &pattern[close + 1..]);
    cuts.windows(2)
        .flat_map(|cut| alternatives(&format!("{before}{}{after}", &pattern[cut[0] + 1..cut[1]])))
        .collect()
}

fn steps(pattern: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for segment in pattern.split('/') {
        match segment {
            "" | "." => {}
            "**" => {
                if !matches!(steps.last(), Some(Step::Any)) {
                    steps.push(Step::Any);
                }
            }
            name if name.contains(['*', '?', '[', '{', '\\']) => steps.push(Step::Wildcard(name.to_owned())),
            name => steps.push(Step::Name(name.to_owned())),
        }
    }
    steps
}

struct Walk {
    found: BTreeSet<PathBuf>,
    /// What links that were followed on the way lead to, so that none is followed in a circle.
    through: Vec<PathBuf>,
}

impl Walk {
    fn start(&mut self, root: &Path, pattern: &str) -> Result<(), WorkspaceError> {
        let (mut from, mut rest) = (root, pattern);
        while let Some(after) = rest.strip_prefix("../") {
            let Some(parent) = from.parent() else {
                return Ok(());
            };
            (from, rest) = (parent, after);
        }
        self.walk(from, &steps(rest))
    }

    fn walk(&mut self, folder: &Path, steps: &[Step]) -> Result<(), WorkspaceError> {
        match steps.split_first() {
            None => {
                if MANIFESTS.iter().any(|name| folder.join(name).is_file()) {
                    self.found.insert(folder.to_owned());
                }
                Ok(())
            }
            Some((Step::Name(name), rest)) => {
                if is_never_entered(name) {
                    return Ok(());
                }
                self.walk(&folder.join(name), rest)
            }
            Some((Step::Wildcard(wildcard), rest)) => self.children(folder, |walk, name, child| {
                let may = !name.starts_with('.') || wildcard.starts_with('.');
                if may && fast_glob::glob_match(wildcard, name) {
                    walk.walk(child, rest)?;
                }
                Ok(())
            }),
            Some((Step::Any, rest)) => {
                self.walk(folder, rest)?;
                self.children(folder, |walk, name, child| {
                    if name.starts_with('.') {
                        return Ok(());
                    }
                    walk.walk(child, steps)
                })
            }
        }
    }

    /// Calls `visit` for each folder in a folder; one that is not there has none.
    fn children(
        &mut self,
        folder: &Path,
        mut visit: impl FnMut(&mut Self, &str, &Path) -> Result<(), WorkspaceError>,
    ) -> Result<(), WorkspaceError> {
        let fail = |source| WorkspaceError::Read { folder: folder.to_owned(), source };
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(());
            }
            Err(error) => return Err(fail(error)),
        };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !is_never_entered(name)) else {
                continue;
            };
            let kind = entry.file_type().map_err(fail)?;
            let child = folder.join(name);
            if kind.is_dir() {
                visit(self, name, &child)?;
            } else if kind.is_symlink()
                && let Ok(target) = child.canonicalize()
                && target.is_dir()
                && !self.through.contains(&target)
                && !folder.canonicalize().is_ok_and(|folder| folder.starts_with(&target))
            {
                self.through.push(target);
                visit(self, name, &child)?;
                self.through.pop();
            }
        }
        Ok(())
    }
}

fn is_never_entered(name: &str) -> bool {
    matches!(name, "node_modules" | "bower_components")
}

/// The path of a folder from another, with `/`; `.` for the folder itself. Both are absolute, without `.` and `..`.
pub(super) fn relative_id(from: &Path, to: &Path) -> String {
    let common = from.components().zip(to.components()).take_while(|(left, right)| left == right).count();
    let up = from.components().skip(common).map(|_| "..".into());
    let down = to.components().skip(common).map(|part| part.as_os_str().to_string_lossy());
    let parts: Vec<std::borrow::Cow<'_, str>> = up.chain(down).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDERS: [&str; 12] = [
        "packages/a",
        "packages/b",
        "packages/.hidden",
        "packages/a/nested",
        "packages/node_modules/x",
        "packages/bower_components/y",
        "packages/test",
        "apps/one/deep",
        "real",
        ".dot/z",
        "../beside/x",
        "packages/with space",
    ];

    /// What pnpm 12.21 was seen to take for projects in a workspace of these folders, without the root.
    fn found(patterns: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("workspace");
        for project in FOLDERS {
            let project = relative_join(&root, project);
            std::fs::create_dir_all(&project).unwrap();
            std::fs::write(project.join("package.json"), "{}").unwrap();
        }
        std::fs::create_dir_all(root.join("packages/no-manifest")).unwrap();
        std::os::unix::fs::symlink("../real", root.join("packages/link")).unwrap();
        std::os::unix::fs::symlink("..", root.join("packages/circle")).unwrap();
        let patterns: Vec<String> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let found = matching(&root, &patterns).unwrap();
        found.iter().map(|folder| relative_id(&root, folder)).collect()
    }

    fn relative_join(root: &Path, path: &str) -> PathBuf {
        match path.strip_prefix("../") {
            Some(path) => root.parent().unwrap().join(path),
            None => root.join(path),
        }
    }

    const PACKAGES: [&str; 5] =
        ["packages/a", "packages/b", "packages/link", "packages/test", "packages/with space"];

    #[test]
    fn a_star_is_one_folder_and_neither_hidden_nor_installed_ones() {
        for pattern in ["packages/*", "packages/*/", "./packages/*"] {
            assert_eq!(found(&[pattern]), PACKAGES, "{pattern}");
        }
        assert_eq!(found(&["*"]), ["real"]);
        assert_eq!(found(&["packages/?"]), ["packages/a", "packages/b"]);
        assert_eq!(found(&["packages/[ab]"]), ["packages/a", "packages/b"]);
    }

    #[test]
    fn two_stars_are_any_depth_and_a_circle_of_links_ends() {
        let all = found(&["**"]);
        for folder in ["apps/one/deep", "packages/a/nested", "packages/link", "real"] {
            assert!(all.iter().any(|found| found == folder), "{folder} is in {all:?}");
        }
        assert!(!all.iter().any(|folder| folder.contains("node_modules") || folder.contains('.')));
    }

    #[test]
    fn braces_may_hold_whole_paths() {
        assert_eq!(found(&["packages/{a,b}"]), ["packages/a", "packages/b"]);
        assert_eq!(found(&["{packages/a,apps/*/*}"]), ["apps/one/deep", "packages/a"]);
    }

    #[test]
    fn a_pattern_with_a_mark_takes_out_wherever_it_stands() {
        assert_eq!(found(&["packages/{a,b}", "!packages/a"]), ["packages/b"]);
        assert_eq!(found(&["!packages/a", "packages/{a,b}"]), ["packages/b"]);
        assert_eq!(found(&["packages/{a,b}/**", "!**/a/**"]), ["packages/b"]);
        assert_eq!(found(&["!packages/b"]), Vec::<String>::new());
    }

    #[test]
    fn written_out_names_may_be_hidden_or_beside_the_workspace_but_not_absolute() {
        assert_eq!(found(&[".dot/*"]), [".dot/z"]);
        assert_eq!(found(&["../beside/*"]), ["../beside/x"]);
        assert_eq!(found(&["packages/link"]), ["packages/link"]);
        assert_eq!(found(&["/packages/*", "nowhere/*", ".", "packages"]), Vec::<String>::new());
    }

    #[test]
    fn extended_globs_are_refused_as_by_pnpm() {
        let error = matching(Path::new("/"), &["packages/!(a)".to_owned()]).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_WORKSPACE_INVALID_GLOB"));
    }
}
