//! Which projects of a workspace depend on which, by what their manifests say (pnpm:
//! `workspace-projects-graph/src/create_projects_graph.rs`).

use std::collections::BTreeMap;
use std::path::Path;

use node_semver::Version;
use rustc_hash::FxHashMap;

use super::projects::Project;
use crate::core::manifest::Manifest;
use crate::core::path::without_dots;
use crate::core::version_range::parse_range;

/// For each project, the positions of those it depends on. Plain ranges count where the workspace satisfies them
/// (`linkWorkspacePackages`).
pub(super) fn edges(projects: &[Project], plain_ranges: bool) -> Vec<Vec<usize>> {
    let lookup = Lookup::new(projects, plain_ranges);
    projects
        .iter()
        .map(|project| {
            let Some(manifest) = &project.manifest else {
                return Vec::new();
            };
            let specifiers = specifiers(manifest);
            let targets =
                specifiers.iter().filter_map(|(name, specifier)| lookup.target(project, name, specifier));
            targets.collect()
        })
        .collect()
}

/// All direct dependencies; of a name that stands in several groups, the one that counts most.
fn specifiers(manifest: &Manifest) -> BTreeMap<&str, &str> {
    let groups = [
        &manifest.peer_dependencies,
        &manifest.dev_dependencies,
        &manifest.optional_dependencies,
        &manifest.dependencies,
    ];
    groups.into_iter().flatten().map(|(name, specifier)| (name.as_str(), specifier.as_str())).collect()
}

struct Lookup<'a> {
    by_name: FxHashMap<&'a str, Vec<(usize, Option<&'a str>)>>,
    by_folder: FxHashMap<&'a Path, usize>,
    plain_ranges: bool,
}

impl<'a> Lookup<'a> {
    fn new(projects: &'a [Project], plain_ranges: bool) -> Self {
        let (mut by_name, mut by_folder) = (FxHashMap::default(), FxHashMap::default());
        for (position, project) in projects.iter().enumerate() {
            by_folder.insert(project.folder.as_path(), position);
            let Some(manifest) = &project.manifest else {
                continue;
            };
            if let Some(name) = &manifest.name {
                let versions: &mut Vec<_> = by_name.entry(name.as_str()).or_default();
                versions.push((position, manifest.version.as_deref()));
            }
        }
        Self { by_name, by_folder, plain_ranges }
    }

    fn target(&self, from: &Project, name: &str, specifier: &str) -> Option<usize> {
        let (of_workspace, specifier) = match specifier.strip_prefix("workspace:") {
            Some(rest) => (true, rest),
            None => (false, specifier),
        };
        let path = specifier
            .strip_prefix("file:")
            .or_else(|| specifier.strip_prefix("link:"))
            .or_else(|| is_path(specifier).then_some(specifier));
        if let Some(path) = path {
            return self.by_folder.get(&*without_dots(&from.folder.join(path))).copied();
        }
        if !of_workspace {
            return self.plain_ranges.then(|| self.satisfying(name, specifier)).flatten();
        }
        // An alias: `workspace:name@range`.
        let (name, range) = match specifier.rsplit_once('@') {
            Some((name, range)) if !name.is_empty() => (name, range),
            _ => (name, specifier),
        };
        if matches!(range, "" | "*" | "^" | "~") {
            return self.by_name.get(name)?.first().map(|(position, _)| *position);
        }
        self.satisfying(name, range)
    }

    fn satisfying(&self, name: &str, range: &str) -> Option<usize> {
        let candidates = self.by_name.get(name)?;
        let range = parse_range(range).ok()?;
        let versions = candidates.iter().filter_map(|(position, version)| {
            let version = Version::parse((*version)?).ok()?;
            range.satisfies(&version).then_some((version, *position))
        });
        versions.max_by(|(left, _), (right, _)| left.cmp(right)).map(|(_, position)| position)
    }
}

fn is_path(specifier: &str) -> bool {
    matches!(specifier, "." | "..") || ["./", "../", "/"].iter().any(|start| specifier.starts_with(start))
}
