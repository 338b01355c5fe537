//! What patches made of packages, written into their rows of the store.

use rustc_hash::FxHashSet;

use super::selection::Selector;
use super::work::Work;
use super::{Install, InstallError};
use crate::core::build::BuildPolicy;
use crate::core::link::Linker;
use crate::core::plan::host;
use crate::core::store::index::IndexWriter;

impl Install {
    /// Writes what patches made of packages. Where scripts may run, too, the outcome is not known yet.
    ///
    /// # Errors
    /// When a row cannot be written.
    pub(super) fn save_side_effects(
        &self,
        work: &Work,
        linker: &Linker,
        selector: &mut Selector<'_>,
    ) -> Result<(), InstallError> {
        let patched = linker.take_patched();
        if patched.is_empty() {
            return Ok(());
        }
        let Some(node_major) = selector.node_major() else {
            return Ok(());
        };
        let config = &self.config;
        let rules = config.allow_builds.iter().map(|(pattern, allowed)| (pattern.as_str(), *allowed));
        let policy = BuildPolicy::new(rules, *config.dangerously_allow_all_builds);
        let host = host();
        let index = IndexWriter::start(&linker.store.index_path())?;
        let mut seen = FxHashSet::default();
        for package in patched {
            let Some(planned) = work.slots.iter().find(|planned| planned.slot.package == package.id) else {
                continue;
            };
            let runs_scripts = package.stored.requires_build()
                && !*config.ignore_scripts
                && policy.verdict(&planned.label) == Some(true);
            // Slots that differ only in their peers share a row.
            if runs_scripts || package.effects.is_empty() || !seen.insert(planned.source) {
                continue;
            }
            let key =
                format!("{};{};node{node_major};format=2;patch={}", host.os, host.cpu, package.patch_hash);
            if let Some(row) = package.effects.added_to(&package.stored, &key) {
                index.write(work.sources[planned.source].key.clone(), row);
            }
        }
        Ok(index.finish()?)
    }
}
