//! `<cache>/lockfile-verified.jsonl`: lockfiles that kept the policies, one a line, shared with pnpm (pnpm:
//! `lockfile-verification/src/cache.rs`).
//!
//! A lockfile is known by its path with size, time and inode, or by the digest of what it says. The file only helps:
//! when it cannot be read, lockfiles are verified again; when it cannot be written, they will be.

use std::fs::{self, Metadata, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::policy::Policy;
use super::timestamp::as_iso;

/// Name of the file inside the cache.
const FILE_NAME: &str = "lockfile-verified.jsonl";

/// Lines that are kept when the file has grown too long.
const KEPT_LINES: usize = 1000;

/// Size at which old lines are dropped, bytes.
const LONG: u64 = (KEPT_LINES as u64) * 1536;

/// A lockfile as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Seen {
    /// SHA-256 of what the lockfile says, in hexadecimal.
    hash: String,
    /// Its absolute path.
    path: String,
    /// Its size, bytes.
    size: u64,
    /// When it was last written, nanoseconds since 1970, as a text because numbers of JSON do not hold them.
    mtime_ns: String,
    /// Its inode, as a text; 0 where there are none.
    inode: String,
}

/// A line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    lockfile: Seen,
    verified_at: String,
    policy: Map<String, Value>,
}

/// The memory of verified lockfiles, asked for one of them.
#[derive(Debug)]
pub struct Memo {
    file: PathBuf,
    seen: Seen,
}

/// What the memory says of a lockfile.
#[derive(Debug)]
pub enum Recalled {
    /// It was verified under these policies or stricter ones, at this time.
    Verified(String),
    /// It was not. When it passes now, that can be remembered.
    Unknown(Memo),
    /// Nothing can be told or remembered.
    Unavailable,
}

/// Asks the memory for a lockfile. `hash` is called when path, size, time and inode do not tell enough.
pub fn recall(cache: &Path, lockfile: &Path, policy: &Policy, hash: impl FnOnce() -> String) -> Recalled {
    let Some(mut seen) = look_at(lockfile) else { return Recalled::Unavailable };
    let file = cache.join(FILE_NAME);
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => String::new(),
    };
    let by_path = last(&text, &seen.path, |line| line.lockfile.path == seen.path);
    if let Some(line) = by_path.filter(|line| is_unchanged(&line.lockfile, &seen)) {
        if policy.follows_from(&line.policy) {
            return Recalled::Verified(line.verified_at);
        }
        seen.hash = line.lockfile.hash;
        return Recalled::Unknown(Memo { file, seen });
    }
    seen.hash = hash();
    let by_content = last(&text, &seen.hash, |line| line.lockfile.hash == seen.hash);
    match by_content.filter(|line| policy.follows_from(&line.policy)) {
        Some(line) => {
            // Next time, a look at the file will do.
            let verified_at = line.verified_at.clone();
            append(&file, &Line { lockfile: seen, ..line });
            Recalled::Verified(verified_at)
        }
        None => Recalled::Unknown(Memo { file, seen }),
    }
}

/// Remembers a lockfile that was just written and keeps the policies.
pub fn remember(cache: &Path, lockfile: &Path, policy: &Policy, hash: String) {
    if let Some(mut seen) = look_at(lockfile) {
        seen.hash = hash;
        Memo { file: cache.join(FILE_NAME), seen }.remember(policy);
    }
}

impl Memo {
    /// Remembers that the lockfile keeps the policies.
    pub fn remember(self, policy: &Policy) {
        let now = i64::try_from(crate::core::clock::unix_millis()).unwrap_or(i64::MAX);
        let line = Line { lockfile: self.seen, verified_at: as_iso(now), policy: policy.record() };
        append(&self.file, &line);
        if fs::metadata(&self.file).is_ok_and(|metadata| metadata.len() > LONG) {
            shorten(&self.file);
        }
    }
}

/// The last line that fits. Only lines that hold the text are read.
fn last(lines: &str, text: &str, fits: impl Fn(&Line) -> bool) -> Option<Line> {
    // The text stands inside of JSON's quotes, where some of its characters may be escaped.
    let quoted = Value::from(text).to_string();
    lines
        .lines()
        .rev()
        .filter(|line| line.contains(&quoted))
        .find_map(|line| serde_json::from_str(line).ok().filter(&fits))
}

fn look_at(lockfile: &Path) -> Option<Seen> {
    let metadata = fs::metadata(lockfile).ok()?;
    let written = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Seen {
        hash: String::new(),
        path: lockfile.to_string_lossy().into_owned(),
        size: metadata.len(),
        mtime_ns: written.as_nanos().to_string(),
        inode: inode(&metadata),
    })
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt as _;
    metadata.ino().to_string()
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> String {
    "0".to_owned()
}

fn is_unchanged(then: &Seen, now: &Seen) -> bool {
    !then.hash.is_empty() && then.size == now.size && then.mtime_ns == now.mtime_ns && then.inode == now.inode
}

/// A line is one write, so that programs that write at one time do not mix theirs.
fn append(file: &Path, line: &Line) {
    let Ok(text) = serde_json::to_string(line) else { return };
    let written = file
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(file))
        .and_then(|mut opened| opened.write_all(format!("{text}\n").as_bytes()));
    if let Err(error) = written {
        tracing::debug!(%error, file = %file.display(), "the verification of the lockfile is not remembered");
    }
}

/// Keeps the last line of each lockfile, and of those the newest.
fn shorten(file: &Path) {
    let Ok(text) = fs::read_to_string(file) else { return };
    let mut known = FxHashSet::default();
    let mut kept: Vec<&str> = text
        .lines()
        .rev()
        .filter(|line| {
            serde_json::from_str::<Line>(line)
                .is_ok_and(|line| known.insert((line.lockfile.path, line.lockfile.hash)))
        })
        .take(KEPT_LINES)
        .collect();
    kept.reverse();
    let beside = file.with_extension(format!("jsonl.{}.tmp", std::process::id()));
    let replaced = fs::write(&beside, kept.join("\n") + "\n").and_then(|()| fs::rename(&beside, file));
    if replaced.is_err() {
        // It stays long, which harms nobody.
        let _ = fs::remove_file(&beside);
    }
}
