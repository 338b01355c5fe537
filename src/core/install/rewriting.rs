//! What the settings make of manifests, in the shape that the walk of the tree asks for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::core::path::relative;
use crate::core::resolve::rewrite::Rewriter;
use crate::core::resolve::tree::{PeerOverride, Rewrite};
use crate::core::resolve::{PackageManifest, ResolveError};

/// The settings of a project.
pub struct Rewriting<'a> {
    /// What they make of manifests.
    pub rewriter: &'a Rewriter,
    /// Where projects are counted from.
    pub lockfile_dir: PathBuf,
}

impl Rewrite for Rewriting<'_> {
    fn manifest(&self, manifest: &Arc<PackageManifest>) -> Arc<PackageManifest> {
        self.rewriter.package(Arc::clone(manifest))
    }

    fn catalog(&self, alias: &str, specifier: &str) -> Result<Option<Arc<str>>, ResolveError> {
        let found = self.rewriter.catalog(alias, specifier)?;
        Ok(found.map(|found| Arc::from(found.specifier)))
    }

    fn missing_peer(&self, name: &str, range: &str, project_dir: &Path) -> PeerOverride {
        let importer = importer_id(&self.lockfile_dir, project_dir);
        match self.rewriter.undeclared(name, range, &importer) {
            None => PeerOverride::None,
            Some(specifier) if specifier == "-" => PeerOverride::Drop,
            Some(specifier) => PeerOverride::Specifier(specifier.into()),
        }
    }
}

/// The id of the project in a folder.
fn importer_id(lockfile_dir: &Path, folder: &Path) -> String {
    if folder == lockfile_dir {
        return ".".to_owned();
    }
    relative(lockfile_dir, folder).to_string_lossy().replace('\\', "/")
}
