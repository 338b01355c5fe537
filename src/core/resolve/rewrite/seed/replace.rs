//! Puts packages in the place of others.

use std::sync::Arc;

use indexmap::IndexMap;
use node_semver::Range;
use rustc_hash::FxHashMap;

use super::plan::{Plan, Replacement, is_registry_tarball};
use crate::core::lockfile::update::{VersionText, prune_unreachable};
use crate::core::lockfile::{
    Lockfile, OneOrMany, PackageMetadata, Reference, References, Resolution, Snapshot, package_id, reference,
    split,
};
use crate::core::resolve::rewrite::Rewriter;
use crate::core::resolve::{PackageManifest, Resolved, Source, Specifiers, Via};
use crate::core::version_range::parse_range;

/// What stands in a place now.
struct Fetched {
    manifest: Arc<PackageManifest>,
    resolution: Resolution,
}

/// A copy of the lockfile with the replacements. `None` where a new version needs what is not locked.
pub(super) async fn apply<Fetch, Answer>(
    lockfile: &Lockfile,
    plan: &Plan,
    rewriter: &Rewriter,
    fetch: &Fetch,
) -> Option<Lockfile>
where
    Fetch: Fn(Arc<str>, Arc<str>) -> Answer,
    Answer: Future<Output = Option<Arc<Resolved>>>,
{
    let moves = |one: &Replacement| {
        plan.keys.iter().any(|(before, now)| before != now && split(before).name == one.name)
    };
    let wanted = plan.replacements.iter().filter(|one| moves(one)).filter_map(|one| {
        let version: Arc<str> = one.version.as_ref()?.to_string().into();
        Some(async move {
            let resolved = fetch(one.name.as_str().into(), Arc::clone(&version)).await?;
            Some((one.name.as_str(), usable(&resolved, rewriter, &one.name, &version)?))
        })
    });
    let fetched = futures_util::future::join_all(wanted).await;
    let fetched: FxHashMap<&str, Fetched> = fetched.into_iter().collect::<Option<_>>()?;

    let mut updated = lockfile.clone();
    for importer in updated.importers.values_mut() {
        for group in
            [&mut importer.dependencies, &mut importer.dev_dependencies, &mut importer.optional_dependencies]
        {
            group.retain(|alias, _| !plan.removes(alias, None));
            for (alias, dependency) in group {
                if let Some(now) = replaced(plan, alias, &dependency.version, None) {
                    dependency.version = now;
                }
            }
        }
    }
    for (key, snapshot) in &mut updated.snapshots {
        for group in [&mut snapshot.dependencies, &mut snapshot.optional_dependencies] {
            group.retain(|alias, _| !plan.removes(alias, Some(key)));
            for (alias, value) in group {
                if let Some(now) = replaced(plan, alias, value, Some(key)) {
                    *value = now;
                }
            }
        }
    }
    for (before, now) in plan.keys.iter().filter(|(before, now)| before != now) {
        let new = fetched.get(split(before).name)?;
        let old = lockfile.snapshots.get(before)?;
        let context = Context { lockfile, plan, owner: now };
        let optional = &new.manifest.optional_dependencies;
        let mut dependencies = new.manifest.dependencies.clone();
        dependencies.retain(|alias, _| !optional.contains_key(alias));
        let snapshot = Snapshot {
            dependencies: context.references(&dependencies, &old.dependencies)?,
            optional_dependencies: context.references(optional, &old.optional_dependencies)?,
            ..old.clone()
        };
        put(&mut updated.snapshots, now, snapshot)?;
        put(&mut updated.packages, package_id(now), metadata(new))?;
    }
    prune_unreachable(&mut updated);
    Some(updated)
}

/// Inserts an entry; `None` if another one stands there.
fn put<T: PartialEq>(entries: &mut IndexMap<String, T>, key: &str, entry: T) -> Option<()> {
    if let Some(present) = entries.get(key) {
        return (*present == entry).then_some(());
    }
    entries.insert(key.to_owned(), entry);
    Some(())
}

/// The text in the place of a reference, if what it leads to is replaced.
fn replaced(plan: &Plan, alias: &str, value: &str, owner: Option<&str>) -> Option<String> {
    let Reference::Package(key) = reference(alias, value) else {
        return None;
    };
    plan.replaced(alias, &key, owner).map(|now| split(now).version.to_owned())
}

/// A version that was found, if it is as simple as what it stands in for: of a registry, without peers, not deprecated,
/// with nothing bundled.
fn usable(resolved: &Resolved, rewriter: &Rewriter, name: &str, version: &str) -> Option<Fetched> {
    let Source::Package { resolution, .. } = &resolved.source else {
        return None;
    };
    let manifest = rewriter.package(Arc::clone(&resolved.manifest));
    let is_simple = resolved.via == Via::Registry
        && resolved.violation.is_none()
        && *manifest.name == *name
        && *manifest.version == *version
        && manifest.peer_dependencies.is_empty()
        && manifest.peer_dependencies_meta.is_empty()
        && manifest.deprecated.is_none()
        && manifest.bundled_dependencies.is_none()
        && !manifest.engines.contains_key("runtime")
        && is_registry_tarball(resolution);
    is_simple.then(|| Fetched { resolution: resolution.clone(), manifest })
}

/// Where the dependencies of a new version are looked for.
struct Context<'a> {
    lockfile: &'a Lockfile,
    plan: &'a Plan,
    /// The key of the new version.
    owner: &'a str,
}

impl Context<'_> {
    /// The edges of a new version: those of the old one where they fit, else to the only locked version that does.
    fn references(&self, specifiers: &Specifiers, locked: &References) -> Option<References> {
        let loses_a_peer = locked
            .keys()
            .any(|alias| !specifiers.contains_key(alias.as_str()) && self.plan.peer_names.contains(alias));
        if loses_a_peer {
            return None;
        }
        let mut references = References::new();
        for (alias, range) in specifiers {
            if self.plan.removes(alias, Some(self.owner)) {
                continue;
            }
            let range = if range.is_empty() { Range::any() } else { parse_range(range).ok()? };
            let value = match locked.get(&**alias) {
                Some(value) => self.followed(alias, value),
                None => self.only_locked(alias, &range)?,
            };
            let Reference::Package(key) = reference(alias, &value) else {
                return None;
            };
            let VersionText::Plain(version) = VersionText::of(split(&key).version) else {
                return None;
            };
            if !range.satisfies(&version) {
                return None;
            }
            references.insert(alias.to_string(), value);
        }
        Some(references)
    }

    fn followed(&self, alias: &str, value: &str) -> String {
        let Reference::Package(key) = reference(alias, value) else {
            return value.to_owned();
        };
        self.plan.keys.get(key.as_ref()).map_or_else(|| value.to_owned(), |now| split(now).version.to_owned())
    }

    /// The version of a package that is locked in a range, if it is the only one and as simple as they come.
    fn only_locked(&self, name: &str, range: &Range) -> Option<String> {
        if self.plan.peer_names.contains(name) || self.plan.concerns(name) {
            return None;
        }
        let mut candidates = self.lockfile.snapshots.iter().filter(|(key, snapshot)| {
            let parts = split(key);
            parts.name == name
                && parts.package_id == key.as_str()
                && matches!(VersionText::of(parts.version), VersionText::Plain(version) if range.satisfies(&version))
                && !snapshot.optional
                && !snapshot.patched
                && snapshot.id.is_none()
                && snapshot.transitive_peer_dependencies.is_empty()
                && self.lockfile.packages.get(parts.package_id).is_some_and(|metadata| {
                    metadata.peer_dependencies.is_empty()
                        && metadata.peer_dependencies_meta.is_empty()
                        && is_registry_tarball(&metadata.resolution)
                })
        });
        let (key, _) = candidates.next()?;
        candidates.next().is_none().then(|| split(key).version.to_owned())
    }
}

/// The entry of `packages`. As in pnpm, platforms are recorded from lists only here.
fn metadata(fetched: &Fetched) -> PackageMetadata {
    let manifest = &fetched.manifest;
    let list = |platforms: &Option<OneOrMany>| {
        platforms.clone().filter(|platforms| matches!(platforms, OneOrMany::Many(many) if !many.is_empty()))
    };
    PackageMetadata {
        resolution: fetched.resolution.clone(),
        engines: manifest
            .engines
            .iter()
            .filter(|(_, range)| &***range != "*")
            .map(|(engine, range)| (engine.to_string(), range.to_string()))
            .collect(),
        cpu: list(&manifest.cpu),
        os: list(&manifest.os),
        libc: manifest.libc.clone(),
        has_bin: manifest.has_bin,
        ..PackageMetadata::default()
    }
}
