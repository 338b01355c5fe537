//! A picked version as the answer to a question.

use std::sync::Arc;

use node_semver::Version;

use super::address::is_canonical_tarball;
use super::error::NpmError;
use super::exclude::Excluded;
use super::question::{Question, RegistryTarget};
use super::saved::{saved_prefixed_specifier, saved_specifier};
use super::settings::NpmSettings;
use crate::core::config::Registries;
use crate::core::lockfile::Resolution;
use crate::core::registry::{Packument, TarballDigest, VersionDocument, parse_timestamp};
use crate::core::resolve::{PolicyViolation, Resolved, Source, UpdateBehavior};

/// The code of a version that is too young.
pub const TOO_YOUNG: &str = "MINIMUM_RELEASE_AGE_VIOLATION";

/// What an answer is made of.
pub(super) struct Answer<'a> {
    pub(super) settings: &'a NpmSettings,
    pub(super) target: &'a RegistryTarget,
    pub(super) question: &'a Question,
    pub(super) packument: &'a Packument,
    pub(super) document: &'a VersionDocument,
    pub(super) excluded: Excluded,
}

impl Answer<'_> {
    pub(super) fn resolved(&self) -> Result<Resolved, NpmError> {
        let manifest = &self.document.manifest;
        let version = self.version();
        let name = &manifest.name;
        let id = match &self.target.prefix {
            Some(prefix) => format!("{name}@{prefix}:{version}"),
            None => format!("{name}@{version}"),
        };
        let published_at = self.packument.time(&version).map(Arc::from);
        Ok(Resolved {
            id: id.into(),
            name: Arc::clone(name),
            source: self.source(&version)?,
            manifest: Arc::clone(manifest),
            via: self.target.via,
            latest: self.latest(),
            violation: self.violation(&version, published_at.as_deref()),
            published_at,
            normalized_specifier: self.normalized_specifier(&version),
            alias: match (&self.question.alias, &self.target.told_name) {
                (Some(_), _) => None,
                (None, Some(told)) => Some(Arc::clone(told)),
                (None, None) => Some(Arc::clone(name)),
            },
            version: Some(version),
            unpacked_size: self.document.unpacked_size,
            file_count: self.document.file_count,
        })
    }

    /// The version in its plain form.
    fn version(&self) -> Arc<str> {
        let text = &self.document.manifest.version;
        match Version::parse(text).map(|version| version.to_string()) {
            Ok(plain) if plain != **text => plain.into(),
            _ => Arc::clone(text),
        }
    }

    fn source(&self, version: &str) -> Result<Source, NpmError> {
        let tarball = &self.document.tarball;
        let integrity = match &self.document.digest {
            TarballDigest::Integrity(integrity) => Some(integrity.to_string()),
            TarballDigest::Absent => None,
            TarballDigest::Invalid(shasum) => {
                return Err(NpmError::InvalidIntegrity {
                    tarball: tarball.to_string(),
                    shasum: shasum.to_string(),
                });
            }
        };
        let registry = &*self.target.registry;
        let is_npm = registry == *Registries::default().default;
        let name = &self.document.manifest.name;
        let is_told = self.settings.include_tarball_url
            || !is_canonical_tarball(tarball, registry, name, version, is_npm);
        let resolution = match integrity {
            Some(integrity) if !is_told => Resolution::Registry { integrity, other: Vec::new() },
            integrity => Resolution::Tarball {
                integrity,
                tarball: tarball.to_string(),
                git_hosted: false,
                path: None,
                other: Vec::new(),
            },
        };
        Ok(Source::Package { resolution, tarball: Some(Arc::clone(tarball)) })
    }

    /// What `latest` points at, unless that is too young to be spoken of.
    pub(super) fn latest(&self) -> Option<Arc<str>> {
        let latest = self.packument.dist_tag("latest")?;
        let is_young = self.question.published_by.is_some_and(|cutoff| {
            let published = self.packument.time(latest).and_then(parse_timestamp);
            published.is_some_and(|time| time > cutoff)
        });
        (!is_young || self.excluded.covers(latest)).then(|| latest.into())
    }

    fn violation(&self, version: &str, published_at: Option<&str>) -> Option<PolicyViolation> {
        let (cutoff, published_at) = (self.question.published_by?, published_at?);
        if self.excluded.covers(version) || parse_timestamp(published_at)? <= cutoff {
            return None;
        }
        Some(PolicyViolation {
            code: TOO_YOUNG,
            reason: format!(
                "was published at {published_at}, within the minimumReleaseAge cutoff ({})",
                crate::core::registry::format_timestamp(cutoff)
            ),
        })
    }

    /// Only direct dependencies are ever written into a manifest.
    fn normalized_specifier(&self, version: &str) -> Option<Arc<str>> {
        if let Some(kept) = &self.target.specifier.kept {
            return Some(Arc::clone(kept));
        }
        let question = self.question;
        if !question.is_direct && question.update == UpdateBehavior::Off {
            return None;
        }
        let (specifier, alias) = (&*question.specifier, question.alias.as_deref());
        let style = self.settings.save_style;
        let saved = match (&self.target.told_name, &self.target.prefix) {
            (Some(name), Some(prefix)) => {
                saved_prefixed_specifier(&format!("{prefix}:"), name, specifier, alias, version, style)
            }
            (Some(name), None) => saved_prefixed_specifier("jsr:", name, specifier, alias, version, style),
            (None, _) => saved_specifier(specifier, alias, version, style),
        };
        Some(saved.into())
    }
}
