//! The seam between the tree and the ways in which a specifier becomes a package.

use std::path::Path;
use std::sync::Arc;

use super::error::ResolveError;
use super::preferred::{PreferredOverlay, PreferredVersions};
use super::resolved::Resolved;
use super::wanted::Wanted;

/// How far a command wants versions to move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum UpdateBehavior {
    /// Not at all: what is locked stays where it fits.
    #[default]
    Off,
    /// To the newest that the specifier allows.
    Compatible,
    /// To the newest there is.
    Latest,
}

/// The circumstances of a question, beside the specifier.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// Absolute path of the project (or package folder) whose manifest has the specifier; relative paths start there.
    pub project_dir: &'a Path,
    /// Distance from the project: 0 for its direct dependencies.
    pub depth: u32,
    /// Versions that are preferred in the whole run.
    pub preferred: &'a PreferredVersions,
    /// Versions that are preferred at this place of the tree.
    pub overlay: Option<&'a Arc<PreferredOverlay>>,
    /// Take the lowest version that fits (`resolutionMode: lowest-direct`, `time-based`).
    pub pick_lowest: bool,
    /// Milliseconds since 1970: take no version that was published later (`minimumReleaseAge`, `time-based`).
    pub published_by: Option<i64>,
    /// How far versions may move.
    pub update: UpdateBehavior,
}

/// Turns a specifier into a package.
///
/// Implementations keep what they learn, so that the same question costs nothing the second time; they answer many
/// questions at a time and always answer the same to the same question, in whatever order they are asked.
pub trait Resolver {
    /// Resolves one specifier.
    ///
    /// # Errors
    /// When nothing fits, or what is needed to know cannot be had.
    fn resolve(
        &self,
        wanted: &Wanted,
        asked: &Asked<'_>,
    ) -> impl Future<Output = Result<Arc<Resolved>, ResolveError>>;
}
