//! One `--filter` selector, taken apart (pnpm: `workspace-projects-filter/src/parse_project_selector.rs`).

use std::path::Path;

use super::error::WorkspaceError;
use crate::core::path::without_dots;

/// What a selector says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark that may stand in a selector or not")]
pub(super) struct Selector {
    /// Names, with `*` for any text.
    pub name: Option<String>,
    /// Absolute path of a folder, as a glob.
    pub folder: Option<String>,
    /// What it matches is taken out.
    pub excludes: bool,
    /// The dependencies of what it matches are meant too.
    pub dependencies: bool,
    /// So are its dependents.
    pub dependents: bool,
    /// What it matches is itself not meant.
    pub without_self: bool,
}

impl Selector {
    /// Takes a selector apart; folders in it start from `prefix`.
    ///
    /// # Errors
    /// For selectors of changed projects, `[since]`, and for an empty one.
    pub fn parse(text: &str, prefix: &Path) -> Result<Self, WorkspaceError> {
        let refuse = |what| WorkspaceError::Selector { selector: text.to_owned(), what };
        let mut selector = Self::default();
        let mut rest = text;
        if let Some(after) = rest.strip_prefix('!') {
            selector.excludes = true;
            rest = after;
        }
        if let Some(before) = rest.strip_suffix("...") {
            selector.dependencies = true;
            rest = before;
            if let Some(before) = rest.strip_suffix('^') {
                selector.without_self = true;
                rest = before;
            }
        }
        if let Some(after) = rest.strip_prefix("...") {
            selector.dependents = true;
            rest = after;
            if let Some(after) = rest.strip_prefix('^') {
                selector.without_self = true;
                rest = after;
            }
        }
        if rest.contains('[') && rest.ends_with(']') {
            return Err(refuse("changed projects cannot be selected by this version of pacwatch"));
        }
        if rest.is_empty() {
            return Err(refuse("nothing is selected by it"));
        }
        let is_folder =
            ["./", "../"].iter().any(|start| rest.starts_with(start)) || rest == "." || rest == "..";
        if is_folder {
            selector.folder = Some(folder_glob(prefix, rest));
        } else if let Some((name, folder)) = rest
            .strip_suffix('}')
            .and_then(|rest| rest.split_once('{'))
            .filter(|(_, folder)| !folder.is_empty())
        {
            selector.folder = Some(folder_glob(prefix, folder));
            selector.name = (!name.is_empty()).then(|| name.to_owned());
        } else {
            selector.name = Some(rest.to_owned());
        }
        Ok(selector)
    }

    /// Whether a folder is one that the selector names.
    pub fn has_folder(&self, folder: &Path) -> bool {
        let Some(pattern) = &self.folder else {
            return true;
        };
        fast_glob::glob_match(pattern, &*folder.to_string_lossy())
    }
}

/// A folder from a prefix, `.` and `..` resolved; wildcards stay.
fn folder_glob(prefix: &Path, folder: &str) -> String {
    let path = without_dots(&prefix.join(folder.trim_end_matches('/')));
    path.to_string_lossy().into_owned()
}

/// Whether a name fits a pattern in which `*` stands for any text.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(start) else {
        return false;
    };
    (0..=name.len()).filter(|at| name.is_char_boundary(*at)).any(|at| fits(rest, &name[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Selector {
        Selector::parse(text, Path::new("/w/apps")).unwrap()
    }

    #[test]
    fn names_and_folders_are_told_apart() {
        assert_eq!(parse("@s/web*").name.as_deref(), Some("@s/web*"));
        assert_eq!(parse("./web").folder.as_deref(), Some("/w/apps/web"));
        assert_eq!(parse(".").folder.as_deref(), Some("/w/apps"));
        assert_eq!(parse("{../packages/**}").folder.as_deref(), Some("/w/packages/**"));
        let both = parse("web{packages/*}");
        assert_eq!(both.name.as_deref(), Some("web"));
        assert_eq!(both.folder.as_deref(), Some("/w/apps/packages/*"));
    }

    #[test]
    fn dots_and_marks_say_what_else_is_meant() {
        let selector = parse("!...^web^...");
        assert!(selector.excludes && selector.dependencies && selector.dependents && selector.without_self);
        assert_eq!(selector.name.as_deref(), Some("web"));
        let selector = parse("./web...");
        assert!(selector.dependencies && !selector.dependents && !selector.without_self);
        assert_eq!(selector.folder.as_deref(), Some("/w/apps/web"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for text in ["[main]", "web[main]", "...[HEAD~1]", "", "!", "..."] {
            assert!(Selector::parse(text, Path::new("/w")).is_err(), "{text}");
        }
    }
}
