//! The walk below a project's direct dependencies, one level at a time.
//!
//! A whole level is resolved before any of it is settled. Then all places of a package at that depth are known, and the
//! one that decides about the package's dependencies ([`owner`](super::owner)) can be told without regard to the order
//! of answers. Only that place goes on to the next level. Everything that changes the tree happens in the order of the
//! level, with all answers at hand, so the tree is the same however they arrived.
//! pnpm: `resolve_dependency_tree/walk.rs`.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use node_semver::Version;
use rustc_hash::{FxHashMap, FxHashSet};

use super::aliases::Aliases;
pub(super) use super::edge::{Edge, Placed, Siblings};
use super::input::TreeInput;
use super::locked::LockedIndex;
use super::model::{Children, DEPTH_LIMIT, PackageIndex, Tree};
use super::owner::{Owner, Side};
use super::place::{At, Found};
use super::plan::Plan;
use super::present::Present;
use super::project::{Circumstances, ProjectState};
use super::questions::{QuestionIndex, Questions};
use super::reading::{Dependency, dependencies, is_decided_by_sight, is_leaf, registry_identity};
use super::record::recorded_under;
use super::reusable;
use super::seed::{Frontier, Open, Seed};
use super::sight::Sight;
use crate::core::lockfile::Resolution;
use crate::core::resolve::{
    PackageManifest, PolicyViolation, PreferredOverlay, ResolveError, Resolved, Resolver, Source, Via,
};

/// A walk under way.
pub(super) struct Walk<'a, R> {
    pub(super) input: &'a TreeInput<'a>,
    pub(super) questions: Questions<'a, R>,
    pub(super) locked: Option<LockedIndex<'a>>,
    pub(super) tree: Tree,
    /// What is kept of each package beside the tree, by its position there.
    pub(super) sides: Vec<Side>,
    pub(super) projects: Vec<ProjectState>,
    /// Versions that the tree has by now.
    pub(super) present: Present,
    /// Names and versions of workspace projects that were asked for by `workspace:` and a range.
    pub(super) workspace_identities: FxHashMap<PackageIndex, (Arc<str>, Arc<str>)>,
    pub(super) applied_patches: FxHashSet<Arc<str>>,
    pub(super) violations: Vec<(Arc<Resolved>, PolicyViolation)>,
    /// Names of direct dependencies that changed in some project of a workspace → versions they came to.
    pub(super) changed_versions: FxHashMap<Arc<str>, Vec<Version>>,
    pub(super) reusable: reusable::Known,
    /// Projects take turns; before that, questions are only asked ahead.
    pub(super) in_turn: bool,
    /// Packages for which what is in sight matters.
    pub(super) sight: Sight,
}

impl<R: Resolver> Walk<'_, R> {
    /// Resolves dependencies of several places of one level, all at a time.
    pub(super) async fn seed(
        &mut self,
        circumstances: &Rc<Circumstances>,
        level: &[Siblings],
    ) -> Result<Vec<Vec<Seed>>, ResolveError> {
        let mut plans = Vec::with_capacity(level.iter().map(|siblings| siblings.edges.len()).sum());
        for siblings in level {
            for edge in &siblings.edges {
                let plan = self.plan(circumstances, siblings, edge);
                plans.push(plan);
            }
        }
        let asked = plans.iter().filter_map(|plan| match plan {
            Plan::Ask(question, _) => Some(*question),
            Plan::Reuse(..) => None,
        });
        self.questions.wait(asked).await;
        if level.iter().any(|siblings| siblings.depth == 0) {
            self.note_direct_versions(circumstances.project, &plans);
        }
        let mut plans = plans.into_iter();
        let mut seeds = Vec::with_capacity(level.len());
        for siblings in level {
            let mut of_place = Vec::with_capacity(siblings.edges.len());
            for (edge, plan) in siblings.edges.iter().zip(plans.by_ref()) {
                of_place.push(match plan {
                    Plan::Reuse(prior, resolved) => {
                        let at = At {
                            above: siblings.above.clone(),
                            depth: siblings.depth,
                            optional: siblings.optional || edge.optional,
                            aliases: siblings.aliases.clone(),
                        };
                        let alias = Arc::clone(&edge.alias);
                        let placed = self.place_locked(circumstances, at, alias, prior, resolved).await?;
                        placed.map_or(Seed::Dropped, Seed::Done)
                    }
                    Plan::Ask(question, specifier) => {
                        self.place(circumstances, siblings, edge, question, &specifier)?
                    }
                });
            }
            seeds.push(of_place);
        }
        Ok(seeds)
    }

    /// Puts a dependency that was answered into the tree. What is below it comes later.
    fn place(
        &mut self,
        circumstances: &Rc<Circumstances>,
        siblings: &Siblings,
        edge: &Edge,
        question: QuestionIndex,
        specifier: &Arc<str>,
    ) -> Result<Seed, ResolveError> {
        let answer = match self.questions.answer(question) {
            Ok(answer) => answer,
            Err(error) if edge.optional => {
                if self.lockfile_has(&edge.alias, specifier) {
                    return Err(ResolveError::LockedOptional(Box::new(self.questions.take_error(question))));
                }
                self.tell_skipped(circumstances, siblings, edge, specifier, error);
                return Ok(Seed::Dropped);
            }
            Err(_) => return Err(self.questions.take_error(question)),
        };
        let resolved = &answer.resolved;
        let exotic = match resolved.via {
            Via::Git => Some("a git repository"),
            Via::Url => Some("a tarball at a URL"),
            Via::Registry | Via::Jsr | Via::NamedRegistry | Via::Workspace | Via::Local => None,
        };
        if let Some(from) = exotic
            && self.input.settings.block_exotic_subdeps
            && siblings.depth > 0
            && !siblings.of_workspace
        {
            return Err(ResolveError::ExoticSubdependency { alias: edge.alias.to_string(), from });
        }
        let id = self.id_with_patch(resolved)?;
        if let Some(package) = self.package_of(&id)
            && siblings.above.repeats(package)
        {
            return Ok(Seed::Dropped);
        }
        let left = self.left_to_peers(&answer, &siblings.aliases);
        self.questions.settle_below(&answer, &left, siblings.depth, circumstances);
        let optional = siblings.optional || edge.optional;
        let depth = siblings.depth;
        let leaf = matches!(resolved.source, Source::Link { .. }) || is_leaf(&answer.manifest);
        let manifest = &answer.manifest;
        let found = Found { id, resolved, manifest, left: &left, is_leaf: leaf, is_locked: false };
        let package = self.register(circumstances, found, optional, depth);
        if is_decided_by_sight(manifest, self.input.settings.auto_install_peers) {
            self.sight.note_decided(package);
        }
        if registry_identity(resolved).is_none()
            && specifier.starts_with("workspace:")
            && !specifier.starts_with("workspace:.")
        {
            let identity = (Arc::clone(&resolved.manifest.name), Arc::clone(&resolved.manifest.version));
            self.workspace_identities.entry(package).or_insert(identity);
        }
        let node = self.new_node(package, leaf, depth);
        Ok(Seed::Open(Box::new(Open {
            placed: Placed { alias: Arc::clone(&edge.alias), package, node },
            answer,
            above: siblings.above.clone(),
            depth,
            optional,
            left,
            prior: edge.prior,
            claim: None,
        })))
    }

    /// Walks everything below dependencies of one place, and tells where these hang.
    pub(super) async fn walk_from(
        &mut self,
        circumstances: &Rc<Circumstances>,
        mut seeds: Vec<Seed>,
        overlay: Option<Arc<PreferredOverlay>>,
        aliases: Aliases,
    ) -> Result<Vec<Placed>, ResolveError> {
        self.claim_level(circumstances, seeds.iter_mut());
        let placed = seeds.iter().filter_map(Seed::placed).cloned().collect();
        let mut frontier = Vec::new();
        self.settle(circumstances, seeds, overlay.as_ref(), &aliases, &mut frontier);
        while let Some(first) = frontier.first() {
            if first.open.depth > DEPTH_LIMIT {
                return Err(ResolveError::TooDeep);
            }
            let mut level = Vec::with_capacity(frontier.len());
            for place in &frontier {
                level.push(self.siblings_below(circumstances, place)?);
            }
            let mut seeds = self.seed(circumstances, &level).await?;
            self.claim_level(circumstances, seeds.iter_mut().flatten());
            let mut next = Vec::new();
            for ((place, siblings), seeds) in frontier.into_iter().zip(level).zip(seeds) {
                let overlay = layer(siblings.overlay.as_ref(), self.level_versions(&seeds));
                let aliases =
                    siblings.aliases.below(seeds.iter().filter_map(Seed::placed).map(|placed| &placed.alias));
                self.record_children(circumstances, &place, &siblings.edges, &seeds);
                self.settle(circumstances, seeds, overlay.as_ref(), &aliases, &mut next);
            }
            frontier = next;
        }
        Ok(placed)
    }

    /// Lets the best place of each package of a level claim it. The others could not win against a better one.
    fn claim_level<'s>(&mut self, circumstances: &Circumstances, level: impl Iterator<Item = &'s mut Seed>) {
        let mut open: Vec<&mut Open> = level
            .filter_map(|seed| match seed {
                Seed::Open(open) if !matches!(open.answer.resolved.source, Source::Link { .. }) => {
                    Some(&mut **open)
                }
                _ => None,
            })
            .collect();
        let mut best: FxHashMap<PackageIndex, usize> = FxHashMap::default();
        for (position, candidate) in open.iter().enumerate() {
            let standing = best.entry(candidate.placed.package).or_insert(position);
            let holder = &open[*standing];
            let depths = candidate.depth.cmp(&holder.depth);
            if depths.then_with(|| candidate.above.compare(&holder.above, &self.tree)).is_lt() {
                *standing = position;
            }
        }
        let mut winners: Vec<usize> = best.into_values().collect();
        winners.sort_unstable();
        for winner in winners {
            let open = &mut *open[winner];
            let owner = Owner {
                updating: circumstances.update_key.is_some(),
                depth: open.depth,
                project: circumstances.project,
                above: open.above.clone(),
            };
            let package = open.placed.package;
            let claim = self.sides[package.0 as usize].claim(owner, Rc::clone(&open.left), &self.tree);
            if claim.owns {
                self.read_peers_again(package, &open.answer.manifest, &claim.left);
            }
            open.claim = Some(claim);
        }
    }

    /// Gives the places of a level their children, as far as these are known, and finds those that have to walk on.
    fn settle(
        &mut self,
        circumstances: &Circumstances,
        seeds: Vec<Seed>,
        overlay: Option<&Arc<PreferredOverlay>>,
        aliases: &Aliases,
        frontier: &mut Vec<Frontier>,
    ) {
        for seed in seeds {
            let Seed::Open(mut open) = seed else { continue };
            let Some(claim) = open.claim.take().filter(|claim| claim.owns) else {
                self.keep_node(open.placed.node, Children::Recorded, open.depth);
                continue;
            };
            let under = recorded_under(circumstances, &open, &claim);
            if !is_injected(&open.answer.resolved)
                && self.is_recorded_for(open.placed.package, &claim.owner, &under, aliases)
            {
                self.adopt(open.placed.node, open.placed.package, &claim.owner);
                continue;
            }
            frontier.push(Frontier { open, claim, overlay: overlay.cloned(), aliases: aliases.clone() });
        }
    }

    /// The dependencies of a place that walks on.
    fn siblings_below(
        &mut self,
        circumstances: &Circumstances,
        place: &Frontier,
    ) -> Result<Siblings, ResolveError> {
        let Frontier { open, claim, overlay, aliases } = place;
        let resolved = &open.answer.resolved;
        let package = open.placed.package;
        let known = self.dependencies_of(package, &open.answer.manifest)?;
        // A place that landed where the lockfile had it keeps what the lockfile has below it.
        let prior = match (&self.locked, open.prior) {
            (Some(locked), Some(prior)) => {
                (*locked.entry(prior).package_id == *resolved.id).then_some((locked, prior))
            }
            _ => None,
        };
        let project = &self.projects[circumstances.project];
        let mut edges = Vec::with_capacity(known.len());
        for dependency in known.iter() {
            if !dependency.optional && claim.left.binary_search(&dependency.alias).is_ok() {
                continue;
            }
            let mut specifier = Arc::clone(&dependency.specifier);
            let mut injected = false;
            // A project that is copied asks as its own manifest does.
            if is_injected(resolved) {
                injected = open.answer.manifest.injected.get(&dependency.alias) == Some(&true);
                if let Some(behind) = self.input.rewrite.catalog(&dependency.alias, &specifier)? {
                    specifier = behind;
                }
            }
            let mut fitting =
                prior.and_then(|(locked, prior)| locked.fitting_child(prior, &dependency.alias, &specifier));
            // A direct dependency that moved up takes along what is pinned below the version it fits.
            if let (Some((locked, _)), Some(child)) = (prior, fitting)
                && let Some(pinned) = locked.entry(child).plain_version()
                && let Some(higher) = project.higher_direct_version(
                    &self.changed_versions,
                    &dependency.alias,
                    pinned,
                    &specifier,
                )
            {
                specifier = Arc::from(higher.to_string());
                fitting = None;
            }
            let alias = Arc::clone(&dependency.alias);
            edges.push(Edge {
                alias,
                specifier,
                optional: dependency.optional,
                injected,
                is_peer: false,
                prior: fitting,
            });
        }
        let folder = match &resolved.source {
            Source::Package { resolution: Resolution::Directory { directory, .. }, .. } => {
                let folder = crate::core::path::without_dots(&self.input.lockfile_dir.join(directory));
                Some(self.questions.folder(&folder))
            }
            _ => None,
        };
        Ok(Siblings {
            edges,
            above: open.above.below(package),
            depth: open.depth + 1,
            optional: open.optional,
            overlay: overlay.clone(),
            folder,
            aliases: aliases.clone(),
            of_workspace: resolved.via == Via::Workspace,
        })
    }

    fn dependencies_of(
        &mut self,
        package: PackageIndex,
        manifest: &PackageManifest,
    ) -> Result<Rc<[Dependency]>, ResolveError> {
        let side = &mut self.sides[package.0 as usize];
        if side.dependencies.is_none() {
            side.dependencies = Some(dependencies(manifest)?);
        }
        Ok(side.dependencies.clone().unwrap_or_default())
    }

    /// Package name → versions of what a level was resolved to, where registries know it.
    pub(super) fn level_versions(&self, seeds: &[Seed]) -> BTreeMap<Arc<str>, Vec<Arc<str>>> {
        let mut versions: BTreeMap<Arc<str>, Vec<Arc<str>>> = BTreeMap::new();
        for placed in seeds.iter().filter_map(Seed::placed) {
            if let Some((name, version)) = registry_identity(&self.tree.package(placed.package).resolved) {
                let of_name = versions.entry(Arc::clone(name)).or_default();
                if !of_name.contains(version) {
                    of_name.push(Arc::clone(version));
                }
            }
        }
        versions
    }
}

/// Lays versions on top of what is preferred above.
pub(super) fn layer(
    parent: Option<&Arc<PreferredOverlay>>,
    entries: BTreeMap<Arc<str>, Vec<Arc<str>>>,
) -> Option<Arc<PreferredOverlay>> {
    if entries.is_empty() {
        return parent.cloned();
    }
    Some(Arc::new(PreferredOverlay { entries, parent: parent.cloned() }))
}

/// A workspace project that is copied: its manifest may have `catalog:` specifiers, and ask for copies itself.
fn is_injected(resolved: &Resolved) -> bool {
    resolved.via == Via::Workspace && matches!(resolved.source, Source::Package { .. })
}
