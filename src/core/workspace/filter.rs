//! Which projects `--filter` selects (pnpm: `workspace-projects-filter/src/filter.rs`).

use std::collections::BTreeSet;
use std::path::Path;

use super::dependencies::edges;
use super::error::WorkspaceError;
use super::projects::{Project, Workspace};
use super::selector::{Selector, fits};

/// What selectors came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selected {
    /// Positions in [`Workspace::projects`], in order.
    pub projects: Vec<usize>,
    /// Selectors that no project fits.
    pub unmatched: Vec<String>,
}

impl Workspace {
    /// The projects that the selectors mean together: what any of them selects, without what any of those with `!`
    /// does; all projects where only the latter are given. Folders in selectors start from `prefix`. `plain_ranges`
    /// says whether a range such as `^1.0.0` makes a project of the workspace a dependency.
    ///
    /// # Errors
    /// When a selector is of a kind that is not known.
    pub fn select(
        &self,
        selectors: &[String],
        prefix: &Path,
        plain_ranges: bool,
    ) -> Result<Selected, WorkspaceError> {
        let forward = edges(&self.projects, plain_ranges);
        let mut backward = vec![Vec::new(); forward.len()];
        for (from, targets) in forward.iter().enumerate() {
            for &to in targets {
                backward[to].push(from);
            }
        }
        let (mut included, mut excluded) = (BTreeSet::new(), BTreeSet::new());
        let (mut unmatched, mut includes_any) = (Vec::new(), false);
        for text in selectors {
            let selector = Selector::parse(text, prefix)?;
            let entries = self.entries(&selector);
            if entries.is_empty() {
                unmatched.push(text.clone());
            }
            includes_any |= !selector.excludes;
            let set = if selector.excludes { &mut excluded } else { &mut included };
            let mut dependents = BTreeSet::new();
            if selector.dependents {
                walk(&backward, &entries, !selector.without_self, &mut dependents);
            }
            if selector.dependencies {
                walk(&forward, &entries, !selector.without_self, set);
                let dependents: Vec<usize> = dependents.iter().copied().collect();
                walk(&forward, &dependents, false, set);
            }
            set.append(&mut dependents);
            if !selector.dependencies && !selector.dependents {
                set.extend(entries);
            }
        }
        if !includes_any {
            included.extend(0..self.projects.len());
        }
        Ok(Selected { projects: included.difference(&excluded).copied().collect(), unmatched })
    }

    fn entries(&self, selector: &Selector) -> Vec<usize> {
        let in_folder = |project: &Project| selector.has_folder(&project.folder);
        let named = |pattern: &str| -> Vec<usize> {
            let has_name = |project: &Project| {
                let manifest = project.manifest.as_ref();
                manifest.and_then(|manifest| manifest.name.as_deref()).is_some_and(|name| fits(pattern, name))
            };
            self.positions(|project| in_folder(project) && has_name(project))
        };
        let Some(pattern) = &selector.name else {
            return self.positions(in_folder);
        };
        let found = named(pattern);
        if !found.is_empty() || pattern.starts_with('@') || pattern.contains('/') {
            return found;
        }
        // The scope may be left out where that leaves no doubt.
        let scoped = named(&format!("@*/{pattern}"));
        if scoped.len() == 1 { scoped } else { Vec::new() }
    }

    fn positions(&self, fits: impl Fn(&Project) -> bool) -> Vec<usize> {
        let projects = self.projects.iter().enumerate();
        projects.filter(|(_, project)| fits(project)).map(|(position, _)| position).collect()
    }
}

/// Adds what can be reached; the entries themselves only if `with_entries`, or if another of them leads there.
fn walk(edges: &[Vec<usize>], entries: &[usize], with_entries: bool, reached: &mut BTreeSet<usize>) {
    let mut open: Vec<usize> = if with_entries {
        entries.to_vec()
    } else {
        entries.iter().flat_map(|entry| edges[*entry].iter().copied()).collect()
    };
    let mut seen = BTreeSet::new();
    while let Some(position) = open.pop() {
        if seen.insert(position) {
            open.extend(edges[position].iter().copied());
        }
    }
    reached.append(&mut seen);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::manifest::Manifest;

    fn workspace() -> Workspace {
        let projects = [
            (".", r#"{"name":"root","dependencies":{"a":"workspace:*"}}"#),
            ("apps/admin", r#"{"name":"admin","dependencies":{"web":"workspace:*"}}"#),
            (
                "apps/web",
                r#"{"name":"web","dependencies":{"a":"workspace:^1.0.0","@s/e":"link:../../packages/e"}}"#,
            ),
            ("packages/a", r#"{"name":"a","version":"1.0.0","devDependencies":{"alias":"workspace:b@*"}}"#),
            ("packages/b", r#"{"name":"b","version":"2.0.0"}"#),
            ("packages/c", r#"{"name":"c","dependencies":{"b":"^2.0.0"}}"#),
            ("packages/e", r#"{"name":"@s/e"}"#),
        ];
        let projects = projects
            .map(|(id, manifest)| Project {
                id: id.to_owned(),
                folder: if id == "." { "/w".into() } else { format!("/w/{id}").into() },
                manifest: Some(Manifest::parse(manifest.as_bytes(), Path::new(id)).unwrap()),
            })
            .into();
        Workspace { projects, ..Workspace::default() }
    }

    fn selected(selectors: &[&str]) -> String {
        let workspace = workspace();
        let selectors: Vec<String> = selectors.iter().map(|selector| (*selector).to_owned()).collect();
        let selected = workspace.select(&selectors, Path::new("/w"), false).unwrap();
        let ids: Vec<&str> =
            selected.projects.iter().map(|position| &*workspace.projects[*position].id).collect();
        ids.join(" ")
    }

    #[test]
    fn names_globs_and_folders_select() {
        assert_eq!(selected(&["web"]), "apps/web");
        assert_eq!(selected(&["@s/*"]), "packages/e");
        assert_eq!(selected(&["e"]), "packages/e");
        assert_eq!(selected(&["./apps/*", "b"]), "apps/admin apps/web packages/b");
        assert_eq!(selected(&["{apps/**}"]), "apps/admin apps/web");
        assert_eq!(selected(&["./apps"]), "");
        assert_eq!(selected(&["."]), ".");
    }

    #[test]
    fn dots_add_dependencies_and_dependents() {
        assert_eq!(selected(&["web..."]), "apps/web packages/a packages/b packages/e");
        assert_eq!(selected(&["web^..."]), "packages/a packages/b packages/e");
        assert_eq!(selected(&["...b"]), ". apps/admin apps/web packages/a packages/b");
        assert_eq!(selected(&["...^b"]), ". apps/admin apps/web packages/a");
        assert_eq!(selected(&["...a..."]), ". apps/admin apps/web packages/a packages/b packages/e");
    }

    #[test]
    fn a_mark_takes_out_of_everything_or_of_what_others_select() {
        assert_eq!(selected(&["!a"]), ". apps/admin apps/web packages/b packages/c packages/e");
        assert_eq!(selected(&["./apps/*", "!web"]), "apps/admin");
    }

    #[test]
    fn plain_ranges_count_only_where_the_workspace_satisfies_them() {
        let workspace = workspace();
        let selectors = ["...b".to_owned()];
        let with = workspace.select(&selectors, Path::new("/w"), true).unwrap();
        assert!(with.projects.contains(&5));
    }

    #[test]
    fn a_selector_without_a_project_is_told() {
        let selected = workspace().select(&["nobody".to_owned()], Path::new("/w"), false).unwrap();
        assert_eq!(selected.projects, Vec::<usize>::new());
        assert_eq!(selected.unmatched, ["nobody"]);
    }
}
