//! The seam to the registry: what has to be known of a package to judge its locked versions.

use std::sync::Arc;

pub use crate::core::registry::{Form, TrustEvidence};

/// What a registry's document says of a package. Versions are never parsed before they are asked for.
pub trait Facts: Send + Sync {
    /// When the package last changed, as the registry writes it: no version in the document was published later.
    fn modified(&self) -> Option<&str>;
    /// Whether the version is in the document.
    fn has_version(&self, version: &str) -> bool;
    /// `dist.tarball` of a version; `None` when the version, or the address, is missing.
    fn tarball(&self, version: &str) -> Option<String>;
    /// When a version was published, as the registry writes it.
    fn published_at(&self, version: &str) -> Option<&str>;
    /// All versions.
    fn versions(&self) -> Vec<&str>;
    /// What vouches for a version: `Err` when the document has the version in a form that cannot be read.
    ///
    /// # Errors
    /// When it cannot be told, so that nobody may conclude that nothing vouches for the version.
    fn evidence(&self, version: &str) -> Result<Option<TrustEvidence>, MetadataFailure>;
}

/// Why a document cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFailure {
    /// pnpm's code for it.
    pub code: Option<String>,
    /// What went wrong, where, and why; without secrets.
    pub message: String,
}

/// Documents of registries, from the cache and from the network.
///
/// Requests are sent in the background class: those of resolution and downloads go first.
pub trait Metadata: Send + Sync + 'static {
    /// A document.
    type Document: Facts + 'static;

    /// The document that the cache on disk has, whatever its age.
    fn cached(
        &self,
        registry: &str,
        name: &str,
        form: Form,
    ) -> impl Future<Output = Option<Arc<Self::Document>>> + Send;

    /// The document as the registry has it now: asked for conditionally where the cache has one, and kept there. The
    /// cache alone answers when requests are not allowed.
    fn fetch(
        &self,
        registry: &str,
        name: &str,
        form: Form,
    ) -> impl Future<Output = Result<Arc<Self::Document>, MetadataFailure>> + Send;

    /// When the public log of signatures saw a version first, milliseconds since 1970; `None` when there is no such
    /// entry, or nobody can be asked.
    fn attested_at(
        &self,
        registry: &str,
        name: &str,
        version: &str,
    ) -> impl Future<Output = Option<i64>> + Send;

    /// Nothing more will be asked of a package.
    fn done_with(&self, name: &str);

    /// Nothing more will be asked: waits until the cache has what was read. Blocks.
    fn settle(&self);
}
