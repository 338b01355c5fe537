//! The work of an install: which slots there are, what is in them, and where their files come from.

use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use url::Url;

use super::numbers::{Numbers, Told};
use super::{InstallError, local};
use crate::core::config::Config;
use crate::core::event::{EventKind, PackageId, PackagePlaced, PackageSeen, Why};
use crate::core::fetch::{RepositoryCommit, RepositoryPart, repository_key};
use crate::core::link::{Slot, Symlink};
use crate::core::lockfile::{Lockfile, PackageMetadata, Resolution, slot_directory_name, split};
use crate::core::patch::{PatchFile, PatchFiles};
use crate::core::path::relative;
use crate::core::plan::{Edge, Graph, Selection, Target};
use crate::core::store::index;

/// All the work.
pub struct Work {
    /// The slots.
    pub slots: Vec<PlannedSlot>,
    /// What the slots are filled from; slots that differ only in their peers share one.
    pub sources: Vec<Source>,
    /// Position in `slots` by position in [`Lockfile::snapshots`].
    by_snapshot: Vec<Option<usize>>,
    /// The packages that are left out, as [`Selection::skipped`] lists them.
    pub skipped: Vec<Skipped>,
}

/// A package that is left out.
pub struct Skipped {
    /// Its number.
    pub package: PackageId,
    /// What listeners were told of it while it was resolved.
    pub told: Option<Told>,
}

/// A slot and what is known of it.
pub struct PlannedSlot {
    /// The slot.
    pub slot: Slot,
    /// Position in [`Work::sources`].
    pub source: usize,
    /// Name and version, for messages.
    pub label: String,
    /// What listeners were told of its package while it was resolved.
    pub told: Option<Told>,
}

/// Where the files of one or more slots come from.
pub struct Source {
    /// Key of the row in the store's index.
    pub key: String,
    /// Where the files are.
    pub origin: Origin,
    /// Positions in [`Work::slots`].
    pub slots: Vec<usize>,
    /// It may fail: only optional dependencies lead to its slots.
    pub optional: bool,
}

/// Where the files of a package are.
pub enum Origin {
    /// In a tarball, of a registry or on this machine.
    Tarball {
        /// `http:`, `https:` or `file:`.
        url: Url,
        /// What the tarball must be.
        integrity: String,
    },
    /// In a git repository; they are packed as its author would, and put into the store.
    Repository {
        /// Of the archive, or of the repository itself.
        url: Url,
        /// What the archive must be.
        integrity: Option<String>,
        /// What of it is the package.
        part: RepositoryPart,
    },
    /// In a folder on this machine; they are linked from there and never get into the store.
    Folder {
        /// The folder as the lockfile has it.
        directory: String,
        /// Its absolute path.
        folder: PathBuf,
    },
}

impl Origin {
    /// Whether the files get into the store.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        match self {
            Self::Tarball { .. } | Self::Repository { .. } => true,
            Self::Folder { .. } => false,
        }
    }
}

impl Work {
    /// Plans the work for a selection of snapshots.
    ///
    /// # Errors
    /// When a package is of a kind that this version cannot fetch, or its entry cannot be used.
    pub fn plan(
        config: &Config,
        lockfile: &Lockfile,
        graph: &Graph<'_>,
        selection: &Selection,
        patches: &PatchFiles,
        numbers: &mut Numbers,
    ) -> Result<Self, InstallError> {
        let mut by_snapshot = vec![None; lockfile.snapshots.len()];
        for (position, selected) in selection.snapshots.iter().enumerate() {
            by_snapshot[selected.index] = Some(position);
        }
        let limit = *config.virtual_store_dir_max_length;
        let named: Vec<(&str, String)> = selection
            .snapshots
            .iter()
            .map(|selected| {
                let dep_path = lockfile
                    .snapshots
                    .get_index(selected.index)
                    .map_or("", |(dep_path, _)| dep_path.as_str());
                (dep_path, slot_directory_name(dep_path, limit))
            })
            .collect();
        let mut sources: Vec<Source> = Vec::new();
        let mut by_key: FxHashMap<String, usize> = FxHashMap::default();
        let mut slots = Vec::with_capacity(named.len());
        for (position, (selected, (dep_path, directory))) in
            selection.snapshots.iter().zip(&named).enumerate()
        {
            let source = source_of(config, lockfile, dep_path)?;
            let source = *by_key.entry(source.key.clone()).or_insert_with(|| {
                sources.push(source);
                sources.len() - 1
            });
            sources[source].slots.push(position);
            sources[source].optional &= selected.optional;
            let (package, told) = numbers.of(dep_path);
            let split = split(dep_path);
            let symlinks = graph.snapshots[selected.index]
                .iter()
                // A package that depends on its own name finds its own folder there.
                .filter(|edge| edge.alias != split.name)
                .filter(|edge| !edge.optional || config.included.optional_dependencies)
                .filter_map(|edge| symlink(config, edge, &by_snapshot, &named))
                .collect();
            let slot = Slot {
                package,
                directory: directory.clone(),
                name: split.name.to_owned(),
                patch: patch_of(patches, dep_path, &sources[source])?,
                symlinks,
            };
            let label = split.package_id.to_owned();
            slots.push(PlannedSlot { slot, source, label, told });
        }
        let skipped = selection.skipped.iter().map(|skipped| {
            let dep_path = lockfile.snapshots.get_index(skipped.index);
            let (package, told) = numbers.of(dep_path.map_or("", |(dep_path, _)| dep_path));
            Skipped { package, told }
        });
        let skipped = skipped.collect();
        Ok(Self { slots, sources, by_snapshot, skipped })
    }

    /// Position in `slots` of a snapshot, unless it is left out.
    #[must_use]
    pub fn position_of(&self, snapshot: usize) -> Option<usize> {
        self.by_snapshot[snapshot]
    }

    /// The slot of a snapshot, unless it is left out.
    #[must_use]
    pub fn slot_of(&self, snapshot: usize) -> Option<&Slot> {
        self.by_snapshot[snapshot].map(|position| &self.slots[position].slot)
    }

    /// The events that make the packages known, those that are left out last. Of a package that is known since it was
    /// resolved, only what is new is told.
    pub fn announcements<'a>(
        &'a self,
        lockfile: &'a Lockfile,
        selection: &'a Selection,
    ) -> impl Iterator<Item = EventKind> + 'a {
        let slots = self.slots.iter().zip(&selection.snapshots).filter_map(move |(planned, selected)| {
            let why = if selected.direct { Why::Direct } else { Why::Transitive };
            let told = planned.told.as_ref();
            announcement(lockfile, planned.slot.package, selected.index, why, selected.optional, told)
        });
        let skipped = self.skipped.iter().zip(&selection.skipped).flat_map(move |(known, skipped)| {
            let told = known.told.as_ref();
            let seen = announcement(lockfile, known.package, skipped.index, Why::Transitive, true, told);
            let left_out = EventKind::Skipped {
                package: known.package,
                reason: skipped.reason,
                detail: skipped.detail.clone(),
            };
            seen.into_iter().chain([left_out])
        });
        slots.chain(skipped)
    }
}

/// The patch of a package. As pnpm does, it is looked for by name and version, whatever the dep path says.
fn patch_of(
    patches: &PatchFiles,
    dep_path: &str,
    source: &Source,
) -> Result<Option<Arc<PatchFile>>, InstallError> {
    let parts = split(dep_path);
    let patch = patches.of(parts.name, parts.version)?.cloned();
    if let (Some(patch), Origin::Folder { directory, .. }) = (&patch, &source.origin) {
        return Err(InstallError::Unsupported {
            what: format!(
                "the patch for {} is for {}, too, which is the folder {directory}; this version of pacwatch does not \
                 patch folders",
                patch.selector, parts.name
            ),
            help: format!(
                "Declare the patch for single versions of {}, or change the folder itself.",
                parts.name
            ),
        });
    }
    Ok(patch)
}

/// The event that makes a package known, or tells what is not known of it yet.
fn announcement(
    lockfile: &Lockfile,
    package: PackageId,
    snapshot: usize,
    why: Why,
    optional: bool,
    told: Option<&Told>,
) -> Option<EventKind> {
    let dep_path = lockfile.snapshots.get_index(snapshot).map_or("", |(dep_path, _)| dep_path.as_str());
    if let Some(told) = told {
        let is_news = *told.dep_path != *dep_path || told.why != why || told.optional != optional;
        let dep_path = dep_path.to_owned();
        return is_news
            .then(|| EventKind::PackagePlaced(Box::new(PackagePlaced { package, dep_path, why, optional })));
    }
    let parts = split(dep_path);
    let version = lockfile.metadata(dep_path).and_then(|metadata| metadata.version.as_deref());
    Some(EventKind::PackageSeen(Box::new(PackageSeen {
        package,
        name: parts.name.to_owned(),
        version: version.unwrap_or(parts.version).to_owned(),
        dep_path: dep_path.to_owned(),
        why,
        optional,
        size: None,
    })))
}

/// The symlink for an edge; none for what is left out.
fn symlink(
    config: &Config,
    edge: &Edge<'_>,
    by_snapshot: &[Option<usize>],
    named: &[(&str, String)],
) -> Option<Symlink> {
    let up = if edge.alias.contains('/') { "../" } else { "" };
    let target = match edge.target {
        Target::Snapshot(snapshot) => {
            let (dep_path, directory) = &named[by_snapshot[snapshot]?];
            format!("{up}../../{directory}/node_modules/{}", split(dep_path).name)
        }
        Target::Link(path) => {
            // Every slot lies equally deep below the virtual store.
            let folder = config.virtual_store_dir.join("slot/node_modules");
            let target = super::inputs::importer_folder(&config.lockfile_dir, path);
            format!("{up}{}", relative(&folder, &target).display())
        }
    };
    Some(Symlink { alias: edge.alias.to_owned(), target })
}

fn source_of(config: &Config, lockfile: &Lockfile, dep_path: &str) -> Result<Source, InstallError> {
    let parts = split(dep_path);
    let refuse = |code, message: String| InstallError::Unfetchable { code, message };
    let unsupported = |what: &str| InstallError::Unsupported {
        what: format!("{} is {what}, which this version of pacwatch cannot fetch", parts.package_id),
        help: "Use pnpm for this project.".to_owned(),
    };
    let default = PackageMetadata::default();
    let metadata = lockfile.metadata(dep_path).unwrap_or(&default);
    let (url, integrity, id) = match &metadata.resolution {
        Resolution::Registry { integrity, .. } => {
            let url = registry_tarball(config, parts.name, parts.version);
            (url, Some(integrity.clone()), parts.package_id)
        }
        Resolution::Tarball { git_hosted: true, tarball, integrity: Some(integrity), path, .. } => {
            let source =
                repository_source(config, parts.version, tarball, Some(integrity), path.as_ref(), None);
            return source.ok_or_else(|| {
                refuse(None, format!("the archive of {} has no usable address", parts.package_id))
            });
        }
        Resolution::Tarball { tarball, integrity, .. } if tarball.starts_with("file:") => {
            let path = local::place(&config.lockfile_dir, tarball);
            let url = Url::from_file_path(&path).map_or_else(|()| tarball.clone(), String::from);
            (url, integrity.clone(), parts.version)
        }
        Resolution::Tarball { tarball, integrity, .. } => {
            // A package known by its URL has the URL alone for an id.
            let id = if parts.version.contains("://") { parts.version } else { parts.package_id };
            (tarball.clone(), integrity.clone(), id)
        }
        Resolution::Directory { directory, .. } => {
            return Ok(Source {
                key: format!("folder\t{directory}"),
                origin: Origin::Folder {
                    directory: directory.clone(),
                    folder: local::place(&config.lockfile_dir, directory),
                },
                slots: Vec::new(),
                optional: true,
            });
        }
        Resolution::Git { repo, commit, path, .. } => {
            return repository_source(config, parts.version, repo, None, path.as_ref(), Some(commit))
                .ok_or_else(|| {
                    refuse(None, format!("the repository of {} has no usable address", parts.package_id))
                });
        }
        Resolution::Binary(_) | Resolution::Variations { .. } => return Err(unsupported("a runtime")),
        Resolution::Unknown(_) => {
            let message = format!("pnpm-lock.yaml has no usable `resolution` for {}", parts.package_id);
            return Err(refuse(Some("ERR_PNPM_BROKEN_LOCKFILE"), message));
        }
    };
    let Some(integrity) = integrity else {
        let message =
            format!("pnpm-lock.yaml has no integrity for {}, so it cannot be verified", parts.package_id);
        return Err(refuse(Some("ERR_PNPM_MISSING_TARBALL_INTEGRITY"), message));
    };
    let is_local =
        matches!(&metadata.resolution, Resolution::Tarball { tarball, .. } if tarball.starts_with("file:"));
    let url = Url::parse(&url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") || is_local && url.scheme() == "file")
        .ok_or_else(|| {
            refuse(None, format!("the tarball of {} has no usable address: {url:?}", parts.package_id))
        })?;
    Ok(Source {
        key: index::key(&integrity, id),
        origin: Origin::Tarball { url, integrity },
        slots: Vec::new(),
        optional: true,
    })
}

/// A package that is a repository or part of one: the archive at an address, or a commit of the repository there.
fn repository_source(
    config: &Config,
    id: &str,
    address: &str,
    integrity: Option<&String>,
    path: Option<&String>,
    commit: Option<&String>,
) -> Option<Source> {
    let url = match commit {
        None => Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?,
        // `user@host:path` is no URL; it is only for messages.
        Some(_) => Url::parse(address).or_else(|_| Url::parse("ssh://git/")).ok()?,
    };
    let is_shallow =
        url.host_str().is_some_and(|host| config.git_shallow_hosts.iter().any(|one| one == host));
    let commit = commit.map(|commit| RepositoryCommit {
        repository: address.to_owned(),
        digits: commit.clone(),
        is_shallow,
    });
    let ignore_scripts = *config.ignore_scripts;
    Some(Source {
        key: repository_key(id, ignore_scripts),
        origin: Origin::Repository {
            url,
            integrity: integrity.cloned(),
            part: RepositoryPart { folder: path.cloned().unwrap_or_default(), commit, ignore_scripts },
        },
        slots: Vec::new(),
        optional: true,
    })
}

/// Where a registry has the tarball of a version (pnpm: `lockfile/src/resolution.rs`).
pub fn registry_tarball(config: &Config, name: &str, version: &str) -> String {
    let (registry, version) = match version.split_once(':') {
        Some((prefix, version)) if config.registries.prefixes.contains_key(prefix) => {
            (config.registries.prefixes[prefix].as_str(), version)
        }
        _ => (config.registries.for_package(name), version),
    };
    let bare = name.rsplit_once('/').map_or(name, |(_, bare)| bare);
    let version = version.split_once('+').map_or(version, |(version, _)| version);
    format!("{registry}{name}/-/{bare}-{version}.tgz")
}
