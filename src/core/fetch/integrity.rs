//! Is a tarball the one that the lockfile means?
//!
//! The strongest algorithm that the integrity names decides; any of its digests may match (subresource integrity,
//! as npm and pnpm read it).

use aws_lc_rs::digest;
use ssri::{Algorithm, Integrity};

/// An integrity that cannot be used, or does not match.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IntegrityError {
    /// The text is no integrity.
    #[error("{0:?} is no integrity")]
    Invalid(String),
    /// The content is another.
    #[error("its integrity is {actual}, but {wanted} was wanted")]
    Mismatch {
        /// What the lockfile has.
        wanted: String,
        /// The digest of what came.
        actual: String,
    },
}

/// Checks content against an integrity such as `sha512-…`.
///
/// # Errors
/// When the content is another, or the text is no integrity.
pub fn check(content: &[u8], wanted: &str) -> Result<(), IntegrityError> {
    let invalid = || IntegrityError::Invalid(wanted.to_owned());
    let integrity: Integrity = wanted.parse().map_err(|_| invalid())?;
    if integrity.hashes.is_empty() {
        return Err(invalid());
    }
    let strongest = integrity.pick_algorithm();
    let algorithm = match strongest {
        Algorithm::Sha512 => &digest::SHA512,
        Algorithm::Sha384 => &digest::SHA384,
        Algorithm::Sha256 => &digest::SHA256,
        Algorithm::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        // Not collision-free enough to let strangers' code in, and in no lockfile.
        _ => return Err(invalid()),
    };
    let found = digest::digest(algorithm, content);
    let actual = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, found);
    let matches = integrity.hashes.iter().any(|hash| hash.algorithm == strongest && hash.digest == actual);
    if matches {
        return Ok(());
    }
    Err(IntegrityError::Mismatch { wanted: wanted.to_owned(), actual: format!("{strongest}-{actual}") })
}

/// The integrity that a lockfile records for content: `sha512-…`.
#[must_use]
pub fn sha512(content: &[u8]) -> String {
    let found = digest::digest(&digest::SHA512, content);
    format!("sha512-{}", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_of_lockfiles_is_checked() {
        for integrity in [
            "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0=",
            "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=",
            "sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==",
        ] {
            assert_eq!(check(b"abc", integrity), Ok(()));
            assert!(matches!(check(b"abd", integrity), Err(IntegrityError::Mismatch { .. })));
        }
    }

    #[test]
    fn what_is_recorded_for_content_fits_it() {
        let integrity = sha512(b"abc");
        assert!(integrity.starts_with("sha512-3a81oZNherrMQXNJriBBMRLm"), "{integrity}");
        assert_eq!(check(b"abc", &integrity), Ok(()));
    }

    #[test]
    fn a_weak_digest_that_fits_does_not_outweigh_a_strong_one_that_does_not() {
        let mixed = "sha1-qZk+NkcGgWq6PiVxeFDCbJzQ2J0= sha512-AAAA";
        assert!(matches!(check(b"abc", mixed), Err(IntegrityError::Mismatch { .. })));
    }

    #[test]
    fn what_is_no_integrity_is_refused() {
        for text in ["", "sha512", "md5-kAFQmDzST7DWlj99KOF/cg==", "nonsense-AAAA"] {
            assert!(matches!(check(b"abc", text), Err(IntegrityError::Invalid(_))), "{text}");
        }
    }
}
