//! SHA-512 of a file's content: the name of a file in the store.

use aws_lc_rs::digest::{Context, SHA512, digest};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Length of a digest in hexadecimal digits.
pub const HEX_LENGTH: usize = 128;

/// A SHA-512 digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 64]);

impl std::fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.to_hex().as_str())
    }
}

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_slice(digest(&SHA512, bytes).as_ref())
    }

    fn from_slice(slice: &[u8]) -> Self {
        let mut bytes = [0; 64];
        bytes.copy_from_slice(slice);
        Self(bytes)
    }

    /// The first byte: the number of the shard.
    #[must_use]
    pub fn shard(&self) -> u8 {
        self.0[0]
    }

    /// The digest as 128 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> HexDigest {
        let mut digits = [0; HEX_LENGTH];
        for (byte, pair) in self.0.iter().zip(digits.chunks_exact_mut(2)) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        HexDigest(digits)
    }
}

/// A digest in hexadecimal, without an allocation.
#[derive(Clone, Copy)]
pub struct HexDigest([u8; HEX_LENGTH]);

impl HexDigest {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The digits come from `HEX`, which is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A digest that is computed while its content passes by.
pub struct RunningDigest(Context);

impl Default for RunningDigest {
    fn default() -> Self {
        Self(Context::new(&SHA512))
    }
}

impl RunningDigest {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes added.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest::from_slice(self.0.finish().as_ref())
    }
}

/// The number of the shard that a digest's digits begin with; `None` unless they are 128 lower-case hexadecimal
/// digits.
#[must_use]
pub fn shard_of_hex(digits: &[u8]) -> Option<u8> {
    let digits: &[u8; HEX_LENGTH] = digits.try_into().ok()?;
    // All are looked at, whatever the first ones are: that is many at a time.
    let lower_hex = |byte: &u8| byte.is_ascii_digit() | (b'a'..=b'f').contains(byte);
    if !digits.iter().fold(true, |all, byte| all & lower_hex(byte)) {
        return None;
    }
    let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
    Some(value(digits[0]) << 4 | value(digits[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_sha512_of_the_content_in_lower_case() {
        let hex = Digest::of(b"abc").to_hex();
        assert_eq!(
            hex.as_str(),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(shard_of_hex(hex.as_str().as_bytes()), Some(0xdd));
    }

    #[test]
    fn a_running_digest_equals_the_digest_of_the_whole() {
        let mut running = RunningDigest::default();
        running.update(b"a");
        running.update(b"bc");
        assert_eq!(running.finish(), Digest::of(b"abc"));
    }

    #[test]
    fn only_128_lower_case_digits_name_a_shard() {
        assert_eq!(shard_of_hex(b""), None);
        assert_eq!(shard_of_hex("a".repeat(127).as_bytes()), None);
        assert_eq!(shard_of_hex("A".repeat(128).as_bytes()), None);
        assert_eq!(shard_of_hex("é".repeat(64).as_bytes()), None);
        assert_eq!(shard_of_hex(format!("../{}", "a".repeat(125)).as_bytes()), None);
    }
}
