//! The versions that are preferred from the start: what the lockfile has, for all projects, and what a project asks for
//! itself, for that project. Where peers are installed, what all projects ask for counts.
//! pnpm: `lockfile-preferred-versions`; that what other projects ask for does not count is how pnpm 12.21 behaves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use node_semver::Version;
use rustc_hash::FxHashSet;

use super::project::DirectWanted;
use crate::core::lockfile::{Lockfile, split};
use crate::core::resolve::{PackageManifest, PreferredVersions, SelectorKind, VersionSelector, weight};
use crate::core::version_range::parse_range;

/// What projects ask for, by their manifests and, in `wanted`, by way of catalogs.
pub(super) fn selectors_of<'w>(
    manifests: impl IntoIterator<Item = &'w PackageManifest>,
    wanted: impl IntoIterator<Item = &'w DirectWanted>,
) -> PreferredVersions {
    let groups = manifests.into_iter().flat_map(|manifest| {
        [&manifest.dev_dependencies, &manifest.dependencies, &manifest.optional_dependencies]
    });
    let wanted = wanted.into_iter().filter(|wanted| !wanted.is_peer);
    let wanted = wanted.map(|wanted| (&wanted.alias, &wanted.specifier));
    let mut preferred = PreferredVersions::new();
    for (name, specifier) in groups.flatten().chain(wanted) {
        if let Some(kind) = selector_kind(specifier) {
            let selector = VersionSelector { kind, weight: weight::DIRECT };
            preferred.entry(Arc::clone(name)).or_default().insert(Arc::clone(specifier), selector);
        }
    }
    preferred
}

/// What is preferred of a package in a project: what counts for all, and what the project asks for itself. A version
/// that is in both counts for both.
pub(super) fn with_own(
    all: &PreferredVersions,
    own: &PreferredVersions,
    name: &str,
) -> BTreeMap<Arc<str>, VersionSelector> {
    let mut preferred = all.get(name).cloned().unwrap_or_default();
    for (text, selector) in own.get(name).into_iter().flatten() {
        let known = preferred.entry(Arc::clone(text));
        known.and_modify(|known| known.weight += selector.weight).or_insert(*selector);
    }
    preferred
}

/// The versions that the lockfile has. `moved` are names whose versions the command moves: what the lockfile has of them
/// does not count. Without a lockfile nothing counts (`update` without names).
#[must_use]
pub fn preferred_versions(lockfile: Option<&Lockfile>, moved: &BTreeSet<String>) -> PreferredVersions {
    let mut preferred = PreferredVersions::new();
    let mut seen = FxHashSet::default();
    for dep_path in lockfile.into_iter().flat_map(|lockfile| lockfile.snapshots.keys()) {
        let parts = split(dep_path);
        let Ok(version) = Version::parse(parts.version) else { continue };
        if moved.contains(parts.name) || !seen.insert(parts.package_id) {
            continue;
        }
        let of_name: &mut BTreeMap<Arc<str>, VersionSelector> = match preferred.get_mut(parts.name) {
            Some(of_name) => of_name,
            None => preferred.entry(Arc::from(parts.name)).or_default(),
        };
        let locked = VersionSelector { kind: SelectorKind::Version, weight: weight::LOCKED };
        of_name.entry(Arc::from(version.to_string())).or_insert(locked);
    }
    preferred
}

/// How a specifier is meant; `None` for what chooses no version by itself (URLs, folders, aliases).
#[must_use]
pub fn selector_kind(specifier: &str) -> Option<SelectorKind> {
    if specifier.split("||").any(|part| part.trim().is_empty()) {
        return Some(SelectorKind::Range);
    }
    if Version::parse(specifier).is_ok() {
        return Some(SelectorKind::Version);
    }
    if parse_range(specifier).is_ok() {
        return Some(SelectorKind::Range);
    }
    let is_tag = specifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte));
    is_tag.then_some(SelectorKind::Tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::lockfile::Snapshot;

    #[test]
    fn what_the_lockfile_has_counts_more_and_most_if_it_is_asked_for_exactly() {
        let specifiers = [("a", "1.0.0"), ("b", "^1"), ("c", "next"), ("d", "link:../d")];
        let manifest = PackageManifest {
            dependencies: specifiers
                .iter()
                .map(|(name, text)| (Arc::from(*name), Arc::from(*text)))
                .collect(),
            ..PackageManifest::default()
        };
        let mut lockfile = Lockfile::default();
        for dep_path in ["a@1.0.0(p@1.0.0)", "a@1.0.0(p@2.0.0)", "b@1.5.0", "e@file:e", "moved@1.0.0"] {
            lockfile.snapshots.insert(dep_path.to_owned(), Snapshot::default());
        }
        let moved = BTreeSet::from(["moved".to_owned()]);
        let (all, own) = (preferred_versions(Some(&lockfile), &moved), selectors_of([&manifest], []));
        let names = all.keys().chain(own.keys()).map(|name| (Arc::clone(name), with_own(&all, &own, name)));
        let preferred: PreferredVersions = names.collect();
        let weight_of = |name: &str, text: &str| {
            preferred.get(name).and_then(|of| of.get(text)).map(|found| found.weight)
        };
        assert_eq!(weight_of("a", "1.0.0"), Some(1_001_000));
        assert_eq!(weight_of("b", "^1"), Some(1_000));
        assert_eq!(weight_of("b", "1.5.0"), Some(1_000_000));
        assert_eq!(preferred["c"]["next"].kind, SelectorKind::Tag);
        assert!(
            !preferred.contains_key("d") && !preferred.contains_key("e") && !preferred.contains_key("moved")
        );
    }
}
