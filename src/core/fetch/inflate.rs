//! Inflating gzip, never beyond a limit: a few bytes can stand for terabytes.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use crate::core::gzip::MAGIC;

/// For readers that read in small pieces.
pub(super) fn buffered(inflating: Inflating<'_>) -> io::BufReader<Inflating<'_>> {
    io::BufReader::with_capacity(256 << 10, inflating)
}

/// Inflates gzip, member after member; what follows the last and is no gzip is ignored. Fails beyond its limit.
pub(super) struct Inflating<'a> {
    member: GzDecoder<&'a [u8]>,
    left: u64,
    limit: u64,
}

impl<'a> Inflating<'a> {
    pub(super) fn new(compressed: &'a [u8], limit: u64) -> Self {
        Self { member: GzDecoder::new(compressed), left: limit, limit }
    }
}

impl Read for Inflating<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let read = self.member.read(buffer)?;
            if read > 0 {
                self.left = self
                    .left
                    .checked_sub(read as u64)
                    .ok_or_else(|| io::Error::other(BeyondLimit(self.limit)))?;
                return Ok(read);
            }
            let rest: &[u8] = self.member.get_ref();
            if !rest.starts_with(&MAGIC) {
                return Ok(0);
            }
            self.member = GzDecoder::new(rest);
        }
    }
}

/// Carries the limit through the I/O errors of the layers between.
#[derive(Debug, thiserror::Error)]
#[error("more than {0} bytes")]
pub(super) struct BeyondLimit(pub(super) u64);
