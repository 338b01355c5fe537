//! Peers: which package each place of the tree sees under the names that it asks its surroundings for.
//!
//! The tree is unfolded from every project down; at each place the packages in sight are known, so a package's peers
//! are looked up there. The same package may see different peers in different places: each combination becomes a node
//! of the final graph, named by its dep path. [`Discovery`] makes the same walk without building a graph, to learn
//! what a project misses before its tree is complete.
//!
//! Nothing here asks a registry or reads a file. The outcome depends on the tree alone; equal trees give equal graphs,
//! whatever order their packages were found in.

mod below;
mod blueprint;
mod components;
mod cycles;
mod dedupe;
mod discovery;
mod finish;
mod graph;
mod injected;
mod issues;
mod memory;
mod missing;
mod paths;
mod range;
mod rename;
mod report;
mod resolve;
mod settings;
mod sight;
mod survey;
mod unfold;
mod verdict;
mod walk;

pub use discovery::Discovery;
pub use graph::{Graph, GraphNode, PeerOutcome};
pub use issues::{BadIssue, IssuesByProject, MissingIssue, Parent, ProjectIssues, issues};
pub use report::{PeerIssuesError, events, report};
pub use resolve::resolve;
pub use settings::PeerSettings;

#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod tests;
