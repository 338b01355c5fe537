//! Whether the lockfile was made for the manifests as they are now (`ERR_PNPM_OUTDATED_LOCKFILE`).

use super::git_specifier::specifiers_agree;
use super::settings::{FreshnessSettings, check_settings};
use crate::core::lockfile::error::LockfileError;
use crate::core::lockfile::model::{Importer, ImporterDependency, Lockfile};
use crate::core::lockfile::specifiers::{self, Base, Extensions, Overrides, Owner};
use crate::core::lockfile::{Reference, reference, split};
use crate::core::manifest::Manifest;
use crate::core::patterns::Patterns;
use crate::core::version_range::parse_range;
use indexmap::IndexMap;
use node_semver::Version;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Checks that the lockfile was made for these manifests under these settings. `manifests` are the projects by importer
/// id; the root, `.`, must be among them for overrides that refer to it.
///
/// # Errors
/// `Overrides` or `Extensions` when those cannot be read, `ConfigMismatch` for the first setting that differs, else `Outdated` for the
/// first importer that does.
pub fn check_freshness(
    lockfile: &Lockfile,
    manifests: &[(&str, &Manifest)],
    settings: &FreshnessSettings,
) -> Result<(), LockfileError> {
    let root = manifests.iter().find(|(id, _)| *id == ".").map(|(_, manifest)| *manifest);
    let overrides = Overrides::parse(&settings.overrides, &settings.catalogs, root)?;
    check_settings(lockfile, settings, &overrides)?;

    let is_known = |id: &String| manifests.iter().any(|(known, _)| known == id);
    if settings.all_projects
        && let Some(removed) = lockfile.importers.keys().find(|id| !is_known(id))
    {
        return Err(outdated(removed, "* the lockfile has this project, and it does not exist any more"));
    }
    let extensions = Extensions::read(settings.package_extensions.as_ref().unwrap_or(&Value::Null))?;
    manifests.iter().try_for_each(|(id, manifest)| {
        let manifest = &*extensions.project(manifest);
        let groups = Groups::effective(manifest, id, settings, &overrides);
        match lockfile.importers.get(*id) {
            Some(importer) => check_importer(id, importer, manifest, &groups),
            None if groups.is_empty() => Ok(()),
            None => Err(outdated(id, "* the lockfile does not have this project")),
        }
    })
}

fn outdated(importer: &str, reason: impl Into<String>) -> LockfileError {
    LockfileError::Outdated { importer: importer.to_owned(), reason: reason.into() }
}

/// The dependencies of a manifest as the lockfile should record them.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    pub dependencies: IndexMap<String, String>,
    pub development: IndexMap<String, String>,
    pub optional: IndexMap<String, String>,
    pub peers: IndexMap<String, String>,
}

impl Groups {
    /// The groups as they are written.
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            dependencies: manifest.dependencies.clone(),
            development: manifest.dev_dependencies.clone(),
            optional: manifest.optional_dependencies.clone(),
            peers: manifest.peer_dependencies.clone(),
        }
    }

    /// The groups after overrides, with the project's own peers among its dependencies, without what is left out of
    /// lockfiles, and each alias in its strongest group only: optional before production before development.
    fn effective(manifest: &Manifest, id: &str, settings: &FreshnessSettings, overrides: &Overrides) -> Self {
        let mut groups = Self::of(manifest);
        overrides.apply(
            &mut specifiers::Groups {
                dependencies: &mut groups.dependencies,
                optional: &mut groups.optional,
                development: &mut groups.development,
                peers: &mut groups.peers,
            },
            Owner {
                name: manifest.name.as_deref(),
                version: manifest.version.as_deref(),
                base: Base::Importer(id),
            },
        );
        if settings.exclude_links_from_lockfile {
            for group in [&mut groups.dependencies, &mut groups.development, &mut groups.optional] {
                group.retain(|_, specifier| !specifier.starts_with("link:"));
            }
        }
        if settings.auto_install_peers {
            let declared = |alias: &String| {
                groups.dependencies.contains_key(alias)
                    || groups.development.contains_key(alias)
                    || groups.optional.contains_key(alias)
            };
            let peers: Vec<_> = groups.peers.iter().filter(|(alias, _)| !declared(alias)).collect();
            let peers: Vec<_> =
                peers.into_iter().map(|(alias, range)| (alias.clone(), range.clone())).collect();
            groups.dependencies.extend(peers);
        }
        let ignored = Patterns::new(&settings.ignored_optional_dependencies);
        let ignored: Vec<String> =
            groups.optional.keys().filter(|alias| ignored.matches(alias)).cloned().collect();
        for alias in &ignored {
            groups.optional.shift_remove(alias);
            groups.dependencies.shift_remove(alias);
        }
        groups.dependencies.retain(|alias, _| !groups.optional.contains_key(alias));
        groups.development.retain(|alias, _| {
            !groups.optional.contains_key(alias) && !groups.dependencies.contains_key(alias)
        });
        groups
    }

    fn is_empty(&self) -> bool {
        self.dependencies.is_empty() && self.development.is_empty() && self.optional.is_empty()
    }
}

fn check_importer(
    id: &str,
    importer: &Importer,
    manifest: &Manifest,
    groups: &Groups,
) -> Result<(), LockfileError> {
    let pairs = [
        ("dependencies", &groups.dependencies, &importer.dependencies),
        ("devDependencies", &groups.development, &importer.dev_dependencies),
        ("optionalDependencies", &groups.optional, &importer.optional_dependencies),
    ];
    if let Some(reason) = differences(pairs) {
        return Err(outdated(id, format!("* in importers[{id:?}]:\n{reason}")));
    }

    let publish_directory =
        manifest.publish_config.as_ref().and_then(|config| config.get("directory")).and_then(Value::as_str);
    if importer.publish_directory.as_deref() != publish_directory {
        return Err(outdated(
            id,
            "* publishConfig.directory is not what the lockfile has as publishDirectory",
        ));
    }
    let recorded_meta =
        importer.dependencies_meta.as_ref().and_then(Value::as_object).filter(|meta| !meta.is_empty());
    if recorded_meta != manifest.dependencies_meta.as_ref().filter(|meta| !meta.is_empty()) {
        return Err(outdated(id, "* dependenciesMeta is not what the lockfile has"));
    }

    for (group, wanted, recorded) in pairs {
        for (alias, specifier) in wanted {
            let Some(dependency) = recorded.get(alias) else {
                return Err(outdated(
                    id,
                    format!("* {alias} is in {group}, and in another group of the lockfile"),
                ));
            };
            check_resolved(id, alias, specifier, dependency)?;
        }
    }
    Ok(())
}

type Pair<'a> = (&'static str, &'a IndexMap<String, String>, &'a IndexMap<String, ImporterDependency>);

/// What the manifest asks for beside what the lockfile recorded, all groups together; `None` where they agree.
fn differences(pairs: [Pair<'_>; 3]) -> Option<String> {
    let mut wanted = BTreeMap::new();
    let mut recorded = BTreeMap::new();
    for (_, specifiers, dependencies) in pairs {
        wanted.extend(specifiers);
        recorded.extend(dependencies.iter().map(|(alias, dependency)| (alias, &dependency.specifier)));
    }
    let listed = |entries: Vec<String>, action: &str| match entries.len() {
        0 => String::new(),
        1 => format!("* 1 dependency was {action}: {}\n", entries[0]),
        count => format!("* {count} dependencies were {action}: {}\n", entries.join(", ")),
    };
    let only_in = |one: &BTreeMap<&String, &String>, other: &BTreeMap<&String, &String>| -> Vec<String> {
        let only = one.iter().filter(|(alias, _)| !other.contains_key(*alias));
        only.map(|(alias, specifier)| format!("{alias}@{specifier}")).collect()
    };
    let mut reason = listed(only_in(&wanted, &recorded), "added");
    reason += &listed(only_in(&recorded, &wanted), "removed");

    let mismatched: Vec<_> = recorded
        .iter()
        .filter_map(|(alias, specifier)| Some((alias, specifier, wanted.get(*alias)?)))
        .filter(|(_, recorded, wanted)| !specifiers_agree(recorded, wanted))
        .collect();
    match mismatched.len() {
        0 => {}
        1 => reason += "* 1 dependency is mismatched:\n",
        count => {
            let _ = writeln!(reason, "* {count} dependencies are mismatched:");
        }
    }
    for (alias, recorded, wanted) in mismatched {
        let _ = writeln!(reason, "  - {alias} (lockfile: {recorded}, manifest: {wanted})");
    }
    (!reason.is_empty()).then(|| reason.trim_end().to_owned())
}

/// The version that was recorded must lie in the range it was recorded for, where it is one.
fn check_resolved(
    id: &str,
    alias: &str,
    specifier: &str,
    dependency: &ImporterDependency,
) -> Result<(), LockfileError> {
    let Reference::Package(dep_path) = reference(alias, &dependency.version) else {
        return Ok(());
    };
    let version = split(&dep_path).version;
    let (Ok(parsed), Ok(range)) = (Version::parse(version), parse_range(specifier)) else {
        return Ok(());
    };
    if specifier.is_empty() || range.satisfies(&parsed) {
        return Ok(());
    }
    Err(outdated(id, format!("* {alias} is locked at {version}, which is not in the range {specifier}")))
}
