//! What of a tree matters to peers, in small numbers: which names can be a peer at all, which edges bring one, which
//! edges close a cycle.

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::components::{components, number};
use crate::core::resolve::tree::Tree;

/// A name under which a peer may be found: a peer's name, or another name of a package that has such a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameId(pub u32);

/// Package number → [`PackageFacts`]; names keep their numbers when a survey is made again of a tree that grew.
#[derive(Debug, Default)]
pub(super) struct Survey {
    names: IndexSet<Arc<str>, FxBuildHasher>,
    /// By name: some package declares it as a peer.
    is_peer: Vec<bool>,
    pub packages: Vec<PackageFacts>,
}

/// A package, as peers see it.
#[derive(Debug)]
pub(super) struct PackageFacts {
    /// Its real name, where that name matters.
    pub name: Option<NameId>,
    pub version: Arc<str>,
    /// In the order of their aliases.
    pub children: Vec<Child>,
    /// Positions of the children that are found under a name that matters.
    pub providers: Vec<u32>,
    /// The peers it declares, in the order of their names.
    pub peers: Vec<NameId>,
    /// The aliases of its children, where they matter, in the order of their numbers.
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
    /// Its alias, where that name matters.
    pub alias: Option<NameId>,
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
    /// Looks at a tree, again if it grew.
    pub fn update(&mut self, tree: &Tree) {
        let mut peers: Vec<&Arc<str>> =
            tree.peer_names.iter().filter(|name| !self.is_known_peer(name)).collect();
        peers.sort_unstable();
        for name in peers {
            let id = self.name(name);
            self.is_peer[id.0 as usize] = true;
        }
        let edges: Vec<Vec<u32>> = tree
            .packages
            .values()
            .map(|package| package.children.iter().map(|child| child.package.0).collect())
            .collect();
        let cycle = components(&edges);
        let real_name_matters: Vec<bool> =
            tree.packages.values().map(|package| self.is_known_peer(&package.resolved.name)).collect();
        let mut packages = Vec::with_capacity(tree.packages.len());
        for (at, (id, package)) in tree.packages.iter().enumerate() {
            let mut children = Vec::with_capacity(package.children.len());
            let mut order: Vec<usize> = (0..package.children.len()).collect();
            order.sort_by(|&left, &right| package.children[left].alias.cmp(&package.children[right].alias));
            let mut providers = Vec::new();
            for edge in order {
                let child = &package.children[edge];
                let target = child.package.0 as usize;
                let end = if target == at {
                    End::Itself
                } else if cycle[at] == cycle[target]
                    && tree.packages.get_index(target).is_some_and(|(to, _)| to <= id)
                {
                    End::Back
                } else {
                    End::Onward
                };
                let matters = real_name_matters[target] || self.is_known_peer(&child.alias);
                if matters {
                    providers.push(number(children.len()));
                    if let Some((_, target)) = tree.packages.get_index(target) {
                        self.name(&target.resolved.name);
                    }
                }
                let alias = if matters { Some(self.name(&child.alias)) } else { self.find(&child.alias) };
                children.push(Child { alias, package: child.package.0, edge: number(edge), end });
            }
            packages.push(PackageFacts {
                name: None,
                version: package.resolved.version.clone().unwrap_or_else(|| id.clone()),
                children,
                providers,
                peers: package.peers.keys().map(|name| self.name(name)).collect(),
                aliases: Vec::new(),
                all_aliases: Vec::new(),
                kind: match (package.is_link(), package.is_leaf) {
                    (true, _) => Kind::Link,
                    (false, true) => Kind::Leaf,
                    (false, false) => Kind::Inner,
                },
            });
        }
        for importer in &tree.importers {
            for direct in &importer.direct {
                let target = direct.package.0 as usize;
                if real_name_matters[target] || self.is_known_peer(&direct.alias) {
                    self.name(&direct.alias);
                    if let Some((_, package)) = tree.packages.get_index(target) {
                        self.name(&package.resolved.name);
                    }
                }
            }
        }
        // Names may have come in after a package was looked at.
        for (facts, package) in packages.iter_mut().zip(tree.packages.values()) {
            facts.name = self.find(&package.resolved.name);
            for child in &mut facts.children {
                child.alias = child.alias.or_else(|| self.find(&package.children[child.edge as usize].alias));
            }
            let named = |end: fn(End) -> bool| {
                let children = facts.children.iter().filter(move |child| end(child.end));
                children.filter_map(|child| child.alias).collect::<Vec<_>>()
            };
            let (installed, all) = (named(|end| end == End::Onward), named(|end| end != End::Itself));
            (facts.aliases, facts.all_aliases) = (installed, all);
            facts.all_aliases.sort_unstable();
            facts.aliases.sort_unstable();
        }
        self.packages = packages;
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

    fn is_known_peer(&self, name: &str) -> bool {
        self.names.get_index_of(name).is_some_and(|at| self.is_peer[at])
    }

    fn name(&mut self, name: &Arc<str>) -> NameId {
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
