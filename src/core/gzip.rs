//! Inflating gzip that is held whole, in one go.
//!
//! Half of what a cold install computes is inflating. Where both sides fit into memory, which is nearly always, a library
//! that does nothing else takes less than half the time of one that can stop anywhere. It never judges what it cannot
//! inflate: that is left to the one that reads piece by piece, which can tell what is wrong.

use std::ops::Deref;
use std::sync::{Mutex, MutexGuard, PoisonError};

use libdeflater::{Decompressor, crc32};

/// What gzip begins with, deflate being its only method.
pub const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// No byte of deflate stands for more than so many.
const MOST_PER_BYTE: usize = 1032;

/// Buffers that were used before, and their most. To ask the system for new memory takes longer than to inflate into it.
static BUFFERS: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
const MOST_BUFFERS: usize = 4;
/// Larger buffers are not kept.
const LARGEST_BUFFER: usize = 8 << 20;

/// What was inflated. Its memory is used again when it is dropped.
#[derive(Debug)]
pub struct Inflated {
    buffer: Vec<u8>,
    /// How much of the buffer it is.
    length: usize,
}

impl Deref for Inflated {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl AsRef<[u8]> for Inflated {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<Vec<u8>> for Inflated {
    fn from(buffer: Vec<u8>) -> Self {
        Self { length: buffer.len(), buffer }
    }
}

impl Drop for Inflated {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut buffers = buffers();
        if buffer.capacity() <= LARGEST_BUFFER && buffers.len() < MOST_BUFFERS {
            buffers.push(buffer);
        }
    }
}

fn buffers() -> MutexGuard<'static, Vec<Vec<u8>>> {
    BUFFERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The length that the end of a gzip file announces: that of its last member, if nothing follows it.
#[must_use]
pub fn announced_length(compressed: &[u8]) -> Option<u32> {
    compressed.last_chunk().map(|length| u32::from_le_bytes(*length))
}

/// Inflates one gzip member that is the whole input; `None` for anything else, and for what is larger than `most`.
#[must_use]
pub fn inflate_whole(compressed: &[u8], most: usize) -> Option<Inflated> {
    if !compressed.starts_with(&MAGIC) {
        return None;
    }
    let announced = announced_length(compressed)?;
    let length = usize::try_from(announced).ok().filter(|length| *length <= most)?;
    if length > compressed.len().saturating_mul(MOST_PER_BYTE) {
        return None;
    }
    let mut buffer = buffers().pop().unwrap_or_default();
    if buffer.len() < length {
        // Nothing of the old content is worth being moved.
        buffer.clear();
        buffer.resize(length, 0);
    }
    let mut inflated = Inflated { buffer, length };
    let written = Decompressor::new().gzip_decompress(compressed, &mut inflated.buffer[..length]).ok()?;
    // Only the first member was inflated. It is the last as well if the input ends with its checksum and its length.
    let mut end = [0; 8];
    end[..4].copy_from_slice(&crc32(&inflated).to_le_bytes());
    end[4..].copy_from_slice(&announced.to_le_bytes());
    (written == length && compressed.ends_with(&end)).then_some(inflated)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn one_member_is_inflated_up_to_the_limit() {
        let content = b"a package ".repeat(1000);
        let compressed = gzip(&content);
        assert_eq!(*inflate_whole(&compressed, content.len()).unwrap(), content);
        assert!(inflate_whole(&compressed, content.len() - 1).is_none());
        assert_eq!(*inflate_whole(&gzip(b""), 0).unwrap(), *b"");
    }

    #[test]
    fn memory_that_is_used_again_shows_nothing_of_before() {
        let (long, short) = (gzip(&[7; 5000]), gzip(b"short"));
        for _ in 0..3 {
            assert_eq!(*inflate_whole(&long, 5000).unwrap(), [7; 5000]);
            assert_eq!(*inflate_whole(&short, 5000).unwrap(), *b"short");
        }
    }

    #[test]
    fn several_members_and_what_follows_the_last_are_left_to_others() {
        let two = [gzip(b"first"), gzip(b"other")].concat();
        assert!(inflate_whole(&two, 100).is_none());
        let padded = [gzip(b"first"), vec![0; 512]].concat();
        assert!(inflate_whole(&padded, 1000).is_none());
    }

    #[test]
    fn what_is_broken_is_left_to_others() {
        let whole = gzip(b"content");
        for length in 0..whole.len() {
            assert!(inflate_whole(&whole[..length], 1 << 20).is_none(), "{length} bytes");
        }
        let mut announces_too_much = whole.clone();
        let end = announces_too_much.len();
        announces_too_much[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(inflate_whole(&announces_too_much, usize::MAX).is_none());
        assert!(inflate_whole(b"plain", 100).is_none());
    }
}
