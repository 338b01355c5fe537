//! One version of a package, as a registry describes it.
//!
//! What does not have the shape of a version (no name, no tarball, dependencies that are a list, …) counts as a version
//! that is not there, as in pnpm: one broken version must not keep others from being installed.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use node_semver::Version;
use rustc_hash::FxBuildHasher;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use ssri::{Algorithm, Integrity};

use crate::core::lockfile::{BundledDependencies, OneOrMany};
use crate::core::resolve::{PackageManifest, PeerMeta, Specifiers};

/// A version of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionDocument {
    /// Its manifest. The name is the one of the whole document.
    pub manifest: Arc<PackageManifest>,
    /// Where its tarball lies.
    pub tarball: Arc<str>,
    /// What is known of the tarball's digest.
    pub digest: TarballDigest,
    /// Bytes of its files.
    pub unpacked_size: Option<u64>,
    /// Number of its files.
    pub file_count: Option<u64>,
    /// Who vouches for it.
    pub trust: Option<TrustEvidence>,
    /// It is deprecated, be it without a word.
    pub is_deprecated: bool,
}

/// What a registry says of a tarball's digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TarballDigest {
    /// Subresource integrity, made from the SHA-1 of old versions where there is no other.
    Integrity(Arc<str>),
    /// Nothing.
    Absent,
    /// A SHA-1 that is none.
    Invalid(Arc<str>),
}

/// Who vouches for a version, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrustEvidence {
    /// A provenance attestation.
    Provenance,
    /// A trusted publisher, with a provenance attestation.
    TrustedPublisher,
    /// It was staged and somebody approved it.
    StagedPublish,
}

impl TrustEvidence {
    /// In words.
    #[must_use]
    pub fn describe(evidence: Option<Self>) -> &'static str {
        match evidence {
            Some(Self::StagedPublish) => "staged publish",
            Some(Self::TrustedPublisher) => "trusted publisher",
            Some(Self::Provenance) => "provenance attestation",
            None => "no trust evidence",
        }
    }
}

impl VersionDocument {
    /// Reads a version; `None` when it does not have the shape of one. `name` is the name of the whole document: some
    /// registries leave the scope out in versions.
    #[must_use]
    pub fn parse(json: &str, name: &Arc<str>) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_str(json).ok()?;
        Version::parse(&wire.version).ok()?;
        let digest = wire.dist.digest()?;
        let trust = trust(wire.npm_user.as_ref(), wire.dist.attestations.as_ref());
        let is_deprecated = wire.deprecated.0.is_some();
        let name = if name.is_empty() { Arc::from(&*wire.name) } else { Arc::clone(name) };
        let has_bin = has_executables(wire.bin.as_ref(), wire.directories.as_ref());
        let manifest = PackageManifest {
            name,
            version: Arc::from(&*wire.version),
            dependencies: wire.dependencies.0,
            optional_dependencies: wire.optional_dependencies.0,
            dev_dependencies: Specifiers::default(),
            peer_dependencies: wire.peer_dependencies.0,
            peer_dependencies_meta: wire
                .peer_dependencies_meta
                .unwrap_or_default()
                .into_iter()
                .map(peer)
                .collect(),
            injected: IndexMap::default(),
            bundled_dependencies: bundled(wire.bundled_dependencies.or(wire.bundle_dependencies)),
            engines: engines(wire.engines.as_ref()),
            os: one_or_many(wire.os),
            cpu: one_or_many(wire.cpu),
            libc: one_or_many(wire.libc),
            deprecated: wire.deprecated.0.filter(|text| !text.is_empty()).map(Arc::from),
            has_bin,
            publish_directory: None,
        };
        Some(Self {
            manifest: Arc::new(manifest),
            tarball: Arc::from(&*wire.dist.tarball),
            digest,
            unpacked_size: wire.dist.unpacked_size.as_ref().and_then(Value::as_u64),
            file_count: wire.dist.file_count.as_ref().and_then(Value::as_u64),
            trust,
            is_deprecated,
        })
    }

    /// The tarball's integrity, where the registry told it.
    #[must_use]
    pub fn integrity(&self) -> Option<&Arc<str>> {
        match &self.digest {
            TarballDigest::Integrity(integrity) => Some(integrity),
            TarballDigest::Absent | TarballDigest::Invalid(_) => None,
        }
    }
}

/// Whether a version is deprecated, without reading the rest of it.
pub(super) fn is_deprecated(json: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(default)]
        deprecated: Deprecated,
    }
    json.contains("\"deprecated\"")
        && serde_json::from_str::<Probe>(json).is_ok_and(|probe| probe.deprecated.0.is_some())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    dist: Dist<'a>,
    #[serde(default)]
    dependencies: Dependencies,
    #[serde(default)]
    optional_dependencies: Dependencies,
    #[serde(default)]
    peer_dependencies: Dependencies,
    peer_dependencies_meta: Option<IndexMap<Arc<str>, PeerWire, FxBuildHasher>>,
    bundled_dependencies: Option<Value>,
    bundle_dependencies: Option<Value>,
    engines: Option<Value>,
    os: Option<Value>,
    cpu: Option<Value>,
    libc: Option<Value>,
    bin: Option<Value>,
    directories: Option<Value>,
    #[serde(default)]
    deprecated: Deprecated,
    #[serde(rename = "_npmUser")]
    npm_user: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dist<'a> {
    #[serde(borrow)]
    tarball: Cow<'a, str>,
    #[serde(borrow)]
    integrity: Option<Cow<'a, str>>,
    #[serde(borrow)]
    shasum: Option<Cow<'a, str>>,
    unpacked_size: Option<Value>,
    file_count: Option<Value>,
    attestations: Option<Value>,
}

#[derive(Deserialize)]
struct PeerWire {
    optional: Option<bool>,
}

fn peer((name, wire): (Arc<str>, PeerWire)) -> (Arc<str>, PeerMeta) {
    (name, PeerMeta { optional: wire.optional.unwrap_or(false) })
}

impl Dist<'_> {
    /// `None` when the integrity is none: the version then counts as absent.
    fn digest(&self) -> Option<TarballDigest> {
        if let Some(integrity) = &self.integrity {
            return Some(TarballDigest::Integrity(normal_integrity(integrity)?));
        }
        let Some(shasum) = self.shasum.as_deref().filter(|shasum| !shasum.is_empty()) else {
            return Some(TarballDigest::Absent);
        };
        Some(match Integrity::from_hex(shasum, Algorithm::Sha1) {
            Ok(integrity) => TarballDigest::Integrity(integrity.to_string().into()),
            Err(_) => TarballDigest::Invalid(shasum.into()),
        })
    }
}

/// An integrity as the lockfile has it. One SHA-512 alone, which nearly all are, stays as it is.
fn normal_integrity(text: &str) -> Option<Arc<str>> {
    let is_single = text.strip_prefix("sha512-").is_some_and(|digest| {
        digest.len() == 88
            && digest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    });
    if is_single {
        return Some(text.into());
    }
    text.parse::<Integrity>().ok().map(|integrity| integrity.to_string().into())
}

/// What vouches for a version, without reading the rest of it.
///
/// # Errors
/// It is not the JSON of an object.
pub(super) fn evidence(json: &str) -> serde_json::Result<Option<TrustEvidence>> {
    #[derive(Deserialize)]
    struct Probe {
        dist: Option<Value>,
        #[serde(rename = "_npmUser")]
        npm_user: Option<Value>,
    }
    let probe: Probe = serde_json::from_str(json)?;
    let attestations = probe.dist.as_ref().and_then(|dist| dist.get("attestations"));
    Ok(trust(probe.npm_user.as_ref(), attestations))
}

fn trust(npm_user: Option<&Value>, attestations: Option<&Value>) -> Option<TrustEvidence> {
    let present = |value: Option<&Value>| value.is_some_and(|value| !value.is_null());
    let user = |field: &str| present(npm_user.and_then(|user| user.get(field)));
    if user("approver") {
        return Some(TrustEvidence::StagedPublish);
    }
    if !present(attestations.and_then(|attestations| attestations.get("provenance"))) {
        return None;
    }
    Some(if user("trustedPublisher") { TrustEvidence::TrustedPublisher } else { TrustEvidence::Provenance })
}

/// Name → specifier; entries that are no texts are left out.
#[derive(Default)]
struct Dependencies(Specifiers);

impl<'de> Deserialize<'de> for Dependencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Dependencies;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a map of names to specifiers")
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Dependencies, E> {
                Ok(Dependencies::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Dependencies, A::Error> {
                let mut specifiers = Specifiers::default();
                while let Some(name) = map.next_key::<Arc<str>>()? {
                    if let Text(Some(specifier)) = map.next_value()? {
                        specifiers.insert(name, specifier);
                    }
                }
                Ok(Dependencies(specifiers))
            }
        }

        deserializer.deserialize_any(Names)
    }
}

/// A text, or something else that does not matter.
struct Text(Option<Arc<str>>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyText).map(Self)
    }
}

struct AnyText;

impl<'de> Visitor<'de> for AnyText {
    type Value = Option<Arc<str>>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_bool<E>(self, _value: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _value: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _value: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        use serde::de::IgnoredAny;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// `deprecated`: a text, or a boolean in old documents. An empty text deprecates, too.
#[derive(Default)]
struct Deprecated(Option<String>);

impl<'de> Deserialize<'de> for Deprecated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Null | Value::Bool(false) => Ok(Self(None)),
            Value::Bool(true) => Ok(Self(Some(String::new()))),
            Value::String(text) => Ok(Self(Some(text))),
            _ => Err(D::Error::custom("expected a text, a boolean or null")),
        }
    }
}

/// `engines`; the list that old packages have tells nothing, as in pnpm.
fn engines(value: Option<&Value>) -> Specifiers {
    match value {
        Some(Value::Object(entries)) => entries
            .iter()
            .filter_map(|(key, value)| Some((key.as_str().into(), value.as_str()?.into())))
            .collect(),
        _ => Specifiers::default(),
    }
}

fn one_or_many(value: Option<Value>) -> Option<OneOrMany> {
    match value? {
        Value::String(one) => Some(OneOrMany::One(one)),
        Value::Array(many) => Some(OneOrMany::Many(
            many.into_iter().filter_map(|value| value.as_str().map(str::to_owned)).collect(),
        )),
        _ => None,
    }
}

fn bundled(value: Option<Value>) -> Option<BundledDependencies> {
    match value? {
        Value::Bool(all) => Some(BundledDependencies::All(all)),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            Some(BundledDependencies::Names(names))
        }
        _ => None,
    }
}

/// pnpm: `manifest_has_bin` of `package-manager/src/dependencies_graph_to_lockfile.rs`.
fn has_executables(bin: Option<&Value>, directories: Option<&Value>) -> bool {
    let from_bin = match bin {
        Some(Value::String(path)) => !path.is_empty(),
        Some(Value::Object(paths)) => !paths.is_empty(),
        _ => false,
    };
    let folder = directories.and_then(|directories| directories.get("bin")).and_then(Value::as_str);
    from_bin || folder.is_some_and(|folder| !folder.is_empty())
}

#[cfg(test)]
mod tests;
