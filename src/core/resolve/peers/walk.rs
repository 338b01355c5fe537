//! The walk: unfolds the tree from a project down and looks up, at every place, the peers of the package there.
//!
//! Most places are never unfolded. A package below which no peer is asked for is the same everywhere; for the others
//! the walk keeps what it found ([`Verdict`]) and takes it again wherever the same packages are in sight.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::components::number;
use super::missing::{MissingLog, missing_below};
use super::paths::{PathId, Paths, link_version};
use super::sight::{PlaceId, Provider, Sight};
use super::survey::{End, Kind, NameId, PackageFacts, Survey};
use super::verdict::Verdict;
use crate::core::resolve::tree::{Ancestor, Children, MissingBelow, NodeIndex, PackageIndex, Tree};

/// Name → what is found under it, in the order of the names' numbers.
pub(super) type Found = Rc<[(NameId, PlaceId)]>;

/// A peer that nothing in sight provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Absent {
    pub name: NameId,
    /// The package that asks for it.
    pub asker: u32,
    pub optional: bool,
}

/// By position of the children: their kept places.
type Kept = Vec<Option<NodeIndex>>;

/// A place of the unfolded tree.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub package: u32,
    /// Distance from the project; -1 for links.
    pub depth: i32,
    /// A link that is named by another target than the tree has for it.
    pub renamed: Option<Rc<str>>,
    /// The kept place of the tree that it is.
    pub tree: Option<NodeIndex>,
}

/// What is known of the places, kept between walks over the same tree while it grows.
#[derive(Debug)]
pub(super) struct Memory {
    pub survey: Survey,
    pub places: Vec<Place>,
    /// By place: the dep path it was found to have.
    pub path_of: Vec<Option<PathId>>,
    /// By place of a provider: what was in sight beside it.
    pub context_of: Vec<Option<Rc<Sight>>>,
    from_tree: Vec<Option<PlaceId>>,
    leaves: Vec<Option<PlaceId>>,
    /// By package: nothing below it asks for a peer that it does not bring itself.
    pub pure: Vec<bool>,
    pub verdicts: Vec<Vec<Verdict>>,
    pub paths: Paths,
    plain: Vec<PathId>,
    pair: Vec<PathId>,
}

/// Packages on the way from the project to a place.
#[derive(Debug)]
pub(super) struct Way<'w> {
    package: u32,
    above: Option<&'w Way<'w>>,
    ancestors: OnceCell<Rc<Ancestor>>,
}

impl<'w> Way<'w> {
    fn new(package: u32, above: Option<&'w Self>) -> Self {
        Self { package, above, ancestors: OnceCell::new() }
    }

    /// The same as a chain that outlives the visit.
    pub fn ancestors(&self) -> Rc<Ancestor> {
        self.ancestors
            .get_or_init(|| {
                let above = self.above.map(Way::ancestors);
                Rc::new(Ancestor { package: PackageIndex(self.package), above })
            })
            .clone()
    }
}

/// What a walk leaves behind, beside its memory.
#[derive(Debug)]
pub(super) enum Purpose {
    /// A graph is to be made.
    Build(Box<Blueprint>),
    /// Only what is missing is wanted.
    Discover(Box<MissingLog>),
}

/// What the graph is made of.
#[derive(Debug, Default)]
pub(super) struct Blueprint {
    pub records: Vec<Record>,
    /// By place: the peers that were found from there down.
    pub found_of: Vec<Option<Found>>,
    /// By place: the least distance at which what was found there was found again.
    pub least_depth: Vec<i32>,
    /// By package: the least distance at which it was found without peers.
    bare_depth: Vec<i32>,
    /// By package: a place that stands for all where it has no peers.
    bare: Vec<Option<PlaceId>>,
    /// By package: the place that edges back into a cycle lead to.
    back: Vec<Option<PlaceId>>,
    pub back_pending: Vec<PlaceId>,
}

/// A place that was unfolded.
#[derive(Debug)]
pub(super) struct Record {
    pub place: PlaceId,
    /// By child of [`PackageFacts::children`]; an edge to the package itself is left out.
    pub children: Box<[Option<PlaceId>]>,
    /// Peers that the package declares itself and that were found.
    pub own: Box<[(NameId, PlaceId)]>,
    /// Peers that only something below it asks for, found or not.
    pub transitive: Box<[NameId]>,
}

/// What a visit of a place tells the place above.
pub(super) struct Outcome {
    /// Peers found above the place.
    pub found: Found,
    pub absent: Rc<[Absent]>,
    /// Real peers that were found by this visit from here down, wherever they are. Only in a discovery.
    pub providers: Vec<(NameId, PlaceId)>,
    /// Only in a discovery.
    pub summary: Option<Rc<MissingBelow>>,
}

pub(super) struct Walker<'a> {
    pub memory: &'a mut Memory,
    pub tree: &'a Tree,
    pub dedupe_peers: bool,
    pub purpose: Purpose,
    /// Places that this walk came to.
    pub visited: FxHashSet<PlaceId>,
    /// The ends of edges that close cycles are being visited: what is missing there is told where it is really missing.
    pub draining: bool,
    none: Found,
    nothing_absent: Rc<[Absent]>,
}

impl Memory {
    pub fn new(suffix_max_length: usize) -> Self {
        Self {
            survey: Survey::default(),
            places: Vec::new(),
            path_of: Vec::new(),
            context_of: Vec::new(),
            from_tree: Vec::new(),
            leaves: Vec::new(),
            pure: Vec::new(),
            verdicts: Vec::new(),
            paths: Paths::new(suffix_max_length),
            plain: Vec::new(),
            pair: Vec::new(),
        }
    }

    /// Takes in what was added to the tree.
    pub fn update(&mut self, tree: &Tree) {
        self.survey.update(tree);
        for (id, package) in tree.packages.iter().skip(self.plain.len()) {
            self.plain.push(self.paths.plain(id));
            let version = package.resolved.version.as_deref().unwrap_or(id);
            self.pair.push(self.paths.plain(&pair_text(&package.resolved.name, version, id).into()));
        }
        let count = tree.packages.len();
        self.pure.resize(count, false);
        self.verdicts.resize_with(count, Vec::new);
        for package in self.leaves.len()..count {
            let node = tree.packages[package].leaf_node;
            let leaf = (self.survey.packages[package].kind != Kind::Inner).then(|| {
                let depth = node.map_or(0, |node| tree.node(node).depth);
                self.place(number(package), depth, node)
            });
            self.leaves.push(leaf);
        }
    }

    pub fn place(&mut self, package: u32, depth: i32, tree: Option<NodeIndex>) -> PlaceId {
        let id = PlaceId(number(self.places.len()));
        self.places.push(Place { package, depth, renamed: None, tree });
        self.path_of.push(None);
        self.context_of.push(None);
        id
    }

    /// Forgets the newest places: they were looked at only to compare.
    fn forget_from(&mut self, count: usize) {
        self.places.truncate(count);
        self.path_of.truncate(count);
        self.context_of.truncate(count);
    }

    /// The place of the unfolded tree that a kept place is.
    pub fn tree_place(&mut self, tree: &Tree, node: NodeIndex) -> PlaceId {
        let at = tree.node(node);
        if let Some(leaf) = self.leaves[at.package.0 as usize] {
            return leaf;
        }
        if self.from_tree.len() <= node.0 as usize {
            self.from_tree.resize(tree.nodes.len(), None);
        }
        if let Some(known) = self.from_tree[node.0 as usize] {
            return known;
        }
        let id = self.place(at.package.0, at.depth, Some(node));
        self.from_tree[node.0 as usize] = Some(id);
        id
    }

    pub fn facts_at(&self, place: PlaceId) -> &PackageFacts {
        &self.survey.packages[self.places[place.0 as usize].package as usize]
    }

    pub fn plain(&self, package: u32) -> PathId {
        self.plain[package as usize]
    }

    /// The segment that names a peer by name and version alone, or as a link.
    pub fn short_segment(&mut self, name: NameId, place: PlaceId) -> PathId {
        self.link_segment(name, place)
            .unwrap_or_else(|| self.pair[self.places[place.0 as usize].package as usize])
    }

    /// The segment of a peer that is a link.
    pub fn link_segment(&mut self, name: NameId, place: PlaceId) -> Option<PathId> {
        let target = self.link_target(place)?;
        let text = format!("{}@{}", self.survey.text(name), link_version(&target));
        Some(self.paths.plain(&text.into()))
    }

    /// Where a link leads, from the lockfile's folder; `None` for what is no link.
    pub fn link_target(&self, place: PlaceId) -> Option<Rc<str>> {
        let Place { package, renamed, .. } = &self.places[place.0 as usize];
        if let Some(renamed) = renamed {
            return Some(renamed.clone());
        }
        (self.survey.packages[*package as usize].kind == Kind::Link).then(|| {
            let id = self.paths.text(self.plain(*package));
            id.strip_prefix("link:").unwrap_or(&id).into()
        })
    }
}

/// How a peer is named where its own peers are left out. A package of a named registry keeps the registry's name.
fn pair_text(name: &str, version: &str, id: &str) -> String {
    let registry = id
        .get(1..)
        .and_then(|rest| rest.split_once('@'))
        .and_then(|(_, rest)| rest.strip_suffix(version)?.strip_suffix(':'))
        .filter(|prefix| !prefix.is_empty() && !prefix.contains(['/', ':', '@', '#']));
    match registry {
        Some(registry) => format!("{name}@{registry}:{version}"),
        None => format!("{name}@{version}"),
    }
}

impl<'a> Walker<'a> {
    pub fn new(memory: &'a mut Memory, tree: &'a Tree, dedupe_peers: bool, mut purpose: Purpose) -> Self {
        if let Purpose::Build(blueprint) = &mut purpose {
            let count = tree.packages.len();
            blueprint.bare_depth.resize(count, i32::MAX);
            blueprint.bare.resize(count, None);
            blueprint.back.resize(count, None);
        }
        Self {
            memory,
            tree,
            dedupe_peers,
            purpose,
            visited: FxHashSet::default(),
            draining: false,
            none: Rc::default(),
            nothing_absent: Rc::default(),
        }
    }

    /// Looks up the peers at a place and below. `sight` is what is in sight there, the package's own children aside.
    pub fn visit(&mut self, place: PlaceId, sight: &Rc<Sight>, way: Option<&Way<'_>>) -> Outcome {
        let Place { package, depth, .. } = self.memory.places[place.0 as usize];
        let facts = &self.memory.survey.packages[package as usize];
        if facts.kind == Kind::Link {
            return self.bare(place, package);
        }
        if self.is_bare(package, depth) {
            return self.bare(place, package);
        }
        let kept = self.kept_children(place);
        if kept.is_none()
            && let Some(verdict) = self.memory.quick_verdict(sight, package)
        {
            return self.repeat(place, package, verdict, way);
        }
        let before = self.memory.places.len();
        let providers = self.place_providers(package, depth, kept.as_deref());
        let (below, own) = self.sight_below(place, package, sight, &providers);
        for provider in own.iter() {
            self.memory.context_of[provider.place.0 as usize] = Some(below.clone());
        }
        if let Some(verdict) = self.memory.verdict(&below, package) {
            // Kept places are known by their number from now on.
            if kept.is_none() {
                self.memory.forget_from(before);
            }
            return self.repeat(place, package, verdict, way);
        }
        self.unfold(place, (package, depth, kept.as_deref()), &below, &providers, way)
    }

    /// The package has no peers at this place, and there is nothing to learn from going down there.
    fn is_bare(&self, package: u32, depth: i32) -> bool {
        self.memory.pure[package as usize]
            && self.memory.survey.packages[package as usize].peers.is_empty()
            && match &self.purpose {
                Purpose::Build(blueprint) => blueprint.bare_depth[package as usize] <= depth,
                Purpose::Discover(_) => true,
            }
    }

    fn bare(&mut self, place: PlaceId, package: u32) -> Outcome {
        let path = self.memory.plain(package);
        self.remember(place, path, None);
        self.nothing()
    }

    fn nothing(&self) -> Outcome {
        Outcome {
            found: self.none.clone(),
            absent: self.nothing_absent.clone(),
            providers: Vec::new(),
            summary: None,
        }
    }

    /// The kept places of the children, by position, where the place has children of its own in the tree.
    fn kept_children(&self, place: PlaceId) -> Option<Kept> {
        let Place { package, tree, .. } = &self.memory.places[place.0 as usize];
        let Children::Own(own) = &self.tree.node((*tree)?).children else { return None };
        let edges = &self.tree.packages[*package as usize].children;
        let children = self.memory.survey.packages[*package as usize].children.iter();
        Some(
            children
                .map(|child| {
                    let alias = &edges[child.edge as usize].alias;
                    own.binary_search_by(|(name, _)| name.cmp(alias)).ok().map(|at| own[at].1)
                })
                .collect(),
        )
    }

    /// Gives places to the children that may provide a peer, by position.
    fn place_providers(
        &mut self,
        package: u32,
        depth: i32,
        kept: Option<&[Option<NodeIndex>]>,
    ) -> Vec<(u32, PlaceId)> {
        let count = self.memory.survey.packages[package as usize].providers.len();
        let mut places = Vec::with_capacity(count);
        for at in 0..count {
            let facts = &self.memory.survey.packages[package as usize];
            let position = facts.providers[at];
            let end = facts.children[position as usize].end;
            if end == End::Onward {
                places.push((position, self.child_place(package, position, depth, kept)));
            }
        }
        places
    }

    fn child_place(
        &mut self,
        package: u32,
        position: u32,
        depth: i32,
        kept: Option<&[Option<NodeIndex>]>,
    ) -> PlaceId {
        let child = self.memory.survey.packages[package as usize].children[position as usize];
        if let Some(leaf) = self.memory.leaves[child.package as usize] {
            return leaf;
        }
        match kept.and_then(|kept| kept[position as usize]) {
            Some(node) => self.memory.tree_place(self.tree, node),
            None => self.memory.place(child.package, depth + 1, None),
        }
    }

    /// What is in sight below a place, and what of it the place itself brings.
    fn sight_below(
        &self,
        place: PlaceId,
        package: u32,
        sight: &Rc<Sight>,
        providers: &[(u32, PlaceId)],
    ) -> (Rc<Sight>, Sight) {
        let memory = &*self.memory;
        let facts = &memory.survey.packages[package as usize];
        let mut own = Sight::default();
        for &(position, place) in providers {
            let child = &facts.children[position as usize];
            let target = &memory.survey.packages[child.package as usize];
            if let (Some(alias), Some(name)) = (child.alias, target.name) {
                let depth = memory.places[place.0 as usize].depth;
                own.put_installed(alias, name, (place, depth), |place| &memory.facts_at(place).version);
            }
        }
        if own.is_empty() {
            return (sight.clone(), own);
        }
        let mut with_own = None;
        let mut below = Sight::clone(sight);
        for provider in own.iter() {
            let Some(above) = sight.get(provider.name) else {
                below.put(*provider);
                continue;
            };
            let with_own = with_own.get_or_insert_with(|| {
                let mut all = Sight::clone(sight);
                for provider in own.iter() {
                    all.put(*provider);
                }
                all
            });
            if !self.is_same(above, provider) || self.breaks_diamond(with_own, above, provider, place) {
                below.put(Provider { hides: above.hides + 1, ..*provider });
            }
        }
        (Rc::new(below), own)
    }

    /// Two packages found under one name are the same version of the same package, installed under the same alias.
    fn is_same(&self, above: &Provider, own: &Provider) -> bool {
        let (left, right) = (self.memory.facts_at(above.place), self.memory.facts_at(own.place));
        left.version == right.version
            && above.alias == own.alias
            && (left.name == right.name || self.is_renamed(above.place) || self.is_renamed(own.place))
    }

    fn is_renamed(&self, place: PlaceId) -> bool {
        self.memory.places[place.0 as usize].renamed.is_some()
    }

    /// A child of the place asks for two packages of which one sees the other as its peer: taking the one from above
    /// and the other from here would show the child two different packages of one name.
    fn breaks_diamond(&self, with_own: &Sight, above: &Provider, own: &Provider, place: PlaceId) -> bool {
        if above.place == own.place {
            return false;
        }
        let Some(context) = &self.memory.context_of[above.place.0 as usize] else { return false };
        let target = self.memory.facts_at(own.place);
        let differing: Vec<NameId> = target
            .peers
            .iter()
            .copied()
            .filter(|&peer| match (context.get(peer), with_own.get(peer)) {
                (Some(there), Some(here)) => self.is_other(here, there),
                _ => false,
            })
            .collect();
        if differing.is_empty() {
            return false;
        }
        let packages = &self.memory.survey.packages;
        self.memory.facts_at(place).children.iter().any(|child| {
            let peers = &packages[child.package as usize].peers;
            target.name.is_some_and(|name| peers.contains(&name))
                && differing.iter().any(|peer| peers.contains(peer))
        })
    }

    fn is_other(&self, here: &Provider, there: &Provider) -> bool {
        let (here, there) =
            (&self.memory.places[here.place.0 as usize], &self.memory.places[there.place.0 as usize]);
        if there.renamed.is_some() {
            let packages = &self.memory.survey.packages;
            return packages[here.package as usize].version != packages[there.package as usize].version;
        }
        here.renamed.is_some() || here.package != there.package
    }

    /// Takes what was found at another place that sees the same.
    fn repeat(&mut self, place: PlaceId, package: u32, verdict: usize, way: Option<&Way<'_>>) -> Outcome {
        let verdict = self.memory.verdicts[package as usize][verdict].clone();
        let depth = self.memory.places[place.0 as usize].depth;
        self.repeat_missing(&verdict, Some(&Way::new(package, way)));
        if let Purpose::Build(blueprint) = &mut self.purpose {
            if verdict.found.is_empty() {
                let least = &mut blueprint.bare_depth[package as usize];
                *least = (*least).min(depth);
            }
            blueprint.found(place, depth, Some(verdict.found.clone()));
        }
        self.remember(place, verdict.path, None);
        verdict.outcome()
    }

    fn repeat_missing(&mut self, verdict: &Verdict, way: Option<&Way<'_>>) {
        if self.draining {
            return;
        }
        if let Purpose::Discover(log) = &mut self.purpose {
            for absent in verdict.absent.iter() {
                log.note(self.tree, &self.memory.survey, *absent, way);
            }
        }
    }

    fn unfold(
        &mut self,
        place: PlaceId,
        (package, depth, kept): (u32, i32, Option<&[Option<NodeIndex>]>),
        below: &Rc<Sight>,
        providers: &[(u32, PlaceId)],
        way: Option<&Way<'_>>,
    ) -> Outcome {
        let count = self.memory.survey.packages[package as usize].children.len();
        for position in 0..count {
            let child = self.memory.survey.packages[package as usize].children[position];
            if let Some(leaf) = self.memory.leaves[child.package as usize] {
                let nearest = &mut self.memory.places[leaf.0 as usize].depth;
                *nearest = (*nearest).min(depth + 1);
            }
        }
        let mut places: Vec<Option<PlaceId>> = vec![None; count];
        for &(position, place) in providers {
            places[position as usize] = Some(place);
        }
        let way_below = Way::new(package, way);
        let mut gathered = Gathered::default();
        for hides in [true, false] {
            for (position, place) in places.iter_mut().enumerate() {
                let child = self.memory.survey.packages[package as usize].children[position];
                if child.end != End::Onward || child.alias.is_some_and(|alias| below.has(alias)) != hides {
                    continue;
                }
                let outcome = if let Some(place) = *place {
                    self.visit(place, below, Some(&way_below))
                } else {
                    let position = number(position);
                    let (visited, outcome) =
                        self.visit_child((package, depth, kept), position, below, &way_below);
                    *place = Some(visited);
                    outcome
                };
                gathered.add(&self.memory.survey.packages[package as usize], outcome);
            }
        }
        let Gathered { found: from_below, absent: absent_below, mut providers, summaries } = gathered;
        let (own, own_absent) = self.look_up(package, below, way);
        if matches!(self.purpose, Purpose::Discover(_)) {
            for &(name, place) in &own {
                set(&mut providers, name, place);
            }
        }
        let facts = &self.memory.survey.packages[package as usize];
        let mut all_found = from_below;
        for &(name, place) in &own {
            set(&mut all_found, name, place);
        }
        let is_itself = |place: PlaceId| self.memory.places[place.0 as usize].package == package;
        all_found.retain(|&(name, place)| Some(name) != facts.name || !is_itself(place));
        let summary = match &self.purpose {
            Purpose::Build(_) => None,
            Purpose::Discover(_) => missing_below(&self.memory.survey, package, &absent_below, summaries),
        };
        let mut all_absent = absent_below;
        for absent in own_absent {
            set_absent(&mut all_absent, absent);
        }
        let path = self.path(package, &all_found);
        let facts = &self.memory.survey.packages[package as usize];
        let transitive: Box<[NameId]> = match &self.purpose {
            Purpose::Build(_) => {
                let mut names: Vec<NameId> = all_found
                    .iter()
                    .map(|(name, _)| *name)
                    .chain(all_absent.iter().map(|absent| absent.name))
                    .collect();
                names.sort_unstable();
                names.dedup();
                names.retain(|name| !facts.peers.contains(name));
                names.into()
            }
            Purpose::Discover(_) => Box::default(),
        };
        let reported: Found =
            all_found.iter().copied().filter(|(name, _)| !facts.has_child(*name)).collect::<Vec<_>>().into();
        let (found, absent): (Found, Rc<[Absent]>) = (all_found.into(), all_absent.into());
        if found.is_empty() && absent.is_empty() {
            self.memory.pure[package as usize] = true;
        } else {
            self.memory.verdicts[package as usize].push(Verdict {
                place,
                path,
                found: found.clone(),
                absent: absent.clone(),
                summary: summary.clone(),
            });
        }
        self.remember(place, path, Some(&found));
        self.record(place, package, depth, places, own, transitive);
        Outcome { found: reported, absent, providers, summary }
    }

    /// Visits a child that provides nothing itself. No place is made for it where another one can stand for it.
    fn visit_child(
        &mut self,
        (package, depth, kept): (u32, i32, Option<&[Option<NodeIndex>]>),
        position: u32,
        below: &Rc<Sight>,
        way: &Way<'_>,
    ) -> (PlaceId, Outcome) {
        let child = self.memory.survey.packages[package as usize].children[position as usize];
        let inner = self.memory.leaves[child.package as usize].is_none();
        if inner && kept.is_none() {
            if self.is_bare(child.package, depth + 1) {
                return (self.bare_place(child.package, depth + 1), self.nothing());
            }
            if let Some(verdict) = self.memory.quick_verdict(below, child.package) {
                let verdict = self.memory.verdicts[child.package as usize][verdict].clone();
                self.repeat_missing(&verdict, Some(&Way::new(child.package, Some(way))));
                if let Purpose::Build(blueprint) = &mut self.purpose {
                    if verdict.found.is_empty() {
                        let least = &mut blueprint.bare_depth[child.package as usize];
                        *least = (*least).min(depth + 1);
                    }
                    let least = &mut blueprint.least_depth[verdict.place.0 as usize];
                    *least = (*least).min(depth + 1);
                }
                return (verdict.place, verdict.outcome());
            }
        }
        let place = self.child_place(package, position, depth, kept);
        (place, self.visit(place, below, Some(way)))
    }

    fn bare_place(&mut self, package: u32, depth: i32) -> PlaceId {
        let Purpose::Build(blueprint) = &mut self.purpose else { return PlaceId(0) };
        if let Some(place) = blueprint.bare[package as usize] {
            return place;
        }
        let place = self.memory.place(package, depth, None);
        blueprint.bare[package as usize] = Some(place);
        place
    }

    /// Looks up the peers that a package declares itself.
    fn look_up(
        &mut self,
        package: u32,
        below: &Sight,
        way: Option<&Way<'_>>,
    ) -> (Box<[(NameId, PlaceId)]>, Vec<Absent>) {
        let (mut found, mut absent) = (Vec::new(), Vec::new());
        let requirements = self.tree.packages[package as usize].peers.values();
        for (&name, requirement) in
            self.memory.survey.packages[package as usize].peers.iter().zip(requirements)
        {
            match below.get(name) {
                Some(provider) => found.push((name, provider.place)),
                None => absent.push(Absent { name, asker: package, optional: requirement.optional }),
            }
        }
        if !self.draining
            && let Purpose::Discover(log) = &mut self.purpose
        {
            for absent in &absent {
                log.note(self.tree, &self.memory.survey, *absent, way);
            }
        }
        (found.into(), absent)
    }

    /// The dep path of a package that sees these peers, as far as the peers' own paths are known by now.
    fn path(&mut self, package: u32, found: &[(NameId, PlaceId)]) -> PathId {
        let base = self.memory.plain(package);
        let segments = found
            .iter()
            .map(|&(name, place)| {
                if let Some(link) = self.memory.link_segment(name, place) {
                    return link;
                }
                let known = if self.dedupe_peers { None } else { self.memory.path_of[place.0 as usize] };
                known.unwrap_or_else(|| self.memory.short_segment(name, place))
            })
            .collect();
        self.memory.paths.with_peers(base, segments)
    }

    fn remember(&mut self, place: PlaceId, path: PathId, found: Option<&Found>) {
        self.memory.path_of[place.0 as usize] = Some(path);
        self.visited.insert(place);
        let depth = self.memory.places[place.0 as usize].depth;
        if let Purpose::Build(blueprint) = &mut self.purpose {
            blueprint.found(place, depth, found.cloned());
        }
    }

    fn record(
        &mut self,
        place: PlaceId,
        package: u32,
        depth: i32,
        mut children: Vec<Option<PlaceId>>,
        own: Box<[(NameId, PlaceId)]>,
        transitive: Box<[NameId]>,
    ) {
        let Purpose::Build(blueprint) = &mut self.purpose else { return };
        for (position, child) in self.memory.survey.packages[package as usize].children.iter().enumerate() {
            if child.end == End::Back
                && !children[position].is_some_and(|place| self.visited.contains(&place))
            {
                children[position] = Some(*blueprint.back[child.package as usize].get_or_insert_with(|| {
                    let id = PlaceId(number(self.memory.places.len()));
                    self.memory.places.push(Place {
                        package: child.package,
                        depth: depth + 1,
                        renamed: None,
                        tree: None,
                    });
                    self.memory.path_of.push(None);
                    self.memory.context_of.push(None);
                    blueprint.back_pending.push(id);
                    id
                }));
            }
        }
        let found_nothing =
            blueprint.found_of[place.0 as usize].as_ref().is_none_or(|found| found.is_empty());
        if found_nothing {
            let least = &mut blueprint.bare_depth[package as usize];
            *least = (*least).min(depth);
        }
        blueprint.records.push(Record { place, children: children.into(), own, transitive });
    }

    /// Visits the ends of edges that close cycles, where they were not come to otherwise, as if they hung from the
    /// project.
    pub fn drain(&mut self, sight: &Rc<Sight>) {
        self.draining = true;
        loop {
            let next = match &mut self.purpose {
                Purpose::Build(blueprint) => blueprint.back_pending.pop(),
                Purpose::Discover(_) => None,
            };
            let Some(place) = next else { break };
            if !self.visited.contains(&place) {
                self.visit(place, sight, None);
            }
        }
        self.draining = false;
    }
}

impl Blueprint {
    fn found(&mut self, place: PlaceId, depth: i32, found: Option<Found>) {
        let at = place.0 as usize;
        if self.found_of.len() <= at {
            self.found_of.resize(at + 1, None);
            self.least_depth.resize(at + 1, i32::MAX);
        }
        self.least_depth[at] = self.least_depth[at].min(depth);
        if found.is_some() {
            self.found_of[at] = found;
        }
    }
}

/// What the children of a place tell it.
#[derive(Default)]
struct Gathered {
    found: Vec<(NameId, PlaceId)>,
    absent: Vec<Absent>,
    providers: Vec<(NameId, PlaceId)>,
    summaries: Vec<Rc<MissingBelow>>,
}

impl Gathered {
    fn add(&mut self, facts: &PackageFacts, outcome: Outcome) {
        for &(name, place) in outcome.found.iter() {
            if !facts.has_child(name) {
                set(&mut self.found, name, place);
            }
        }
        for absent in outcome.absent.iter() {
            set_absent(&mut self.absent, *absent);
        }
        for (name, place) in outcome.providers {
            set(&mut self.providers, name, place);
        }
        if let Some(summary) = outcome.summary
            && !self.summaries.iter().any(|known| Rc::ptr_eq(known, &summary))
        {
            self.summaries.push(summary);
        }
    }
}

fn set(list: &mut Vec<(NameId, PlaceId)>, name: NameId, place: PlaceId) {
    match list.binary_search_by_key(&name, |(name, _)| *name) {
        Ok(at) => list[at].1 = place,
        Err(at) => list.insert(at, (name, place)),
    }
}

fn set_absent(list: &mut Vec<Absent>, absent: Absent) {
    match list.binary_search_by_key(&absent.name, |absent| absent.name) {
        Ok(at) => list[at] = absent,
        Err(at) => list.insert(at, absent),
    }
}
