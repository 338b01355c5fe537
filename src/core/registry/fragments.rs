//! The JSON of a document's versions, out of which single ones are read.

use std::borrow::Cow;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Longest version that is read; larger ones count as absent (pnpm: `mirror.rs`).
pub(super) const LONGEST: u32 = 16 << 20;

/// Large files of the cache stay open instead of being held in memory, but only so many.
const MAX_OPEN_FILES: usize = 192;
static OPEN_FILES: AtomicUsize = AtomicUsize::new(0);

/// Where the versions lie.
#[derive(Debug)]
pub(super) enum Fragments {
    /// In memory.
    Memory(Bytes),
    /// In a file of the cache, from a position on. The open file stays what it was, whatever takes its name.
    File {
        /// The file.
        file: File,
        /// Where the versions begin.
        base: u64,
    },
}

impl Fragments {
    /// The versions that lie in a file, from a position on: `length` bytes.
    pub(super) fn of_file(file: File, base: u64, length: u64) -> Option<Self> {
        // For a moment the count may be too high by those who ask at the same time: no harm.
        if OPEN_FILES.fetch_add(1, Ordering::Relaxed) < MAX_OPEN_FILES {
            return Some(Self::File { file, base });
        }
        OPEN_FILES.fetch_sub(1, Ordering::Relaxed);
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_exact_at(&mut bytes, base).ok()?;
        Some(Self::Memory(bytes.into()))
    }

    /// The text of one version; `None` when it is not there as promised.
    pub(super) fn text(&self, offset: u64, length: u32) -> Option<Cow<'_, str>> {
        match self {
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).ok()?;
                let end = start.checked_add(usize::try_from(length).ok()?)?;
                std::str::from_utf8(bytes.get(start..end)?).ok().map(Cow::Borrowed)
            }
            Self::File { file, base } => {
                if length > LONGEST {
                    return None;
                }
                let mut bytes = vec![0; usize::try_from(length).ok()?];
                file.read_exact_at(&mut bytes, base.checked_add(offset)?).ok()?;
                String::from_utf8(bytes).ok().map(Cow::Owned)
            }
        }
    }
}

impl Drop for Fragments {
    fn drop(&mut self) {
        if let Self::File { .. } = self {
            OPEN_FILES.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
