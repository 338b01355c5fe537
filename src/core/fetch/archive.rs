//! Reading a package's tarball: tar, mostly within gzip, both written by strangers.
//!
//! The whole archive is looked through before anything is done with it, so a bad entry at its end leaves no trace.
//! Only regular files count; the first component of a path is dropped, whatever it is; of two entries with one
//! path the last wins (pnpm: `tarball/src/extract.rs`). Memory is bounded: what inflates to more than
//! [`IN_MEMORY`] is inflated once to look through it and once more to take the files out.

use std::io::{self, Read};

use rustc_hash::FxHashMap;

use super::inflate::{BeyondLimit, Inflating, buffered};
use crate::core::gzip::{self, Inflated};

/// Archives that inflate to no more than this are held whole.
const IN_MEMORY: u64 = 8 << 20;
/// Entries up to this size are handed over whole, larger ones as a reader.
const WHOLE_ENTRY: u64 = 4 << 20;
/// More files than any package has, and few enough to keep a list of.
const MOST_FILES: usize = 500_000;

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It begins neither like gzip nor like tar.
    #[error("it is neither a gzip nor a tar archive")]
    Unrecognized,
    /// The compressed data is broken.
    #[error("its compressed data is broken: {0}")]
    Gzip(io::Error),
    /// The tar inside is broken or ends too early.
    #[error("its file list is broken: {0}")]
    Tar(io::Error),
    /// It inflates to too much.
    #[error("it unpacks to more than {limit} bytes (maxTarballUnpackedSize)")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It has too many files.
    #[error("it holds more than {MOST_FILES} files")]
    TooManyFiles,
    /// A path would leave the package's folder.
    #[error("it holds a file whose path leaves the package: {0:?}")]
    PathTraversal(String),
}

impl ArchiveError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unrecognized => "ERR_PNPM_TARBALL_UNRECOGNIZED",
            Self::Gzip(_) => "ERR_PNPM_TARBALL_GZIP",
            Self::Tar(_) => "ERR_PNPM_TARBALL_INCOMPLETE_TAR",
            Self::TooLarge { .. } | Self::TooManyFiles => "ERR_PNPM_TARBALL_TOO_LARGE",
            Self::PathTraversal(_) => "ERR_PNPM_PATH_TRAVERSAL",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Unrecognized | Self::Gzip(_) | Self::Tar(_) => {
                "The registry serves an archive that cannot be unpacked. Tell who publishes the package, and use \
                 another version until then."
            }
            Self::TooLarge { .. } => {
                "If the package is meant to be this large, raise maxTarballUnpackedSize."
            }
            Self::TooManyFiles | Self::PathTraversal(_) => {
                "No honest package is like this. Do not use it, and find out how it got into the lockfile."
            }
        }
    }

    /// Whether it may have been broken between the registry and here, so that it is worth asking again.
    #[must_use]
    pub fn may_be_broken_on_the_way(&self) -> bool {
        matches!(self, Self::Unrecognized | Self::Gzip(_) | Self::Tar(_))
    }
}

/// A regular file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Path in the package: relative, with `/`, without `.` and `..`.
    pub path: String,
    /// Mode as the archive has it.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// Which entry of the archive it is, counted from 0.
    position: usize,
    /// Where its content begins in the inflated archive.
    offset: u64,
}

/// Content of an [`Entry`].
pub enum Content<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// A reader that gives [`Entry::size`] bytes, or fails.
    Stream(&'a mut dyn Read),
}

/// An archive that is held.
enum Held<'a> {
    /// It came as it is.
    Plain(&'a [u8]),
    /// It was compressed.
    Inflated(Inflated),
}

impl Held<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Plain(bytes) => bytes,
            Self::Inflated(inflated) => inflated,
        }
    }
}

/// An archive that was looked through.
pub struct Archive<'a> {
    compressed: &'a [u8],
    /// The inflated archive, if it is small enough to hold.
    inflated: Option<Held<'a>>,
    entries: Vec<Entry>,
    limit: u64,
}

impl<'a> Archive<'a> {
    /// Looks an archive through. `limit` is the most bytes it may inflate to, in all.
    ///
    /// # Errors
    /// For anything that makes the archive unusable.
    pub fn open(compressed: &'a [u8], limit: u64) -> Result<Self, ArchiveError> {
        if !compressed.starts_with(&gzip::MAGIC) {
            return Self::open_plain(compressed, limit);
        }
        let most = usize::try_from(IN_MEMORY.min(limit)).unwrap_or(usize::MAX);
        if let Some(inflated) = gzip::inflate_whole(compressed, most) {
            return Self::hold(compressed, inflated, limit);
        }
        // What announces to be large need not be inflated to find out; if it lied, what comes below says so.
        let announced = gzip::announced_length(compressed).unwrap_or_default();
        if u64::from(announced) > IN_MEMORY
            && let Ok(archive) = Self::pass_over(compressed, limit)
        {
            return Ok(archive);
        }
        let mut inflated = Vec::new();
        Inflating::new(compressed, limit)
            .take(IN_MEMORY + 1)
            .read_to_end(&mut inflated)
            .map_err(|error| archive_error(error, ArchiveError::Gzip))?;
        if inflated.len() as u64 > IN_MEMORY {
            drop(inflated);
            return Self::pass_over(compressed, limit);
        }
        Self::hold(compressed, inflated.into(), limit)
    }

    /// Looks an archive through without holding it.
    fn pass_over(compressed: &'a [u8], limit: u64) -> Result<Self, ArchiveError> {
        let mut archive = tar::Archive::new(buffered(Inflating::new(compressed, limit)));
        let entries = list(archive.entries().map_err(ArchiveError::Tar)?, None)?;
        Ok(Self { compressed, inflated: None, entries, limit })
    }

    fn hold(compressed: &'a [u8], inflated: Inflated, limit: u64) -> Result<Self, ArchiveError> {
        let entries = list_held(&inflated)?;
        Ok(Self { compressed, inflated: Some(Held::Inflated(inflated)), entries, limit })
    }

    /// Looks an archive through that is not compressed: some registries serve such, and pnpm takes them.
    fn open_plain(archive: &'a [u8], limit: u64) -> Result<Self, ArchiveError> {
        if archive.get(TAR_OFFSET..).is_none_or(|rest| !rest.starts_with(TAR)) {
            return Err(ArchiveError::Unrecognized);
        }
        let length = archive.len() as u64;
        if length > limit {
            return Err(ArchiveError::TooLarge { limit });
        }
        Ok(Self {
            compressed: archive,
            inflated: Some(Held::Plain(archive)),
            entries: list_held(archive)?,
            limit,
        })
    }

    /// Its files, in the order of the archive, no path twice.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Hands over the content of every entry, in the order of [`Archive::entries`].
    ///
    /// # Errors
    /// Those of `each`, and those of an archive too large to hold that reads differently the second time.
    pub fn read<E: From<ArchiveError>>(
        &self,
        mut each: impl FnMut(&Entry, Content<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(held) = &self.inflated {
            let inflated = held.bytes();
            for entry in &self.entries {
                let content = usize::try_from(entry.offset)
                    .ok()
                    .zip(usize::try_from(entry.size).ok())
                    .and_then(|(start, size)| inflated.get(start..start.checked_add(size)?))
                    .ok_or_else(|| ArchiveError::Tar(io::ErrorKind::UnexpectedEof.into()))?;
                each(entry, Content::Whole(content))?;
            }
            return Ok(());
        }
        let mut archive = tar::Archive::new(buffered(Inflating::new(self.compressed, self.limit)));
        let mut wanted = self.entries.iter().peekable();
        let mut buffer = Vec::new();
        for (position, found) in archive.entries().map_err(ArchiveError::Tar)?.enumerate() {
            let mut found = found.map_err(|error| archive_error(error, ArchiveError::Tar))?;
            let Some(entry) = wanted.next_if(|entry| entry.position == position) else {
                continue;
            };
            if entry.size > WHOLE_ENTRY {
                each(entry, Content::Stream(&mut found))?;
                continue;
            }
            buffer.clear();
            found.read_to_end(&mut buffer).map_err(|error| archive_error(error, ArchiveError::Tar))?;
            if buffer.len() as u64 != entry.size {
                return Err(ArchiveError::Tar(io::ErrorKind::UnexpectedEof.into()).into());
            }
            each(entry, Content::Whole(&buffer))?;
        }
        if wanted.peek().is_some() {
            return Err(ArchiveError::Tar(io::ErrorKind::UnexpectedEof.into()).into());
        }
        Ok(())
    }
}

/// Lists the regular files of an archive that is in memory. What lies between headers is passed over unread.
fn list_held(archive: &[u8]) -> Result<Vec<Entry>, ArchiveError> {
    let mut held = tar::Archive::new(io::Cursor::new(archive));
    list(held.entries_with_seek().map_err(ArchiveError::Tar)?, Some(archive.len() as u64))
}

/// Lists the regular files. `length` is the size of the inflated archive where it is known.
fn list(archive: tar::Entries<'_, impl Read>, length: Option<u64>) -> Result<Vec<Entry>, ArchiveError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut by_path: FxHashMap<String, usize> = FxHashMap::default();
    let mut replaced = false;
    for (position, found) in archive.enumerate() {
        let found = found.map_err(|error| archive_error(error, ArchiveError::Tar))?;
        if position >= MOST_FILES {
            return Err(ArchiveError::TooManyFiles);
        }
        if !found.header().entry_type().is_file() {
            continue;
        }
        let path = path_in_package(&String::from_utf8_lossy(&found.path_bytes()))?;
        let mode = found.header().mode().map_err(ArchiveError::Tar)?;
        let (size, offset) = (found.size(), found.raw_file_position());
        if length.is_some_and(|length| offset.checked_add(size).is_none_or(|end| end > length)) {
            return Err(ArchiveError::Tar(io::ErrorKind::UnexpectedEof.into()));
        }
        if let Some(earlier) = by_path.insert(path.clone(), entries.len()) {
            entries[earlier].path.clear();
            replaced = true;
        }
        entries.push(Entry { path, mode, size, position, offset });
    }
    if replaced {
        entries.retain(|entry| !entry.path.is_empty());
    }
    Ok(entries)
}

/// The path of an entry inside its package: its first component dropped.
fn path_in_package(raw: &str) -> Result<String, ArchiveError> {
    let refuse = || ArchiveError::PathTraversal(raw.to_owned());
    let text = raw.replace('\\', "/");
    if text.starts_with('/') || text.contains('\0') {
        return Err(refuse());
    }
    let mut segments = text.split('/').filter(|segment| !matches!(*segment, "" | "."));
    if segments.clone().any(|segment| segment == "..") || segments.next().is_none() {
        return Err(refuse());
    }
    let path = segments.collect::<Vec<_>>().join("/");
    if path.is_empty() { Err(refuse()) } else { Ok(path) }
}

/// Stands in the first header of a tar archive, at this offset.
const TAR: &[u8] = b"ustar";
const TAR_OFFSET: usize = 257;

fn archive_error(error: io::Error, otherwise: impl FnOnce(io::Error) -> ArchiveError) -> ArchiveError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(cause) = source {
        if let Some(BeyondLimit(limit)) = cause.downcast_ref() {
            return ArchiveError::TooLarge { limit: *limit };
        }
        // tar wraps an I/O error in another, whose own `source` skips the inner one.
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        source = inner.map(|inner| inner as _).or_else(|| cause.source());
    }
    otherwise(error)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::bufread::GzDecoder;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            // Written directly, as the crate refuses to write hostile paths.
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        gzip(&builder.into_inner().unwrap())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn contents(archive: &Archive<'_>) -> Vec<(String, Vec<u8>)> {
        let mut contents = Vec::new();
        archive
            .read(|entry, content| -> Result<(), ArchiveError> {
                let mut bytes = Vec::new();
                match content {
                    Content::Whole(whole) => bytes.extend_from_slice(whole),
                    Content::Stream(reader) => {
                        reader.read_to_end(&mut bytes).unwrap();
                    }
                }
                contents.push((entry.path.clone(), bytes));
                Ok(())
            })
            .unwrap();
        contents
    }

    #[test]
    fn the_first_component_goes_and_the_last_of_two_equal_paths_stays() {
        let compressed = archive(&[
            ("package/a", b"first"),
            ("other/dir\\b", b"b"),
            ("x/./a", b"last"),
            ("package/README", b"1"),
            ("package/readme", b"2"),
        ]);
        let archive = Archive::open(&compressed, 1 << 20).unwrap();
        let expected = [("dir/b", "b"), ("a", "last"), ("README", "1"), ("readme", "2")]
            .map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(contents(&archive), expected);
    }

    #[test]
    fn a_path_that_leaves_the_package_refuses_the_archive() {
        for path in
            ["/etc/passwd", "package/../../x", "..", "package", "package/", "a\\..\\..\\b", "./package"]
        {
            let compressed = archive(&[("package/good", b"x"), (path, b"x")]);
            let refused = Archive::open(&compressed, 1 << 20).err();
            assert!(matches!(refused, Some(ArchiveError::PathTraversal(_))), "{path}: {refused:?}");
        }
    }

    #[test]
    fn a_bomb_is_refused_at_the_limit_whether_it_would_be_held_or_streamed() {
        let zeros = vec![0; 1 << 20];
        let small = archive(&[("package/zeros", &zeros)]);
        assert!(matches!(Archive::open(&small, 1 << 19), Err(ArchiveError::TooLarge { limit: 524_288 })));
        let large = archive(&[("package/zeros", &vec![0; 40 << 20])]);
        assert!(matches!(Archive::open(&large, 30 << 20), Err(ArchiveError::TooLarge { .. })));
    }

    #[test]
    fn an_archive_too_large_to_hold_reads_the_same_in_a_second_pass() {
        let big: Vec<u8> = (0..9u32 << 20).flat_map(|index| [index.to_le_bytes()[0]]).collect();
        let compressed = archive(&[("p/small", b"s"), ("p/big1", &big), ("p/small", b"t"), ("p/big2", &big)]);
        let archive = Archive::open(&compressed, 1 << 30).unwrap();
        assert!(archive.inflated.is_none());
        let contents = contents(&archive);
        assert_eq!(
            contents.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(),
            ["big1", "small", "big2"]
        );
        assert_eq!(contents[1].1, b"t");
        assert!(contents[0].1 == big && contents[2].1 == big);
    }

    #[test]
    fn an_archive_that_is_not_compressed_is_read_too() {
        let compressed = archive(&[("package/a", b"content")]);
        let mut plain = Vec::new();
        GzDecoder::new(&compressed[..]).read_to_end(&mut plain).unwrap();
        let opened = Archive::open(&plain, 1 << 20).unwrap();
        assert_eq!(contents(&opened), [("a".to_owned(), b"content".to_vec())]);
        assert!(matches!(Archive::open(&plain, 100), Err(ArchiveError::TooLarge { limit: 100 })));
    }

    #[test]
    fn later_members_are_read_and_trailing_garbage_is_ignored() {
        let whole = {
            let compressed = archive(&[("package/a", b"content")]);
            let mut inflated = Vec::new();
            GzDecoder::new(&compressed[..]).read_to_end(&mut inflated).unwrap();
            inflated
        };
        let (first, second) = whole.split_at(600);
        let mut compressed = gzip(first);
        compressed.extend(gzip(second));
        compressed.extend(b"garbage");
        assert_eq!(contents(&Archive::open(&compressed, 1 << 20).unwrap())[0].1, b"content");
    }

    #[test]
    fn what_is_cut_short_or_no_archive_is_refused() {
        let compressed = archive(&[("package/a", &[7; 5000])]);
        assert!(matches!(
            Archive::open(&compressed[..compressed.len() / 2], 1 << 20),
            Err(ArchiveError::Gzip(_))
        ));
        assert!(matches!(Archive::open(b"not gzip", 1 << 20), Err(ArchiveError::Unrecognized)));
        assert!(matches!(Archive::open(b"", 1 << 20), Err(ArchiveError::Unrecognized)));
        assert!(Archive::open(&gzip(&[0xff; 2000]), 1 << 20).is_err());
    }
}
