//! What vouches for a version, and whether that got worse (pnpm: `resolving-npm-resolver/src/trust_checks.rs`).
//!
//! A package whose versions came from a known workflow, and then one that did not, may have been taken over. Versions
//! are compared by the time of their publication, not by their numbers.

use node_semver::Version;

use super::metadata::Facts;
use crate::core::registry::{TrustEvidence, parse_timestamp};

/// Why a version is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustVerdict {
    /// It cannot be told.
    #[error("could not be checked against trustPolicy ({0})")]
    Unknown(String),
    /// A version before it had more to vouch for it.
    #[error(
        "has {}, but a version published before it has {}: the package may have been taken over",
        TrustEvidence::describe(*current), TrustEvidence::describe(Some(*past))
    )]
    Downgrade {
        /// The most that vouched for a version before.
        past: TrustEvidence,
        /// What vouches for this one.
        current: Option<TrustEvidence>,
    },
}

/// The most that vouches for any version published before `before` (milliseconds since 1970). Prereleases count only
/// where a prerelease is judged.
///
/// # Errors
/// A version is there in a form that cannot be read: what vouched for it must not be overlooked.
pub fn strongest_evidence(
    facts: &impl Facts,
    before: i64,
    with_prereleases: bool,
) -> Result<Option<TrustEvidence>, TrustVerdict> {
    let mut strongest = None;
    for version in facts.versions() {
        if !with_prereleases && is_prerelease(version) {
            continue;
        }
        // A version without a time says nothing; the others still count.
        let published = facts.published_at(version).and_then(parse_timestamp);
        if published.is_none_or(|published| published >= before) {
            continue;
        }
        strongest = strongest.max(evidence(facts, version)?);
        if strongest == Some(TrustEvidence::StagedPublish) {
            break;
        }
    }
    Ok(strongest)
}

/// Checks that no version published before this one had more to vouch for it. Versions older than `ignore_after`
/// minutes at `now` (milliseconds since 1970) pass.
///
/// # Errors
/// One had, or it cannot be told.
pub fn check(
    facts: &impl Facts,
    version: &str,
    ignore_after: Option<u64>,
    now: i64,
) -> Result<(), TrustVerdict> {
    let unknown = |why: &str| TrustVerdict::Unknown(why.to_owned());
    let published =
        facts.published_at(version).ok_or_else(|| unknown("the registry tells no publish time of it"))?;
    let published = parse_timestamp(published).ok_or_else(|| unknown("its publish time is no date"))?;
    if let Some(minutes) = ignore_after
        && u64::try_from((now - published) / 60_000).is_ok_and(|age| age > minutes)
    {
        return Ok(());
    }
    if !facts.has_version(version) {
        return Err(unknown("the registry does not have it any more"));
    }
    let Some(past) = strongest_evidence(facts, published, is_prerelease(version))? else {
        return Ok(());
    };
    let current = evidence(facts, version)?;
    if current < Some(past) { Err(TrustVerdict::Downgrade { past, current }) } else { Ok(()) }
}

fn evidence(facts: &impl Facts, version: &str) -> Result<Option<TrustEvidence>, TrustVerdict> {
    facts.evidence(version).map_err(|failure| {
        TrustVerdict::Unknown(format!(
            "what vouches for version {version} cannot be read: {}",
            failure.message
        ))
    })
}

fn is_prerelease(version: &str) -> bool {
    Version::parse(version).is_ok_and(|version| version.is_prerelease())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::verify::MetadataFailure;

    /// Version, publish time, what vouches for it.
    struct History(&'static [(&'static str, &'static str, Option<TrustEvidence>)]);

    impl Facts for History {
        fn modified(&self) -> Option<&str> {
            None
        }
        fn has_version(&self, version: &str) -> bool {
            self.0.iter().any(|entry| entry.0 == version)
        }
        fn tarball(&self, _version: &str) -> Option<String> {
            None
        }
        fn published_at(&self, version: &str) -> Option<&str> {
            self.0
                .iter()
                .find(|entry| entry.0 == version)
                .map(|entry| entry.1)
                .filter(|time| !time.is_empty())
        }
        fn versions(&self) -> Vec<&str> {
            self.0.iter().map(|entry| entry.0).collect()
        }
        fn evidence(&self, version: &str) -> Result<Option<TrustEvidence>, MetadataFailure> {
            Ok(self.0.iter().find(|entry| entry.0 == version).and_then(|entry| entry.2))
        }
    }

    const HISTORY: History = History(&[
        ("1.0.0", "2024-01-01", None),
        ("1.1.0", "2024-02-01", Some(TrustEvidence::Provenance)),
        ("1.2.0-rc.1", "2024-03-01", Some(TrustEvidence::StagedPublish)),
        ("1.2.0", "2024-04-01", Some(TrustEvidence::TrustedPublisher)),
        ("0.9.1", "2024-05-01", None),
        ("1.3.0", "2024-06-01", Some(TrustEvidence::Provenance)),
        ("1.4.0", "", None),
        ("1.5.0-rc.1", "2024-07-01", Some(TrustEvidence::TrustedPublisher)),
    ]);

    fn verdict(version: &str) -> Result<(), TrustVerdict> {
        check(&HISTORY, version, None, 0)
    }

    #[test]
    fn a_version_may_not_have_less_than_any_published_before_it() {
        assert_eq!(verdict("1.0.0"), Ok(()));
        assert_eq!(verdict("1.1.0"), Ok(()));
        assert_eq!(verdict("1.2.0"), Ok(()), "the prerelease before it does not count");
        let past = TrustEvidence::TrustedPublisher;
        assert_eq!(verdict("0.9.1"), Err(TrustVerdict::Downgrade { past, current: None }));
        let current = Some(TrustEvidence::Provenance);
        assert_eq!(verdict("1.3.0"), Err(TrustVerdict::Downgrade { past, current }));
        let past = TrustEvidence::StagedPublish;
        assert!(matches!(verdict("1.5.0-rc.1"), Err(TrustVerdict::Downgrade { past: p, .. }) if p == past));
    }

    #[test]
    fn a_version_that_is_not_known_or_has_no_time_is_not_trusted() {
        assert!(matches!(verdict("1.4.0"), Err(TrustVerdict::Unknown(_))));
        assert!(matches!(verdict("9.9.9"), Err(TrustVerdict::Unknown(_))));
    }

    #[test]
    fn an_old_version_passes_when_age_settles_the_matter() {
        let now = parse_timestamp("2024-06-02").unwrap();
        assert_eq!(check(&HISTORY, "0.9.1", Some(60), now), Ok(()));
        assert!(check(&HISTORY, "0.9.1", Some(60 * 24 * 365), now).is_err());
    }
}
