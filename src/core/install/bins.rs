//! Hoisted packages and executables: the last links, made on the link pool, which is idle by then.
//!
//! Here it is found out which packages stand beside which folder; what follows from that is decided in
//! [`hoist`](crate::core::link::hoist) and [`BinPlan`].

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::InstallError;
use super::dedupe::Deduped;
use super::inputs::importer_folder;
use super::last_links::LastLinks;
use super::selection::wanted;
use super::work::Work;
use crate::core::config::Config;
use crate::core::link::bins::{
    BinPackage, BinPlan, Candidate, DeclaredBins, Origin, declared_in, packages_in,
};
use crate::core::link::{
    HoistKind, HoistRequest, HoistSource, Hoisting, LinkError, Linker, Patterns, Slot, Symlink, hoist,
};
use crate::core::lockfile::{Lockfile, Resolution, slot_directory_name};
use crate::core::meter::Meters;
use crate::core::path::{relative, without_dots};
use crate::core::plan::{DirectDependency, Graph, Group, Target};
use crate::core::pool::LanePool;
use crate::core::workspace::Workspace;

/// What the last links are made from.
pub struct Bins<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The lockfile.
    pub lockfile: &'a Lockfile,
    /// The ids of the importers the install is about.
    pub importers: &'a [String],
    /// Those of them that were selected: what others need was hoisted before.
    pub selected: &'a [String],
    /// All projects.
    pub workspace: &'a Workspace,
    /// The lockfile's graph.
    pub graph: &'a Graph<'a>,
    /// The slots.
    pub work: &'a Work,
    /// The virtual store, and the executables of what was linked into it.
    pub linker: &'a Linker,
    /// Slots that were not made.
    pub dropped: &'a [usize],
    /// Direct dependencies that have no links.
    pub deduped: Deduped,
}

/// What was linked, for those that must tell it from what is left over.
#[derive(Debug)]
pub struct LinkedBins {
    /// What is hoisted.
    pub hoisting: Hoisting,
    /// What stands in which `.bin` folder.
    pub plan: Arc<BinPlan>,
    /// What a user should know.
    pub warnings: Vec<String>,
}

/// Packages with executables, by what leads to them.
#[derive(Default)]
struct Known {
    /// Positions in [`BinPlan::packages`], by position in [`Lockfile::snapshots`].
    snapshots: Vec<Option<usize>>,
    /// The same by folder; `None` for one that has none.
    folders: FxHashMap<PathBuf, Option<usize>>,
}

impl Bins<'_> {
    /// Links what is hoisted, and executables, on so many lanes of the pool.
    ///
    /// # Errors
    /// When the system refuses, or the manifest of a linked folder cannot be read.
    pub fn link(
        &self,
        hoisting: Hoisting,
        pool: &LanePool,
        lanes: u32,
        meters: &Meters,
    ) -> Result<LinkedBins, InstallError> {
        let plan = Arc::new(self.plan(&hoisting)?);
        let (private, public) = self.hoist_links(&hoisting);
        let links = LastLinks::open(
            &self.linker.virtual_store,
            &self.root_modules(),
            private,
            public,
            Arc::clone(&plan),
        )?;
        let warnings = links.make(pool, lanes, meters, &self.linker.emitter)?;
        Ok(LinkedBins { hoisting, plan, warnings })
    }

    fn root_modules(&self) -> PathBuf {
        self.config.lockfile_dir.join(&*self.config.modules_dir)
    }

    fn importer(&self, position: usize) -> PathBuf {
        let id = self.lockfile.importers.get_index(position);
        importer_folder(&self.config.lockfile_dir, id.map_or(".", |(id, _)| id))
    }

    /// The slot of a snapshot, if it is in place.
    fn slot(&self, snapshot: usize) -> Option<&Slot> {
        let position = self.work.position_of(snapshot)?;
        (!self.dropped.contains(&position)).then(|| &self.work.slots[position].slot)
    }

    fn package_folder(&self, slot: &Slot) -> PathBuf {
        let mut folder = self.linker.virtual_store.path().join(&slot.directory);
        folder.push("node_modules");
        folder.push(&slot.name);
        folder
    }

    fn is_wanted(&self, group: Group) -> bool {
        wanted(self.config).includes(group)
    }

    /// What is hoisted.
    #[must_use]
    pub fn hoisting(&self) -> Hoisting {
        let patterns =
            |patterns: &Option<Vec<String>>| Patterns::new(patterns.as_deref().unwrap_or_default());
        let (private, public) =
            (patterns(&self.config.hoist_pattern), patterns(&self.config.public_hoist_pattern));
        if private.is_empty() && public.is_empty() {
            return Hoisting::default();
        }
        let limit = *self.config.virtual_store_dir_max_length;
        let slot_name = |snapshot: usize| match self.work.slot_of(snapshot) {
            Some(slot) => Cow::Borrowed(slot.directory.as_str()),
            None => Cow::Owned(
                self.lockfile
                    .snapshots
                    .get_index(snapshot)
                    .map_or_else(String::new, |(dep_path, _)| slot_directory_name(dep_path, limit)),
            ),
        };
        let graph = if self.selected.len() == self.importers.len() {
            Cow::Borrowed(self.graph)
        } else {
            let mut graph = self.graph.clone();
            graph.keep_importers(self.lockfile, self.selected);
            Cow::Owned(graph)
        };
        hoist(&HoistRequest {
            lockfile: self.lockfile,
            graph: &graph,
            slot_name: &slot_name,
            is_installed: &|snapshot| self.slot(snapshot).is_some(),
            is_wanted: &|group| self.is_wanted(group),
            projects: &self.hoistable_projects(),
            private: &private,
            public: &public,
        })
    }

    /// The projects of the workspace that have a name, without the one beside the lockfile, ordered by folder. Those
    /// that nothing is installed for are among them.
    fn hoistable_projects(&self) -> Vec<(usize, String)> {
        if !*self.config.hoist_workspace_packages {
            return Vec::new();
        }
        // The projects are ordered by folder.
        let projects = self.workspace.projects.iter();
        projects
            .filter(|project| project.id != ".")
            .filter_map(|project| {
                let position = self.lockfile.importers.get_index_of(&project.id)?;
                let name = project.manifest.as_ref()?.name.clone()?;
                crate::core::lockfile::is_valid_package_name(&name).then_some((position, name))
            })
            .collect()
    }

    /// The links of what is hoisted: private, public.
    fn hoist_links(&self, hoisting: &Hoisting) -> (Vec<Symlink>, Vec<Symlink>) {
        let virtual_store = self.linker.virtual_store.path();
        let public_modules = self.root_modules();
        let to_slots = relative(&public_modules, virtual_store);
        let to_slots = to_slots.to_string_lossy();
        let hidden_modules = virtual_store.join("node_modules");
        let (mut private, mut public) = (Vec::new(), Vec::new());
        for hoisted in &hoisting.aliases {
            let (links, modules, to_slots) = match hoisted.kind {
                HoistKind::Private => (&mut private, &hidden_modules, ".."),
                HoistKind::Public => (&mut public, &public_modules, &*to_slots),
            };
            let up = if hoisted.alias.contains('/') { "../" } else { "" };
            let target = match hoisted.source {
                HoistSource::Snapshot(snapshot) => {
                    let Some(slot) = self.slot(snapshot) else { continue };
                    format!("{up}{to_slots}/{}/node_modules/{}", slot.directory, slot.name)
                }
                HoistSource::Project(position) => {
                    format!("{up}{}", relative(modules, &self.importer(position)).display())
                }
            };
            links.push(Symlink { alias: hoisted.alias.clone(), target });
        }
        (private, public)
    }

    fn plan(&self, hoisting: &Hoisting) -> Result<BinPlan, InstallError> {
        let hidden_modules = self.linker.virtual_store.path().join("node_modules");
        let hides = self.config.hoist_pattern.as_ref().is_some_and(|patterns| !patterns.is_empty());
        let prefer_symlinks = self.config.prefer_symlinked_executables.unwrap_or(false);
        // Where there are symlinks, the few shims are to be no different.
        let extends = *self.config.extend_node_path && hides && !prefer_symlinks;
        let mut plan = BinPlan {
            hidden_modules: extends.then(|| hidden_modules.clone()),
            root: without_dots(&self.config.lockfile_dir),
            prefer_symlinks,
            ..BinPlan::default()
        };
        let mut known = self.installed_packages(&mut plan)?;
        self.add_importers(&mut plan, &mut known, hoisting)?;
        let private: Vec<Candidate> = hoisting
            .aliases
            .iter()
            .filter(|hoisted| hoisted.kind == HoistKind::Private)
            .filter_map(|hoisted| match hoisted.source {
                HoistSource::Snapshot(snapshot) => known.snapshots[snapshot],
                HoistSource::Project(_) => None,
            })
            .map(|package| candidate(package, Origin::Hoisted))
            .collect();
        plan.add_folder(&hidden_modules, &private);
        for snapshot in 0..self.graph.snapshots.len() {
            if let Some(slot) = self.slot(snapshot) {
                self.add_slot(&mut plan, &known, snapshot, slot)?;
            }
        }
        Ok(plan)
    }

    /// All packages in slots that have executables.
    fn installed_packages(&self, plan: &mut BinPlan) -> Result<Known, LinkError> {
        let mut linked: FxHashMap<usize, DeclaredBins> = self.linker.take_executables();
        let mut snapshots = vec![None; self.graph.snapshots.len()];
        for (snapshot, dep_path) in self.lockfile.snapshots.keys().enumerate() {
            let has_bin = self.lockfile.metadata(dep_path).is_some_and(|metadata| {
                let is_runtime =
                    matches!(metadata.resolution, Resolution::Binary(_) | Resolution::Variations { .. });
                metadata.has_bin || is_runtime
            });
            let Some(slot) = self.slot(snapshot).filter(|_| has_bin) else {
                continue;
            };
            let folder = self.package_folder(slot);
            let bins = match linked.remove(&slot.package.index()) {
                Some(bins) => Some(bins),
                None => declared_in(&folder)?,
            };
            if let Some(bins) = bins.filter(|bins| !bins.commands.is_empty()) {
                let package = BinPackage::new(folder, Arc::new(bins), true);
                snapshots[snapshot] = Some(plan.add_package(package));
            }
        }
        Ok(Known { snapshots, folders: FxHashMap::default() })
    }

    fn add_importers(
        &self,
        plan: &mut BinPlan,
        known: &mut Known,
        hoisting: &Hoisting,
    ) -> Result<(), LinkError> {
        for (position, (id, dependencies)) in
            self.lockfile.importers.keys().zip(&self.graph.importers).enumerate()
        {
            if !self.importers.contains(id) {
                continue;
            }
            let folder = self.importer(position);
            let mut candidates = Vec::new();
            for dependency in dependencies {
                let package = match dependency.target {
                    _ if !self.is_wanted(dependency.group) => None,
                    _ if self.deduped.contains(position, dependency.alias) => None,
                    Target::Snapshot(snapshot) => known.snapshots[snapshot],
                    Target::Link(path) => known.in_folder(plan, &importer_folder(&folder, path))?,
                };
                candidates.extend(package.map(|package| candidate(package, Origin::Direct)));
            }
            if *self.config.auto_install_peers {
                let peers = self.peers_of(dependencies);
                let peers = peers.filter_map(|snapshot| known.snapshots[snapshot]);
                candidates.extend(peers.map(|package| candidate(package, Origin::Hoisted)));
            }
            if id == "." {
                let public = hoisting.aliases.iter().filter(|hoisted| hoisted.kind == HoistKind::Public);
                for hoisted in public {
                    let package = match hoisted.source {
                        HoistSource::Snapshot(snapshot) => known.snapshots[snapshot],
                        HoistSource::Project(position) => known.in_folder(plan, &self.importer(position))?,
                    };
                    candidates.extend(package.map(|package| candidate(package, Origin::Hoisted)));
                }
            }
            plan.add_folder(&folder.join(&*self.config.modules_dir), &candidates);
        }
        Ok(())
    }

    /// The peers that direct dependencies need and the project does not name: pnpm installs those for it, so their
    /// executables are at hand as if they were named. Optional peers are not, nor are peers of peers.
    fn peers_of<'a>(&'a self, dependencies: &'a [DirectDependency<'a>]) -> impl Iterator<Item = usize> + 'a {
        let wanted = || dependencies.iter().filter(|dependency| self.is_wanted(dependency.group));
        let names = move |alias: &str| wanted().any(|dependency| dependency.alias == alias);
        wanted()
            .filter_map(|dependency| match dependency.target {
                Target::Snapshot(snapshot) => self.slot(snapshot).map(|_| snapshot),
                Target::Link(_) => None,
            })
            .filter_map(|snapshot| {
                let (dep_path, _) = self.lockfile.snapshots.get_index(snapshot)?;
                Some((snapshot, self.lockfile.metadata(dep_path)?))
            })
            .flat_map(|(snapshot, metadata)| {
                let is_optional =
                    |name: &str| metadata.peer_dependencies_meta.get(name).is_some_and(|meta| meta.optional);
                self.graph.snapshots[snapshot].iter().filter(move |edge| {
                    metadata.peer_dependencies.contains_key(edge.alias) && !is_optional(edge.alias)
                })
            })
            .filter(move |edge| !names(edge.alias))
            .filter_map(|edge| match edge.target {
                Target::Snapshot(peer) => Some(peer),
                Target::Link(_) => None,
            })
    }

    /// A slot's own folder: the executables of what the package depends on, of what it ships, and its own.
    fn add_slot(
        &self,
        plan: &mut BinPlan,
        known: &Known,
        snapshot: usize,
        slot: &Slot,
    ) -> Result<(), LinkError> {
        let mut candidates: Vec<Candidate> = self.graph.snapshots[snapshot]
            .iter()
            .filter(|edge| edge.alias != slot.name)
            .filter_map(|edge| match edge.target {
                Target::Snapshot(child) => known.snapshots[child],
                Target::Link(_) => None,
            })
            .map(|package| candidate(package, Origin::Direct))
            .collect();
        let ships = self
            .lockfile
            .snapshots
            .get_index(snapshot)
            .and_then(|(dep_path, _)| self.lockfile.metadata(dep_path))
            .is_some_and(|metadata| metadata.bundled_dependencies.is_some());
        let own = known.snapshots[snapshot];
        if candidates.is_empty() && own.is_none() && !ships {
            return Ok(());
        }
        let modules = self.package_folder(slot).join("node_modules");
        if ships {
            for folder in packages_in(&modules) {
                if let Some(bins) = declared_in(&folder)? {
                    let package = plan.add_package(BinPackage::new(folder, Arc::new(bins), true));
                    candidates.push(candidate(package, Origin::Direct));
                }
            }
        }
        candidates.extend(own.map(|package| Candidate { own: true, ..candidate(package, Origin::Direct) }));
        plan.add_folder(&modules, &candidates);
        Ok(())
    }
}

impl Known {
    /// The package in a folder of the workspace, or elsewhere.
    fn in_folder(&mut self, plan: &mut BinPlan, folder: &Path) -> Result<Option<usize>, LinkError> {
        if let Some(package) = self.folders.get(folder) {
            return Ok(*package);
        }
        let package = declared_in(folder)?
            .filter(|bins| !bins.commands.is_empty())
            .map(|bins| plan.add_package(BinPackage::new(folder.to_path_buf(), Arc::new(bins), false)));
        self.folders.insert(folder.to_path_buf(), package);
        Ok(package)
    }
}

fn candidate(package: usize, origin: Origin) -> Candidate {
    Candidate { package, origin, own: false }
}
