//! What of a tree matters to peers, in small numbers: which names can be a peer at all, which edges bring one, which
//! edges close a cycle.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::components::{components, number};
use crate::core::resolve::Resolved;
use crate::core::resolve::tree::{ChildEdge, PeerRequirement, Tree, TreePackage};

/// A name that something is installed under, or asked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameId(pub u32);

/// Package number → [`PackageFacts`]. It is kept up with a tree that grows: what was looked at once is not looked at
/// again, and names keep their numbers.
#[derive(Debug, Default)]
pub(super) struct Survey {
    names: IndexSet<Arc<str>, FxBuildHasher>,
    /// By name: some package declares it as a peer.
    is_peer: Vec<bool>,
    pub packages: Vec<PackageFacts>,
    /// By package: what the facts were read from.
    sources: Vec<PackageSource>,
}

/// What facts are read from. It is held on to, so that nothing else can be taken for it.
#[derive(Debug)]
struct PackageSource {
    resolved: Arc<Resolved>,
    children: Arc<[ChildEdge]>,
    peers: Arc<BTreeMap<Arc<str>, PeerRequirement>>,
    is_leaf: bool,
}

impl PackageSource {
    fn of(package: &TreePackage) -> Self {
        Self {
            resolved: package.resolved.clone(),
            children: package.children.clone(),
            peers: package.peers.clone(),
            is_leaf: package.is_leaf,
        }
    }

    fn is_of(&self, package: &TreePackage) -> bool {
        Arc::ptr_eq(&self.resolved, &package.resolved)
            && Arc::ptr_eq(&self.children, &package.children)
            && Arc::ptr_eq(&self.peers, &package.peers)
            && self.is_leaf == package.is_leaf
    }
}

/// A package, as peers see it.
#[derive(Debug)]
pub(super) struct PackageFacts {
    /// Its real name.
    pub name: NameId,
    pub version: Arc<str>,
    /// In the order of their aliases.
    pub children: Vec<Child>,
    /// Positions of the children that are found under the name of a peer.
    pub providers: Vec<u32>,
    /// The peers it declares, in the order of their names.
    pub peers: Vec<NameId>,
    /// The aliases of its children, in the order of their numbers.
    aliases: Vec<NameId>,
    all_aliases: Vec<NameId>,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A folder that is linked: nothing is looked up for it or below it.
    Link,
    /// All its places are one.
    Leaf,
    Inner,
}

impl PackageFacts {
    /// It has an edge of that alias, be it one that closes a cycle.
    pub fn has_edge(&self, alias: NameId) -> bool {
        self.all_aliases.binary_search(&alias).is_ok()
    }

    /// It installs a child under the name.
    pub fn has_child(&self, alias: NameId) -> bool {
        self.aliases.binary_search(&alias).is_ok()
    }
}

/// An edge of a package.
#[derive(Debug, Clone, Copy)]
pub(super) struct Child {
    pub alias: NameId,
    pub package: u32,
    /// Position in the package's own list of edges.
    pub edge: u32,
    pub end: End,
}

/// Where an edge leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Onward,
    /// Back into a cycle that the walk is in. Every cycle is cut at the same edges, wherever it is entered, so what is
    /// found below a package never depends on the way to it: an edge is cut where its end does not come later, by id,
    /// among the packages of the cycle.
    Back,
    /// To the package itself.
    Itself,
}

impl Survey {
    /// Looks at a tree; of one that grew, at what is new in it.
    pub fn update(&mut self, tree: &Tree) {
        let more_peers = self.read_peer_names(tree);
        let mut read = vec![false; tree.packages.len()];
        for (at, (id, package)) in tree.packages.iter().enumerate() {
            if !self.sources.get(at).is_some_and(|source| source.is_of(package)) {
                read[at] = true;
                self.read(at, id, package);
            }
        }
        if read.contains(&true) {
            self.cut_cycles(tree, &read);
        }
        for at in (0..read.len()).filter(|&at| more_peers || read[at]) {
            let children = &self.packages[at].children;
            let providers = (0..).zip(children).filter(|(_, child)| {
                self.is_peer(child.alias) || self.is_peer(self.packages[child.package as usize].name)
            });
            let providers = providers.map(|(position, _)| position).collect();
            self.packages[at].providers = providers;
        }
    }

    /// Whether there were any that were not known.
    fn read_peer_names(&mut self, tree: &Tree) -> bool {
        let mut new: Vec<&Arc<str>> = tree
            .peer_names
            .iter()
            .filter(|name| !self.find(name).is_some_and(|id| self.is_peer(id)))
            .collect();
        new.sort_unstable();
        for name in &new {
            let id = self.name(name);
            self.is_peer[id.0 as usize] = true;
        }
        !new.is_empty()
    }

    /// Looks at one package alone.
    fn read(&mut self, at: usize, id: &Arc<str>, package: &TreePackage) {
        let mut order: Vec<usize> = (0..package.children.len()).collect();
        order.sort_by(|&left, &right| package.children[left].alias.cmp(&package.children[right].alias));
        let children = order.into_iter().map(|edge| {
            let child = &package.children[edge];
            let alias = self.name(&child.alias);
            Child { alias, package: child.package.0, edge: number(edge), end: End::Onward }
        });
        let facts = PackageFacts {
            children: children.collect(),
            name: self.name(&package.resolved.name),
            version: package.resolved.version.clone().unwrap_or_else(|| id.clone()),
            providers: Vec::new(),
            peers: package.peers.keys().map(|name| self.name(name)).collect(),
            aliases: Vec::new(),
            all_aliases: Vec::new(),
            kind: match (package.is_link(), package.is_leaf) {
                (true, _) => Kind::Link,
                (false, true) => Kind::Leaf,
                (false, false) => Kind::Inner,
            },
        };
        let source = PackageSource::of(package);
        if at == self.packages.len() {
            self.packages.push(facts);
            self.sources.push(source);
        } else {
            (self.packages[at], self.sources[at]) = (facts, source);
        }
    }

    /// Tells for every edge where it leads.
    fn cut_cycles(&mut self, tree: &Tree, read: &[bool]) {
        let edges = |facts: &PackageFacts| facts.children.iter().map(|child| child.package).collect();
        let cycle = components(&self.packages.iter().map(edges).collect::<Vec<Vec<u32>>>());
        let id = |at: usize| tree.packages.get_index(at).map(|(id, _)| id);
        for (at, facts) in self.packages.iter_mut().enumerate() {
            let mut changed = read[at];
            for child in &mut facts.children {
                let target = child.package as usize;
                let end = if target == at {
                    End::Itself
                } else if cycle[at] == cycle[target] && id(target) <= id(at) {
                    End::Back
                } else {
                    End::Onward
                };
                changed |= end != child.end;
                child.end = end;
            }
            if changed {
                let named = |end: fn(End) -> bool| {
                    let children = facts.children.iter().filter(move |child| end(child.end));
                    let mut names: Vec<NameId> = children.map(|child| child.alias).collect();
                    names.sort_unstable();
                    names
                };
                let (installed, all) = (named(|end| end == End::Onward), named(|end| end != End::Itself));
                (facts.aliases, facts.all_aliases) = (installed, all);
            }
        }
    }

    /// Some package declares the name as a peer.
    pub fn is_peer(&self, name: NameId) -> bool {
        self.is_peer[name.0 as usize]
    }

    /// How many names there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    pub fn text(&self, name: NameId) -> &Arc<str> {
        &self.names[name.0 as usize]
    }

    pub fn find(&self, name: &str) -> Option<NameId> {
        self.names.get_index_of(name).map(|at| NameId(number(at)))
    }

    /// The number of a name, a new one where it has none yet.
    pub fn name(&mut self, name: &Arc<str>) -> NameId {
        let (at, new) = match self.names.get_index_of(name) {
            Some(at) => (at, false),
            None => self.names.insert_full(name.clone()),
        };
        if new {
            self.is_peer.push(false);
        }
        NameId(number(at))
    }
}
