//! What depends on what, and who is asked for it.

use std::sync::Arc;

use crate::core::event::{ImporterKnown, PackageId};
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
