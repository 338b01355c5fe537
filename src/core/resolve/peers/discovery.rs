//! Finding what a project misses, while its tree is still being made.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::memory::Memory;
use super::missing::MissingLog;
use super::resolve::{direct_places, sight_of, walk_project};
use super::settings::PeerSettings;
use super::sight::PlaceId;
use super::walk::{Purpose, Walker};
use crate::core::resolve::tree::{self, Discovered, DiscoveryRequest, Origin, Tree};

/// Walks the tree as the final pass does and tells what is missing. What it learns of subtrees is kept from round to
/// round.
#[derive(Debug)]
pub struct Discovery {
    settings: PeerSettings,
    memory: Memory,
    /// The tree's counters when the memory was made from it: its revision, and what of it was replaced.
    seen: Option<(u64, (u64, u64))>,
}

impl Discovery {
    /// A discovery that has seen no tree yet.
    #[must_use]
    pub fn new(settings: PeerSettings) -> Self {
        let memory = Memory::new(settings.suffix_max_length);
        Self { settings, memory, seen: None }
    }

    fn update(&mut self, tree: &Tree) {
        let replaced = (tree.nodes_rewritten, tree.packages_rewritten);
        match self.seen {
            Some((revision, known)) if known == replaced => {
                if revision == tree.revision {
                    return;
                }
            }
            _ => self.memory = Memory::new(self.settings.suffix_max_length),
        }
        self.memory.update(tree);
        self.seen = Some((tree.revision, replaced));
    }
}

impl tree::Discovery for Discovery {
    fn discover(&mut self, tree: &Tree, request: DiscoveryRequest) -> Discovered {
        self.update(tree);
        let importer = &tree.importers[request.importer];
        let places = direct_places(&mut self.memory, tree, request.importer);
        let sight = sight_of(&mut self.memory, importer, &places, &self.settings).into();
        let with_ancestors = tree.importers.len() > 1;
        let log = Box::new(MissingLog::new(with_ancestors));
        let offered: FxHashSet<PlaceId> = importer
            .direct
            .iter()
            .zip(&places)
            .filter(|(direct, _)| direct.origin == Origin::Provider)
            .map(|(_, place)| *place)
            .collect();
        let mut walker =
            Walker::new(&mut self.memory, tree, self.settings.dedupe_peers, Purpose::Discover(log));
        let outcomes =
            walk_project(&mut walker, tree, request.importer, &places, &offered, &sight, request.walk_from);
        let too_deep = walker.too_deep;
        let Purpose::Discover(log) = walker.purpose else { return Discovered::default() };
        let mut discovered = Discovered { missing: log.missing, too_deep, ..Discovered::default() };
        for outcome in outcomes {
            for (name, place) in outcome.providers {
                let name: &Arc<str> = self.memory.survey.text(name);
                // What hangs elsewhere than in a kept place cannot be named.
                match self.memory.places[place.0 as usize].tree {
                    Some(node) => discovered.providers.insert(name.clone(), node),
                    None => discovered.providers.remove(name),
                };
            }
            discovered.below.extend(outcome.summary);
        }
        discovered
    }
}
