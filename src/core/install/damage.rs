//! Files that are missing from slots in place.
//!
//! Slots are not looked into on every install: pnpm never does, and it costs a look at each of their files. It is done
//! when somebody asks for an install that believes nothing (`--frozen-lockfile` on the command line).

use rustc_hash::FxHashMap;

use super::InstallError;
use super::existing::Verdict;
use super::work::Work;
use crate::core::link::Linker;
use crate::core::store::index;
use crate::core::store::row::StoredPackage;

/// Finds slots that stay and lack files that the store's index says they have: positions in [`Work::slots`].
///
/// A package without a row is left alone, and so is one that asks for a build, since its scripts may delete files.
///
/// # Errors
/// When the index cannot be read.
pub fn find(
    work: &Work,
    linker: &Linker,
    verdicts: &[Verdict],
    threads: u32,
) -> Result<Vec<usize>, InstallError> {
    let stays = |position: &usize| matches!(verdicts[*position], Verdict::Stays | Verdict::Relinked(_));
    let mut sources: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for source in work.sources.iter().filter(|source| source.origin.is_stored()) {
        let slots: Vec<usize> = source.slots.iter().copied().filter(stays).collect();
        if !slots.is_empty() {
            sources.insert(&source.key, slots);
        }
    }
    let keys: Vec<&str> = sources.keys().copied().collect();
    let rows: Vec<(&str, Vec<u8>)> = index::read(&linker.store.index_path(), &keys)?.into_iter().collect();
    let share = rows.len().div_ceil(threads.max(1) as usize).max(1);
    let damaged = std::thread::scope(|scope| {
        let shares: Vec<_> = rows
            .chunks(share)
            .map(|rows| {
                let sources = &sources;
                scope.spawn(move || {
                    let mut damaged = Vec::new();
                    for (key, row) in rows {
                        let Ok(package) = StoredPackage::decode(row.clone()) else { continue };
                        if package.requires_build() {
                            continue;
                        }
                        let lacks = |position: &usize| {
                            !linker.virtual_store.has_all_files(&work.slots[*position].slot, &package)
                        };
                        damaged.extend(sources[key].iter().copied().filter(lacks));
                    }
                    damaged
                })
            })
            .collect();
        let joined = shares
            .into_iter()
            .map(|share| share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    });
    Ok(damaged)
}
