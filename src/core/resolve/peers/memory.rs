//! What is known of places and packages, kept between walks over the same tree while it grows.

use std::rc::Rc;
use std::sync::Arc;

use super::components::number;
use super::paths::{PathId, Paths, link_version};
use super::sight::{PlaceId, Sight};
use super::survey::{Kind, NameId, PackageFacts, Survey};
use super::verdict::Verdict;
use crate::core::lockfile::Resolution;
use crate::core::resolve::Source;
use crate::core::resolve::tree::{NodeIndex, Tree};

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
    /// By place: all peers that its dep path names were known with their own peers when it was found.
    pub is_settled: Vec<bool>,
    /// By place of a provider: what was in sight beside it.
    pub context_of: Vec<Option<Rc<Sight>>>,
    from_tree: Vec<Option<PlaceId>>,
    pub leaves: Vec<Option<PlaceId>>,
    /// By package: nothing below it asks for a peer that it does not bring itself.
    pub pure: Vec<bool>,
    pub verdicts: Vec<Vec<Verdict>>,
    pub paths: Paths,
    plain: Vec<PathId>,
    pair: Vec<PathId>,
}

impl Memory {
    pub fn new(suffix_max_length: usize) -> Self {
        Self {
            survey: Survey::default(),
            places: Vec::new(),
            path_of: Vec::new(),
            is_settled: Vec::new(),
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
            // A copy of a folder is not told from others by its version.
            let is_folder = matches!(
                package.resolved.source,
                Source::Package { resolution: Resolution::Directory { .. }, .. }
            );
            let pair = if is_folder {
                Arc::clone(id)
            } else {
                pair_text(&package.resolved.name, version, id).into()
            };
            self.pair.push(self.paths.plain(&pair));
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
        self.is_settled.push(false);
        self.context_of.push(None);
        id
    }

    /// Forgets the newest places: they were looked at only to compare.
    pub fn forget_from(&mut self, count: usize) {
        self.places.truncate(count);
        self.path_of.truncate(count);
        self.is_settled.truncate(count);
        self.context_of.truncate(count);
    }

    /// The dep path of what is found at a place will not change any more.
    pub fn is_final(&self, place: PlaceId) -> bool {
        self.is_settled[place.0 as usize] || self.facts_at(place).kind != Kind::Inner
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

    pub fn package_at(&self, place: PlaceId) -> u32 {
        self.places[place.0 as usize].package
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
