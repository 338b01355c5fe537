//! Which lockfile a resolution may reuse whole subtrees of.
//!
//! Settings that change what packages depend on make the recorded edges of all packages doubtful. Then versions that
//! are locked are still preferred, but every package is looked at anew. Catalogs and simple overrides are narrow enough
//! to write them into a copy of the lockfile, which is then as good as unchanged. Nothing here decides what is
//! written in the end. (pnpm: `install_with_fresh_lockfile/resolve.rs`, `fast_update_{catalogs,overrides}.rs`.)

mod catalogs;
mod plan;
mod replace;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::rewriter::Rewriter;
use crate::core::lockfile::{CatalogEntries, Lockfile};
use crate::core::resolve::Resolved;
use catalogs::CatalogChange;

/// What a seed depends on.
#[derive(Debug, Clone, Copy)]
pub struct SeedRequest<'a> {
    /// The lockfile as it is.
    pub lockfile: &'a Lockfile,
    /// The settings that change manifests.
    pub rewriter: &'a Rewriter,
    /// `catalogs`.
    pub catalogs: &'a CatalogEntries,
    /// `ignoredOptionalDependencies`.
    pub ignored_optional: &'a [String],
    /// Some override is declared as `catalog:`, so that a change of catalogs is one of overrides.
    pub overrides_use_catalogs: bool,
    /// There are patches; then packages are not replaced.
    pub has_patches: bool,
}

/// The lockfile whose subtrees may be reused, with catalogs and overrides as they are now; `None` when every package has
/// to be looked at anew. `fetch` finds an exact version of a package in its registry.
pub async fn reuse_seed<'a, Fetch, Answer>(
    request: SeedRequest<'a>,
    fetch: Fetch,
) -> Option<Cow<'a, Lockfile>>
where
    Fetch: Fn(Arc<str>, Arc<str>) -> Answer,
    Answer: Future<Output = Option<Arc<Resolved>>>,
{
    let SeedRequest { lockfile, rewriter, .. } = request;
    let as_set = |patterns: &'a [String]| -> BTreeSet<&'a String> { patterns.iter().collect() };
    if lockfile.package_extensions_checksum.as_deref() != rewriter.extensions_checksum()
        || as_set(&lockfile.ignored_optional_dependencies) != as_set(request.ignored_optional)
    {
        return None;
    }
    let seed = match catalogs::change(lockfile, request.catalogs, request.overrides_use_catalogs) {
        CatalogChange::None => Cow::Borrowed(lockfile),
        CatalogChange::Ranges(updated) => Cow::Owned(*updated),
        CatalogChange::Other if request.has_patches || request.overrides_use_catalogs => return None,
        CatalogChange::Other => {
            let (replacements, entries) = catalogs::replacements(lockfile, request.catalogs)?;
            let plan = plan::Plan::new(lockfile, replacements)?;
            let mut updated = replace::apply(lockfile, &plan, rewriter, &fetch).await?;
            updated.catalogs = entries;
            Cow::Owned(updated)
        }
    };
    if rewriter.overrides().agree_with(&seed.overrides) {
        return Some(seed);
    }
    if request.has_patches {
        return None;
    }
    let plan = plan::Plan::new(&seed, plan::of_overrides(&seed, rewriter.overrides())?)?;
    let mut updated = replace::apply(&seed, &plan, rewriter, &fetch).await?;
    updated.overrides = rewriter.overrides().recorded();
    Some(Cow::Owned(updated))
}

#[cfg(test)]
mod tests;
