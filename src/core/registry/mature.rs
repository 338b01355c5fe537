//! A package as it was at a time: versions that were public by then, and tags that point at no younger one.
//!
//! pnpm: `filter_pkg_metadata_by_publish_date` of `resolving-npm-resolver/src/pick_package_from_meta.rs`.

use std::sync::{Arc, PoisonError};

use node_semver::Version;

use super::packument::Packument;
use super::timestamp::parse_timestamp;

/// What was public at a time.
#[derive(Debug)]
pub struct Mature {
    cutoff: i64,
    trusted: Box<[Box<str>]>,
    /// By position of the version.
    public: Vec<bool>,
    /// Tags whose version was not public, and what they point at instead.
    moved_tags: Vec<(Box<str>, Option<Box<str>>)>,
}

impl Packument {
    /// The view of what was published by `cutoff` (milliseconds since 1970), and of `trusted` versions whatever their
    /// age. `None` when no publish times are known. Views are kept.
    #[must_use]
    pub fn published_by(&self, cutoff: i64, trusted: &[Box<str>]) -> Option<Arc<Mature>> {
        let views = || self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |view: &&Arc<Mature>| view.cutoff == cutoff && *view.trusted == *trusted;
        if let Some(view) = views().iter().find(known) {
            return Some(Arc::clone(view));
        }
        let view = Arc::new(Mature::new(self, cutoff, trusted)?);
        views().push(Arc::clone(&view));
        Some(view)
    }
}

impl Mature {
    fn new(packument: &Packument, cutoff: i64, trusted: &[Box<str>]) -> Option<Self> {
        let times = packument.times()?;
        let is_public = |(position, version): (usize, &str)| {
            let published = times.of(position).and_then(parse_timestamp);
            published.is_some_and(|time| time <= cutoff) || trusted.iter().any(|other| **other == *version)
        };
        let mut mature = Self {
            cutoff,
            trusted: trusted.into(),
            public: packument.versions().enumerate().map(is_public).collect(),
            moved_tags: Vec::new(),
        };
        let mut candidates = None;
        for (tag, version) in packument.dist_tags() {
            if mature.has(packument, version) {
                continue;
            }
            let candidates = candidates.get_or_insert_with(|| mature.parsed(packument));
            let target = Version::parse(version).ok().and_then(|original| {
                best_replacement(packument, candidates, &original, tag == "latest").map(Box::from)
            });
            mature.moved_tags.push((tag.into(), target));
        }
        Some(mature)
    }

    /// The public versions.
    fn parsed<'p>(&self, packument: &'p Packument) -> Vec<(Version, &'p str)> {
        let versions = packument.versions().zip(&self.public).filter(|(_, public)| **public);
        versions.filter_map(|(text, _)| Some((Version::parse(text).ok()?, text))).collect()
    }

    /// Whether a version was public.
    #[must_use]
    pub fn has(&self, packument: &Packument, version: &str) -> bool {
        packument.index.position(version).is_some_and(|position| self.is_public(position))
    }

    /// Whether a version was public, by its position among all.
    #[must_use]
    pub fn is_public(&self, position: usize) -> bool {
        self.public.get(position).copied().unwrap_or(false)
    }

    /// The version a tag pointed at.
    #[must_use]
    pub fn dist_tag<'a>(&'a self, packument: &'a Packument, tag: &str) -> Option<&'a str> {
        match self.moved_tags.iter().rev().find(|(name, _)| &**name == tag) {
            Some((_, target)) => target.as_deref(),
            None => packument.dist_tag(tag),
        }
    }
}

/// The highest version of the same kind that is not above the one a tag points at, one that is not deprecated first.
fn best_replacement<'p>(
    packument: &Packument,
    candidates: &[(Version, &'p str)],
    original: &Version,
    is_latest: bool,
) -> Option<&'p str> {
    let mut best: Option<(&Version, &'p str)> = None;
    for (candidate, text) in candidates {
        let fits = candidate <= original
            && (is_latest || candidate.major == original.major)
            && candidate.is_prerelease() == original.is_prerelease();
        if !fits {
            continue;
        }
        let wins = best.is_none_or(|(now, now_text)| {
            let (now_deprecated, deprecated) =
                (packument.is_deprecated(now_text), packument.is_deprecated(text));
            (candidate > now && now_deprecated == deprecated) || (now_deprecated && !deprecated)
        });
        if wins {
            best = Some((candidate, text));
        }
    }
    best.map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::super::split::tests::packument;
    use serde_json::json;

    fn version(deprecated: bool) -> serde_json::Value {
        let mut version = json!({"name": "a", "version": "1.0.0", "dist": {"tarball": "x"}});
        if deprecated {
            version["deprecated"] = json!("old");
        }
        version
    }

    const CUTOFF: i64 = 1_577_836_800_000; // 2020-01-01

    #[test]
    fn tags_move_to_the_best_version_of_the_time() {
        let packument = packument(&json!({
            "name": "a",
            "dist-tags": {"latest": "2.1.0", "one": "1.2.0", "next": "3.0.0-b", "gone": "9.0.0", "same": "1.0.0"},
            "versions": {
                "1.0.0": version(false), "1.1.0": version(true), "1.2.0": version(false), "2.0.0": version(false),
                "2.1.0": version(false), "3.0.0-a": version(false), "3.0.0-b": version(false),
            },
            "time": {
                "1.0.0": "2019-01-01T00:00:00.000Z", "1.1.0": "2019-01-01T00:00:00.000Z",
                "1.2.0": "2021-01-01T00:00:00.000Z", "2.0.0": "2020-01-01T00:00:00.000Z",
                "2.1.0": "2020-01-01T00:00:00.001Z", "3.0.0-a": "2019-01-01T00:00:00.000Z",
                "3.0.0-b": "2021-01-01T00:00:00.000Z",
            },
        }));
        let view = packument.published_by(CUTOFF, &[]).unwrap();
        let tag = |name| view.dist_tag(&packument, name);
        assert_eq!(tag("latest"), Some("2.0.0"), "published at the very moment counts");
        assert_eq!(tag("one"), Some("1.0.0"), "1.1.0 is deprecated");
        assert_eq!(tag("next"), Some("3.0.0-a"));
        assert_eq!(tag("gone"), None);
        assert_eq!(tag("same"), Some("1.0.0"));
        assert!(!view.has(&packument, "2.1.0"));
    }

    #[test]
    fn a_trusted_version_is_public_whatever_its_age() {
        let packument = packument(&json!({
            "name": "a", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version(false)},
            "time": {"1.0.0": "2021-01-01T00:00:00.000Z"},
        }));
        let view = packument.published_by(CUTOFF, &["1.0.0".into()]).unwrap();
        assert_eq!(view.dist_tag(&packument, "latest"), Some("1.0.0"));
    }

    #[test]
    fn without_times_there_is_no_view() {
        let packument = packument(
            &json!({"name": "a", "dist-tags": {}, "versions": {"1.0.0": version(false)}, "time": {}}),
        );
        assert!(packument.published_by(CUTOFF, &[]).is_none());
    }
}
