//! Tar archives of every shape, well-formed and hostile, entry by entry.

use std::io::{Read, Write, repeat};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// The time npm gives to every packed file.
const PACKED_AT: u64 = 499_162_500;

/// What an entry holds.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// That many zeros, never all in memory.
    Zeros(u64),
}

impl Content {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(length) => *length,
        }
    }
}

/// How a name that may be too long for the header is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LongName {
    /// In the header alone; must fit its 100 bytes.
    Header,
    /// Split over the header's `prefix` and `name` (ustar).
    Ustar,
    /// In a PAX record before the entry.
    Pax,
    /// In a GNU `././@LongLink` entry before the entry.
    Gnu,
}

/// One tar entry, written exactly as described: no check, no correction.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The whole path, with the leading `package/` where there shall be one.
    pub path: String,
    /// File, link, device, …
    pub kind: EntryType,
    /// Where a link points.
    pub target: String,
    /// Permission bits.
    pub mode: u32,
    /// What it holds.
    pub content: Content,
    /// How its name is written.
    pub name: LongName,
    /// The size to put into the header when it shall not be the true one.
    pub announced: Option<u64>,
}

impl Entry {
    /// A regular file.
    pub fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            kind: EntryType::Regular,
            target: String::new(),
            mode: 0o644,
            content: Content::Bytes(bytes.into()),
            name: LongName::Header,
            announced: None,
        }
    }

    /// An entry without content: a directory, device or named pipe.
    pub fn special(path: &str, kind: EntryType) -> Self {
        Self { kind, ..Self::file(path, "") }
    }

    /// A symlink or hardlink.
    pub fn link(path: &str, kind: EntryType, target: &str) -> Self {
        Self { kind, target: target.to_owned(), ..Self::file(path, "") }
    }

    /// PAX records for the whole archive (`g`), as `git archive` writes them.
    pub fn global_header(key: &str, value: &str) -> Self {
        let record = pax_record(key, value.as_bytes());
        Self { kind: EntryType::XGlobalHeader, ..Self::file("pax_global_header", record) }
    }

    /// The same with other permission bits.
    pub fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// The same with its name written another way.
    pub fn with_name(mut self, name: LongName) -> Self {
        self.name = name;
        self
    }

    fn write(&self, archive: &mut Builder<Vec<u8>>) {
        let path = self.path.as_bytes();
        match self.name {
            LongName::Header => assert!(path.len() <= 100, "{} does not fit a header", self.path),
            LongName::Ustar => {}
            LongName::Pax => {
                let record = pax_record("path", path);
                append(archive, &header("PaxHeader", EntryType::XHeader, record.len() as u64), &record[..]);
            }
            LongName::Gnu => {
                let name = [path, b"\0"].concat();
                append(
                    archive,
                    &header("././@LongLink", EntryType::GNULongName, name.len() as u64),
                    &name[..],
                );
            }
        }
        let size = self.announced.unwrap_or(self.content.len());
        let mut header = if self.name == LongName::Ustar {
            split_header(&self.path, size)
        } else {
            header(&self.path, self.kind, size)
        };
        header.set_mode(self.mode);
        let target = self.target.as_bytes();
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
        header.set_cksum();
        match &self.content {
            Content::Bytes(bytes) => append(archive, &header, &bytes[..]),
            Content::Zeros(length) => append(archive, &header, repeat(0).take(*length)),
        }
    }
}

/// Writes entries one after the other, then the two empty blocks that end an archive.
pub fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries {
        entry.write(&mut archive);
    }
    archive.into_inner().expect("memory takes everything")
}

/// Compresses into one gzip member.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// Compresses into several gzip members, one after the other, which together inflate to `bytes`.
pub fn gzip_members(bytes: &[u8], members: usize) -> Vec<u8> {
    let each = bytes.len().div_ceil(members.max(1)).max(1);
    bytes.chunks(each).flat_map(gzip).collect()
}

fn append(archive: &mut Builder<Vec<u8>>, header: &Header, content: impl Read) {
    archive.append(header, content).expect("memory takes everything");
}

/// A header whose name is put in as it is; what does not fit is cut off, for a record before it to mend.
fn header(path: &str, kind: EntryType, size: u64) -> Header {
    let mut header = Header::new_ustar();
    let length = path.len().min(100);
    header.as_old_mut().name[..length].copy_from_slice(&path.as_bytes()[..length]);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(PACKED_AT);
    header.set_cksum();
    header
}

fn split_header(path: &str, size: u64) -> Header {
    let cut = path.rfind('/').expect("a path to split has a folder");
    let (prefix, name) = (&path[..cut], &path[cut + 1..]);
    let mut header = header(name, EntryType::Regular, size);
    let ustar = header.as_ustar_mut().expect("it was made as one");
    ustar.prefix[..prefix.len()].copy_from_slice(prefix.as_bytes());
    header
}

/// `<length> <key>=<value>\n`, where the length counts itself.
fn pax_record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length.to_string().len() + rest != length {
        length = length.to_string().len() + rest;
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}
