//! One package against the policies: what the cache tells first, then what the registry does.
//!
//! What a document says of a version that it has stays true, whatever its age: when the version was published, where
//! its tarball lies, what was published before it. So a document of the cache can settle a question, and the registry
//! is asked only for what no document at hand tells.

use super::candidates::{Locked, Package};
use super::error::{Violation, ViolationCode};
use super::metadata::{Facts, Metadata, MetadataFailure};
use super::policy::Policy;
use super::tarball_url;
use super::timestamp::as_iso;
use super::trust;
use crate::core::registry::{Form, parse_timestamp};

/// A package that is being checked.
struct Check<'a> {
    policy: &'a Policy,
    name: &'a str,
    violations: Vec<Violation>,
}

/// Checks what the cache on disk can settle, and takes it out of the package.
pub async fn from_cache<M: Metadata>(metadata: &M, policy: &Policy, package: &mut Package) -> Vec<Violation> {
    let Package { registry, name, versions } = package;
    let mut check = Check { policy, name, violations: Vec::new() };
    if versions.iter().any(|locked| locked.tarball.is_some() || locked.age)
        && let Some(document) = metadata.cached(registry, name, Form::Abbreviated).await
    {
        check.tarballs(versions, &*document, false);
        check.ages(versions, &*document);
    }
    if versions.iter().any(|locked| locked.trust || locked.age)
        && let Some(document) = metadata.cached(registry, name, Form::Full).await
    {
        check.ages(versions, &*document);
        // Versions that the document does not have may have come with others before them.
        let is_known = |locked: &Locked| document.published_at(&locked.version).is_some();
        check.trust(versions, &*document, is_known);
    }
    versions.retain(|locked| !locked.is_done());
    check.violations
}

/// Checks what is left by asking the registry.
///
/// # Errors
/// The registry cannot be asked.
pub async fn from_registry<M: Metadata>(
    metadata: &M,
    policy: &Policy,
    package: Package,
) -> Result<Vec<Violation>, MetadataFailure> {
    let Package { registry, name, mut versions } = package;
    let mut check = Check { policy, name: &name, violations: Vec::new() };
    if versions.iter().any(|locked| locked.tarball.is_some() || locked.age) {
        match metadata.fetch(&registry, &name, Form::Abbreviated).await {
            Ok(document) => {
                check.tarballs(&mut versions, &*document, true);
                check.ages(&mut versions, &*document);
            }
            // Age may be known from elsewhere.
            Err(failure) if versions.iter().any(|locked| locked.tarball.is_some()) => return Err(failure),
            Err(_) => {}
        }
    }
    for locked in versions.iter_mut().filter(|locked| locked.age) {
        if let Some(published) = metadata.attested_at(&registry, &name, &locked.version).await {
            check.age(locked, published, &as_iso(published));
        }
    }
    if versions.iter().any(|locked| locked.age || locked.trust) {
        let document = metadata.fetch(&registry, &name, Form::Full).await?;
        check.ages(&mut versions, &*document);
        check.ages_are_unknown(&mut versions, &*document);
        check.trust(&mut versions, &*document, |_| true);
    }
    Ok(check.violations)
}

impl Check<'_> {
    /// A version breaks a rule; no more is checked of it.
    fn violate(&mut self, locked: &mut Locked, code: ViolationCode, reason: String) {
        *locked =
            Locked { version: std::mem::take(&mut locked.version), tarball: None, age: false, trust: false };
        let (name, version) = (self.name.to_owned(), locked.version.clone());
        self.violations.push(Violation { name, version, code, reason });
    }

    /// Compares tarballs. An old document can confirm an address, only a fresh one can refute it.
    fn tarballs(&mut self, versions: &mut [Locked], document: &impl Facts, is_fresh: bool) {
        for locked in versions {
            let Some(tarball) = &locked.tarball else { continue };
            let published = document.tarball(&locked.version);
            if published.as_ref().is_some_and(|published| tarball_url::is_same(tarball, published)) {
                locked.tarball = None;
            } else if is_fresh {
                let reason = match published {
                    Some(published) => {
                        format!("has the tarball {tarball}, but the registry publishes it as {published}")
                    }
                    None => format!("has the tarball {tarball}, and the registry does not know the version"),
                };
                self.violate(locked, ViolationCode::TarballUrl, reason);
            }
        }
    }

    /// Checks the age of the versions whose publish time the document tells, or that are as old as all of it.
    fn ages(&mut self, versions: &mut [Locked], document: &impl Facts) {
        let Some(cutoff) = self.policy.cutoff else { return };
        let is_all_old =
            document.modified().and_then(parse_timestamp).is_some_and(|modified| modified < cutoff);
        for locked in versions.iter_mut().filter(|locked| locked.age) {
            if is_all_old && document.has_version(&locked.version) {
                locked.age = false;
                continue;
            }
            let Some(text) = document.published_at(&locked.version) else { continue };
            if let Some(published) = parse_timestamp(text) {
                self.age(locked, published, text);
            } else {
                let reason = format!("was published at {text:?}, which is no date");
                self.violate(locked, ViolationCode::ReleaseAge, reason);
            }
        }
    }

    fn age(&mut self, locked: &mut Locked, published: i64, text: &str) {
        let Some(cutoff) = self.policy.cutoff else { return };
        locked.age = false;
        if published > cutoff {
            let reason =
                format!("was published at {text}, within the minimumReleaseAge cutoff ({})", as_iso(cutoff));
            self.violate(locked, ViolationCode::ReleaseAge, reason);
        }
    }

    /// Nobody knows when these were published.
    fn ages_are_unknown(&mut self, versions: &mut [Locked], document: &impl Facts) {
        for locked in versions.iter_mut().filter(|locked| locked.age) {
            locked.age = false;
            if !self.policy.accepts_missing_time {
                let why = if document.has_version(&locked.version) {
                    "the registry tells no publish time of it"
                } else {
                    "the registry does not have it"
                };
                let reason = format!("could not be checked against minimumReleaseAge ({why})");
                self.violate(locked, ViolationCode::ReleaseAge, reason);
            }
        }
    }

    /// Checks what vouches for the versions that `is_known` lets through.
    fn trust(&mut self, versions: &mut [Locked], document: &impl Facts, is_known: impl Fn(&Locked) -> bool) {
        for locked in versions.iter_mut().filter(|locked| locked.trust) {
            if !is_known(locked) {
                continue;
            }
            locked.trust = false;
            let (ignore_after, now) = (self.policy.trust_ignore_after, self.policy.now);
            if let Err(verdict) = trust::check(document, &locked.version, ignore_after, now) {
                self.violate(locked, ViolationCode::TrustDowngrade, verdict.to_string());
            }
        }
    }
}
