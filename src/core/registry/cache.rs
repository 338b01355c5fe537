//! Documents on disk, in pnpm's format, so that each finds what the other wrote.
//!
//! A line with two lengths, the validators of the answer, an index, and the JSON of the versions back to back:
//! `pnpm-meta-v1 <bytes of validators> <bytes of index>\n{"etag"?,"modified"?}{"name","distTags","time"?,"versions":
//! [[version, offset, length]…]}…`. Offsets count from the end of the index. A file that is anything else is as good
//! as none; a file is seen whole or not at all.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use bytes::Bytes;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::fragments::{Fragments, LONGEST};
use super::packument::{Packument, VersionIndex};
use super::split::{Entries, Parts, assemble};
use super::timestamp::milliseconds_since_1970;
use crate::core::folder::Folder;

const MAGIC: &str = "pnpm-meta-v1 ";

/// Longest first line: the magic word and two numbers.
const LONGEST_LINE: usize = 64;
const MAX_VALIDATORS: usize = 64 << 10;
const MAX_INDEX: usize = 64 << 20;

/// Files up to this size are read whole, with one call.
const READ_WHOLE: u64 = 128 << 10;

/// A document that was cached.
#[derive(Debug)]
pub(super) struct Cached {
    pub(super) packument: Packument,
    /// When it was written or last found to be current, milliseconds since 1970.
    pub(super) confirmed_at: i64,
    /// Bytes of the file.
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
struct Validators<'a> {
    #[serde(borrow)]
    etag: Option<Cow<'a, str>>,
    #[serde(borrow)]
    modified: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(default)]
    dist_tags: Entries<String>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    versions: Vec<(Cow<'a, str>, u64, u32)>,
}

/// Reads a package's document; `None` when there is none, or something else lies there.
pub(super) fn read(path: &Path, name: &str) -> Option<Cached> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    let size = metadata.len();
    let confirmed_at = milliseconds_since_1970(metadata.modified().ok()?);
    let wanted = if size <= READ_WHOLE { size } else { LONGEST_LINE as u64 };
    // With room for all of it, it is read with one call.
    let mut head = Vec::with_capacity(usize::try_from(wanted).ok()?);
    Read::by_ref(&mut file).take(wanted).read_to_end(&mut head).ok()?;
    let (line, validators, index) = first_line(&head)?;
    let index_start = line + validators;
    let base = index_start + index;
    let area = size.checked_sub(base as u64)?;
    if head.len() < base {
        let known = head.len();
        head.resize(base, 0);
        file.read_exact_at(head.get_mut(known..)?, known as u64).ok()?;
    }
    let validators: Validators<'_> = serde_json::from_slice(head.get(line..index_start)?).ok()?;
    let index: Index<'_> = serde_json::from_slice(head.get(index_start..base)?).ok()?;
    if index.name != name {
        return None;
    }
    // One span beyond the file means that the rest is not to be trusted either.
    let is_inside = |(_, offset, length): &(Cow<'_, str>, u64, u32)| {
        *length > LONGEST || offset.checked_add(u64::from(*length)).is_some_and(|end| end <= area)
    };
    if !index.versions.iter().all(is_inside) {
        return None;
    }
    let spans = index.versions.into_iter().filter(|(_, _, length)| *length <= LONGEST).collect();
    let parts = Parts {
        name: &index.name,
        dist_tags: index.dist_tags.0.into_iter().map(|(tag, version)| (tag.into(), version.into())).collect(),
        index: VersionIndex::new(spans)?,
        time: index.time.map(RawValue::get),
        modified: validators.modified.as_deref(),
        etag: validators.etag.as_deref(),
        fragments: Fragments::Memory(Bytes::new()),
    };
    let mut packument = assemble(parts);
    packument.fragments = if size <= READ_WHOLE {
        Fragments::Memory(Bytes::from(head).slice(base..))
    } else {
        Fragments::of_file(file, base as u64, area)?
    };
    Some(Cached { packument, confirmed_at, bytes: size })
}

/// Where the line ends, and the two lengths it tells.
fn first_line(head: &[u8]) -> Option<(usize, usize, usize)> {
    let end = head.iter().take(LONGEST_LINE).position(|&byte| byte == b'\n')?;
    let line = std::str::from_utf8(&head[..end]).ok()?.strip_prefix(MAGIC)?;
    let (validators, index) = line.split_once(' ')?;
    let (validators, index) = (validators.parse().ok()?, index.parse().ok()?);
    (validators <= MAX_VALIDATORS && index <= MAX_INDEX).then_some((end + 1, validators, index))
}

#[derive(Serialize)]
struct ValidatorsOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct IndexOut<'a> {
    name: &'a str,
    dist_tags: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a RawValue>,
    versions: Vec<(&'a str, u64, u32)>,
}

/// Writes a document whose versions are in memory.
pub(super) fn write(path: &Path, packument: &Packument) -> io::Result<()> {
    let Fragments::Memory(fragments) = &packument.fragments else { return Ok(()) };
    let validators = ValidatorsOut { etag: packument.etag.as_deref(), modified: packument.modified() };
    let validators = serde_json::to_vec(&validators)?;
    let raw_times = packument.raw_times.as_deref().filter(|_| packument.has_times());
    let positions = packument.versions().enumerate();
    let index = IndexOut {
        name: &packument.name,
        dist_tags: packument.dist_tags().map(|(tag, version)| (tag.to_owned(), version.into())).collect(),
        time: raw_times.map(serde_json::from_str).transpose()?,
        versions: positions
            .filter_map(|(position, version)| {
                packument.index.span(position).map(|(offset, length)| (version, offset, length))
            })
            .collect(),
    };
    let index = serde_json::to_vec(&index)?;
    let head = format!("{MAGIC}{} {}\n", validators.len(), index.len());
    let mut bytes = Vec::with_capacity(head.len() + validators.len() + index.len() + fragments.len());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&validators);
    bytes.extend_from_slice(&index);
    bytes.extend_from_slice(fragments);
    let parts = path.parent().zip(path.file_name().and_then(std::ffi::OsStr::to_str));
    let (parent, name) = parts.ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = match Folder::open(parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(parent)?;
            Folder::open(parent)?
        }
        opened => opened?,
    };
    let mut unnamed = folder.unnamed_file(false)?;
    unnamed.file.write_all(&bytes)?;
    match unnamed.publish(&folder, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => unnamed.replace(&folder, name),
        other => other,
    }
}

/// Notes that a document was found to be current just now.
pub(super) fn confirm(path: &Path) -> io::Result<()> {
    let left = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: left, last_modification: now };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::super::split::tests::packument;
    use super::*;
    use serde_json::json;

    fn sample(versions: usize) -> Packument {
        let version = |number: usize| {
            json!({"name": "a", "version": format!("{number}.0.0"), "description": "x".repeat(400),
                "dist": {"tarball": format!("http://127.0.0.1/a-{number}.tgz")}})
        };
        let numbered = |number: usize| (format!("{number}.0.0"), version(number));
        packument(&json!({
            "name": "a",
            "dist-tags": {"latest": "1.0.0"},
            "versions": (0..versions).map(numbered).collect::<serde_json::Map<_, _>>(),
            "modified": "2024-12-02T18:34:35.216Z",
        }))
    }

    fn written(versions: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v12/metadata/r/a.jsonl");
        write(&path, &sample(versions)).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_written_is_read_small_or_large() {
        for versions in [3, 1000] {
            let (_folder, path) = written(versions);
            let cached = read(&path, "a").unwrap();
            assert_eq!(cached.bytes > READ_WHOLE, versions == 1000);
            assert_eq!(cached.packument.versions().len(), versions);
            assert_eq!(&*cached.packument.version("2.0.0").unwrap().tarball, "http://127.0.0.1/a-2.tgz");
            assert_eq!(cached.packument.modified(), Some("2024-12-02T18:34:35.216Z"));
            assert_eq!(cached.packument.dist_tag("latest"), Some("1.0.0"));
        }
    }

    #[test]
    fn the_document_of_another_package_is_not_taken() {
        let (_folder, path) = written(1);
        assert!(read(&path, "b").is_none());
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_is_as_good_as_none() {
        let (_folder, path) = written(2);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(read(&path, "a").is_none(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn a_file_that_promises_too_much_is_as_good_as_none() {
        let (_folder, path) = written(1);
        for text in [
            "pnpm-meta-v1 2 99999999999999999999\n{}",
            "pnpm-meta-v1 2 67108864\n{}",
            "pnpm-meta-v1 -1 2\n{}",
            "pnpm-meta-v1 18446744073709551615 18446744073709551615\n{}",
            "pnpm-meta-v1 2 42\n{}{\"name\":\"a\",\"versions\":[[\"1.0.0\",0,9]]}",
            "pnpm-meta-v1 2 61\n{}{\"name\":\"a\",\"versions\":[[\"1.0.0\",18446744073709551615,9]]}",
            "pnpm-meta-v9 2 2\n{}{}",
            "{}\n{}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(read(&path, "a").is_none(), "{text}");
        }
    }

    #[test]
    fn a_newer_document_takes_the_place_of_the_older() {
        let (_folder, path) = written(1);
        let before = read(&path, "a").unwrap();
        write(&path, &sample(5)).unwrap();
        assert_eq!(read(&path, "a").unwrap().packument.versions().len(), 5);
        assert_eq!(before.packument.versions().len(), 1);
    }
}
