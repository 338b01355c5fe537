//! The entry of a package: what is known of it whatever its peers.

use std::sync::{Arc, LazyLock};

use indexmap::IndexMap;

use crate::core::lockfile::{
    BundledDependencies, OneOrMany, PackageMetadata, PeerDependencyMeta, Resolution, split,
};
use crate::core::resolve::tree::TreePackage;
use crate::core::resolve::{Source, Specifiers, Via};

/// The range of a peer that `peerDependenciesMeta` alone names.
static ANY: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from("*"));

pub(super) fn of(
    package: &TreePackage,
    dep_path: &str,
    previous: Option<&PackageMetadata>,
) -> PackageMetadata {
    let manifest = &package.manifest;
    let resolution = match &package.resolved.source {
        Source::Package { resolution, .. } => resolution.clone(),
        Source::Link { .. } => Resolution::default(),
    };
    // What a publisher says of a version is the one thing that registries change, and not all of them tell it always.
    let deprecated = manifest.deprecated.as_deref().filter(|reason| !reason.is_empty()).map(str::to_owned);
    let deprecated = deprecated.or_else(|| {
        let previous = previous.filter(|previous| previous.resolution == resolution)?;
        previous.deprecated.clone()
    });
    let mut metadata = PackageMetadata {
        version: version(package, dep_path, &resolution),
        engines: engines(&manifest.engines),
        cpu: list(manifest.cpu.as_ref()),
        os: list(manifest.os.as_ref()),
        libc: match &manifest.libc {
            Some(OneOrMany::One(libc)) if !libc.is_empty() => Some(OneOrMany::One(libc.clone())),
            libc => list(libc.as_ref()),
        },
        deprecated,
        has_bin: manifest.has_bin,
        bundled_dependencies: bundled(manifest.bundled_dependencies.as_ref()),
        resolution,
        ..PackageMetadata::default()
    };
    for (name, range, optional) in peers(package) {
        metadata.peer_dependencies.insert(name.to_string(), range.to_string());
        if optional {
            let meta = PeerDependencyMeta { optional: true, other: Vec::new() };
            metadata.peer_dependencies_meta.insert(name.to_string(), meta);
        }
    }
    metadata
}

/// The peers as (name, range, may be absent): also those that the package brings itself, but for itself and what is among
/// its optional dependencies.
fn peers(package: &TreePackage) -> impl Iterator<Item = (&Arc<str>, &Arc<str>, bool)> {
    let manifest = &package.manifest;
    let asked_for = package.peers.iter().map(|(name, peer)| (name, &peer.range, peer.optional));
    let is_brought = |name: &Arc<str>| {
        *name != manifest.name
            && !package.peers.contains_key(name)
            && !manifest.optional_dependencies.contains_key(name)
    };
    let is_optional =
        |name: &Arc<str>| manifest.peer_dependencies_meta.get(name).is_some_and(|meta| meta.optional);
    let brought = manifest.peer_dependencies.iter().filter(move |(name, _)| is_brought(name));
    let only_called_optional = manifest
        .peer_dependencies_meta
        .keys()
        .filter(move |name| is_brought(name) && !manifest.peer_dependencies.contains_key(*name))
        .filter(move |name| is_optional(name));
    asked_for
        .chain(brought.map(move |(name, range)| (name, range, is_optional(name))))
        .chain(only_called_optional.map(|name| (name, &*ANY, true)))
}

/// The version, where the key of the entry does not tell it. What pnpm looks at is whether there is a colon in the dep
/// path, be it in that of a peer.
fn version(package: &TreePackage, dep_path: &str, resolution: &Resolution) -> Option<String> {
    let is_told = !dep_path.contains(':')
        || matches!(resolution, Resolution::Directory { .. })
        || package.resolved.via == Via::NamedRegistry && split(dep_path).version.contains(':');
    let version = &package.manifest.version;
    (!is_told && !version.is_empty()).then(|| version.to_string())
}

fn engines(engines: &Specifiers) -> IndexMap<String, String> {
    let engines = engines.iter().filter(|(_, range)| ***range != *"*");
    engines.map(|(engine, range)| (engine.to_string(), range.to_string())).collect()
}

/// Only lists count: pnpm does not record a single text.
fn list(values: Option<&OneOrMany>) -> Option<OneOrMany> {
    match values {
        Some(OneOrMany::Many(values)) if !values.is_empty() => Some(OneOrMany::Many(values.clone())),
        _ => None,
    }
}

fn bundled(bundled: Option<&BundledDependencies>) -> Option<BundledDependencies> {
    match bundled {
        Some(BundledDependencies::Names(names)) if !names.is_empty() => {
            Some(BundledDependencies::Names(names.clone()))
        }
        Some(BundledDependencies::All(true)) => Some(BundledDependencies::All(true)),
        _ => None,
    }
}
