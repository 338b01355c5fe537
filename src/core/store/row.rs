//! A package's row in `index.db`: which files it has, under which digests.
//!
//! A row that is read comes from a database that others write: [`StoredPackage::decode`] takes nothing in it on
//! trust, and paths that would leave the package's folder make the row worthless.

use std::ops::Range;

use super::digest::{self, Digest};
use super::records::{Head, RecordError, RecordReader, RecordWriter};

/// A file to be written into a new row.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Path in the package, with `/`.
    pub path: String,
    /// SHA-512 of its content.
    pub digest: Digest,
    /// Mode as the archive gave it.
    pub mode: u32,
    /// Bytes.
    pub size: u64,
}

/// A new row.
#[derive(Debug, Clone)]
pub struct NewRow {
    /// Whether the package has install scripts or asks for a build in another way.
    pub requires_build: bool,
    /// The part of `package.json` that rows keep ([`stored_manifest`]).
    pub manifest: Option<serde_json::Value>,
    /// All files, sorted by path.
    pub files: Vec<NewFile>,
    /// When the files were written or checked, milliseconds since the epoch.
    pub checked_at_ms: u64,
}

impl NewRow {
    /// The row's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        self.encode_fields(&["algo", "requiresBuild", "manifest", "files"])
    }

    /// The bytes of the row of a package that came out of a repository and had not to be prepared.
    #[must_use]
    pub fn encode_unprepared(&self) -> Vec<u8> {
        self.encode_fields(&["algo", "requiresBuild", "requiresPrepare", "manifest", "files"])
    }

    fn encode_fields(&self, fields: &[&'static str]) -> Vec<u8> {
        let mut fields = fields.to_vec();
        fields.retain(|field| *field != "manifest" || self.manifest.is_some());
        let mut writer = RecordWriter::default();
        writer.object(&fields, |writer, position| match fields[position] {
            "algo" => writer.text("sha512"),
            "requiresBuild" => writer.boolean(self.requires_build),
            "requiresPrepare" => writer.boolean(false),
            "manifest" => writer.json(self.manifest.as_ref().unwrap_or(&serde_json::Value::Null)),
            _ => self.encode_files(writer),
        });
        writer.finish()
    }

    fn encode_files(&self, writer: &mut RecordWriter) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float's 53 bits")]
        let checked_at = self.checked_at_ms as f64;
        writer.map(self.files.len());
        for file in &self.files {
            writer.text(&file.path);
            writer.object(&["digest", "mode", "size", "checkedAt"], |writer, position| match position {
                0 => writer.text(file.digest.to_hex().as_str()),
                1 => writer.unsigned(u64::from(file.mode)),
                2 => writer.unsigned(file.size),
                _ => writer.float(checked_at),
            });
        }
    }
}

/// The part of a `package.json` that a row keeps, in the order pnpm writes it (pnpm: `tarball/src/extract.rs`).
#[must_use]
pub fn stored_manifest(manifest: &serde_json::Value) -> Option<serde_json::Value> {
    const KEPT: [&str; 15] = [
        "version",
        "bin",
        "bundledDependencies",
        "bundleDependencies",
        "cpu",
        "dependencies",
        "devDependencies",
        "directories",
        "engines",
        "libc",
        "name",
        "optionalDependencies",
        "os",
        "peerDependencies",
        "peerDependenciesMeta",
    ];
    let present = |value: &&serde_json::Value| !value.is_null();
    let object = manifest.as_object()?;
    let mut kept = serde_json::Map::new();
    for key in KEPT {
        if let Some(value) = object.get(key).filter(present) {
            kept.insert(key.to_owned(), value.clone());
        }
    }
    let scripts: serde_json::Map<_, _> = INSTALL_SCRIPTS
        .iter()
        .filter_map(|&key| {
            let value = object.get("scripts")?.as_object()?.get(key).filter(present)?;
            Some((key.to_owned(), value.clone()))
        })
        .collect();
    if !scripts.is_empty() {
        kept.insert("scripts".to_owned(), scripts.into());
    }
    (!kept.is_empty()).then(|| kept.into())
}

const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Whether a package asks for a build: install scripts, a `binding.gyp` (unless `gypfile` is false), or a file
/// under `.hooks/`.
pub fn requires_build<'a>(
    manifest: Option<&serde_json::Value>,
    mut paths: impl Iterator<Item = &'a str>,
) -> bool {
    let scripts = manifest.and_then(|manifest| manifest.get("scripts")?.as_object());
    let gyp_is_off =
        manifest.and_then(|manifest| manifest.get("gypfile")) == Some(&serde_json::Value::Bool(false));
    // What JavaScript takes for true counts, though much of it cannot be run.
    let is_script = |value: &serde_json::Value| match value {
        serde_json::Value::Null | serde_json::Value::Bool(false) => false,
        serde_json::Value::String(command) => !command.is_empty(),
        serde_json::Value::Number(number) => number.as_f64() != Some(0.0),
        _ => true,
    };
    scripts.is_some_and(|scripts| {
        let mut found = INSTALL_SCRIPTS.iter().filter_map(|script| scripts.get(*script));
        found.any(is_script)
    }) || paths.any(|path| (path == "binding.gyp" && !gyp_is_off) || path.starts_with(".hooks/"))
}

/// A package that is in the store: its row, read. The strings stay in the row's bytes.
#[derive(Debug, Clone)]
pub struct StoredPackage {
    row: Box<[u8]>,
    files: Box<[FileRanges]>,
    requires_build: Option<bool>,
    executables: Option<Box<serde_json::Value>>,
}

#[derive(Debug, Clone)]
struct FileRanges {
    path: Range<u32>,
    digest: u32,
    shard: u8,
    mode: u32,
    size: u64,
    checked_at: f64,
    checked_at_position: Option<u32>,
}

/// A file of a [`StoredPackage`].
#[derive(Debug, Clone, Copy)]
pub struct StoredFile<'a> {
    /// Path in the package: relative, with `/`, without `.` or `..`.
    pub path: &'a str,
    /// The shard of the store that it is in: the first byte of its digest.
    pub shard: u8,
    /// 128 lower-case hexadecimal digits.
    digits: &'a [u8],
    /// Whether the archive had it executable.
    pub executable: bool,
    /// Bytes.
    pub size: u64,
    /// When it was last checked, milliseconds since the epoch; 0 when the row does not say.
    pub checked_at: f64,
}

/// A name in a shard of the store, without an allocation.
#[derive(Debug, Clone, Copy)]
pub struct BlobName {
    bytes: [u8; digest::HEX_LENGTH - 2 + 5],
    length: usize,
}

impl BlobName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Copied from a string of hexadecimal digits and "-exec".
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl<'a> StoredFile<'a> {
    /// SHA-512 of its content, 128 lower-case hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> &'a str {
        // Decoding the row has looked at every digit.
        std::str::from_utf8(self.digits).unwrap_or_default()
    }

    /// Its name in its shard.
    #[must_use]
    pub fn blob_name(&self) -> BlobName {
        let digits = &self.digits[2..];
        let mut bytes = [0; digest::HEX_LENGTH - 2 + 5];
        bytes[..digits.len()].copy_from_slice(digits);
        bytes[digits.len()..].copy_from_slice(b"-exec");
        BlobName { bytes, length: if self.executable { bytes.len() } else { digits.len() } }
    }
}

/// Why a row cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RowError {
    /// Not the encoding.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The encoding of something else.
    #[error("{0}")]
    Shape(&'static str),
    /// A path that is not inside the package.
    #[error("the path {0:?} leaves the package")]
    Path(String),
}

impl StoredPackage {
    /// Reads a row.
    ///
    /// # Errors
    /// When the bytes are no row, or one whose paths or digests cannot be used.
    pub fn decode(row: Vec<u8>) -> Result<Self, RowError> {
        let row = row.into_boxed_slice();
        if u32::try_from(row.len()).is_err() {
            return Err(RowError::Shape("a row of more than 4 GiB"));
        }
        let mut reader = RecordReader::new(&row);
        let mut parsed = Parsed::default();
        for_each_field(&mut reader, "the row is no object", |reader, key| {
            match reader.raw(&key) {
                b"requiresBuild" => {
                    if let Head::Boolean(value) = reader.next()? {
                        parsed.requires_build = Some(value);
                    }
                }
                b"algo" => {
                    let Head::Text(range) = reader.next()? else {
                        return Err(RowError::Shape("`algo` is no string"));
                    };
                    if reader.raw(&range) != b"sha512" {
                        return Err(RowError::Shape("its digests are not SHA-512"));
                    }
                }
                b"files" => parsed.files(reader)?,
                b"manifest" => parsed.manifest(reader)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let Parsed { files, requires_build, executables } = parsed;
        let files = files.ok_or(RowError::Shape("it has no `files`"))?.into_boxed_slice();
        Ok(Self { row, files, requires_build, executables })
    }

    /// Its files, in the order of the row.
    #[must_use]
    pub fn files(&self) -> impl ExactSizeIterator<Item = StoredFile<'_>> {
        self.files.iter().map(|file| StoredFile {
            path: self.text(file.path.start as usize..file.path.end as usize),
            shard: file.shard,
            digits: &self.row[file.digest as usize..file.digest as usize + digest::HEX_LENGTH],
            executable: file.mode & 0o111 != 0,
            size: file.size,
            checked_at: file.checked_at,
        })
    }

    /// How many files it has.
    #[must_use]
    pub fn file_count(&self) -> u32 {
        u32::try_from(self.files.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of its files.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.size))
    }

    /// Whether the package asks for a build.
    #[must_use]
    pub fn requires_build(&self) -> bool {
        self.requires_build.unwrap_or_else(|| requires_build(None, self.files().map(|file| file.path)))
    }

    /// What the manifest of the row says of the package's executables: the fields `name`, `version`, `bin` and
    /// `directories`. `None` where it has neither of the last two, or the row no manifest.
    #[must_use]
    pub fn executables(&self) -> Option<&serde_json::Value> {
        self.executables.as_deref()
    }

    /// The row, as it was read.
    #[must_use]
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// The row again, with the time of the last check of every file set.
    #[must_use]
    pub fn checked_again(&self, now_ms: u64) -> Vec<u8> {
        let mut row = self.row.to_vec();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit a float's 53 bits")]
        let time = (now_ms as f64).to_be_bytes();
        for position in self.files.iter().filter_map(|file| file.checked_at_position) {
            row[position as usize..position as usize + time.len()].copy_from_slice(&time);
        }
        row
    }

    fn text(&self, range: Range<usize>) -> &str {
        // The ranges were found by a reader that had checked them.
        std::str::from_utf8(&self.row[range]).unwrap_or_default()
    }
}

#[derive(Default)]
struct Parsed {
    files: Option<Vec<FileRanges>>,
    requires_build: Option<bool>,
    executables: Option<Box<serde_json::Value>>,
}

impl Parsed {
    fn manifest(&mut self, reader: &mut RecordReader<'_>) -> Result<(), RowError> {
        let (mut name, mut version) = (0..0, 0..0);
        let mut kept = serde_json::Map::new();
        for_each_field(reader, "`manifest` is no object", |reader, key| {
            match reader.text(&key) {
                field @ ("name" | "version") => {
                    if let Head::Text(range) = reader.next()? {
                        *(if field == "name" { &mut name } else { &mut version }) = range;
                    }
                }
                field @ ("bin" | "directories") => {
                    let value = reader.json()?;
                    if !value.is_null() {
                        kept.insert(field.to_owned(), value);
                    }
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        if !kept.is_empty() {
            kept.insert("name".to_owned(), reader.text(&name).into());
            kept.insert("version".to_owned(), reader.text(&version).into());
            self.executables = Some(Box::new(kept.into()));
        }
        Ok(())
    }

    fn files(&mut self, reader: &mut RecordReader<'_>) -> Result<(), RowError> {
        let mut files = Vec::new();
        for_each_field(reader, "`files` is no map", |reader, path| {
            let text = reader.text(&path);
            if !is_inside_package(text) {
                return Err(RowError::Path(text.to_owned()));
            }
            let mut file = FileRanges {
                path: narrow(path.start)?..narrow(path.end)?,
                digest: 0,
                shard: 0,
                mode: 0,
                size: 0,
                checked_at: 0.0,
                checked_at_position: None,
            };
            for_each_field(reader, "a file's entry is no object", |reader, key| {
                match (reader.raw(&key), reader.next()?) {
                    (b"digest", Head::Text(range)) => {
                        file.shard = digest::shard_of_hex(reader.raw(&range))
                            .ok_or(RowError::Shape("a digest is not 128 lower-case hexadecimal digits"))?;
                        file.digest = narrow(range.start)?;
                    }
                    (b"mode", Head::Number(mode)) => file.mode = whole(mode)?,
                    (b"size", Head::Number(size)) => file.size = whole(size)?,
                    (b"checkedAt", Head::Number(time)) => {
                        file.checked_at = time;
                        file.checked_at_position =
                            reader.float_position().and_then(|place| place.try_into().ok());
                    }
                    (_, Head::Record(_) | Head::Map(_) | Head::Array(_)) => {
                        return Err(RowError::Shape("a file's entry holds something else than plain values"));
                    }
                    _ => {}
                }
                Ok(())
            })?;
            if file.digest == 0 {
                return Err(RowError::Shape("a file has no digest"));
            }
            files.push(file);
            Ok(())
        })?;
        self.files = Some(files);
        Ok(())
    }
}

/// Calls `each` at every value of the object or map that comes next, with its key.
fn for_each_field(
    reader: &mut RecordReader<'_>,
    otherwise: &'static str,
    mut each: impl FnMut(&mut RecordReader<'_>, Range<usize>) -> Result<(), RowError>,
) -> Result<(), RowError> {
    match reader.next()? {
        Head::Record(definition) => {
            for index in 0..reader.field_count(definition) {
                let key = reader.field(definition, index);
                each(reader, key)?;
            }
        }
        Head::Map(pairs) => {
            for _ in 0..pairs {
                let Head::Text(key) = reader.next()? else {
                    return Err(RowError::Shape("a key is no string"));
                };
                each(reader, key)?;
            }
        }
        _ => return Err(RowError::Shape(otherwise)),
    }
    Ok(())
}

fn narrow(position: usize) -> Result<u32, RowError> {
    u32::try_from(position).map_err(|_| RowError::Shape("a row of more than 4 GiB"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number was found to be whole, positive and exact"
)]
fn whole<T: TryFrom<u64>>(number: f64) -> Result<T, RowError> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let fits = number.fract() == 0.0 && (0.0..EXACT).contains(&number);
    let value = if fits { T::try_from(number as u64).ok() } else { None };
    value.ok_or(RowError::Shape("a number is out of range"))
}

/// Whether a path with `/` stays inside its folder and can be a path at all.
#[must_use]
pub fn is_inside_package(path: &str) -> bool {
    let bytes = path.as_bytes();
    let is_strange = bytes.iter().fold(false, |found, byte| found | matches!(byte, b'\\' | 0));
    !is_strange && bytes.split(|byte| *byte == b'/').all(|segment| !matches!(segment, b"" | b"." | b".."))
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
