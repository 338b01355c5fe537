//! What a walk notes down for the graph.

use super::memory::Found;
use super::sight::PlaceId;
use super::survey::NameId;

/// What the graph is made of.
#[derive(Debug, Default)]
pub(super) struct Blueprint {
    pub records: Vec<Record>,
    /// By place: the peers that were found from there down.
    pub found_of: Vec<Option<Found>>,
    /// By place: the least distance at which what was found there was found again.
    pub least_depth: Vec<i32>,
    /// By package: the least distance at which it was found without peers.
    pub bare_depth: Vec<i32>,
    /// By package: a place that stands for all where it has no peers.
    pub bare: Vec<Option<PlaceId>>,
    /// By package: the place that edges back into a cycle lead to.
    pub back: Vec<Option<PlaceId>>,
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

impl Blueprint {
    pub fn found(&mut self, place: PlaceId, depth: i32, found: Option<Found>) {
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
