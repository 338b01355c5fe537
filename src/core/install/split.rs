//! What is in place already, in the store, under way or to be downloaded.

use rustc_hash::FxHashMap;

use super::ahead::{Download, UnderWay};
use super::existing::Verdict;
use super::work::Work;
use super::{Gathered, InstallError};
use crate::core::event::{EventKind, Planned};
use crate::core::fetch::Fetcher;
use crate::core::packlist::PackedFolder;
use crate::core::store::index;

/// The sources to be linked, by whether they are in the store: positions in [`Work::sources`].
pub struct Split {
    /// In the store, with their rows.
    pub warm: Vec<(usize, Vec<u8>)>,
    /// Folders on this machine, with what is in them.
    pub local: Vec<(usize, PackedFolder)>,
    /// To be downloaded.
    pub cold: Vec<usize>,
    /// Downloads of cold sources that were begun before.
    pub under_way: FxHashMap<usize, Download>,
    /// The slots of each source that are to be made: positions in [`Work::slots`].
    pub todo: Vec<Vec<usize>>,
}

impl Split {
    /// Splits the work, and tells how much there is. What resolution has looked up already is not looked up again.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn of(
        fetcher: &Fetcher,
        work: &Work,
        verdicts: &[Verdict],
        skipped: usize,
        folders: Vec<Option<PackedFolder>>,
        ahead: UnderWay,
        gathered: &mut Gathered,
    ) -> Result<Self, InstallError> {
        let Gathered { totals, planned: all, .. } = gathered;
        let UnderWay { rows: mut looked_up, mut downloads } = ahead;
        let mut todo: Vec<Vec<usize>> = vec![Vec::new(); work.sources.len()];
        for ((position, planned), verdict) in work.slots.iter().enumerate().zip(verdicts) {
            match verdict {
                Verdict::Stays | Verdict::Relinked(_) => totals.in_place += 1,
                Verdict::Replaced | Verdict::Filled => todo[planned.source].push(position),
            }
        }
        let unknown = work.sources.iter().zip(&todo).filter(|(source, slots)| {
            !slots.is_empty()
                && source.origin.is_stored()
                && !looked_up.contains_key(&source.key)
                && !downloads.contains_key(&source.key)
        });
        let keys: Vec<&str> = unknown.map(|(source, _)| source.key.as_str()).collect();
        let mut rows = index::read(&fetcher.store.index_path(), &keys)?;
        let mut split = Self {
            warm: Vec::new(),
            local: Vec::new(),
            cold: Vec::new(),
            under_way: FxHashMap::default(),
            todo: Vec::new(),
        };
        let mut planned = Planned::default();
        let listed = todo.iter().zip(folders).enumerate();
        for (position, (slots, folder)) in listed.filter(|(_, (slots, _))| !slots.is_empty()) {
            let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
            let key = work.sources[position].key.as_str();
            if let Some(folder) = folder {
                planned.warm += count;
                split.local.push((position, folder));
            } else if let Some(row) = looked_up.remove(key).or_else(|| rows.remove(key)) {
                planned.warm += count;
                split.warm.push((position, row));
            } else {
                planned.cold += count;
                planned.downloads += 1;
                split.cold.push(position);
                if let Some(download) = downloads.remove(key) {
                    split.under_way.insert(position, download);
                }
            }
        }
        for (_, unneeded) in downloads {
            totals.fetched += u64::from(unneeded.drop_unneeded());
        }
        planned.skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        planned.packages =
            u32::try_from(work.slots.len()).unwrap_or(u32::MAX).saturating_add(planned.skipped);
        totals.packages += u64::from(planned.packages);
        totals.skipped += u64::from(planned.skipped);
        *all = Planned {
            packages: all.packages.saturating_add(planned.packages),
            in_place: u32::try_from(totals.in_place).unwrap_or(u32::MAX),
            warm: all.warm.saturating_add(planned.warm),
            cold: all.cold.saturating_add(planned.cold),
            downloads: all.downloads.saturating_add(planned.downloads),
            skipped: all.skipped.saturating_add(planned.skipped),
        };
        fetcher.emitter.emit(EventKind::Planned(*all));
        split.todo = todo;
        Ok(split)
    }
}
