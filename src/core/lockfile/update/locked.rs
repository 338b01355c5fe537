//! Versions that are locked already.

use super::references::VersionText;
use crate::core::lockfile::model::Lockfile;
use crate::core::version_range::parse_range;
use node_semver::Version;

/// The version that a resolution would take: the highest locked one in the range, since locked versions go before
/// newer ones. `None` where that cannot be told, since nothing that is locked fits, or a version is bound to a registry,
/// or the lowest is to be taken and there are several.
pub(in crate::core) fn locked_version(
    lockfile: &Lockfile,
    name: &str,
    specifier: &str,
    picks_lowest: bool,
) -> Option<Version> {
    let range = parse_range(specifier).ok()?;
    let mut fitting = Vec::new();
    for id in lockfile.packages.keys() {
        let Some(version) = id.strip_prefix(name).and_then(|rest| rest.strip_prefix('@')) else {
            continue;
        };
        match VersionText::of(version) {
            VersionText::Plain(version) if range.satisfies(&version) => fitting.push(version),
            VersionText::Prefixed => return None,
            VersionText::Plain(_) | VersionText::Other => {}
        }
    }
    if fitting.len() > 1 && picks_lowest {
        return None;
    }
    fitting.into_iter().max()
}
