//! Whether everything below a snapshot may be taken from the lockfile as it stands.
//!
//! Cycles count like everything else: what hangs together may be taken if nothing in it has to be looked at again.

use rustc_hash::{FxHashMap, FxHashSet};

use super::input::UpdateScope;
use super::locked::{Child, LockedIndex, SnapshotIndex};
use super::project::Circumstances;
use super::walk::Walk;
use crate::core::resolve::Resolver;

/// A snapshot at a depth, as far as depths make a difference.
type Place = (SnapshotIndex, u32);

/// What is known by now: under which update, and where.
pub(super) type Known = FxHashMap<(Option<usize>, Place), bool>;

impl<R: Resolver> Walk<'_, R> {
    /// Whether a snapshot may be taken with everything below it.
    pub(super) fn subtree_is_reusable(
        &mut self,
        circumstances: &Circumstances,
        prior: SnapshotIndex,
        depth: u32,
    ) -> bool {
        let Some(locked) = &self.locked else { return false };
        let key = circumstances.update_key;
        let start = (prior, bucket(circumstances, depth));
        if let Some(known) = self.reusable.get(&(key, start)) {
            return *known;
        }
        let mut above: FxHashMap<Place, Vec<Place>> = FxHashMap::default();
        let mut found = FxHashSet::from_iter([start]);
        let mut open = vec![start];
        let mut spoilt = Vec::new();
        while let Some(place) = open.pop() {
            let (snapshot, depth) = place;
            if !may_be_taken(circumstances, locked, snapshot, depth) {
                spoilt.push(place);
                continue;
            }
            for (_, child) in locked.children(snapshot) {
                let child = match child {
                    Child::Snapshot(child) => (child, bucket(circumstances, depth.saturating_add(1))),
                    Child::Other => {
                        spoilt.push(place);
                        continue;
                    }
                };
                match self.reusable.get(&(key, child)) {
                    Some(true) => {}
                    Some(false) => spoilt.push(place),
                    None => {
                        above.entry(child).or_default().push(place);
                        if found.insert(child) {
                            open.push(child);
                        }
                    }
                }
            }
        }
        // What is above something that cannot be taken cannot be taken either.
        while let Some(place) = spoilt.pop() {
            if found.remove(&place) {
                self.reusable.insert((key, place), false);
                spoilt.extend(above.remove(&place).unwrap_or_default());
            }
        }
        let is_reusable = found.contains(&start);
        self.reusable.extend(found.into_iter().map(|place| ((key, place), true)));
        is_reusable
    }
}

/// Beyond the update's depth nothing varies any more.
fn bucket(circumstances: &Circumstances, depth: u32) -> u32 {
    circumstances.update_depth.map_or(0, |limit| depth.min(limit.saturating_add(1)))
}

fn may_be_taken(
    circumstances: &Circumstances,
    locked: &LockedIndex<'_>,
    snapshot: SnapshotIndex,
    depth: u32,
) -> bool {
    let is_updated = circumstances.update_reaches(depth)
        && match &circumstances.scope {
            UpdateScope::Nothing => false,
            UpdateScope::Everything => true,
            UpdateScope::Names(names) => names.contains(locked.entry(snapshot).name),
        };
    !is_updated && !locked.asks_for_peers(snapshot) && locked.synthesize(snapshot).is_some()
}
