//! What is wrong with peers in a finished graph: required ones that are missing, and found ones of a wrong version.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::graph::{GraphNode, PeerOutcome};
use super::range::{comparable, is_within};
use crate::core::resolve::rewrite::PeerDependencyRules;
use crate::core::resolve::tree::{Importer, PackageIndex, PeerRequirement, Tree, TreePackage};
use crate::core::version_range::parse_range;

/// Project → what is wrong there. Projects without issues are absent.
pub type IssuesByProject = BTreeMap<String, ProjectIssues>;

/// What is wrong with peers in a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectIssues {
    /// Peer → who misses it.
    pub missing: BTreeMap<Arc<str>, Vec<MissingIssue>>,
    /// Peer → who found one outside of the range.
    pub bad: BTreeMap<Arc<str>, Vec<BadIssue>>,
    /// Missing peers that no version could serve, since the ranges exclude each other.
    pub conflicts: Vec<Arc<str>>,
    /// Missing peers → the range that would serve everyone.
    pub intersections: BTreeMap<Arc<str>, String>,
}

/// A required peer that nothing provides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingIssue {
    /// The range it is wanted in.
    pub wanted: String,
    /// Packages from the direct dependency down to the one that wants it.
    pub parents: Vec<Parent>,
}

/// A peer that was found, but not in the range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadIssue {
    /// The range it is wanted in.
    pub wanted: String,
    /// The version that was found.
    pub found: String,
    /// It could be absent.
    pub optional: bool,
    /// Packages from the direct dependency down to the one that wants it.
    pub parents: Vec<Parent>,
}

/// A package on the way to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
}

impl ProjectIssues {
    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.bad.is_empty()
    }
}

/// Finds the issues of all projects, less those that the rules wave through. A package with its peers is looked at once,
/// under the first project that leads to it.
#[must_use]
pub fn issues(
    tree: &Tree,
    outcome: &PeerOutcome,
    rules: &PeerDependencyRules,
    from_root: bool,
) -> IssuesByProject {
    let mut seen = FxHashSet::default();
    let root = tree.importers.iter().position(|importer| importer.id == ".").filter(|_| from_root);
    let mut order: Vec<usize> = (0..tree.importers.len()).collect();
    order.sort_by(|&left, &right| tree.importers[left].id.cmp(&tree.importers[right].id));
    let mut by_project = IssuesByProject::new();
    for importer in order {
        let mut check = Check { tree, outcome, rules, issues: ProjectIssues::default() };
        check.linked(importer, root);
        check.walk(importer, &mut seen);
        let mut issues = check.issues;
        issues.sum_up();
        if !issues.is_empty() {
            by_project.insert(tree.importers[importer].id.clone(), issues);
        }
    }
    by_project
}

/// The packages on the way from a project, the nearest first.
type Way = Option<Rc<Step>>;

struct Step {
    package: PackageIndex,
    above: Way,
}

struct Check<'a> {
    tree: &'a Tree,
    outcome: &'a PeerOutcome,
    rules: &'a PeerDependencyRules,
    issues: ProjectIssues,
}

impl<'a> Check<'a> {
    /// Looks at everything that a project leads to and no project before did.
    fn walk(&mut self, importer: usize, seen: &mut FxHashSet<&'a str>) {
        let mut open: Vec<(&'a str, Way)> =
            self.outcome.direct[importer].values().rev().map(|path| (&**path, None)).collect();
        while let Some((path, above)) = open.pop() {
            let Some(node) = self.outcome.graph.get(path) else { continue };
            if !seen.insert(path) {
                continue;
            }
            let way = Some(Rc::new(Step { package: node.package, above }));
            self.node(node, &way);
            open.extend(node.children.values().rev().map(|child| (&**child, way.clone())));
        }
    }

    fn node(&mut self, node: &GraphNode, way: &Way) {
        for (peer, requirement) in self.tree.package(node.package).peers.iter() {
            let found = node.children.get(peer).map(|child| self.version_of(child));
            self.compare(peer, requirement, found.as_deref(), way);
        }
    }

    /// Projects that are linked look for their peers beside the project that links them.
    fn linked(&mut self, importer: usize, root: Option<usize>) {
        let beside: Vec<&'a Importer> =
            [Some(importer), root].into_iter().flatten().map(|at| &self.tree.importers[at]).collect();
        for direct in &self.tree.importers[importer].direct {
            let package = self.tree.package(direct.package);
            if !package.is_link() {
                continue;
            }
            let way = Some(Rc::new(Step { package: direct.package, above: None }));
            for (peer, range) in &package.manifest.peer_dependencies {
                let meta = package.manifest.peer_dependencies_meta.get(peer);
                let requirement = PeerRequirement {
                    range: range.clone(),
                    optional: meta.is_some_and(|meta| meta.optional),
                };
                let found = beside
                    .iter()
                    .flat_map(|importer| &importer.direct)
                    .find(|direct| direct.alias == *peer)
                    .map(|direct| version(self.tree.package(direct.package)));
                self.compare(peer, &requirement, found.as_deref(), &way);
            }
        }
    }

    fn version_of(&self, child: &str) -> Arc<str> {
        let package = match self.outcome.graph.get(child) {
            Some(node) => Some(self.tree.package(node.package)),
            None => self.tree.packages.get(child),
        };
        package.map_or_else(|| child.into(), version)
    }

    fn compare(&mut self, peer: &Arc<str>, requirement: &PeerRequirement, found: Option<&str>, way: &Way) {
        let wanted = comparable(&requirement.range);
        let Some(found) = found else {
            if !requirement.optional && !self.rules.ignores_missing(peer) {
                let issue = MissingIssue { wanted: wanted.into_owned(), parents: self.parents(way) };
                self.issues.missing.entry(peer.clone()).or_default().push(issue);
            }
            return;
        };
        if is_within(found, &wanted) {
            return;
        }
        let parents = self.parents(way);
        let asker = parents.last().map(|parent| (&*parent.name, &*parent.version));
        if !self.rules.allows(peer, found, asker) {
            let (wanted, found) = (wanted.into_owned(), found.to_owned());
            let issue = BadIssue { wanted, found, optional: requirement.optional, parents };
            self.issues.bad.entry(peer.clone()).or_default().push(issue);
        }
    }

    fn parents(&self, way: &Way) -> Vec<Parent> {
        let mut parents = Vec::new();
        let mut next = way.as_ref();
        while let Some(step) = next {
            let package = self.tree.package(step.package);
            parents.push(Parent { name: package.resolved.name.clone(), version: version(package) });
            next = step.above.as_ref();
        }
        parents.reverse();
        parents
    }
}

fn version(package: &TreePackage) -> Arc<str> {
    package.resolved.version.clone().unwrap_or_else(|| package.resolved.id.clone())
}

impl ProjectIssues {
    /// Which one range would serve everyone who misses a peer.
    fn sum_up(&mut self) {
        for (peer, issues) in &self.missing {
            let mut ranges: Vec<&str> = issues.iter().map(|issue| &*issue.wanted).collect();
            ranges.sort_unstable();
            ranges.dedup();
            match common(&ranges) {
                Some(range) => {
                    self.intersections.insert(peer.clone(), range);
                }
                None => self.conflicts.push(peer.clone()),
            }
        }
    }
}

/// The range of the versions that are in all of these; `None` if there are none.
fn common(ranges: &[&str]) -> Option<String> {
    let [first, rest @ ..] = ranges else { return None };
    if rest.is_empty() {
        return Some((*first).to_owned());
    }
    let mut common = parse_range(first).ok()?;
    for range in rest {
        common = common.intersect(&parse_range(range).ok()?)?;
    }
    Some(common.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_overlap_have_a_common_one() {
        assert_eq!(common(&["^1.0.0"]).as_deref(), Some("^1.0.0"));
        assert_eq!(common(&["^1.2.0", "^1.4.0"]).as_deref(), Some(">=1.4.0 <2.0.0-0"));
        assert_eq!(common(&["^1.0.0", "^2.0.0"]), None);
    }
}
