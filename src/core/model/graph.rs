//! What depends on what, and who is asked for it.

use std::sync::Arc;

use crate::core::event::{ImporterKnown, ImportersKnown, PackageId};
use crate::core::model::fold::Model;

/// Hosts whose name is kept once for all packages.
const HOSTS_SHARED: usize = 64;

impl Model {
    /// What a package depends on, once that is known.
    #[must_use]
    pub fn dependencies(&self, id: PackageId) -> &[PackageId] {
        self.dependencies.get(id.index()).map_or(&[], Vec::as_slice)
    }

    /// The packages that depend on a package, by number.
    #[must_use]
    pub fn dependents(&self, id: PackageId) -> Vec<PackageId> {
        let packages = (0..).map(PackageId).zip(&self.dependencies);
        packages.filter(|(_, needed)| needed.contains(&id)).map(|(dependent, _)| dependent).collect()
    }

    /// The projects that depend on a package directly.
    pub fn dependent_importers(&self, id: PackageId) -> impl Iterator<Item = &ImporterKnown> {
        self.importers().iter().filter(move |importer| importer.packages.contains(&id))
    }

    /// What depends on what was told.
    #[must_use]
    pub fn knows_dependencies(&self) -> bool {
        !self.dependencies.is_empty()
    }

    /// Projects may become known one after the other.
    pub(super) fn know_importers(&mut self, known: &ImportersKnown) {
        let all = self.importers.get_or_insert_default();
        all.left_out = known.left_out;
        for importer in &known.importers {
            match all.importers.iter_mut().find(|before| before.id == importer.id) {
                Some(before) => before.clone_from(importer),
                None => all.importers.push(importer.clone()),
            }
        }
    }

    /// What is told once more replaces what was told before, but for packages that nothing is told of.
    pub(super) fn know_dependencies(&mut self, known: &[Vec<PackageId>]) {
        if self.dependencies.len() < known.len() {
            self.dependencies.resize(known.len(), Vec::new());
        }
        for (dependencies, known) in
            self.dependencies.iter_mut().zip(known).filter(|(_, known)| !known.is_empty())
        {
            dependencies.clone_from(known);
        }
    }

    pub(super) fn asked_of(&mut self, id: PackageId, host: Option<&str>) {
        let Some(host) = host else { return };
        let host = self.shared_host(host);
        self.packages.entry(id).or_default().host = Some(host);
    }

    /// The name of a host, kept once for all that was asked of it.
    pub(super) fn shared_host(&mut self, host: &str) -> Arc<str> {
        if let Some(known) = self.hosts.iter().find(|known| ***known == *host) {
            return Arc::clone(known);
        }
        let new: Arc<str> = host.into();
        if self.hosts.len() < HOSTS_SHARED {
            self.hosts.push(Arc::clone(&new));
        }
        new
    }
}
