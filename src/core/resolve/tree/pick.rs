//! By which specifier a missing peer is installed.
//!
//! pnpm: `hoist_peers.rs` and the ranges of `resolve_importer.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use node_semver::{Range, Version};
use rustc_hash::FxHashSet;

use super::input::{PeerOverride, Rewrite};
use super::missing::MissingPeer;
use super::prerelease::WithPrereleases;
use super::specifier::peer_range;
use crate::core::resolve::{PreferredVersions, SelectorKind};
use crate::core::version_range::parse_range;

/// A direct dependency of the workspace's root that can stand in for a missing peer of any project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RootDependency {
    /// The name it is installed under.
    pub(super) alias: Arc<str>,
    /// Its real name.
    pub(super) name: Arc<str>,
    /// By which specifier any project gets the same.
    pub(super) specifier: Arc<str>,
    /// By which specifier the root asks for it. Peers that may be absent are bound by it, as pnpm 12.21 behaves: what
    /// the root came to may be more than it asks for.
    pub(super) asked: Arc<str>,
}

/// Missing peers of a project, by what can be done about them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// Peers that something needs, with the range that all who need it share.
    pub(super) required: BTreeMap<Arc<str>, String>,
    /// Peers that may all be absent, with the ranges that are asked for, each once.
    pub(super) optional: BTreeMap<Arc<str>, Vec<Arc<str>>>,
}

/// Sorts missing peers. Those that the project has by now are left out, and those whose ranges share no version, unless
/// `any_match` joins them.
pub(super) fn sort(
    missing: &BTreeMap<Arc<str>, Vec<MissingPeer>>,
    has: &FxHashSet<Arc<str>>,
    any_match: bool,
) -> Sorted {
    let mut sorted = Sorted::default();
    for (name, misses) in missing.iter().filter(|(name, _)| !has.contains(*name)) {
        let required: Vec<&str> =
            misses.iter().filter(|miss| !miss.optional).map(|miss| &*miss.specifier).collect();
        if required.is_empty() {
            let mut seen = FxHashSet::default();
            let ranges = misses.iter().map(|miss| &miss.range).filter(|range| seen.insert(*range));
            let ranges: Vec<Arc<str>> = ranges.cloned().collect();
            if !ranges.is_empty() {
                sorted.optional.insert(Arc::clone(name), ranges);
            }
        } else if let Some(range) = merged(&required, any_match) {
            sorted.required.insert(Arc::clone(name), range);
        }
    }
    sorted
}

/// One range for several: the one that all agree on, else what they have in common, else, with `any_match`, any of
/// them.
fn merged(ranges: &[&str], any_match: bool) -> Option<String> {
    let mut seen = FxHashSet::default();
    let unique: Vec<&str> = ranges.iter().copied().filter(|range| seen.insert(*range)).collect();
    match unique.as_slice() {
        [only] => Some((*only).to_owned()),
        _ => intersection(&unique).or_else(|| any_match.then(|| ranges.join(" || "))),
    }
}

fn intersection(ranges: &[&str]) -> Option<String> {
    let mut ranges = ranges.iter().map(|range| parse_range(range).ok());
    let first = ranges.next()??;
    let common = ranges.try_fold(first, |common, range| Some(without_covered(common.intersect(&range?)?)));
    common.map(|range| range.to_string())
}

/// The same range without parts that lie in another part. Every intersection of two unions pairs all their parts, so
/// without this their number would multiply.
fn without_covered(range: Range) -> Range {
    let text = range.to_string();
    let parts: Vec<&str> = text.split("||").collect();
    if parts.len() < 2 {
        return range;
    }
    let Some(read) = parts.iter().map(|part| parse_range(part).ok()).collect::<Option<Vec<Range>>>() else {
        return range;
    };
    let is_covered = |position: usize| {
        read.iter().enumerate().any(|(other, wider)| {
            other != position
                && wider.allows_all(&read[position])
                && (other < position || !read[position].allows_all(wider))
        })
    };
    let kept: Vec<&str> =
        (0..parts.len()).filter(|part| !is_covered(*part)).map(|part| parts[part]).collect();
    parse_range(kept.join("||")).unwrap_or(range)
}

/// What decides by which specifier a required peer is installed.
pub(super) struct Picking<'p> {
    pub(super) auto_install_peers: bool,
    /// Versions that are preferred or there already, of the peers in question.
    pub(super) preferred: &'p PreferredVersions,
    /// Those of them that are there.
    pub(super) present: &'p PreferredVersions,
    /// Direct dependencies of the workspace's root; empty when they do not count.
    pub(super) root: &'p [RootDependency],
    pub(super) rewrite: &'p dyn Rewrite,
    /// The project's folder.
    pub(super) folder: &'p Path,
}

/// The specifiers by which required peers are installed. The root's dependency and overrides come first, then the
/// highest version there is that fits, then such a version that only the lockfile has, then the range itself.
pub(super) fn required(
    picking: &Picking<'_>,
    missing: &BTreeMap<Arc<str>, String>,
) -> BTreeMap<Arc<str>, Arc<str>> {
    let picked = missing.iter().filter_map(|(name, range)| {
        pick_required(picking, name, range).map(|specifier| (Arc::clone(name), specifier))
    });
    picked.collect()
}

fn pick_required(picking: &Picking<'_>, name: &Arc<str>, range: &str) -> Option<Arc<str>> {
    let of_root = find_root(picking.root, name);
    // An override redirects what is installed anyway; it does not install anything by itself.
    if picking.auto_install_peers || of_root.is_some() {
        match picking.rewrite.missing_peer(name, range, picking.folder) {
            PeerOverride::None => {}
            PeerOverride::Drop => return None,
            PeerOverride::Specifier(specifier) => return Some(specifier),
        }
    }
    if let Some(root) = of_root {
        return Some(Arc::clone(&root.specifier));
    }
    // A specifier with a scheme says where the package comes from, so it is taken as it is.
    let by_range = || picking.auto_install_peers.then(|| Arc::from(range));
    if range.contains(':') {
        return by_range();
    }
    let Some(selectors) = picking.preferred.get(name) else { return by_range() };
    let versions = || {
        let versions = selectors.iter().filter(|(_, selector)| selector.kind == SelectorKind::Version);
        versions.map(|(text, _)| text)
    };
    let wanted = WithPrereleases::parse(&peer_range(range));
    let fits = |version: &Version| wanted.fits(version);
    let present = versions().filter(|text| is_present(picking.present, name, text));
    let best = highest(present, fits).or_else(|| highest(versions(), fits));
    best.cloned().or_else(by_range)
}

fn is_present(present: &PreferredVersions, name: &str, version: &str) -> bool {
    present.get(name).is_some_and(|versions| versions.contains_key(version))
}

pub(super) fn highest<'v>(
    versions: impl Iterator<Item = &'v Arc<str>>,
    fits: impl Fn(&Version) -> bool,
) -> Option<&'v Arc<str>> {
    let read = versions.filter_map(|text| Version::parse(text).ok().map(|version| (version, text)));
    let mut best: Option<(Version, &Arc<str>)> = None;
    for (version, text) in read.filter(|(version, _)| fits(version)) {
        if best.as_ref().is_none_or(|(standing, _)| version > *standing) {
            best = Some((version, text));
        }
    }
    best.map(|(_, text)| text)
}

/// The root's dependency for a peer: by alias, else by its real name, the first by alias.
pub(super) fn find_root<'r>(root: &'r [RootDependency], peer: &str) -> Option<&'r RootDependency> {
    let by_alias = root.iter().find(|dependency| *dependency.alias == *peer);
    let by_name = || root.iter().filter(|dependency| *dependency.name == *peer);
    by_alias.or_else(|| by_name().min_by(|left, right| left.alias.cmp(&right.alias)))
}
