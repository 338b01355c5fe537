//! Hoisting: which packages can also be found where nothing names them, and under which alias.
//!
//! A package that forgets to declare a dependency finds it in `.pnpm/node_modules` (private), or in the project's own
//! `node_modules` (public). Who gets an alias that several could have is decided by pnpm's order alone, never by
//! version (pnpm: `deps-restorer/src/hoist.rs`). Only the choice is made here; it touches no disk.

use std::borrow::Cow;

use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use crate::core::lockfile::Lockfile;
use crate::core::patterns::Patterns;
use crate::core::plan::{Graph, Group, Target};

/// Where an alias is hoisted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoistKind {
    /// `.pnpm/node_modules`.
    Private,
    /// `node_modules` of the project beside the lockfile.
    Public,
}

impl HoistKind {
    /// As `.modules.yaml` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

/// What an alias leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoistSource {
    /// The snapshot at this position of [`Lockfile::snapshots`].
    Snapshot(usize),
    /// The workspace's project at this position of [`Lockfile::importers`].
    Project(usize),
}

/// An alias that is hoisted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hoisted {
    /// Its name below `node_modules`, scope included.
    pub alias: String,
    /// What it leads to.
    pub source: HoistSource,
    /// Where it is.
    pub kind: HoistKind,
}

/// What is hoisted, in pnpm's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hoisting {
    /// Every alias once.
    pub aliases: Vec<Hoisted>,
}

impl Hoisting {
    /// `hoistedDependencies` of `.modules.yaml`: dep path, or id of an importer → alias → where, in its order.
    #[must_use]
    pub fn dependencies<'a>(
        &'a self,
        lockfile: &'a Lockfile,
    ) -> IndexMap<&'a str, IndexMap<&'a str, HoistKind>> {
        let mut dependencies: IndexMap<&str, IndexMap<&str, HoistKind>> = IndexMap::new();
        for hoisted in &self.aliases {
            let source = match hoisted.source {
                HoistSource::Snapshot(index) => lockfile.snapshots.get_index(index).map(|(key, _)| key),
                HoistSource::Project(index) => lockfile.importers.get_index(index).map(|(key, _)| key),
            };
            if let Some(source) = source {
                dependencies.entry(source).or_default().insert(&hoisted.alias, hoisted.kind);
            }
        }
        dependencies
    }
}

/// What to hoist from.
pub struct HoistRequest<'a> {
    /// The lockfile.
    pub lockfile: &'a Lockfile,
    /// Its graph.
    pub graph: &'a Graph<'a>,
    /// Name of the slot of a snapshot, whether it is installed or not: equals are ordered by it.
    pub slot_name: &'a dyn Fn(usize) -> Cow<'a, str>,
    /// Whether a snapshot is in place. One that is not is hoisted nowhere, but what it needs is still looked at.
    pub is_installed: &'a dyn Fn(usize) -> bool,
    /// Whether direct dependencies of a group are wanted.
    pub is_wanted: &'a dyn Fn(Group) -> bool,
    /// Projects of the workspace to be hoisted by their names, as positions in [`Lockfile::importers`], ordered by
    /// folder.
    pub projects: &'a [(usize, String)],
    /// `hoistPattern`.
    pub private: &'a Patterns,
    /// `publicHoistPattern`.
    pub public: &'a Patterns,
}

/// A place in the order: everything at a smaller depth comes first.
struct Entry<'a> {
    depth: usize,
    slot_name: Cow<'a, str>,
    snapshot: usize,
}

/// Chooses what is hoisted.
#[must_use]
pub fn hoist<'a>(request: &'a HoistRequest<'a>) -> Hoisting {
    if request.private.is_empty() && request.public.is_empty() {
        return Hoisting::default();
    }
    let importers = direct_dependencies(request);
    let mut chosen = Chosen { request, taken: FxHashSet::default(), aliases: Vec::new() };
    if let Some((_, root)) = importers.iter().find(|(id, _)| *id == ".") {
        chosen.taken.extend(root.iter().map(|(alias, _)| alias.to_lowercase()));
    }
    for (alias, snapshot) in first_of_each_alias(request, &importers) {
        chosen.offer(alias, HoistSource::Snapshot(snapshot));
    }
    for (project, name) in request.projects {
        chosen.offer(name, HoistSource::Project(*project));
    }
    for entry in ordered(request, &importers) {
        for (alias, snapshot) in children(request, entry.snapshot) {
            chosen.offer(alias, HoistSource::Snapshot(snapshot));
        }
    }
    Hoisting { aliases: chosen.aliases }
}

struct Chosen<'a> {
    request: &'a HoistRequest<'a>,
    /// Aliases in lower case: on some file systems case does not count.
    taken: FxHashSet<String>,
    aliases: Vec<Hoisted>,
}

impl Chosen<'_> {
    fn offer(&mut self, alias: &str, source: HoistSource) {
        let kind = if self.request.public.matches(alias) {
            HoistKind::Public
        } else if self.request.private.matches(alias) {
            HoistKind::Private
        } else {
            return;
        };
        if let HoistSource::Snapshot(snapshot) = source
            && !(self.request.is_installed)(snapshot)
        {
            // The alias stays free for another.
            return;
        }
        if self.taken.insert(alias.to_lowercase()) {
            self.aliases.push(Hoisted { alias: alias.to_owned(), source, kind });
        }
    }
}

type Dependencies<'a> = Vec<(&'a str, usize)>;

/// The direct dependencies of the importers that are packages, by importer: both in order.
fn direct_dependencies<'a>(request: &HoistRequest<'a>) -> Vec<(&'a str, Dependencies<'a>)> {
    let mut importers: Vec<_> = request
        .lockfile
        .importers
        .keys()
        .zip(&request.graph.importers)
        .map(|(id, dependencies)| {
            let mut wanted: Vec<_> = dependencies
                .iter()
                .filter(|dependency| (request.is_wanted)(dependency.group))
                .filter_map(|dependency| match dependency.target {
                    Target::Snapshot(snapshot) => Some((dependency, snapshot)),
                    Target::Link(_) => None,
                })
                .collect();
            wanted.sort_by_key(|(dependency, _)| {
                let group = match dependency.group {
                    Group::Development => 0,
                    Group::Production => 1,
                    Group::Optional => 2,
                };
                (group, dependency.alias)
            });
            let wanted = wanted.into_iter();
            (id.as_str(), wanted.map(|(dependency, snapshot)| (dependency.alias, snapshot)).collect())
        })
        .collect();
    importers.sort_by_key(|(id, _)| *id);
    importers
}

/// The direct dependencies of all importers as one list, each alias once. Aliases that are names of projects come
/// first.
fn first_of_each_alias<'a>(
    request: &HoistRequest<'a>,
    importers: &[(&'a str, Dependencies<'a>)],
) -> IndexMap<&'a str, usize> {
    let mut all: IndexMap<&str, usize> = IndexMap::new();
    for (alias, snapshot) in importers.iter().flat_map(|(_, dependencies)| dependencies) {
        all.entry(alias).or_insert(*snapshot);
    }
    let mut ordered = IndexMap::with_capacity(all.len());
    for (_, name) in request.projects {
        if let Some((alias, snapshot)) = all.get_key_value(name.as_str()) {
            ordered.insert(*alias, *snapshot);
        }
    }
    for (alias, snapshot) in all {
        ordered.entry(alias).or_insert(snapshot);
    }
    ordered
}

/// The children of a snapshot: plain ones by alias, then optional ones. One that is both stands with the plain ones.
fn children<'a>(request: &HoistRequest<'a>, snapshot: usize) -> Dependencies<'a> {
    let plain = request.lockfile.snapshots.get_index(snapshot);
    let mut edges: Vec<_> = request.graph.snapshots[snapshot]
        .iter()
        .filter_map(|edge| match edge.target {
            Target::Snapshot(child) => {
                let only_optional = edge.optional
                    && plain.is_none_or(|(_, snapshot)| !snapshot.dependencies.contains_key(edge.alias));
                Some((only_optional, edge.alias, child))
            }
            Target::Link(_) => None,
        })
        .collect();
    edges.sort_by_key(|(only_optional, alias, _)| (*only_optional, *alias));
    edges.into_iter().map(|(_, alias, child)| (alias, child)).collect()
}

/// All snapshots that can be reached, in the order in which their children are looked at. The depth of a snapshot is
/// where a walk finds it that goes down before it goes on, so it is not always its distance.
fn ordered<'a>(request: &HoistRequest<'a>, importers: &[(&'a str, Dependencies<'a>)]) -> Vec<Entry<'a>> {
    let mut seen = vec![false; request.graph.snapshots.len()];
    let mut first_seen = |snapshot: &usize| !std::mem::replace(&mut seen[*snapshot], true);
    let roots: Vec<usize> = importers
        .iter()
        .flat_map(|(_, dependencies)| dependencies.iter().map(|(_, snapshot)| *snapshot))
        .filter(&mut first_seen)
        .collect();
    let mut entries = Vec::new();
    let mut pending = vec![(roots, 0)];
    while let Some((snapshots, depth)) = pending.pop() {
        let below = pending.len();
        for snapshot in snapshots {
            let next: Vec<usize> = children(request, snapshot)
                .into_iter()
                .map(|(_, child)| child)
                .filter(&mut first_seen)
                .collect();
            entries.push(Entry { depth, slot_name: (request.slot_name)(snapshot), snapshot });
            if !next.is_empty() {
                pending.push((next, depth + 1));
            }
        }
        // The children of the first are next.
        pending[below..].reverse();
    }
    entries.sort_by(|left, right| (left.depth, &left.slot_name).cmp(&(right.depth, &right.slot_name)));
    entries
}

#[cfg(test)]
#[path = "hoist_tests.rs"]
mod tests;
