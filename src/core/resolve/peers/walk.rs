//! The walk: unfolds the tree from a project down and looks up, at every place, the peers of the package there.
//!
//! Most places are never unfolded. A package below which no peer is asked for is the same everywhere; for the others
//! the walk keeps what it found ([`Verdict`]) and takes it again wherever the same packages are in sight.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::blueprint::Blueprint;
use super::memory::{Absent, Found, Memory, Place};
use super::missing::MissingLog;
use super::sight::{PlaceId, Sight};
use super::survey::{End, Kind, NameId};
use super::verdict::Verdict;
use crate::core::resolve::tree::{
    Ancestor, Children, DEPTH_LIMIT, MissingBelow, NodeIndex, PackageIndex, Tree,
};

/// By position of the children: their kept places.
type Kept = Vec<Option<NodeIndex>>;
/// Packages on the way from the project to a place.
#[derive(Debug)]
pub(super) struct Way<'w> {
    package: u32,
    above: Option<&'w Way<'w>>,
    ancestors: OnceCell<Rc<Ancestor>>,
}

impl<'w> Way<'w> {
    pub fn new(package: u32, above: Option<&'w Self>) -> Self {
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
    /// Some place lies too deep and was not looked at.
    pub too_deep: bool,
    depth: u32,
    none: Found,
    nothing_absent: Rc<[Absent]>,
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
            too_deep: false,
            depth: 0,
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
        if self.depth == DEPTH_LIMIT {
            self.too_deep = true;
            return self.bare(place, package);
        }
        self.depth += 1;
        let outcome = self.unfold(place, (package, depth, kept.as_deref()), &below, &providers, way);
        self.depth -= 1;
        outcome
    }

    /// The package has no peers at this place, and there is nothing to learn from going down there.
    pub(super) fn is_bare(&self, package: u32, depth: i32) -> bool {
        self.memory.pure[package as usize]
            && self.memory.survey.packages[package as usize].peers.is_empty()
            && match &self.purpose {
                Purpose::Build(blueprint) => blueprint.bare_depth[package as usize] <= depth,
                Purpose::Discover(_) => true,
            }
    }

    fn bare(&mut self, place: PlaceId, package: u32) -> Outcome {
        let path = self.memory.plain(package);
        self.remember(place, (path, true), None);
        self.nothing()
    }

    pub(super) fn nothing(&self) -> Outcome {
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
    pub(super) fn place_providers(
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

    pub(super) fn child_place(
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
    /// Takes what was found at another place that sees the same.
    fn repeat(&mut self, place: PlaceId, package: u32, verdict: usize, way: Option<&Way<'_>>) -> Outcome {
        let verdict = self.memory.verdicts[package as usize][verdict].clone();
        let depth = self.memory.places[place.0 as usize].depth;
        self.repeat_missing(&verdict, package, way);
        if let Purpose::Build(blueprint) = &mut self.purpose {
            if verdict.found.is_empty() {
                let least = &mut blueprint.bare_depth[package as usize];
                *least = (*least).min(depth);
            }
            blueprint.found(place, depth, Some(verdict.found.clone()));
        }
        self.remember(place, (verdict.path, verdict.is_settled), None);
        verdict.outcome()
    }

    /// Tells again what is missing below a package. What the package itself asks for is missing at the place; nobody
    /// who answers for the children of the package answers for that.
    pub(super) fn repeat_missing(&mut self, verdict: &Verdict, package: u32, way: Option<&Way<'_>>) {
        if self.draining {
            return;
        }
        if let Purpose::Discover(log) = &mut self.purpose {
            let way_below = Way::new(package, way);
            for absent in verdict.absent.iter() {
                let way = if absent.asker == package { way } else { Some(&way_below) };
                log.note(self.tree, &self.memory.survey, *absent, way);
            }
        }
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
