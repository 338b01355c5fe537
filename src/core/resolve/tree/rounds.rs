//! The rounds in which projects get the peers that something below them misses.
//!
//! Each round looks for misses, picks a specifier for each peer that something needs, and walks what it brings; until
//! nothing is missing that can be had. Then peers that may be absent are added if a fitting version is in the tree
//! anyway, and the rounds begin again.
//! pnpm: `resolve_importer.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::aliases::Aliases;
use super::chain::Chain;
use super::locked::{LockedPeers, SnapshotIndex};
use super::missing::{Discovered, Discovery, DiscoveryRequest, MissingPeer};
use super::model::{DirectDependency, NodeIndex, Origin};
use super::optional_peers::{OptionalPeers, packages_below};
use super::pick::{self, Picking, RootDependency};
use super::project::{Circumstances, DirectWanted};
use super::scope::{leave_to_others, note_first_missing};
use super::seed::Seed;
use super::specifier::fits_with_prereleases;
use super::walk::{Edge, Placed, Siblings, Walk, layer};
use crate::core::resolve::{ResolveError, Resolver};
use crate::core::version_range::parse_range;

/// A project in its rounds.
pub(super) struct Rounds<'a> {
    pub(super) project: usize,
    /// What its manifest asks for.
    pub(super) wanted: Vec<DirectWanted>,
    /// Names that it has or is going to have.
    pub(super) aliases: FxHashSet<Arc<str>>,
    /// Peers that the lockfile recorded for it.
    pub(super) locked: LockedPeers<'a>,
    /// Nothing that is needed was missing in the last round, when so many places had been rewritten.
    settled_at: Option<u64>,
    /// How many of its direct dependencies were looked at, and how many places had been rewritten then.
    walked: (usize, u64),
    /// What was missing in all looks since the last that began from the first dependency.
    missing: BTreeMap<Arc<str>, Vec<MissingPeer>>,
    /// Peers that may be absent, with all ranges that were asked for in this round.
    missing_optional: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

/// A look at what is missing.
pub(super) struct Look {
    discovered: Discovered,
    /// It began from the first dependency.
    is_full: bool,
}

impl<'a> Rounds<'a> {
    pub(super) fn new(project: usize, wanted: Vec<DirectWanted>, locked: LockedPeers<'a>) -> Self {
        let aliases = wanted.iter().map(|wanted| Arc::clone(&wanted.alias)).collect();
        Self {
            project,
            wanted,
            aliases,
            locked,
            settled_at: None,
            walked: (0, 0),
            missing: BTreeMap::new(),
            missing_optional: BTreeMap::new(),
        }
    }
}

impl<R: Resolver> Walk<'_, R> {
    /// The direct dependencies of a project as the walk begins with them.
    pub(super) fn direct_siblings(&self, rounds: &Rounds<'_>, wanted: &[DirectWanted]) -> Siblings {
        let project = &self.input.projects[rounds.project].id;
        let locked = self.locked.as_ref();
        let edges = wanted.iter().map(|wanted| Edge {
            alias: Arc::clone(&wanted.alias),
            specifier: Arc::clone(&wanted.specifier),
            optional: wanted.optional,
            injected: wanted.injected,
            is_peer: wanted.is_peer,
            prior: locked
                .and_then(|locked| locked.fitting_direct(project, &wanted.alias, &wanted.specifier))
                .filter(|prior| !wanted.is_peer || !self.projects_ask_for_other(wanted, *prior)),
        });
        let aliases = Aliases::of_project(&rounds.aliases);
        Siblings {
            edges: edges.collect(),
            above: Chain::default(),
            depth: 0,
            optional: false,
            overlay: None,
            folder: None,
            aliases,
            of_workspace: false,
        }
    }

    /// Whether some project asks for a version of a package that would do as a project's own peer as well, but is not
    /// the locked one. The peer is then chosen anew, among what projects ask for.
    fn projects_ask_for_other(&self, peer: &DirectWanted, prior: SnapshotIndex) -> bool {
        let asked = self.projects.first().and_then(|project| project.circumstances.of_all.get(&peer.alias));
        let prior = self.locked.as_ref().and_then(|locked| locked.entry(prior).plain_version());
        let (Some(asked), Some(prior)) = (asked, prior) else { return false };
        let Ok(range) = parse_range(&peer.specifier) else { return false };
        asked
            .keys()
            .filter_map(|asked| parse_range(asked).ok())
            .any(|asked| !fits_with_prereleases(&asked, prior) && asked.intersect(&range).is_some())
    }

    /// Walks direct dependencies of a project and everything below them.
    pub(super) async fn extend(
        &mut self,
        rounds: &mut Rounds<'_>,
        circumstances: &Rc<Circumstances>,
        wanted: &[DirectWanted],
        origin: Origin,
    ) -> Result<(), ResolveError> {
        self.tree.revision += 1;
        let siblings = [self.direct_siblings(rounds, wanted)];
        let seeds: Vec<_> = self.seed(circumstances, &siblings).await?.into_iter().flatten().collect();
        let [siblings] = siblings;
        let versions = self.level_versions(&seeds);
        let aliases =
            siblings.aliases.below(seeds.iter().filter_map(Seed::placed).map(|placed| &placed.alias));
        let placed = self.walk_from(circumstances, seeds, layer(None, versions), aliases).await?;
        self.present.add_roots(placed.iter().map(|placed| placed.package));
        self.tree.revision += 1;
        rounds.aliases.extend(placed.iter().map(|placed| Arc::clone(&placed.alias)));
        let direct = &mut self.tree.importers[rounds.project].direct;
        direct.extend(placed.into_iter().map(|Placed { alias, package, node }| DirectDependency {
            alias,
            package,
            node,
            origin,
        }));
        Ok(())
    }

    /// Looks for what is missing below a project: below all its direct dependencies the first time and when places were
    /// rewritten, otherwise below those that were added.
    pub(super) fn look<D: Discovery>(&mut self, rounds: &mut Rounds<'_>, discovery: &mut D) -> Look {
        let (walked, rewritten_then) = rounds.walked;
        let rewritten = self.tree.nodes_rewritten;
        let is_full = walked == 0 || rewritten != rewritten_then;
        let request =
            DiscoveryRequest { importer: rounds.project, walk_from: if is_full { 0 } else { walked } };
        let discovered = discovery.discover(&self.tree, request);
        rounds.walked = (self.tree.importers[rounds.project].direct.len(), rewritten);
        Look { discovered, is_full }
    }

    /// Notes what a look says about packages of all projects.
    pub(super) fn note(&mut self, rounds: &Rounds<'_>, look: &Look) {
        note_first_missing(&mut self.sides, rounds.project, &look.discovered.below);
    }

    /// Leaves out of a look what other projects answer for.
    pub(super) fn narrow(&self, rounds: &Rounds<'_>, look: &mut Look) {
        leave_to_others(&mut look.discovered.missing, rounds.project, &self.sides, &rounds.locked.versions);
    }

    /// Installs what is needed and missing, until nothing is or nothing can be had. A project that had come that far
    /// and that nothing has changed for since is passed over.
    pub(super) async fn install_required<D: Discovery>(
        &mut self,
        rounds: &mut Rounds<'_>,
        first: Option<Look>,
        root: &[RootDependency],
        discovery: &mut D,
    ) -> Result<(), ResolveError> {
        if first.is_none() && rounds.settled_at == Some(self.tree.nodes_rewritten) {
            return Ok(());
        }
        rounds.missing_optional.clear();
        // What was seen below places that another project has taken over since is looked for again.
        let mut first = first.filter(|_| rounds.walked.1 == self.tree.nodes_rewritten);
        loop {
            let look = if let Some(mut look) = first.take() {
                self.narrow(rounds, &mut look);
                look
            } else {
                let mut look = self.look(rounds, discovery);
                self.narrow(rounds, &mut look);
                self.note(rounds, &look);
                look
            };
            if look.discovered.too_deep {
                return Err(ResolveError::TooDeep);
            }
            if look.is_full {
                rounds.missing.clear();
            }
            for (name, misses) in look.discovered.missing {
                rounds.missing.entry(name).or_default().extend(misses);
            }
            let any_match = self.input.settings.auto_install_peers_from_highest_match;
            let sorted = pick::sort(&rounds.missing, &rounds.aliases, any_match);
            self.offer_providers(rounds, &look.discovered.providers, &sorted.required);
            for (name, ranges) in sorted.optional {
                rounds.missing_optional.entry(name).or_default().extend(ranges);
            }
            if sorted.required.is_empty() {
                rounds.settled_at = Some(self.tree.nodes_rewritten);
                return Ok(());
            }
            let project = &self.input.projects[rounds.project];
            let preferred = self.preferred_or_present(rounds.project, sorted.required.keys());
            let picking = Picking {
                auto_install_peers: self.input.settings.auto_install_peers,
                preferred: &preferred,
                present: self.present.versions(),
                root,
                rewrite: self.input.rewrite,
                folder: &project.folder,
            };
            let picked = pick::required(&picking, &sorted.required);
            if picked.is_empty() {
                return Ok(());
            }
            self.add(rounds, picked, Origin::MissingPeer).await?;
        }
    }

    /// Installs peers that may be absent but for which the tree has a version. Tells whether there were any.
    pub(super) async fn install_optional(
        &mut self,
        rounds: &mut Rounds<'_>,
        root: &[RootDependency],
    ) -> Result<bool, ResolveError> {
        if rounds.missing_optional.is_empty() {
            return Ok(false);
        }
        let preferred = self.preferred_or_present(rounds.project, rounds.missing_optional.keys());
        let importers = &self.tree.importers;
        let of_root = match importers.iter().find(|importer| importer.id == ".") {
            Some(root) if self.input.settings.resolve_peers_from_workspace_root => &root.direct[..],
            _ => &[],
        };
        let optional = OptionalPeers {
            preferred: &preferred,
            present: &self.present,
            root,
            recorded: &rounds.locked.versions,
            tree: &self.tree,
            has: [&importers[rounds.project].direct, of_root],
            lockfile: self.locked.as_ref().map(|locked| locked.lockfile),
            own: (!self.input.settings.dedupe_peer_dependents)
                .then(|| packages_below(&self.tree, &importers[rounds.project].direct)),
        };
        let picked = optional.pick(&rounds.missing_optional);
        let left_absent = optional.left_absent(&rounds.missing_optional, &picked);
        self.tree.importers[rounds.project].left_absent.extend(left_absent);
        if picked.is_empty() {
            return Ok(false);
        }
        self.add(rounds, picked, Origin::MissingOptionalPeer).await?;
        rounds.settled_at = None;
        Ok(true)
    }

    async fn add(
        &mut self,
        rounds: &mut Rounds<'_>,
        picked: BTreeMap<Arc<str>, Arc<str>>,
        origin: Origin,
    ) -> Result<(), ResolveError> {
        rounds.aliases.extend(picked.keys().cloned());
        let picked = picked.into_iter();
        let wanted: Vec<DirectWanted> = picked
            .map(|(alias, specifier)| DirectWanted {
                alias,
                specifier,
                optional: false,
                injected: false,
                is_peer: true,
            })
            .collect();
        let circumstances = Rc::clone(&self.projects[rounds.project].circumstances_added);
        self.extend(rounds, &circumstances, &wanted, origin).await
    }

    /// Offers to the whole project what provides a peer somewhere below it.
    fn offer_providers(
        &mut self,
        rounds: &mut Rounds<'_>,
        providers: &BTreeMap<Arc<str>, NodeIndex>,
        required: &BTreeMap<Arc<str>, String>,
    ) {
        if !self.input.settings.auto_install_peers {
            return;
        }
        for (alias, node) in providers {
            if required.contains_key(alias) || !rounds.aliases.insert(Arc::clone(alias)) {
                continue;
            }
            let package = self.tree.node(*node).package;
            self.tree.importers[rounds.project].direct.push(DirectDependency {
                alias: Arc::clone(alias),
                package,
                node: *node,
                origin: Origin::Provider,
            });
        }
    }
}
