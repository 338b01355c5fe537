//! The peer pass over a whole workspace.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::blueprint::Blueprint;
use super::dedupe::dedupe_dependents;
use super::finish::{Draft, FinalPaths, draft};
use super::graph::{GraphNode, PeerOutcome};
use super::injected::dedupe_injected;
use super::memory::{Memory, Place};
use super::paths::PathId;
use super::settings::PeerSettings;
use super::sight::{PlaceId, Sight};
use super::survey::Kind;
use super::walk::{Purpose, Walker};
use crate::core::path::{relative, without_dots};
use crate::core::resolve::Source;
use crate::core::resolve::tree::{Importer, Origin, PackageIndex, Tree};

/// Walks the tree from every project and makes the graph.
#[must_use]
pub fn resolve(tree: &Tree, settings: &PeerSettings) -> PeerOutcome {
    let mut memory = Memory::new(settings.suffix_max_length);
    memory.update(tree);
    let directs: Vec<Vec<PlaceId>> =
        (0..tree.importers.len()).map(|importer| direct_places(&mut memory, tree, importer)).collect();
    let offered: FxHashSet<PlaceId> = tree
        .importers
        .iter()
        .zip(&directs)
        .flat_map(|(importer, places)| importer.direct.iter().zip(places))
        .filter(|(direct, _)| direct.origin == Origin::Provider)
        .map(|(_, place)| *place)
        .collect();
    let root = tree.importers.iter().position(|importer| importer.id == ".");
    let root_sight = root
        .filter(|_| settings.from_workspace_root)
        .map(|root| sight_of(&mut memory, &tree.importers[root], &directs[root], settings));
    let purpose = Purpose::Build(Box::<Blueprint>::default());
    let mut walker = Walker::new(&mut memory, tree, settings.dedupe_peers, purpose);
    let mut order: Vec<usize> = (0..tree.importers.len()).collect();
    order.sort_by(|&left, &right| tree.importers[left].id.cmp(&tree.importers[right].id));
    for importer in order {
        let own = sight_of(walker.memory, &tree.importers[importer], &directs[importer], settings);
        let sight = match &root_sight {
            Some(root_sight) if Some(importer) != root => {
                let mut sight = root_sight.clone();
                for provider in own.iter() {
                    sight.put(*provider);
                }
                sight
            }
            _ => own,
        };
        let sight = Rc::new(sight);
        walk_project(&mut walker, tree, importer, &directs[importer], &offered, &sight, 0);
        walker.drain(&sight);
    }
    let too_deep = walker.too_deep;
    let Purpose::Build(blueprint) = walker.purpose else { return PeerOutcome::default() };
    let mut paths = FinalPaths::new(&mut memory, &blueprint, settings.dedupe_peers);
    let nodes = draft(tree, &mut paths);
    let direct = tree
        .importers
        .iter()
        .zip(&directs)
        .map(|(importer, places)| {
            importer
                .direct
                .iter()
                .zip(places)
                .map(|(direct, place)| (direct.alias.clone(), paths.of(*place)))
                .collect()
        })
        .collect();
    let mut draft = Draft { nodes, direct };
    if settings.dedupe_injected {
        dedupe_injected(tree, &mut memory, &mut draft);
    }
    if settings.dedupe_peer_dependents {
        dedupe_dependents(tree, &mut memory, &mut draft);
    }
    PeerOutcome { too_deep, ..outcome(tree, &memory, settings, draft) }
}

/// Visits the direct dependencies of a project. What is only offered to others hangs elsewhere and is visited there;
/// only where that place was not come to is it visited here.
pub(super) fn walk_project(
    walker: &mut Walker<'_>,
    tree: &Tree,
    importer: usize,
    places: &[PlaceId],
    offered: &FxHashSet<PlaceId>,
    sight: &Rc<Sight>,
    from: usize,
) -> Vec<super::walk::Outcome> {
    let directs = tree.importers[importer].direct.iter().zip(places).skip(from);
    let (offered, own): (Vec<_>, Vec<_>) = directs.partition(|(_, place)| offered.contains(place));
    let mut outcomes = Vec::new();
    let note = |walker: &mut Walker<'_>, alias: &str, place: PlaceId| {
        let name = walker.memory.facts_at(place).name;
        let survey = &walker.memory.survey;
        if survey.is_peer(name) || survey.find(alias).is_some_and(|alias| survey.is_peer(alias)) {
            walker.memory.context_of[place.0 as usize] = Some(sight.clone());
        }
    };
    for (direct, place) in &own {
        note(walker, &direct.alias, **place);
    }
    for (_, place) in &own {
        outcomes.push(walker.visit(**place, sight, None));
    }
    for (direct, place) in offered {
        if !walker.visited.contains(place) {
            note(walker, &direct.alias, *place);
            outcomes.push(walker.visit(*place, sight, None));
        }
    }
    outcomes
}

/// The places of a project's direct dependencies.
pub(super) fn direct_places(memory: &mut Memory, tree: &Tree, importer: usize) -> Vec<PlaceId> {
    let direct = tree.importers[importer].direct.iter();
    direct.map(|direct| memory.tree_place(tree, direct.node)).collect()
}

/// What a project's direct dependencies bring in sight.
pub(super) fn sight_of(
    memory: &mut Memory,
    importer: &Importer,
    places: &[PlaceId],
    settings: &PeerSettings,
) -> Sight {
    let mut sight = Sight::default();
    for (direct, &place) in importer.direct.iter().zip(places) {
        let name = memory.facts_at(place).name;
        let alias = memory.survey.name(&direct.alias);
        if !memory.survey.is_peer(alias) && !memory.survey.is_peer(name) {
            continue;
        }
        let depth = memory.places[place.0 as usize].depth;
        let place = outside_link(memory, importer, &direct.alias, place, settings).unwrap_or(place);
        sight.put_installed(alias, name, (place, depth), |place| &memory.facts_at(place).version);
    }
    sight
}

/// With `excludeLinksFromLockfile`, a link out of the lockfile's folder is named by the place it is linked at, which
/// is the same on every machine.
fn outside_link(
    memory: &mut Memory,
    importer: &Importer,
    alias: &str,
    place: PlaceId,
    settings: &PeerSettings,
) -> Option<PlaceId> {
    if !settings.exclude_links || memory.facts_at(place).kind != Kind::Link {
        return None;
    }
    let target = without_dots(&settings.lockfile_dir.join(&*memory.link_target(place)?));
    if target.starts_with(&settings.lockfile_dir) {
        return None;
    }
    let linked_at = without_dots(&importer.folder.join(&settings.modules_dir).join(alias));
    let renamed: Rc<str> = slashed(&relative(&settings.lockfile_dir, &linked_at)).into();
    let Place { package, depth, .. } = memory.places[place.0 as usize];
    let detached = memory.place(package, depth, None);
    memory.places[detached.0 as usize].renamed = Some(renamed);
    Some(detached)
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn outcome(tree: &Tree, memory: &Memory, settings: &PeerSettings, draft: Draft) -> PeerOutcome {
    let text = |path: PathId| memory.paths.text(path);
    let graph = draft.nodes.into_iter().map(|(path, node)| {
        let names = |names: std::collections::BTreeSet<_>| {
            names.into_iter().map(|name| memory.survey.text(name).clone()).collect()
        };
        (
            text(path),
            GraphNode {
                package: PackageIndex(node.package),
                children: node.children.into_iter().map(|(alias, child)| (alias, text(child))).collect(),
                optional_children: node.optional_children,
                transitive_peers: names(node.transitive),
                resolved_peers: names(node.resolved),
                depth: node.depth.unsigned_abs(),
                optional: tree.packages[node.package as usize].optional,
            },
        )
    });
    let direct = draft.direct.into_iter().zip(&tree.importers).map(|(direct, importer)| {
        direct
            .into_iter()
            .map(|(alias, path)| {
                let text = text(path);
                let link = text.strip_prefix("link:").map(|target| {
                    let target = without_dots(&settings.lockfile_dir.join(target));
                    let from = without_dots(&importer.folder);
                    // A project that links to itself is at no distance at all.
                    let way = if from == target { String::new() } else { slashed(&relative(&from, &target)) };
                    Arc::from(format!("link:{way}"))
                });
                (alias, link.unwrap_or(text))
            })
            .collect::<BTreeMap<Arc<str>, Arc<str>>>()
    });
    PeerOutcome { graph: graph.collect(), direct: direct.collect(), too_deep: false }
}

/// Whether a package of the tree is a copy of a folder, and of which: its path from the lockfile's folder.
pub(super) fn injected_folder(tree: &Tree, package: u32) -> Option<&str> {
    let resolved = &tree.packages[package as usize].resolved;
    if !matches!(resolved.source, Source::Package { .. }) {
        return None;
    }
    resolved.id.strip_prefix("file:").or_else(|| resolved.id.split_once("@file:").map(|(_, folder)| folder))
}
