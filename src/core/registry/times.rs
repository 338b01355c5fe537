//! When the versions of a package were published.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The `time` of a document, read only as far as its entries.
#[derive(Debug)]
pub(super) struct Times {
    /// The texts of the times, back to back.
    texts: String,
    /// Where the time of each version lies in them, in the order of the versions.
    spans: Vec<(u32, u32)>,
    /// `modified`.
    pub(super) modified: Option<Box<str>>,
    /// It tells of versions that were taken back.
    pub(super) has_unpublished: bool,
}

#[derive(Deserialize)]
struct Unpublished<'a> {
    #[serde(borrow)]
    versions: Option<Vec<&'a RawValue>>,
}

impl Times {
    /// Reads the times of versions; `None` when it is no map, or some version has none: half an answer about ages is no
    /// answer (pnpm: `drop_incomplete_publish_times`).
    pub(super) fn parse<'v>(json: &str, versions: impl ExactSizeIterator<Item = &'v str>) -> Option<Self> {
        let entries: FxHashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(json).ok()?;
        let mut times = Self {
            texts: String::with_capacity(versions.len() * 24),
            spans: Vec::with_capacity(versions.len()),
            modified: entries.get("modified").and_then(|value| text(value)).map(|text| text.as_ref().into()),
            has_unpublished: entries
                .get("unpublished")
                .and_then(|value| serde_json::from_str::<Unpublished<'_>>(value.get()).ok())
                .and_then(|unpublished| unpublished.versions)
                .is_some_and(|versions| !versions.is_empty()),
        };
        for version in versions {
            let time = entries.get(version).and_then(|value| text(value)).filter(|time| !time.is_empty())?;
            let start = u32::try_from(times.texts.len()).ok()?;
            times.texts.push_str(&time);
            times.spans.push((start, u32::try_from(times.texts.len()).ok()?));
        }
        Some(times)
    }

    /// The time of a version, by its position.
    pub(super) fn of(&self, position: usize) -> Option<&str> {
        let (start, end) = *self.spans.get(position)?;
        self.texts.get(start as usize..end as usize)
    }
}

/// The text that a JSON string stands for.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let raw = value.get();
    let plain = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'))?;
    if plain.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_finds_its_time() {
        let json = r#"{"created":"c","modified":"m","2.0.0":"t2","1.0.0":"t1","0.1.0":"gone"}"#;
        let times = Times::parse(json, ["1.0.0", "2.0.0"].into_iter()).unwrap();
        assert_eq!((times.of(0), times.of(1), times.of(2)), (Some("t1"), Some("t2"), None));
        assert_eq!(times.modified.as_deref(), Some("m"));
        assert!(!times.has_unpublished);
    }

    #[test]
    fn times_that_lack_a_version_are_none() {
        assert!(Times::parse(r#"{"1.0.0":"t1"}"#, ["1.0.0", "2.0.0"].into_iter()).is_none());
        assert!(Times::parse(r#"{"1.0.0":""}"#, ["1.0.0"].into_iter()).is_none());
        assert!(Times::parse(r#"{"1.0.0":7}"#, ["1.0.0"].into_iter()).is_none());
        assert!(Times::parse("[]", ["1.0.0"].into_iter()).is_none());
    }

    #[test]
    fn versions_that_were_taken_back_are_noticed() {
        let json = r#"{"unpublished":{"time":"t","versions":["1.0.0"]}}"#;
        assert!(Times::parse(json, std::iter::empty()).unwrap().has_unpublished);
    }
}
