//! Projects of the workspace as dependencies: `workspace:`, and plain ranges where the settings allow it.
//!
//! pnpm: `resolving-npm-resolver/src/resolve_from_workspace.rs` and `workspace-range-resolver`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use node_semver::Version;

use super::error::NpmError;
use super::specifier::RegistrySpecifier;
use crate::core::lockfile::Resolution;
use crate::core::path::relative;
use crate::core::resolve::{PackageManifest, Resolved, SelectorKind, Source, Via};
use crate::core::version_range::parse_range;

/// A project of the workspace.
#[derive(Debug, Clone)]
pub struct WorkspacePackage {
    /// Absolute path of its folder.
    pub folder: PathBuf,
    /// Its manifest.
    pub manifest: Arc<PackageManifest>,
}

/// The projects of the workspace, by name and version.
#[derive(Debug, Clone, Default)]
pub struct WorkspacePackages {
    by_name: BTreeMap<Arc<str>, BTreeMap<Arc<str>, WorkspacePackage>>,
}

impl WorkspacePackages {
    /// Takes the projects that have a name; without a version they count as `0.0.0`.
    #[must_use]
    pub fn new(projects: impl IntoIterator<Item = WorkspacePackage>) -> Self {
        let mut packages = Self::default();
        for project in projects {
            let name = Arc::clone(&project.manifest.name);
            let version = Arc::clone(&project.manifest.version);
            let version = if version.is_empty() { Arc::from("0.0.0") } else { version };
            if !name.is_empty() {
                packages.by_name.entry(name).or_default().insert(version, project);
            }
        }
        packages
    }

    /// How many projects have this name.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.by_name.get(name).map_or(0, BTreeMap::len)
    }

    /// The project of exactly this version.
    #[must_use]
    pub fn exact(&self, name: &str, version: &str) -> Option<&WorkspacePackage> {
        self.by_name.get(name)?.get(version)
    }

    /// The project that a specifier asks for, with its version. A tag asks for any.
    #[must_use]
    pub fn find(&self, specifier: &RegistrySpecifier) -> Option<(&Arc<str>, &WorkspacePackage)> {
        let versions = self.by_name.get(&specifier.name)?;
        match specifier.kind {
            SelectorKind::Version => versions.get_key_value(&specifier.text),
            SelectorKind::Tag => highest(versions, |_| true),
            SelectorKind::Range if &*specifier.text == "*" => highest(versions, |_| true),
            SelectorKind::Range => {
                let range = parse_range(&specifier.text).ok()?;
                let takes_prereleases = names_prerelease(&specifier.text);
                highest(versions, |version| {
                    version.satisfies(&range) && (takes_prereleases || !version.is_prerelease())
                })
            }
        }
    }

    /// The project that a specifier asks for.
    ///
    /// # Errors
    /// When there is none.
    pub fn require(
        &self,
        specifier: &RegistrySpecifier,
        project: &Path,
        (alias, text): (Option<&str>, &str),
    ) -> Result<&WorkspacePackage, NpmError> {
        let name = &specifier.name;
        let project = project.display().to_string();
        let Some(versions) = self.by_name.get(name) else {
            let known: Vec<&str> = self.by_name.keys().map(|name| &**name).collect();
            return Err(NpmError::NotInWorkspace {
                project,
                dependency: format!("{name}@{text}"),
                name: name.to_string(),
                known: known.join(", "),
            });
        };
        self.find(specifier).map(|(_, package)| package).ok_or_else(|| {
            let mut versions: Vec<&str> = versions.keys().map(|version| &**version).collect();
            versions.sort_by(|left, right| match (Version::parse(left), Version::parse(right)) {
                (Ok(left), Ok(right)) => right.cmp(&left),
                _ => right.cmp(left),
            });
            NpmError::NoVersionInWorkspace {
                project,
                dependency: format!("{}@{text}", alias.unwrap_or_default()),
                available: format!(". Available versions: {}", versions.join(", ")),
            }
        })
    }
}

fn highest(
    versions: &BTreeMap<Arc<str>, WorkspacePackage>,
    fits: impl Fn(&Version) -> bool,
) -> Option<(&Arc<str>, &WorkspacePackage)> {
    let parsed = versions.iter().filter_map(|entry| Some((Version::parse(entry.0).ok()?, entry)));
    parsed
        .filter(|(version, _)| fits(version))
        .reduce(|best, next| if best.0 >= next.0 { best } else { next })
        .map(|(_, entry)| entry)
}

/// A dash right behind a digit.
fn names_prerelease(range: &str) -> bool {
    range.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] == b'-')
}

/// What follows `workspace:` as a specifier of a registry; `None` when there is nothing of the kind. `^`, `~` and nothing
/// ask for any version, `name@…` for a package of another name.
#[must_use]
pub fn as_registry_specifier(rest: &str) -> String {
    let (name, version) = match rest.char_indices().nth(1) {
        Some((second, _)) if !rest.starts_with(['.', '_', '/']) => match rest[second..].find('@') {
            Some(at) => (Some(&rest[..second + at]), &rest[second + at + 1..]),
            None => (None, rest),
        },
        _ => (None, rest),
    };
    let version = if matches!(version, "^" | "~" | "") { "*" } else { version };
    name.map_or_else(|| version.to_owned(), |name| format!("npm:{name}@{version}"))
}

impl WorkspacePackage {
    /// The folder that dependents get: the one it is published from, unless it says otherwise.
    fn linked_folder(&self) -> PathBuf {
        let folder = self.manifest.publish_directory.as_deref();
        folder.map_or_else(
            || self.folder.clone(),
            |folder| crate::core::path::without_dots(&self.folder.join(folder)),
        )
    }

    /// What a specifier is resolved to when it leads here: a link, or a copy of the folder if it is injected.
    #[must_use]
    pub fn resolved(&self, lockfile_dir: &Path, is_injected: bool) -> Resolved {
        let directory = relative(lockfile_dir, &self.linked_folder()).to_string_lossy().replace('\\', "/");
        let directory: Arc<str> = directory.into();
        let name = Arc::clone(&self.manifest.name);
        let (id, source) = if is_injected {
            let resolution = Resolution::Directory { directory: directory.to_string(), other: Vec::new() };
            (format!("{name}@file:{directory}"), Source::Package { resolution, tarball: None })
        } else {
            (format!("link:{directory}"), Source::Link { directory })
        };
        Resolved {
            id: id.into(),
            name,
            version: Some(Arc::clone(&self.manifest.version)).filter(|version| !version.is_empty()),
            source,
            manifest: Arc::clone(&self.manifest),
            via: Via::Workspace,
            latest: None,
            published_at: None,
            normalized_specifier: None,
            alias: None,
            violation: None,
            unpacked_size: None,
            file_count: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages() -> WorkspacePackages {
        let project = |name: &str, version: &str, folder: &str| WorkspacePackage {
            folder: folder.into(),
            manifest: Arc::new(PackageManifest {
                name: name.into(),
                version: version.into(),
                ..PackageManifest::default()
            }),
        };
        WorkspacePackages::new([
            project("a", "1.0.0", "/w/a1"),
            project("a", "2.0.0-rc.1", "/w/a2"),
            project("b", "", "/w/b"),
            project("", "1.0.0", "/w/nameless"),
        ])
    }

    fn folder(specifier: &str, alias: &str) -> Option<String> {
        let text = as_registry_specifier(specifier);
        let specifier = RegistrySpecifier::parse(&text, Some(alias), "http://127.0.0.1/").unwrap();
        packages().find(&specifier).map(|(_, found)| found.folder.display().to_string())
    }

    #[test]
    fn a_project_is_found_by_name_and_range() {
        assert_eq!(folder("*", "a").as_deref(), Some("/w/a2"), "a prerelease, too");
        assert_eq!(folder("^", "a").as_deref(), Some("/w/a2"));
        assert_eq!(folder("", "b").as_deref(), Some("/w/b"));
        assert_eq!(folder("^1.0.0", "a").as_deref(), Some("/w/a1"));
        assert_eq!(folder(">=1.0.0", "a").as_deref(), Some("/w/a1"));
        assert_eq!(folder("2.0.0-rc.1", "a").as_deref(), Some("/w/a2"));
        assert_eq!(folder("a@^1.0.0", "other").as_deref(), Some("/w/a1"));
        assert_eq!(folder("^3.0.0", "a"), None);
        assert_eq!(folder("*", "c"), None);
    }

    #[test]
    fn a_project_that_is_not_there_is_an_error_that_tells_which_are() {
        let specifier = |name: &str| RegistrySpecifier::select(name.into(), "^3.0.0").unwrap();
        let error = |name: &str| {
            let asked = (Some(name), "workspace:^3.0.0");
            packages().require(&specifier(name), Path::new("/w/x"), asked).unwrap_err()
        };
        assert_eq!(error("c").help().as_deref(), Some("Packages found in the workspace: a, b"));
        assert!(error("a").to_string().ends_with("Available versions: 2.0.0-rc.1, 1.0.0"));
    }

    #[test]
    fn a_project_is_linked_or_copied() {
        let packages = packages();
        let project = packages.exact("a", "1.0.0").unwrap();
        let link = project.resolved(Path::new("/w"), false);
        assert_eq!(&*link.id, "link:a1");
        assert_eq!(link.source, Source::Link { directory: "a1".into() });
        let copy = project.resolved(Path::new("/w"), true);
        assert_eq!(&*copy.id, "a@file:a1");
        assert!(matches!(copy.source, Source::Package { tarball: None, .. }));
    }
}
