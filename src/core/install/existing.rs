//! The tree that is there when an install begins: what is known of it, and what of it can stay.

use std::path::PathBuf;
use std::time::SystemTime;

use rustc_hash::FxHashSet;

use super::InstallError;
use super::work::Work;
use crate::core::config::{Config, Included};
use crate::core::link::Linker;
use crate::core::lockfile::{Lockfile, validate};
use crate::core::packlist::PackedFolder;
use crate::core::plan::{Graph, Selection, Target};
use crate::core::state::{
    CURRENT_LOCKFILE, HoistedDependencies, IncludedGroups, Layout, ModulesState, Recorded, WorkspaceState,
    filter_for_current, forget_current, is_due, purge, remove_empty_scope, remove_link, remove_package,
    stale_links,
};

/// The tree that is there.
pub struct Existing {
    /// What `.modules.yaml` says of it.
    pub modules: Recorded,
    /// What is in it.
    pub current: Current,
    /// What the current lockfile will be if all goes well.
    pub expected: Lockfile,
    layout: Layout,
    folder: PathBuf,
}

/// What is in a tree.
pub enum Current {
    /// Nobody knows: there is no tree, or an install of it was cut short.
    Unknown,
    /// All that the wanted lockfile says.
    Wanted,
    /// What another lockfile says.
    Other(Box<Lockfile>),
}

/// What is to become of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It stays as it is.
    Stays,
    /// Its files stay, its links are seen to. These are aliases that it may have had and that must go.
    Relinked(Vec<String>),
    /// Its files are another package's, or some are missing: they go, and it is filled.
    Replaced,
    /// It is filled.
    Filled,
}

impl Existing {
    /// Reads what is known of the tree. `wanted` is what is to be in it, `is_whole` says that this is all of the lockfile
    /// as it lies on the disk.
    #[must_use]
    pub fn read(config: &Config, wanted: &Lockfile, is_whole: bool) -> Self {
        let folder = config.root_modules_dir();
        Self {
            modules: ModulesState::read(&folder),
            current: Current::read(config, wanted, is_whole),
            expected: filter_for_current(wanted, included(*config.included), |_| false),
            layout: layout(config),
            folder,
        }
    }

    /// Takes away a tree that was made in another way. The answer is what about it was different.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn make_room(&mut self, config: &Config) -> Result<Option<&'static str>, InstallError> {
        let difference = match &self.modules {
            Recorded::Nothing => None,
            Recorded::Unreadable => Some(ModulesState::FILE_NAME),
            Recorded::Known(state) => state.difference(&self.layout, &self.folder),
        };
        let Some(difference) = difference else {
            return Ok(None);
        };
        WorkspaceState::forget(&config.lockfile_dir)?;
        let before = self.modules.known().map(|state| self.folder.join(&state.virtual_store_dir));
        let stores: Vec<&str> = [Some(&*config.virtual_store_dir), before.as_ref()]
            .into_iter()
            .flatten()
            .filter(|store| store.parent() == Some(&self.folder))
            .filter_map(|store| store.file_name()?.to_str())
            .collect();
        let is_gone = purge(&self.folder, &config.lockfile_dir, &stores)?;
        self.modules = Recorded::Nothing;
        self.current = Current::Unknown;
        Ok(is_gone.then_some(difference))
    }

    /// Judges the slots, by their position in [`Work::slots`]. `folders` are those of this machine, by position in
    /// [`Work::sources`].
    #[expect(clippy::too_many_arguments, reason = "everything that is known of the install bears on it")]
    #[must_use]
    pub fn judge(
        &self,
        config: &Config,
        lockfile: &Lockfile,
        graph: &Graph<'_>,
        selection: &Selection,
        work: &Work,
        linker: &Linker,
        folders: &[Option<PackedFolder>],
    ) -> Vec<Verdict> {
        let selected_alike = self.selected_alike(config, lockfile, selection);
        let keeps_optional = config.included.optional_dependencies;
        let mut verdicts: Vec<Verdict> = work
            .slots
            .iter()
            .zip(&selection.snapshots)
            .map(|(planned, selected)| {
                let is_complete = match &folders[planned.source] {
                    Some(folder) => linker.virtual_store.mirrors(&planned.slot, folder),
                    None => linker.virtual_store.is_complete(&planned.slot),
                };
                if !is_complete {
                    return Verdict::Filled;
                }
                if config.force {
                    return Verdict::Replaced;
                }
                let wanted = lockfile.snapshots.get_index(selected.index);
                let current = match &self.current {
                    Current::Wanted if selected_alike => return Verdict::Stays,
                    Current::Wanted => Some(lockfile),
                    Current::Other(current) => Some(&**current),
                    Current::Unknown => None,
                };
                match (current, wanted) {
                    (Some(current), Some((dep_path, _)))
                        if planned.slot.patch.is_none() || current.snapshots.contains_key(dep_path) =>
                    {
                        judge_known(current, &self.expected, dep_path, selected_alike, keeps_optional)
                    }
                    // A patch is not seen in a folder.
                    _ if planned.slot.patch.is_some() => Verdict::Replaced,
                    _ => Verdict::Relinked(Vec::new()),
                }
            })
            .collect();
        // What was absent may have been left out of the links of those that want it.
        for (position, selected) in selection.snapshots.iter().enumerate() {
            let gains_a_link = verdicts[position] == Verdict::Stays
                && graph.snapshots[selected.index].iter().any(|edge| match edge.target {
                    Target::Snapshot(child) => work
                        .position_of(child)
                        .is_some_and(|child| matches!(verdicts[child], Verdict::Filled | Verdict::Replaced)),
                    Target::Link(_) => false,
                });
            if gains_a_link {
                verdicts[position] = Verdict::Relinked(Vec::new());
            }
        }
        verdicts
    }

    /// Adds what was hoisted before and is still needed: it stays where an install is about some projects only.
    pub fn keep_hoisted(&self, hoisted: &mut HoistedDependencies) {
        let before = self.modules.known().into_iter();
        for (dependency, aliases) in before.flat_map(|state| &state.hoisted_dependencies) {
            let is_needed = self.expected.snapshots.contains_key(dependency)
                || self.expected.importers.contains_key(dependency)
                || hoisted.contains_key(dependency);
            if is_needed {
                let kept = hoisted.entry(dependency.clone()).or_default();
                for (alias, kind) in aliases {
                    kept.entry(alias.clone()).or_insert(*kind);
                }
            }
        }
    }

    /// Whether all that is wanted is in place, and nothing else was installed.
    #[must_use]
    pub fn is_unchanged(&self, config: &Config, verdicts: &[Verdict]) -> bool {
        let Some(state) = self.modules.known() else {
            return false;
        };
        let is_due = is_due(Some(&state.pruned_at), *config.modules_cache_max_age, SystemTime::now());
        if is_due || verdicts.iter().any(|verdict| *verdict != Verdict::Stays) {
            return false;
        }
        match &self.current {
            Current::Unknown => self.expected.snapshots.is_empty(),
            Current::Wanted => state.included == included(*config.included),
            Current::Other(current) => is_same(current, &self.expected),
        }
    }

    /// Whether the tree was made with the same groups and leaves out the same packages, so that every package has the
    /// same links as before.
    fn selected_alike(&self, config: &Config, lockfile: &Lockfile, selection: &Selection) -> bool {
        self.modules.known().is_some_and(|state| {
            state.included == included(*config.included) && state.skipped == self.skipped(lockfile, selection)
        })
    }

    /// What `.modules.yaml` lists as skipped. An entry that the lockfile does not have any more stays there, as pnpm
    /// leaves it.
    #[must_use]
    pub fn skipped(&self, lockfile: &Lockfile, selection: &Selection) -> Vec<String> {
        let now = selection.skipped.iter().filter_map(|skipped| lockfile.snapshots.get_index(skipped.index));
        let mut all: Vec<String> = now.map(|(dep_path, _)| dep_path.clone()).collect();
        let before = self.modules.known().into_iter().flat_map(|state| &state.skipped);
        all.extend(before.filter(|dep_path| !lockfile.snapshots.contains_key(*dep_path)).cloned());
        all.sort();
        all.dedup();
        all
    }

    /// Mends the slots that stay, and makes those that are to be replaced empty.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn mend(&self, work: &Work, linker: &Linker, verdicts: &[Verdict]) -> Result<(), InstallError> {
        let virtual_store = linker.virtual_store.path();
        for (planned, verdict) in work.slots.iter().zip(verdicts) {
            let slot = &planned.slot;
            let modules = || virtual_store.join(&slot.directory).join("node_modules");
            match verdict {
                Verdict::Filled => {}
                Verdict::Stays => linker.virtual_store.mend_symlinks(slot)?,
                Verdict::Replaced => remove_package(&modules(), &slot.name)?,
                Verdict::Relinked(aliases) => {
                    let wanted: FxHashSet<&str> =
                        slot.symlinks.iter().map(|symlink| symlink.alias.as_str()).collect();
                    for alias in aliases.iter().filter(|alias| !wanted.contains(alias.as_str())) {
                        remove_link(&modules(), alias)?;
                        remove_empty_scope(&modules(), alias);
                    }
                    if matches!(self.current, Current::Unknown) {
                        for alias in stale_links(virtual_store, &modules(), |alias| wanted.contains(alias))? {
                            remove_link(&modules(), &alias)?;
                        }
                    }
                    linker.virtual_store.mend_symlinks(slot)?;
                }
            }
        }
        Ok(())
    }
}

impl Current {
    fn read(config: &Config, wanted: &Lockfile, is_whole: bool) -> Self {
        let path = config.virtual_store_dir.join(CURRENT_LOCKFILE);
        let Ok(text) = std::fs::read_to_string(&path) else {
            return Self::Unknown;
        };
        let wanted_path = config.lockfile_dir.join(Lockfile::FILE_NAME);
        if is_whole && std::fs::read_to_string(wanted_path).is_ok_and(|wanted| wanted == text) {
            return Self::Wanted;
        }
        match Lockfile::parse(&text, &path) {
            Ok(current) if validate(&current).is_ok() => {
                if is_same(&current, wanted) {
                    Self::Wanted
                } else {
                    Self::Other(Box::new(current))
                }
            }
            _ => Self::Unknown,
        }
    }
}

/// Whether two lockfiles make the same tree.
pub(super) fn is_same(left: &Lockfile, right: &Lockfile) -> bool {
    left.importers == right.importers && left.packages == right.packages && left.snapshots == right.snapshots
}

/// Judges a complete slot of a tree whose lockfile is known.
fn judge_known(
    current: &Lockfile,
    expected: &Lockfile,
    dep_path: &str,
    selected_alike: bool,
    keeps_optional: bool,
) -> Verdict {
    let (Some(before), Some(now)) = (current.snapshots.get(dep_path), expected.snapshots.get(dep_path))
    else {
        return Verdict::Relinked(Vec::new());
    };
    let integrity = |lockfile: &Lockfile| {
        let metadata = lockfile.metadata(dep_path)?;
        metadata.resolution.integrity().map(str::to_owned)
    };
    if integrity(current) != integrity(expected) {
        return Verdict::Replaced;
    }
    let same_links = selected_alike
        && before.dependencies == now.dependencies
        && before.optional_dependencies == now.optional_dependencies;
    if same_links {
        return Verdict::Stays;
    }
    // A dependency that stays, but is left out on this machine now, keeps its link: pnpm leaves it there too.
    let is_wanted = |alias: &str| {
        now.dependencies.contains_key(alias)
            || keeps_optional && now.optional_dependencies.contains_key(alias)
    };
    let stale = before.edges().map(|(alias, _, _)| alias);
    Verdict::Relinked(stale.filter(|alias| !is_wanted(alias)).map(str::to_owned).collect())
}

/// Takes away what claims that the tree is complete. To be called before anything in it is changed.
///
/// # Errors
/// When the system refuses.
pub fn forget(config: &Config) -> Result<(), InstallError> {
    WorkspaceState::forget(&config.lockfile_dir)?;
    forget_current(&config.virtual_store_dir)?;
    Ok(())
}

/// The groups that are installed.
pub fn included(included: Included) -> IncludedGroups {
    IncludedGroups {
        dependencies: included.dependencies,
        dev_dependencies: included.dev_dependencies,
        optional_dependencies: included.optional_dependencies,
    }
}

/// What a tree is made with.
pub fn layout(config: &Config) -> Layout {
    Layout {
        node_linker: config.node_linker.name().to_owned(),
        hoist_pattern: config.hoist_pattern.value.clone(),
        public_hoist_pattern: config.public_hoist_pattern.value.clone(),
        store_dir: config.store_dir.value.clone(),
        virtual_store_dir: config.virtual_store_dir.value.clone(),
        virtual_store_dir_max_length: *config.virtual_store_dir_max_length as u64,
    }
}
