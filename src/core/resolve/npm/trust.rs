//! `trustPolicy: no-downgrade`: a version must not have fewer to vouch for it than one that was published before.
//!
//! pnpm: `resolving-npm-resolver/src/trust_checks.rs`.

use super::error::NpmError;
use super::exclude::Exclusions;
use super::range::is_prerelease;
use crate::core::registry::{Packument, TrustEvidence, parse_timestamp};

/// The policy.
#[derive(Debug, Clone, Default)]
pub struct NoDowngrade {
    /// What it leaves alone.
    pub exclude: Exclusions,
    /// Minutes after which a version is left alone.
    pub ignore_after: Option<u64>,
    /// Milliseconds since 1970.
    pub now: i64,
}

impl NoDowngrade {
    /// Checks a version against those before it.
    ///
    /// # Errors
    /// When it is a downgrade, and when that cannot be told.
    pub fn check(&self, packument: &Packument, version: &str) -> Result<(), NpmError> {
        let name = packument.name();
        if self.exclude.of(name).covers(version) {
            return Ok(());
        }
        let unknown = |reason: String| NpmError::TrustUnknown { reason };
        let published = packument
            .time(version)
            .ok_or_else(|| unknown(format!("missing time for version {version} of {name} in metadata")))?;
        let published = parse_timestamp(published)
            .ok_or_else(|| unknown("publish timestamp is not a valid date".to_owned()))?;
        let age_minutes = self.now.saturating_sub(published).max(0).unsigned_abs() / 60_000;
        if self.ignore_after.is_some_and(|limit| age_minutes > limit) {
            return Ok(());
        }
        let current = packument.evidence(version).map_err(|_| {
            unknown(format!("missing version object for version {version} of {name} in metadata"))
        })?;
        let past = strongest_before(packument, published, !is_prerelease(version));
        if current < past {
            return Err(NpmError::TrustDowngrade {
                name: name.to_string(),
                version: version.to_owned(),
                past: TrustEvidence::describe(past),
                current: TrustEvidence::describe(current),
            });
        }
        Ok(())
    }
}

fn strongest_before(packument: &Packument, before: i64, skip_prereleases: bool) -> Option<TrustEvidence> {
    let mut strongest = None;
    for version in packument.versions() {
        // Most names have nothing of a prerelease about them; only the others are worth parsing.
        let is_plain = version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        if skip_prereleases && !is_plain && is_prerelease(version) {
            continue;
        }
        // Also of what cannot be installed: a takeover must not pass because an older version is malformed.
        let Ok(evidence) = packument.evidence(version) else { continue };
        if evidence <= strongest {
            continue;
        }
        // One version without a time must not hide what the others tell.
        if packument.time(version).and_then(parse_timestamp).is_some_and(|time| time < before) {
            strongest = evidence;
        }
    }
    strongest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::registry::sample_packument;

    #[test]
    fn versions_that_cannot_be_installed_vouch_all_the_same() {
        let checked = |attestations: serde_json::Value| {
            let packument = sample_packument(&json!({
                "name": "a",
                "dist-tags": {"latest": "2.0.0"},
                "versions": {
                    "1.0.0": {
                        "name": "a", "version": "1.0.0", "dependencies": [],
                        "dist": {"tarball": "1", "attestations": attestations},
                    },
                    "2.0.0": {"name": "a", "version": "2.0.0", "dist": {"tarball": "2"}},
                },
                "time": {"1.0.0": "2020-01-01T00:00:00.000Z", "2.0.0": "2020-01-02T00:00:00.000Z"},
            }));
            assert!(packument.version("1.0.0").is_none());
            NoDowngrade::default().check(&packument, "2.0.0")
        };
        assert!(checked(json!({})).is_ok());
        assert!(matches!(checked(json!({"provenance": {}})), Err(NpmError::TrustDowngrade { .. })));
    }
}
