//! A package's metadata, of which single versions are read when they are picked.
//!
//! Reading a document costs its index alone: names of versions, tags, where each version lies. What a version says, and
//! when it was published, is read when somebody asks, once.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::document::{TrustEvidence, VersionDocument, evidence, is_deprecated};
use super::fragments::Fragments;
use super::mature::Mature;
use super::times::Times;

/// A package's metadata.
#[derive(Debug)]
pub struct Packument {
    pub(super) name: Arc<str>,
    /// Tag → version, as the document has them.
    pub(super) dist_tags: Vec<(Box<str>, Box<str>)>,
    pub(super) index: VersionIndex,
    /// `time`, unread.
    pub(super) raw_times: Option<Box<str>>,
    pub(super) times: OnceLock<Option<Times>>,
    /// `modified` of an abbreviated document.
    pub(super) modified: Option<Box<str>>,
    pub(super) etag: Option<Box<str>>,
    pub(super) fragments: Fragments,
    /// Versions that were read, by position; `None` for those without the shape of one.
    pub(super) documents: Mutex<FxHashMap<usize, Option<Arc<VersionDocument>>>>,
    /// Views of what was public at a time.
    pub(super) views: Mutex<Vec<Arc<Mature>>>,
}

/// Names of versions in the order of their texts, and where each lies.
#[derive(Debug, Default)]
pub(super) struct VersionIndex {
    texts: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// The name, in the index's texts.
    start: u32,
    end: u32,
    /// Bytes of the version's JSON.
    length: u32,
    /// Where it begins.
    offset: u64,
}

impl VersionIndex {
    /// An index of `(version, offset, length)`; of two with the same name the later counts.
    pub(super) fn new<'a>(mut versions: Vec<(Cow<'a, str>, u64, u32)>) -> Option<Self> {
        let by_name =
            |left: &(Cow<'a, str>, u64, u32), right: &(Cow<'a, str>, u64, u32)| left.0.cmp(&right.0);
        if !versions.is_sorted_by(|left, right| left.0 < right.0) {
            versions.sort_by(by_name);
            versions.reverse();
            versions.dedup_by(|earlier, later| earlier.0 == later.0);
            versions.reverse();
        }
        let mut index = Self {
            texts: String::with_capacity(versions.iter().map(|(text, ..)| text.len()).sum()),
            entries: Vec::with_capacity(versions.len()),
        };
        for (text, offset, length) in versions {
            let start = u32::try_from(index.texts.len()).ok()?;
            index.texts.push_str(&text);
            let end = u32::try_from(index.texts.len()).ok()?;
            index.entries.push(Entry { start, end, length, offset });
        }
        Some(index)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn text(&self, entry: &Entry) -> &str {
        &self.texts[entry.start as usize..entry.end as usize]
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| self.text(entry))
    }

    pub(super) fn position(&self, version: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| self.text(entry).cmp(version)).ok()
    }

    /// Where a version's JSON lies: offset and length.
    pub(super) fn span(&self, position: usize) -> Option<(u64, u32)> {
        self.entries.get(position).map(|entry| (entry.offset, entry.length))
    }
}

/// A version that is not there, or in no form that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableVersion;

impl Packument {
    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Tag → version.
    pub fn dist_tags(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.dist_tags.iter().map(|(tag, version)| (&**tag, &**version))
    }

    /// The version a tag points at.
    #[must_use]
    pub fn dist_tag(&self, tag: &str) -> Option<&str> {
        // Of two entries with one name the later counts.
        self.dist_tags.iter().rev().find(|(name, _)| &**name == tag).map(|(_, version)| &**version)
    }

    /// The names of all versions, in the order of their texts.
    pub fn versions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.index.iter()
    }

    /// Whether there is a version of this name.
    #[must_use]
    pub fn has(&self, version: &str) -> bool {
        self.index.position(version).is_some()
    }

    /// Whether publish times are known: those of all versions.
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.times().is_some()
    }

    /// When a version was published, as the registry writes it.
    #[must_use]
    pub fn time(&self, version: &str) -> Option<&str> {
        self.times()?.of(self.index.position(version)?)
    }

    /// When the package changed last, as the registry writes it: `modified`, else `time.modified`.
    #[must_use]
    pub fn modified(&self) -> Option<&str> {
        self.modified.as_deref().or_else(|| self.times()?.modified.as_deref())
    }

    /// `modified` of the document itself, as abbreviated ones have it.
    #[must_use]
    pub fn own_modified(&self) -> Option<&str> {
        self.modified.as_deref()
    }

    /// All its versions were taken back.
    #[must_use]
    pub fn is_unpublished(&self) -> bool {
        self.index.len() == 0 && self.times().is_some_and(|times| times.has_unpublished)
    }

    /// Whether a version is deprecated.
    #[must_use]
    pub fn is_deprecated(&self, version: &str) -> bool {
        let Some(position) = self.index.position(version) else { return false };
        let known = self.documents().get(&position).cloned();
        if let Some(document) = known {
            return document.as_ref().is_some_and(|document| document.is_deprecated);
        }
        self.text(position).is_some_and(|json| is_deprecated(&json))
    }

    /// What a version says. `None` when there is no such version, or it does not have the shape of one.
    #[must_use]
    pub fn version(&self, version: &str) -> Option<Arc<VersionDocument>> {
        let position = self.index.position(version)?;
        if let Some(document) = self.documents().get(&position) {
            return document.clone();
        }
        let parsed =
            self.text(position).and_then(|json| VersionDocument::parse(&json, &self.name)).map(Arc::new);
        // Another thread may have been faster; all get the same one.
        self.documents().entry(position).or_insert(parsed).clone()
    }

    /// What vouches for a version, also where the rest of it does not have the shape of one.
    ///
    /// # Errors
    /// There is no such version, or this cannot be read either.
    pub fn evidence(&self, version: &str) -> Result<Option<TrustEvidence>, UnreadableVersion> {
        if let Some(document) = self.version(version) {
            return Ok(document.trust);
        }
        let text = self.index.position(version).and_then(|position| self.text(position));
        evidence(&text.ok_or(UnreadableVersion)?).map_err(|_| UnreadableVersion)
    }

    /// Its versions are held in memory, so it can be written to the cache.
    pub(super) fn is_in_memory(&self) -> bool {
        matches!(self.fragments, Fragments::Memory(_))
    }

    pub(super) fn times(&self) -> Option<&Times> {
        let read = || Times::parse(self.raw_times.as_deref()?, self.index.iter());
        self.times.get_or_init(read).as_ref()
    }

    fn text(&self, position: usize) -> Option<Cow<'_, str>> {
        let (offset, length) = self.index.span(position)?;
        self.fragments.text(offset, length)
    }

    fn documents(&self) -> std::sync::MutexGuard<'_, FxHashMap<usize, Option<Arc<VersionDocument>>>> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::registry::sample_packument;

    #[test]
    fn what_vouches_for_a_version_is_read_whatever_else_is_wrong_with_it() {
        let attested = json!({ "tarball": "t", "attestations": { "provenance": {} } });
        let packument = sample_packument(&json!({
            "name": "a",
            "dist-tags": { "latest": "1.0.0" },
            "versions": {
                "1.0.0": { "name": "a", "version": "1.0.0", "dist": attested },
                "2.0.0": { "name": "a", "version": "2.0.0", "dependencies": [], "dist": attested },
                "3.0.0": {
                    "name": "a", "version": "3.0.0", "dependencies": [], "dist": attested,
                    "_npmUser": { "trustedPublisher": {} },
                },
                "4.0.0": {
                    "name": "a", "version": "4.0.0", "dependencies": [], "_npmUser": { "approver": {} },
                },
                "5.0.0": { "name": "a", "version": "5.0.0", "dependencies": [], "dist": [] },
            },
        }));
        let evidence = |version: &str| packument.evidence(version);
        assert_eq!(evidence("1.0.0"), Ok(Some(TrustEvidence::Provenance)));
        assert!(packument.version("2.0.0").is_none());
        assert_eq!(evidence("2.0.0"), Ok(Some(TrustEvidence::Provenance)));
        assert_eq!(evidence("3.0.0"), Ok(Some(TrustEvidence::TrustedPublisher)));
        assert_eq!(evidence("4.0.0"), Ok(Some(TrustEvidence::StagedPublish)));
        assert_eq!(evidence("5.0.0"), Ok(None));
        assert_eq!(evidence("missing"), Err(UnreadableVersion));
    }
}
