//! How the YAML of a lockfile becomes its types: the general way, for any valid YAML.
//!
//! Written by hand rather than derived, because unknown keys are kept without giving up the line numbers of errors
//! (serde's `flatten` would buffer every record and lose both speed and places). A `null` means an absent value.

use super::model::{
    CatalogEntry, Importer, ImporterDependency, Lockfile, LockfileSettings, PackageMetadata,
    PeerDependencyMeta, Snapshot,
};
use super::resolution::Resolution;
use crate::core::manifest::{BundledDependencies, OneOrMany};
use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Implements [`Deserialize`] for a record: known keys go to their fields, all others to `other`.
macro_rules! record {
    ($record:ident, $expecting:literal, { $($($key:literal)|+ => $field:ident $(via $convert:ident)?),* $(,)? }) => {
        impl<'de> Deserialize<'de> for $record {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct RecordVisitor;

                impl<'de> Visitor<'de> for RecordVisitor {
                    type Value = $record;

                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str($expecting)
                    }

                    fn visit_unit<E>(self) -> Result<$record, E> {
                        Ok($record::default())
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$record, A::Error> {
                        let mut record = $record::default();
                        while let Some(key) = map.next_key::<String>()? {
                            match key.as_str() {
                                $($($key)|+ => {
                                    record.$field = record!(@value map $($convert)?);
                                })*
                                _ => {
                                    let value = map.next_value()?;
                                    record.other.push((key, value));
                                }
                            }
                        }
                        Ok(record)
                    }
                }

                deserializer.deserialize_any(RecordVisitor)
            }
        }
    };
    (@value $map:ident) => { $map.next_value::<Option<_>>()?.unwrap_or_default() };
    (@value $map:ident $convert:ident) => { $map.next_value::<Option<$convert>>()?.unwrap_or_default().into() };
}

record!(Lockfile, "a lockfile", {
    "lockfileVersion" => version,
    "settings" => settings,
    "catalogs" => catalogs,
    "overrides" => overrides,
    "packageExtensionsChecksum" => package_extensions_checksum,
    "pnpmfileChecksum" => pnpmfile_checksum,
    "patchedDependencies" => patched_dependencies via PatchHashes,
    "importers" => importers,
    "packages" => packages,
    "ignoredOptionalDependencies" => ignored_optional_dependencies,
    "snapshots" => snapshots,
    "time" => time,
});

record!(LockfileSettings, "the settings of a lockfile", {
    "autoInstallPeers" => auto_install_peers,
    "dedupePeers" => dedupe_peers,
    "excludeLinksFromLockfile" => exclude_links_from_lockfile,
    "injectWorkspacePackages" => inject_workspace_packages,
    "peersSuffixMaxLength" => peers_suffix_max_length,
});

record!(CatalogEntry, "an entry of a catalog: specifier and version", {
    "specifier" => specifier,
    "version" => version,
});

record!(Importer, "a project: its dependencies by group", {
    "dependencies" => dependencies,
    "devDependencies" => dev_dependencies,
    "optionalDependencies" => optional_dependencies,
    "dependenciesMeta" => dependencies_meta,
    "publishDirectory" => publish_directory,
});

record!(ImporterDependency, "a dependency: specifier and version", {
    "specifier" => specifier,
    "version" => version,
});

record!(PackageMetadata, "what is known of a package", {
    "resolution" => resolution,
    "id" => id,
    "name" => name,
    "version" => version,
    "engines" => engines,
    "cpu" => cpu,
    "os" => os,
    "libc" => libc,
    "deprecated" => deprecated,
    "hasBin" => has_bin,
    "prepare" => prepare,
    "requiresBuild" => requires_build,
    "bundledDependencies" | "bundleDependencies" => bundled_dependencies,
    "peerDependencies" => peer_dependencies,
    "peerDependenciesMeta" => peer_dependencies_meta,
});

record!(PeerDependencyMeta, "whether a peer is optional", { "optional" => optional });

record!(Snapshot, "the dependencies of a package", {
    "id" => id,
    "dependencies" => dependencies,
    "optionalDependencies" => optional_dependencies,
    "optional" => optional,
    "transitivePeerDependencies" => transitive_peer_dependencies,
    "patched" => patched,
});

impl<'de> Deserialize<'de> for Resolution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_fields(
            IndexMap::<String, serde_json::Value>::deserialize(deserializer)?.into_iter().collect(),
        ))
    }
}

/// `patchedDependencies`, whose values are hashes now and were `{hash, path}` in pnpm 10.
#[derive(Default)]
struct PatchHashes(IndexMap<String, String>);

impl From<PatchHashes> for IndexMap<String, String> {
    fn from(hashes: PatchHashes) -> Self {
        hashes.0
    }
}

impl<'de> Deserialize<'de> for PatchHashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = IndexMap::<String, PatchHash>::deserialize(deserializer)?;
        Ok(Self(entries.into_iter().map(|(selector, hash)| (selector, hash.0)).collect()))
    }
}

struct PatchHash(String);

impl<'de> Deserialize<'de> for PatchHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PatchHashVisitor;

        impl<'de> Visitor<'de> for PatchHashVisitor {
            type Value = PatchHash;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the hash of a patch")
            }

            fn visit_str<E>(self, hash: &str) -> Result<PatchHash, E> {
                Ok(PatchHash(hash.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PatchHash, A::Error> {
                let mut hash = String::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == "hash" {
                        hash = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(PatchHash(hash))
            }
        }

        deserializer.deserialize_any(PatchHashVisitor)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrManyVisitor;

        impl<'de> Visitor<'de> for OneOrManyVisitor {
            type Value = OneOrMany;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, value: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMany, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(OneOrMany::Many(values))
            }
        }

        deserializer.deserialize_any(OneOrManyVisitor)
    }
}

impl<'de> Deserialize<'de> for BundledDependencies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BundledVisitor;

        impl<'de> Visitor<'de> for BundledVisitor {
            type Value = BundledDependencies;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of package names, or true")
            }

            fn visit_bool<E>(self, all: bool) -> Result<BundledDependencies, E> {
                Ok(BundledDependencies::All(all))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BundledDependencies, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element()? {
                    names.push(name);
                }
                Ok(BundledDependencies::Names(names))
            }
        }

        deserializer.deserialize_any(BundledVisitor)
    }
}
