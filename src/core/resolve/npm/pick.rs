//! Which version is taken: pure rules over a document.
//!
//! pnpm: `resolving-npm-resolver/src/pick_package_from_meta.rs`, with two rules of later versions, both tried out with
//! pnpm 12.21: the tag `latest` does not win for a range when its version is deprecated and another one fits, and
//! deprecated versions stand back among preferred ones, too.

use std::sync::Arc;

use node_semver::Version;

use super::exclude::Excluded;
use super::range::RangeMatcher;
use super::specifier::RegistrySpecifier;
use crate::core::registry::{Mature, Packument, VersionDocument, parse_timestamp};
use crate::core::resolve::{SelectorKind, VersionSelector, weight};

/// A version, range or tag that is preferred, ready to be asked.
#[derive(Debug, Clone)]
pub struct Preference {
    /// Its text.
    pub text: Arc<str>,
    /// What it is, and how much it counts.
    pub selector: VersionSelector,
    /// The range, if it is one.
    pub range: Option<Arc<RangeMatcher>>,
}

impl PartialEq for Preference {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.selector == other.selector
    }
}

/// What is wished for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The specifier.
    pub specifier: Arc<RegistrySpecifier>,
    /// What is preferred, without the specifier itself.
    pub preferences: Vec<Preference>,
    /// Something is preferred, be it the specifier itself.
    pub has_preferences: bool,
    /// Take the lowest version that fits.
    pub lowest: bool,
    /// Take what the tag `latest` points at, if that is higher.
    pub or_latest: bool,
    /// Take nothing that was published later, if something else fits: milliseconds since 1970.
    pub published_by: Option<i64>,
    /// Versions whose age does not matter.
    pub excluded: Excluded,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// This version.
    Version(Arc<VersionDocument>),
    /// Nothing fits.
    Nothing,
    /// Ages matter, and the document does not tell them.
    TimesMissing,
}

impl Wish {
    /// Ages matter for this package.
    #[must_use]
    pub fn minds_age(&self) -> Option<i64> {
        self.published_by.filter(|_| self.excluded != Excluded::All)
    }

    /// The choice among a document's versions.
    #[must_use]
    pub fn choose(&self, packument: &Packument) -> Choice {
        let view = match self.minds_age() {
            None => None,
            Some(cutoff) => match packument.published_by(cutoff, self.excluded.versions()) {
                Some(view) => Some(view),
                // What has not changed since has nothing younger.
                None if is_settled(packument, cutoff) => None,
                None => return Choice::TimesMissing,
            },
        };
        let picked = self.choose_in(&Candidates { packument, view: view.as_deref() }, &self.specifier);
        if !self.or_latest {
            return picked.map_or(Choice::Nothing, Choice::Version);
        }
        let latest = RegistrySpecifier::tag(Arc::clone(&self.specifier.name), "latest");
        let latest = self.choose_in(&Candidates { packument, view: view.as_deref() }, &latest);
        let higher = match (picked, latest) {
            (Some(picked), Some(latest)) => {
                let number = |document: &VersionDocument| Version::parse(&document.manifest.version).ok();
                Some(if number(&picked) < number(&latest) { latest } else { picked })
            }
            (picked, latest) => picked.or(latest),
        };
        higher.map_or(Choice::Nothing, Choice::Version)
    }

    /// The choice when ages do not matter.
    #[must_use]
    pub fn choose_at_any_age(&self, packument: &Packument) -> Choice {
        Self { published_by: None, ..self.clone() }.choose(packument)
    }

    /// The locked version that wins whatever else there may be by now: alone among the locked ones it fits the range,
    /// and it outweighs all else that is preferred taken together. `None` when ages matter, or more than the range.
    #[must_use]
    pub fn locked_version(&self) -> Option<Arc<str>> {
        let range = self.specifier.range.as_deref()?;
        if self.published_by.is_some() || self.or_latest || self.lowest {
            return None;
        }
        let is_lock = |preference: &&Preference| {
            preference.selector.kind == SelectorKind::Version
                && preference.selector.weight >= weight::LOCKED
                && range.allows(&preference.text)
        };
        let mut locks = self.preferences.iter().filter(is_lock);
        let lock = locks.next().filter(|_| locks.next().is_none())?;
        let (mut own, mut others) = (0_u64, 0_u64);
        for preference in &self.preferences {
            let counts = u64::from(preference.selector.weight);
            match preference.selector.kind {
                _ if counts == 0 => return None,
                SelectorKind::Version if preference.text == lock.text => own += counts,
                SelectorKind::Version => {
                    let is_rival =
                        preference.selector.weight < weight::LOCKED && range.allows(&preference.text);
                    others += if is_rival { counts } else { 0 };
                }
                SelectorKind::Range => {
                    let holds = preference.range.as_ref().is_some_and(|range| range.allows(&lock.text));
                    own += if holds { counts } else { 0 };
                    others += counts;
                }
                // A tag may point at another version by now.
                SelectorKind::Tag => others += counts,
            }
        }
        (own > others).then(|| Arc::clone(&lock.text))
    }

    fn choose_in(
        &self,
        candidates: &Candidates<'_>,
        specifier: &RegistrySpecifier,
    ) -> Option<Arc<VersionDocument>> {
        let picked = candidates.readable(|among, unreadable| match specifier.kind {
            SelectorKind::Version => Some(&specifier.text),
            SelectorKind::Tag => among.tag(&specifier.text),
            SelectorKind::Range => among.in_range(specifier, self, self.lowest, unreadable),
        });
        if picked.is_some() || self.minds_age().is_none() {
            return picked;
        }
        // Nothing is old enough: then the lowest of all, which the caller learns of as a violation.
        let all = Candidates { packument: candidates.packument, view: None };
        all.readable(|among, unreadable| match specifier.kind {
            SelectorKind::Version => Some(&specifier.text),
            SelectorKind::Tag => among.tag(&specifier.text),
            SelectorKind::Range => among.in_range(specifier, self, true, unreadable),
        })
    }
}

fn is_settled(packument: &Packument, cutoff: i64) -> bool {
    packument.own_modified().and_then(parse_timestamp).is_some_and(|modified| modified <= cutoff)
}

/// The versions there are to choose from.
struct Candidates<'a> {
    packument: &'a Packument,
    /// Only these, and these tags.
    view: Option<&'a Mature>,
}

/// A version that fits.
struct Fit<'a> {
    version: Version,
    text: &'a str,
    weight: u64,
}

impl<'a> Candidates<'a> {
    fn tag(&self, tag: &str) -> Option<&'a str> {
        match self.view {
            Some(view) => view.dist_tag(self.packument, tag),
            None => self.packument.dist_tag(tag),
        }
    }

    fn is_among(&self, version: &str) -> bool {
        self.view.map_or_else(|| self.packument.has(version), |view| view.has(self.packument, version))
    }

    /// The version that is picked; one that cannot be read counts as absent, and it is picked again.
    fn readable<'t>(
        &self,
        pick: impl Fn(&Self, &[&'t str]) -> Option<&'t str>,
    ) -> Option<Arc<VersionDocument>>
    where
        'a: 't,
    {
        let mut unreadable: Vec<&'t str> = Vec::new();
        loop {
            let text = pick(self, &unreadable)?;
            if !self.is_among(text) || unreadable.contains(&text) {
                return None;
            }
            match self.packument.version(text) {
                Some(document) => return Some(document),
                None => unreadable.push(text),
            }
        }
    }

    fn in_range(
        &self,
        specifier: &RegistrySpecifier,
        wish: &Wish,
        lowest: bool,
        unreadable: &[&str],
    ) -> Option<&'a str> {
        let range = specifier.range.as_deref()?;
        let is_any = &*specifier.text == "*";
        if !lowest && wish.preferences.is_empty() {
            // Nearly always it is the latest, and then the others need not be looked at.
            let latest = self.tag("latest").filter(|latest| {
                self.is_among(latest) && !unreadable.contains(latest) && range.allows(latest)
            });
            if let Some(latest) = latest.filter(|latest| !self.is_deprecated(latest)) {
                return Some(latest);
            }
        }
        let mut fits = self.fits(range, &wish.preferences, unreadable);
        if lowest {
            if is_any && (!wish.has_preferences || fits.is_empty()) {
                // For all versions, prereleases will do.
                fits = self.all(unreadable);
            }
            return keep_heaviest(fits).into_iter().reduce(lower).map(|fit| fit.text);
        }
        // Where something is preferred, only what fits counts. Elsewhere a prerelease that is tagged as the latest, which
        // lies in no range, is what "all versions" asks for.
        let takes_any_latest = is_any && (!wish.has_preferences || fits.is_empty());
        let fits = keep_heaviest(fits);
        let latest = self.tag("latest").filter(|latest| !unreadable.contains(latest));
        if let Some(latest) = latest
            && (takes_any_latest || fits.iter().any(|fit| fit.text == latest))
            && !self.stands_back(latest, &fits)
        {
            return Some(latest);
        }
        let highest = fits.iter().reduce(higher)?;
        if fits.len() == 1 || !self.is_deprecated(highest.text) {
            return Some(highest.text);
        }
        let good = fits.iter().filter(|fit| !self.packument.is_deprecated(fit.text)).reduce(higher);
        Some(good.unwrap_or(highest).text)
    }

    /// It is deprecated, and another one that fits is not.
    fn stands_back(&self, version: &str, fits: &[Fit<'_>]) -> bool {
        self.is_deprecated(version) && fits.iter().any(|fit| !self.packument.is_deprecated(fit.text))
    }

    /// Whether a version is deprecated that will most likely be picked, so it is read whole.
    fn is_deprecated(&self, version: &str) -> bool {
        self.packument.version(version).is_some_and(|document| document.is_deprecated)
    }

    /// The versions in a range, each with the sum of the weights of what prefers it.
    fn fits(&self, range: &RangeMatcher, preferences: &[Preference], unreadable: &[&str]) -> Vec<Fit<'a>> {
        let of_range = |(position, text): (usize, &'a str)| {
            let is_candidate =
                self.view.is_none_or(|view| view.is_public(position)) && !unreadable.contains(&text);
            let version = range.take(text).filter(|_| is_candidate)?;
            let weight = preferences
                .iter()
                .filter(|preference| match preference.selector.kind {
                    SelectorKind::Version => *preference.text == *text,
                    SelectorKind::Range => preference.range.as_ref().is_some_and(|range| range.allows(text)),
                    SelectorKind::Tag => self.tag(&preference.text) == Some(text),
                })
                .map(|preference| u64::from(preference.selector.weight))
                .sum();
            Some(Fit { version, text, weight })
        };
        self.packument.versions().enumerate().filter_map(of_range).collect()
    }

    fn all(&self, unreadable: &[&str]) -> Vec<Fit<'a>> {
        let versions = self.packument.versions().enumerate();
        versions
            .filter(|(position, text)| {
                self.view.is_none_or(|view| view.is_public(*position)) && !unreadable.contains(text)
            })
            .filter_map(|(_, text)| Some(Fit { version: Version::parse(text).ok()?, text, weight: 0 }))
            .collect()
    }
}

/// Those with the greatest weight.
fn keep_heaviest(mut fits: Vec<Fit<'_>>) -> Vec<Fit<'_>> {
    let heaviest = fits.iter().map(|fit| fit.weight).max().unwrap_or_default();
    fits.retain(|fit| fit.weight == heaviest);
    fits
}

/// Of two that differ in build metadata only, the one that came first stays.
fn higher<'f, 'a>(best: &'f Fit<'a>, fit: &'f Fit<'a>) -> &'f Fit<'a> {
    if best.version >= fit.version { best } else { fit }
}

fn lower<'a>(best: Fit<'a>, fit: Fit<'a>) -> Fit<'a> {
    if best.version <= fit.version { best } else { fit }
}

#[cfg(test)]
mod tests;
