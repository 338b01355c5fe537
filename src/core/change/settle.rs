//! What is saved, now that versions are known.

use node_semver::Version;

use super::begin::{Changes, ProjectChange, Saved};
use crate::core::lockfile::{Importer, ImporterDependency, Lockfile, Reference, reference, split};
use crate::core::manifest_edit::{RangeStyle, bumped, saved};

impl Changes {
    /// Settles the specifiers of what was added or moved: in the lockfile, which says which versions they are, and in
    /// the manifests.
    pub fn settle(&mut self, lockfile: &mut Lockfile) {
        let style = self.style;
        for (id, change) in &mut self.projects {
            if let Some(importer) = lockfile.importers.get_mut(id) {
                change.settle(importer, style);
            }
        }
    }
}

impl ProjectChange {
    fn settle(&mut self, importer: &mut Importer, style: RangeStyle) {
        for wish in std::mem::take(&mut self.wishes) {
            let Some(locked) = entry(importer, &wish.alias) else { continue };
            let version = registry_version(&wish.alias, &locked.version);
            let specifier = match (&wish.saved, version) {
                (Saved::AsItIs(specifier), _) => specifier.clone(),
                (Saved::Version { prefix, asked, before }, Some(version)) => {
                    format!("{prefix}{}", saved(&version, asked.as_deref(), before.as_deref(), style))
                }
                (Saved::Bumped, Some(version)) => match bumped(&locked.specifier, &version) {
                    Some(specifier) => specifier,
                    None => continue,
                },
                // It is no version of a registry, so it stays as it was asked for.
                (Saved::Version { .. } | Saved::Bumped, None) => locked.specifier.clone(),
            };
            // What an override says stands in the lockfile instead of what the manifest says.
            let is_declared = wish
                .groups
                .iter()
                .any(|group| self.file.specifier(&wish.alias, *group) == Some(locked.specifier.as_str()));
            if is_declared {
                locked.specifier.clone_from(&specifier);
            } else if matches!(wish.saved, Saved::Bumped) {
                continue;
            }
            for group in &wish.groups {
                if matches!(wish.saved, Saved::Bumped) {
                    self.file.respecify(&wish.alias, &specifier, *group);
                } else {
                    self.file.save_as(&wish.alias, &specifier, *group);
                }
            }
        }
    }
}

/// The entry of a direct dependency.
fn entry<'a>(importer: &'a mut Importer, alias: &str) -> Option<&'a mut ImporterDependency> {
    let groups =
        [&mut importer.dependencies, &mut importer.dev_dependencies, &mut importer.optional_dependencies];
    groups.into_iter().find_map(|group| group.get_mut(alias))
}

/// The version of a direct dependency that comes from a registry.
fn registry_version(alias: &str, version: &str) -> Option<String> {
    let Reference::Package(dep_path) = reference(alias, version) else { return None };
    let version = split(&dep_path).version;
    let version = match version.split_once(':') {
        // A registry by its prefix.
        Some((prefix, version)) if !prefix.contains(['/', '+']) => version,
        _ => version,
    };
    Version::parse(version).is_ok().then(|| version.to_owned())
}
