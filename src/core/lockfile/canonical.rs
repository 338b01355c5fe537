//! A fast reader for lockfiles written in pnpm's own style, which is nearly every lockfile there is.
//!
//! It knows that one style and nothing else: two spaces a level, one entry a line, flow only for short lists and
//! mappings, plain or single-quoted scalars, literal blocks. At the first thing it does not know it gives up, and the
//! general YAML reader takes over; so it may refuse anything, but must never read a text otherwise than that reader.

use super::model::{
    CatalogEntry, Importer, ImporterDependency, Lockfile, LockfileSettings, PackageMetadata,
    PeerDependencyMeta, Snapshot,
};
use super::resolution::Resolution;
use super::scan::{Cursor, Entry, Step, Unfamiliar, flow_list, flow_map, scalar, typed_scalar};
use crate::core::manifest::{BundledDependencies, OneOrMany};
use indexmap::IndexMap;
use serde_json::{Map, Value};

/// Reads the text if it is in pnpm's own style.
pub(super) fn parse(text: &str) -> Option<Lockfile> {
    read(&mut Cursor::new(text)).ok()
}

fn read(cursor: &mut Cursor<'_>) -> Step<Lockfile> {
    let mut lockfile = Lockfile::default();
    let mut seen = Seen::default();
    while let Some(entry) = cursor.entry(0)? {
        seen.once(match &*entry.key {
            "lockfileVersion" => {
                lockfile.version = scalar(entry.value)?;
                0
            }
            "settings" => {
                lockfile.settings = Some(settings(cursor, &entry)?);
                1
            }
            "catalogs" => {
                lockfile.catalogs =
                    map(cursor, &entry, 2, |cursor, entry| map(cursor, entry, 4, catalog_entry))?;
                2
            }
            "overrides" => {
                lockfile.overrides = texts(cursor, &entry, 2)?;
                3
            }
            "packageExtensionsChecksum" => {
                lockfile.package_extensions_checksum = Some(scalar(entry.value)?);
                4
            }
            "pnpmfileChecksum" => {
                lockfile.pnpmfile_checksum = Some(scalar(entry.value)?);
                5
            }
            "patchedDependencies" => {
                lockfile.patched_dependencies = texts(cursor, &entry, 2)?;
                6
            }
            "importers" => {
                lockfile.importers = map(cursor, &entry, 2, importer)?;
                7
            }
            "packages" => {
                lockfile.packages = map(cursor, &entry, 2, package)?;
                8
            }
            "ignoredOptionalDependencies" => {
                lockfile.ignored_optional_dependencies = block_list(cursor, &entry, 2)?;
                9
            }
            "snapshots" => {
                lockfile.snapshots = map(cursor, &entry, 2, snapshot)?;
                10
            }
            "time" => {
                lockfile.time = texts(cursor, &entry, 2)?;
                11
            }
            _ => return Err(Unfamiliar),
        })?;
    }
    if cursor.is_at_end() { Ok(lockfile) } else { Err(Unfamiliar) }
}

/// Which keys of a record have been met; a second time is for the general reader to complain about.
#[derive(Default)]
struct Seen(u32);

impl Seen {
    fn once(&mut self, key: u32) -> Step<()> {
        let bit = 1 << key;
        if self.0 & bit != 0 {
            return Err(Unfamiliar);
        }
        self.0 |= bit;
        Ok(())
    }
}

/// A block mapping below an entry, its keys at `indent`; or `{}` on the entry's own line.
fn map<'a, T>(
    cursor: &mut Cursor<'a>,
    parent: &Entry<'a>,
    indent: usize,
    mut read: impl FnMut(&mut Cursor<'a>, &Entry<'a>) -> Step<T>,
) -> Step<IndexMap<String, T>> {
    let mut values = IndexMap::new();
    if parent.value == "{}" {
        return Ok(values);
    }
    parent.opens_block()?;
    while let Some(entry) = cursor.entry(indent)? {
        let value = read(cursor, &entry)?;
        if values.insert(entry.key.into_owned(), value).is_some() {
            return Err(Unfamiliar);
        }
    }
    // An empty block would be a null.
    if values.is_empty() { Err(Unfamiliar) } else { Ok(values) }
}

fn texts<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>, indent: usize) -> Step<IndexMap<String, String>> {
    map(cursor, parent, indent, |_, entry| scalar(entry.value))
}

fn block_list<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>, indent: usize) -> Step<Vec<String>> {
    if parent.value.starts_with('[') {
        return flow_list(parent.value);
    }
    parent.opens_block()?;
    let mut items = Vec::new();
    while let Some(item) = cursor.item(indent)? {
        items.push(scalar(item)?);
    }
    if items.is_empty() { Err(Unfamiliar) } else { Ok(items) }
}

fn flag(value: &str) -> Step<bool> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Unfamiliar),
    }
}

fn settings<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<LockfileSettings> {
    let mut settings = LockfileSettings::default();
    parent.opens_block()?;
    let mut seen = Seen::default();
    while let Some(entry) = cursor.entry(2)? {
        seen.once(match &*entry.key {
            "autoInstallPeers" => {
                settings.auto_install_peers = Some(flag(entry.value)?);
                0
            }
            "dedupePeers" => {
                settings.dedupe_peers = Some(flag(entry.value)?);
                1
            }
            "excludeLinksFromLockfile" => {
                settings.exclude_links_from_lockfile = Some(flag(entry.value)?);
                2
            }
            "injectWorkspacePackages" => {
                settings.inject_workspace_packages = Some(flag(entry.value)?);
                3
            }
            "peersSuffixMaxLength" if !entry.value.starts_with('0') => {
                if !entry.value.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(Unfamiliar);
                }
                settings.peers_suffix_max_length = Some(entry.value.parse().map_err(|_| Unfamiliar)?);
                4
            }
            _ => return Err(Unfamiliar),
        })?;
    }
    if seen.0 == 0 { Err(Unfamiliar) } else { Ok(settings) }
}

/// `specifier` and `version` below an entry, their keys at `indent`.
fn specifier_and_version<'a>(
    cursor: &mut Cursor<'a>,
    parent: &Entry<'a>,
    indent: usize,
) -> Step<(String, String)> {
    parent.opens_block()?;
    let (mut specifier, mut version) = (None, None);
    while let Some(entry) = cursor.entry(indent)? {
        let field = match &*entry.key {
            "specifier" => &mut specifier,
            "version" => &mut version,
            _ => return Err(Unfamiliar),
        };
        if field.replace(scalar(entry.value)?).is_some() {
            return Err(Unfamiliar);
        }
    }
    Ok((specifier.ok_or(Unfamiliar)?, version.ok_or(Unfamiliar)?))
}

fn catalog_entry<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<CatalogEntry> {
    let (specifier, version) = specifier_and_version(cursor, parent, 6)?;
    Ok(CatalogEntry { specifier, version, other: Vec::new() })
}

fn importer_dependency<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<ImporterDependency> {
    let (specifier, version) = specifier_and_version(cursor, parent, 8)?;
    Ok(ImporterDependency { specifier, version, other: Vec::new() })
}

fn importer<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<Importer> {
    let mut importer = Importer::default();
    if parent.value == "{}" {
        return Ok(importer);
    }
    parent.opens_block()?;
    let mut seen = Seen::default();
    while let Some(entry) = cursor.entry(4)? {
        seen.once(match &*entry.key {
            "dependencies" => {
                importer.dependencies = map(cursor, &entry, 6, importer_dependency)?;
                0
            }
            "devDependencies" => {
                importer.dev_dependencies = map(cursor, &entry, 6, importer_dependency)?;
                1
            }
            "optionalDependencies" => {
                importer.optional_dependencies = map(cursor, &entry, 6, importer_dependency)?;
                2
            }
            "dependenciesMeta" => {
                importer.dependencies_meta = Some(value(cursor, &entry, 6)?);
                3
            }
            "publishDirectory" => {
                importer.publish_directory = Some(scalar(entry.value)?);
                4
            }
            _ => return Err(Unfamiliar),
        })?;
    }
    if seen.0 == 0 { Err(Unfamiliar) } else { Ok(importer) }
}

/// A value of no fixed shape: a scalar, or a block mapping of such values.
fn value<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>, indent: usize) -> Step<Value> {
    if indent > 32 {
        return Err(Unfamiliar);
    }
    if !parent.value.is_empty() && parent.value != "{}" {
        return typed_scalar(parent.value);
    }
    let values = map(cursor, parent, indent, |cursor, entry| value(cursor, entry, indent + 2))?;
    Ok(Value::Object(values.into_iter().collect::<Map<_, _>>()))
}

fn package<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<PackageMetadata> {
    let mut package = PackageMetadata::default();
    parent.opens_block()?;
    let mut seen = Seen::default();
    while let Some(entry) = cursor.entry(4)? {
        seen.once(match &*entry.key {
            "resolution" => {
                package.resolution = resolution(entry.value)?;
                0
            }
            "id" => {
                package.id = Some(scalar(entry.value)?);
                1
            }
            "name" => {
                package.name = Some(scalar(entry.value)?);
                2
            }
            "version" => {
                package.version = Some(scalar(entry.value)?);
                3
            }
            "engines" => {
                for (engine, range) in flow_map(entry.value)? {
                    if package.engines.insert(engine, scalar(range)?).is_some() {
                        return Err(Unfamiliar);
                    }
                }
                4
            }
            "cpu" => {
                package.cpu = Some(one_or_many(entry.value)?);
                5
            }
            "os" => {
                package.os = Some(one_or_many(entry.value)?);
                6
            }
            "libc" => {
                package.libc = Some(one_or_many(entry.value)?);
                7
            }
            "deprecated" => {
                package.deprecated = Some(match entry.value {
                    "|" | "|-" => cursor.literal_block(6, entry.value == "|")?,
                    text => scalar(text)?,
                });
                8
            }
            "hasBin" => {
                package.has_bin = flag(entry.value)?;
                9
            }
            "prepare" => {
                package.prepare = flag(entry.value)?;
                10
            }
            "requiresBuild" => {
                package.requires_build = flag(entry.value)?;
                11
            }
            "bundledDependencies" | "bundleDependencies" => {
                package.bundled_dependencies = Some(match flag(entry.value) {
                    Ok(all) => BundledDependencies::All(all),
                    Err(Unfamiliar) => BundledDependencies::Names(block_list(cursor, &entry, 6)?),
                });
                12
            }
            "peerDependencies" => {
                package.peer_dependencies = texts(cursor, &entry, 6)?;
                13
            }
            "peerDependenciesMeta" => {
                package.peer_dependencies_meta = map(cursor, &entry, 6, peer_meta)?;
                14
            }
            _ => return Err(Unfamiliar),
        })?;
    }
    if seen.0 == 0 { Err(Unfamiliar) } else { Ok(package) }
}

fn peer_meta<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<PeerDependencyMeta> {
    parent.opens_block()?;
    let mut optional = None;
    while let Some(entry) = cursor.entry(8)? {
        if entry.key != "optional" || optional.replace(flag(entry.value)?).is_some() {
            return Err(Unfamiliar);
        }
    }
    Ok(PeerDependencyMeta { optional: optional.ok_or(Unfamiliar)?, other: Vec::new() })
}

fn resolution(text: &str) -> Step<Resolution> {
    let mut fields = Vec::new();
    for (key, value) in flow_map(text)? {
        if fields.iter().any(|(known, _)| *known == key) {
            return Err(Unfamiliar);
        }
        fields.push((key, typed_scalar(value)?));
    }
    Ok(Resolution::from_fields(fields))
}

fn one_or_many(text: &str) -> Step<OneOrMany> {
    if text.starts_with('[') {
        Ok(OneOrMany::Many(flow_list(text)?))
    } else {
        Ok(OneOrMany::One(scalar(text)?))
    }
}

fn snapshot<'a>(cursor: &mut Cursor<'a>, parent: &Entry<'a>) -> Step<Snapshot> {
    let mut snapshot = Snapshot::default();
    if parent.value == "{}" {
        return Ok(snapshot);
    }
    parent.opens_block()?;
    let mut seen = Seen::default();
    while let Some(entry) = cursor.entry(4)? {
        seen.once(match &*entry.key {
            "id" => {
                snapshot.id = Some(scalar(entry.value)?);
                0
            }
            "dependencies" => {
                snapshot.dependencies = texts(cursor, &entry, 6)?;
                1
            }
            "optionalDependencies" => {
                snapshot.optional_dependencies = texts(cursor, &entry, 6)?;
                2
            }
            "optional" => {
                snapshot.optional = flag(entry.value)?;
                3
            }
            "transitivePeerDependencies" => {
                snapshot.transitive_peer_dependencies = block_list(cursor, &entry, 6)?;
                4
            }
            "patched" => {
                snapshot.patched = flag(entry.value)?;
                5
            }
            _ => return Err(Unfamiliar),
        })?;
    }
    if seen.0 == 0 { Err(Unfamiliar) } else { Ok(snapshot) }
}

#[cfg(test)]
mod tests;
