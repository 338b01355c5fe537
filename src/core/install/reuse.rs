//! What of the old lockfile a resolution starts from: all of it as it stands, a copy that follows changed catalogs and
//! overrides, or single edges only.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::core::change::Circumstances;
use crate::core::config::Config;
use crate::core::lockfile::{Lockfile, PackageSelector, parent_and_child};
use crate::core::resolve::rewrite::{Rewriter, SeedRequest, reuse_seed};
use crate::core::resolve::{Asked, Resolved, Resolver, UpdateBehavior, Wanted};

/// The packages that overrides held at a version in all places, and do not any more: what the lockfile has of them is
/// the override's choice and nobody else's, so it counts for nothing. Overrides of some places leave their choice behind.
pub(super) fn freed(lockfile: &Lockfile, rewriter: &Rewriter) -> BTreeSet<String> {
    let is_there = |selector: &str| rewriter.overrides().rules().iter().any(|rule| rule.selector == selector);
    let gone = lockfile.overrides.keys().filter(|selector| !is_there(selector));
    let plain = gone.filter(|selector| {
        matches!(parent_and_child(selector), (None, _))
            && PackageSelector::parse(selector).is_some_and(|selector| selector.range.is_none())
    });
    plain.cloned().collect()
}

/// Finds the lockfile whose subtrees may be taken as they stand; `None` where every package has to be looked at again:
/// what changes manifests is another one now, or the run is to deduplicate.
pub(super) async fn reusable<'a, R: Resolver>(
    config: &'a Config,
    rewriter: &'a Rewriter,
    lockfile: &'a Lockfile,
    has_patches: bool,
    (resolver, circumstances): (&R, Circumstances<'_>),
) -> Option<Cow<'a, Lockfile>> {
    if config.dedupe.is_some() {
        return None;
    }
    let request = SeedRequest {
        lockfile,
        rewriter,
        catalogs: rewriter.catalogs(),
        ignored_optional: &config.ignored_optional_dependencies.value,
        overrides_use_catalogs: config.overrides.values().any(|value| value.starts_with("catalog:")),
        has_patches,
    };
    let fetch = async |name: Arc<str>, version: Arc<str>| -> Option<Arc<Resolved>> {
        let wanted = Wanted {
            alias: Some(name),
            specifier: version,
            optional: false,
            injected: None,
            previous_specifier: None,
        };
        let asked = Asked {
            project_dir: &config.lockfile_dir,
            depth: 0,
            preferred: circumstances.preferred,
            overlay: None,
            pick_lowest: false,
            published_by: circumstances.published_by,
            update: UpdateBehavior::Off,
        };
        // What cannot be had is no error here: the resolution that follows says so if it matters.
        resolver.resolve(&wanted, &asked).await.ok()
    };
    reuse_seed(request, fetch).await
}
