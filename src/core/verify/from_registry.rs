//! Documents of real registries, for verification.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use super::metadata::{Facts, Metadata, MetadataFailure};
use crate::core::network::Get;
use crate::core::registry::{Form, Inquiry, Packument, Packuments, RegistryError, TrustEvidence, Warm};

/// Largest answer about signatures that is taken, bytes.
const MAX_ATTESTATIONS: u64 = 16 << 20;

impl Facts for Packument {
    fn modified(&self) -> Option<&str> {
        Self::modified(self)
    }

    fn has_version(&self, version: &str) -> bool {
        self.has(version)
    }

    fn tarball(&self, version: &str) -> Option<String> {
        self.version(version).map(|version| version.tarball.to_string())
    }

    fn published_at(&self, version: &str) -> Option<&str> {
        self.time(version)
    }

    fn versions(&self) -> Vec<&str> {
        Self::versions(self).collect()
    }

    fn evidence(&self, version: &str) -> Result<Option<TrustEvidence>, MetadataFailure> {
        match Packument::evidence(self, version) {
            Ok(evidence) => Ok(evidence),
            Err(_) if !self.has(version) => Ok(None),
            Err(_) => Err(MetadataFailure {
                code: None,
                message: format!(
                    "the registry describes {}@{version} in a way that cannot be read",
                    self.name()
                ),
            }),
        }
    }
}

/// The registries of a run, as verification asks them: behind all other requests, and without keeping what it has read.
#[derive(Debug, Clone)]
pub struct RegistryMetadata {
    packuments: Packuments,
    /// Documents with publish times are wanted.
    wants_times: bool,
}

impl RegistryMetadata {
    /// Beside the metadata of a run. `wants_times` says that the age of versions matters.
    #[must_use]
    pub fn new(packuments: &Packuments, wants_times: bool) -> Self {
        Self { packuments: packuments.for_a_look(), wants_times }
    }

    fn inquire(&self, registry: &str, name: &str, form: Form) -> Result<Inquiry, RegistryError> {
        // Times are read where the document is.
        let warm: Option<Warm> = self.wants_times.then(|| {
            Arc::new(|document: &Arc<Packument>| {
                let _ = document.has_times();
            }) as Warm
        });
        self.packuments.inquire(registry, &Arc::from(name), form, warm)
    }
}

impl Metadata for RegistryMetadata {
    type Document = Packument;

    async fn cached(&self, registry: &str, name: &str, form: Form) -> Option<Arc<Packument>> {
        let inquiry = self.inquire(registry, name, form).ok()?;
        inquiry.cached().await.map(|cached| Arc::clone(&cached.packument))
    }

    async fn fetch(&self, registry: &str, name: &str, form: Form) -> Result<Arc<Packument>, MetadataFailure> {
        let inquiry = self.inquire(registry, name, form).map_err(|error| failure(&error))?;
        let document = inquiry.current(self.wants_times).await.map_err(|error| failure(&error))?;
        match inquiry.refusal() {
            Some(refusal) => Err(failure(refusal)),
            None => Ok(document),
        }
    }

    async fn attested_at(&self, registry: &str, name: &str, version: &str) -> Option<i64> {
        if self.packuments.is_offline() {
            return None;
        }
        let url = format!("{}/-/npm/v1/attestations/{name}@{version}", registry.trim_end_matches('/'));
        let url = Url::parse(&url).ok()?;
        let client = self.packuments.client();
        let permit = client.permits().acquire_patiently().await;
        let get = Get { compressed: true, package: Some(name), ..Get::new(&url, MAX_ATTESTATIONS) };
        // Most versions have no attestation, and where this fails the registry's own word is asked for.
        let answer = client.get(get).await.ok()?;
        drop(permit);
        earliest(&answer.decoded(MAX_ATTESTATIONS).ok()?)
    }

    fn done_with(&self, name: &str) {
        self.packuments.forget(name);
    }

    fn settle(&self) {
        self.packuments.settle();
    }
}

fn failure(error: &RegistryError) -> MetadataFailure {
    MetadataFailure { code: error.code().map(str::to_owned), message: error.to_string() }
}

#[derive(Deserialize)]
struct Attestations {
    attestations: Vec<Attestation>,
}

#[derive(Deserialize)]
struct Attestation {
    bundle: Option<Bundle>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    verification_material: Option<Material>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    #[serde(default)]
    tlog_entries: Vec<LogEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LogEntry {
    integrated_time: Option<Seconds>,
}

/// Seconds since 1970, as a number or as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

/// When the log saw the version first, milliseconds since 1970. Of a bundle with an entry that has no time, none
/// counts.
fn earliest(answer: &[u8]) -> Option<i64> {
    let answer: Attestations = serde_json::from_slice(answer).ok()?;
    let of_bundle = |attestation: Attestation| {
        let entries = attestation.bundle?.verification_material?.tlog_entries;
        let times: Option<Vec<i64>> = entries
            .into_iter()
            .map(|entry| match entry.integrated_time? {
                Seconds::Number(seconds) => Some(seconds),
                Seconds::Text(text) => text.parse().ok(),
            })
            .map(|seconds| seconds.filter(|seconds| *seconds > 0))
            .collect();
        times?.into_iter().min()
    };
    answer.attestations.into_iter().filter_map(of_bundle).min()?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_entry_of_the_log_counts() {
        let bundle = |times: serde_json::Value| {
            let entries: Vec<_> =
                times.as_array().unwrap().iter().map(|time| json!({"integratedTime": time})).collect();
            json!({"bundle": {"verificationMaterial": {"tlogEntries": entries}}})
        };
        let answer = |bundles: serde_json::Value| json!({"attestations": bundles}).to_string().into_bytes();
        assert_eq!(earliest(&answer(json!([bundle(json!(["20", 10])), bundle(json!([30]))]))), Some(10_000));
        assert_eq!(earliest(&answer(json!([bundle(json!([null, 10])), bundle(json!([30]))]))), Some(30_000));
        assert_eq!(earliest(&answer(json!([{"bundle": null}]))), None);
        assert_eq!(earliest(&answer(json!([bundle(json!([0]))]))), None);
        assert_eq!(earliest(b"[]"), None);
    }
}
