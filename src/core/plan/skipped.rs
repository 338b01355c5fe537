//! Which snapshots an install is about, and which of them are left out on this machine.

use std::collections::HashSet;

use super::checks::Checks;
use super::engine::InvalidNodeVersion;
use super::graph::{Edge, Graph, Group, Target};
use super::host::Host;
use super::platform::SupportedArchitectures;
use crate::core::event::SkipReason;
use crate::core::lockfile::{Lockfile, LockfileError};

/// Which groups of direct dependencies are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// `dependencies`
    pub production: bool,
    /// `devDependencies`
    pub development: bool,
    /// `optionalDependencies` of packages and, where `production` is wanted too, of projects.
    pub optional: bool,
}

impl Default for Wanted {
    /// All of them.
    fn default() -> Self {
        Self { production: true, development: true, optional: true }
    }
}

/// What to select for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The groups.
    pub wanted: Wanted,
    /// The importers by id; `None` means all.
    pub importers: Option<&'a [&'a str]>,
    /// This machine.
    pub host: &'a Host,
    /// `supportedArchitectures`.
    pub supported: &'a SupportedArchitectures,
    /// The version of Node.js, where it is known; a leading `v` is dropped. `engines.node` is not checked without it.
    pub node_version: Option<&'a str>,
    /// A package that needs another engine or platform is an error unless it is optional (`engineStrict`).
    pub engine_strict: bool,
}

/// The snapshots an install is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What to put in place, in the order of the lockfile.
    pub snapshots: Vec<SelectedSnapshot>,
    /// What is left out, in the order of the lockfile.
    pub skipped: Vec<SkippedSnapshot>,
    /// Packages that do not fit and are installed all the same, because something needs them.
    pub warnings: Vec<InstallCheck>,
}

impl Selection {
    /// The dep paths of what is left out.
    #[must_use]
    pub fn skipped_in<'a>(&self, lockfile: &'a Lockfile) -> HashSet<&'a str> {
        let entries = self.skipped.iter().filter_map(|skipped| lockfile.snapshots.get_index(skipped.index));
        entries.map(|(dep_path, _)| dep_path.as_str()).collect()
    }
}

/// A snapshot to put in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelectedSnapshot {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// It may fail: only optional dependencies lead to it.
    pub optional: bool,
    /// A wanted project names it.
    pub direct: bool,
}

/// A snapshot that is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedSnapshot {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// Why, as a class.
    pub reason: SkipReason,
    /// Why, as a sentence.
    pub detail: String,
}

/// A package that does not fit and is installed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallCheck {
    /// Its position in [`Lockfile::snapshots`].
    pub index: usize,
    /// What does not fit, as a sentence.
    pub message: String,
}

/// Why nothing can be selected.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The lockfile is not whole.
    #[error(transparent)]
    Lockfile(#[from] LockfileError),
    /// The version of Node.js that was given is not one.
    #[error(transparent)]
    NodeVersion(#[from] InvalidNodeVersion),
    /// A needed package does not fit, and `engineStrict` is on.
    #[error("{message}")]
    Unsupported {
        /// Which of the two it is: `UnsupportedPlatform` or `UnsupportedEngine`.
        reason: SkipReason,
        /// What does not fit.
        message: String,
    },
}

impl PlanError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Lockfile(error) => error.code(),
            Self::NodeVersion(_) => Some("ERR_PNPM_INVALID_NODE_VERSION"),
            Self::Unsupported { reason: SkipReason::UnsupportedEngine, .. } => {
                Some("ERR_PNPM_UNSUPPORTED_ENGINE")
            }
            Self::Unsupported { .. } => Some("ERR_PNPM_UNSUPPORTED_PLATFORM"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Lockfile(error) => error.help(),
            Self::NodeVersion(_) => Some("Set nodeVersion to a version such as 22.11.0.".to_owned()),
            Self::Unsupported { .. } => Some("Turn engineStrict off to install it all the same.".to_owned()),
        }
    }
}

/// Selects what an install is about.
///
/// A package that does not fit this machine is left out if every way to it from what is installed is an optional
/// dependency; what only such packages need is left out with it. If something needs it, it is installed all the same.
/// Edges that lead to a snapshot that was not selected are not to be linked.
///
/// # Errors
/// The node version is not one, or, with `engine_strict`, a needed package does not fit.
pub fn select(lockfile: &Lockfile, graph: &Graph<'_>, request: &Request<'_>) -> Result<Selection, PlanError> {
    let mut checks = Checks::new(lockfile, request)?;
    let (roots, left_behind) = roots(lockfile, graph, request);
    let root_indexes = || roots.iter().map(|root| root.index);
    let unwanted = marked(graph, left_behind.into_iter());
    let follows = |from: usize, edge: &Edge<'_>| {
        !edge.optional
            || request.wanted.optional
                && !matches!(edge.target, Target::Snapshot(to) if unwanted[to] && is_peer(lockfile, from, edge.alias))
    };
    let required = required(graph, &roots, follows, &mut checks);
    let direct = marked(graph, root_indexes());
    let reachable = reach(graph, root_indexes(), follows, |_| true);
    let mut left_out = vec![false; graph.snapshots.len()];
    for index in 0..left_out.len() {
        left_out[index] = reachable[index] && !required[index] && checks.verdict(index, true).is_some();
    }
    let in_place = reach(graph, root_indexes(), follows, |index| !left_out[index]);

    let mut selection = Selection::default();
    for (index, snapshot) in lockfile.snapshots.values().enumerate() {
        if !reachable[index] {
            continue;
        }
        if left_out[index] {
            let Some(verdict) = checks.verdict(index, true).cloned() else {
                continue;
            };
            selection.skipped.push(SkippedSnapshot {
                index,
                reason: verdict.reason,
                detail: verdict.message,
            });
        } else if !in_place[index] {
            selection.skipped.push(SkippedSnapshot {
                index,
                reason: SkipReason::Unreachable,
                detail: "only packages that are left out need it".to_owned(),
            });
        } else {
            if let Some(verdict) = checks.verdict(index, false).cloned() {
                if request.engine_strict {
                    return Err(PlanError::Unsupported { reason: verdict.reason, message: verdict.message });
                }
                if checks.is_first_warning(index) {
                    selection.warnings.push(InstallCheck { index, message: verdict.message });
                }
            }
            let direct = direct[index];
            selection.snapshots.push(SelectedSnapshot { index, optional: snapshot.optional, direct });
        }
    }
    Ok(selection)
}

impl Wanted {
    /// Whether direct dependencies of this group are wanted.
    #[must_use]
    pub fn includes(&self, group: Group) -> bool {
        match group {
            Group::Production => self.production,
            Group::Development => self.development,
            Group::Optional => self.optional && self.production,
        }
    }
}

/// A snapshot that a project names in a group that is wanted.
struct Root {
    index: usize,
    group: Group,
}

/// What the wanted projects name in groups that are wanted, and what they name in those that are not.
fn roots(lockfile: &Lockfile, graph: &Graph<'_>, request: &Request<'_>) -> (Vec<Root>, Vec<usize>) {
    let is_wanted = |id: &str| request.importers.is_none_or(|wanted| wanted.contains(&id));
    let importers = lockfile.importers.keys().zip(&graph.importers).filter(|(id, _)| is_wanted(id));
    let (mut roots, mut left_behind) = (Vec::new(), Vec::new());
    for dependency in importers.flat_map(|(_, dependencies)| dependencies) {
        match dependency.target {
            Target::Snapshot(index) if request.wanted.includes(dependency.group) => {
                roots.push(Root { index, group: dependency.group });
            }
            Target::Snapshot(index) => left_behind.push(index),
            Target::Link(_) => {}
        }
    }
    (roots, left_behind)
}

/// Whether an alias of a snapshot is a peer of its package. An optional peer that the project has in a group that is
/// not wanted is not wanted for the package's sake either: a compiler among the development dependencies stays away
/// from a production install.
fn is_peer(lockfile: &Lockfile, snapshot: usize, alias: &str) -> bool {
    lockfile
        .snapshots
        .get_index(snapshot)
        .and_then(|(dep_path, _)| lockfile.metadata(dep_path))
        .is_some_and(|metadata| metadata.peer_dependencies.contains_key(alias))
}

fn marked(graph: &Graph<'_>, indexes: impl Iterator<Item = usize>) -> Vec<bool> {
    let mut marks = vec![false; graph.snapshots.len()];
    for index in indexes {
        marks[index] = true;
    }
    marks
}

/// Which snapshots can be reached from the roots by edges that are followed, through snapshots that are entered.
fn reach(
    graph: &Graph<'_>,
    roots: impl Iterator<Item = usize>,
    follows: impl Fn(usize, &Edge<'_>) -> bool,
    enters: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let mut reached = vec![false; graph.snapshots.len()];
    let mut pending: Vec<usize> = roots.collect();
    while let Some(index) = pending.pop() {
        if !enters(index) || std::mem::replace(&mut reached[index], true) {
            continue;
        }
        pending.extend(graph.snapshots[index].iter().filter(|edge| follows(index, edge)).filter_map(
            |edge| match edge.target {
                Target::Snapshot(child) => Some(child),
                Target::Link(_) => None,
            },
        ));
    }
    reached
}

/// Which of the snapshots that do not fit are needed by something that is installed: a project or a package, by a
/// dependency that is not optional.
fn required(
    graph: &Graph<'_>,
    roots: &[Root],
    follows: impl Fn(usize, &Edge<'_>) -> bool,
    checks: &mut Checks<'_>,
) -> Vec<bool> {
    let mut installed = vec![false; graph.snapshots.len()];
    let mut required = vec![false; graph.snapshots.len()];
    let mut pending: Vec<(usize, bool)> =
        roots.iter().map(|root| (root.index, root.group == Group::Optional)).collect();
    while let Some((index, optional)) = pending.pop() {
        if installed[index] {
            continue;
        }
        if checks.verdict(index, true).is_some() {
            if optional {
                continue;
            }
            required[index] = true;
        }
        installed[index] = true;
        pending.extend(graph.snapshots[index].iter().filter(|edge| follows(index, edge)).filter_map(
            |edge| match edge.target {
                Target::Snapshot(child) => Some((child, edge.optional)),
                Target::Link(_) => None,
            },
        ));
    }
    required
}
