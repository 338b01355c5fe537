//! What is saved, now that versions are known.

use std::collections::BTreeSet;

use node_semver::Version;

use super::begin::{Changes, ProjectChange, Saved};
use super::error::ChangeError;
use crate::core::lockfile::{
    Importer, ImporterDependency, Lockfile, Reference, catalog_name, reference, split,
};
use crate::core::manifest_edit::{RangeStyle, bumped, saved};
use crate::core::workspace_edit::WorkspaceFile;

impl Changes {
    /// Settles the specifiers of what was added or moved: in the lockfile, which says which versions they are, and in
    /// the manifests and catalogs.
    ///
    /// # Errors
    /// `pnpm-workspace.yaml` cannot be changed. Nothing was written.
    pub fn settle(&mut self, lockfile: &mut Lockfile) -> Result<(), ChangeError> {
        let style = self.style;
        let mut cataloged = Vec::new();
        for (id, change) in &mut self.projects {
            if let Some(importer) = lockfile.importers.get_mut(id) {
                cataloged.extend(change.settle(importer, style, &self.overridden));
            }
        }
        for (specifier, alias) in cataloged {
            self.catalogs.bump(lockfile, &specifier, &alias);
        }
        let mut entries = self.catalogs.set_entries().peekable();
        if entries.peek().is_some() {
            let mut file = WorkspaceFile::read(&self.settings_dir)?;
            for (catalog, alias, specifier) in entries {
                file.set_catalog_entry(catalog, alias, specifier)?;
            }
            self.settings = Some(file);
        }
        Ok(())
    }
}

impl ProjectChange {
    /// Returns the dependencies whose catalogs have to move: specifier and alias.
    fn settle(
        &mut self,
        importer: &mut Importer,
        style: RangeStyle,
        overridden: &BTreeSet<String>,
    ) -> Vec<(String, String)> {
        let mut cataloged = Vec::new();
        for wish in std::mem::take(&mut self.wishes) {
            if wish.saved == Saved::Bumped && overridden.contains(&wish.alias) {
                continue;
            }
            let Some(locked) = entry(importer, &wish.alias) else { continue };
            let version = registry_version(&wish.alias, &locked.version);
            if wish.saved == Saved::Bumped && catalog_name(&locked.specifier).is_some() {
                cataloged.push((locked.specifier.clone(), wish.alias));
                continue;
            }
            let specifier = match (&wish.saved, version) {
                (Saved::AsItIs(_) | Saved::Version { .. }, version) => {
                    wish.saved.specifier(version.as_deref(), &locked.specifier, style)
                }
                (Saved::Bumped, Some(version)) => match bumped(&locked.specifier, &version) {
                    Some(specifier) => specifier,
                    None => continue,
                },
                (Saved::Bumped, None) => locked.specifier.clone(),
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
        cataloged
    }
}

impl Saved {
    /// The text that is saved for a version of a registry. What is none stays as it was `asked` for.
    pub(super) fn specifier(&self, version: Option<&str>, asked_for: &str, style: RangeStyle) -> String {
        match (self, version) {
            (Self::AsItIs(specifier), _) => specifier.clone(),
            (Self::Version { prefix, asked, before }, Some(version)) => {
                format!("{prefix}{}", saved(version, asked.as_deref(), before.as_deref(), style))
            }
            (Self::Version { .. } | Self::Bumped, _) => asked_for.to_owned(),
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
