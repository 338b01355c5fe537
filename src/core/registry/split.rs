//! A registry's answer, split into its index and its versions without reading these.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fragments::{Fragments, LONGEST};
use super::packument::{Packument, VersionIndex};

/// The document of a registry.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "dist-tags")]
    dist_tags: Entries<Cow<'a, str>>,
    #[serde(borrow)]
    versions: Entries<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    modified: Option<Cow<'a, str>>,
}

/// A map in its order, as a list.
pub(super) struct Entries<T>(pub(super) Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Map<T> {
            type Value = Entries<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Map(std::marker::PhantomData))
    }
}

/// Splits an answer. The versions are copied together, so that the rest of the body can go.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub(super) fn split(body: &[u8], etag: Option<&str>) -> Result<Packument, String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let answer: Answer<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let versions = answer.versions.0;
    let mut fragments = Vec::with_capacity(versions.iter().map(|(_, json)| json.get().len()).sum());
    let mut spans = Vec::with_capacity(versions.len());
    for (version, json) in &versions {
        let json = json.get();
        let Some(length) = u32::try_from(json.len()).ok().filter(|length| *length <= LONGEST) else {
            continue;
        };
        spans.push((Cow::Borrowed(version.as_str()), fragments.len() as u64, length));
        fragments.extend_from_slice(json.as_bytes());
    }
    let index = VersionIndex::new(spans).ok_or("it has too many versions")?;
    let dist_tags = answer.dist_tags.0.into_iter();
    Ok(assemble(Parts {
        name: &answer.name,
        dist_tags: dist_tags.map(|(tag, version)| (tag.into(), version.as_ref().into())).collect(),
        index,
        time: answer.time.map(RawValue::get),
        modified: answer.modified.as_deref(),
        etag,
        fragments: Fragments::Memory(Bytes::from(fragments)),
    }))
}

/// What a document is made of.
pub(super) struct Parts<'a> {
    pub(super) name: &'a str,
    pub(super) dist_tags: Vec<(Box<str>, Box<str>)>,
    pub(super) index: VersionIndex,
    pub(super) time: Option<&'a str>,
    pub(super) modified: Option<&'a str>,
    pub(super) etag: Option<&'a str>,
    pub(super) fragments: Fragments,
}

pub(super) fn assemble(parts: Parts<'_>) -> Packument {
    Packument {
        name: Arc::from(parts.name),
        dist_tags: parts.dist_tags,
        index: parts.index,
        raw_times: parts.time.filter(|time| *time != "null").map(Box::from),
        times: OnceLock::new(),
        modified: parts.modified.map(Box::from),
        etag: parts.etag.map(Box::from),
        fragments: parts.fragments,
        documents: Mutex::new(FxHashMap::default()),
        views: Mutex::new(Vec::new()),
    }
}

#[cfg(test)]
pub(in crate::core) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// The document as if a registry had answered with it.
    pub(in crate::core) fn packument(document: &Value) -> Packument {
        split(document.to_string().as_bytes(), None).unwrap()
    }

    #[test]
    fn versions_are_found_by_name_whatever_their_order() {
        let packument = packument(&json!({
            "name": "a",
            "dist-tags": {"latest": "10.0.0"},
            "versions": {
                "9.0.0": {"name": "a", "version": "9.0.0", "dist": {"tarball": "nine"}},
                "10.0.0": {"name": "a", "version": "10.0.0", "dist": {"tarball": "ten"}},
                "1.0.0": {"broken": true},
            },
            "readme": "long",
        }));
        assert_eq!(packument.versions().collect::<Vec<_>>(), ["1.0.0", "10.0.0", "9.0.0"]);
        assert_eq!(&*packument.version("9.0.0").unwrap().tarball, "nine");
        assert_eq!(&*packument.version("10.0.0").unwrap().tarball, "ten");
        assert!(packument.has("1.0.0") && packument.version("1.0.0").is_none());
        assert!(!packument.has("2.0.0") && packument.version("2.0.0").is_none());
        assert_eq!(packument.dist_tag("latest"), Some("10.0.0"));
        assert!(Arc::ptr_eq(&packument.version("9.0.0").unwrap(), &packument.version("9.0.0").unwrap()));
    }

    #[test]
    fn of_two_entries_with_one_name_the_later_counts() {
        let body = br#"{"name":"a","dist-tags":{"x":"1","x":"2"},"versions":{"1.0.0":{"name":"a","version":"1.0.0",
            "dist":{"tarball":"first"}},"1.0.0":{"name":"a","version":"1.0.0","dist":{"tarball":"second"}}}}"#;
        let packument = split(body, None).unwrap();
        assert_eq!(packument.versions().len(), 1);
        assert_eq!(&*packument.version("1.0.0").unwrap().tarball, "second");
        assert_eq!(packument.dist_tag("x"), Some("2"));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for body in [
            "",
            "[]",
            "<html>",
            r#"{"name":"a"}"#,
            r#"{"name":"a","dist-tags":{},"versions":[]}"#,
            r#"{"name":"a","versions":{"1":"#,
            "\"a\"",
        ] {
            assert!(split(body.as_bytes(), None).is_err(), "{body}");
        }
        assert!(split(b"{\"name\":\"\xff\"}", None).is_err());
    }

    #[test]
    fn a_package_that_was_taken_back_says_so() {
        let packument = packument(&json!({
            "name": "a", "dist-tags": {}, "versions": {}, "time": {"unpublished": {"versions": ["1.0.0"]}},
        }));
        assert!(packument.is_unpublished());
    }
}
