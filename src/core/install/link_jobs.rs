//! What a lane of the link pool does with the slots of one source, and what it reports to the driver.

use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;

use super::InstallError;
use super::work::{Source, Work};
use crate::core::clock::unix_millis;
use crate::core::event::{EventKind, LinkPass};
use crate::core::fetch::Fetcher;
use crate::core::link::{Contents, LinkError, Linker, Turn, phase_of};
use crate::core::store::check::Verdict;
use crate::core::store::row::StoredPackage;

/// What a job of the link pool reports.
pub(super) enum Report {
    /// The slots of a source are complete.
    Linked { source: usize, pass: LinkPass, files: u64, requires_build: bool },
    /// The stored files of a source turned out to be missing or changed.
    Damaged { source: usize },
    /// A slot could not be made.
    Failed(Box<InstallError>),
}

/// Reads a row and checks the files it names; `None` when they cannot be used.
pub(super) fn checked(
    fetcher: &Fetcher,
    source: &Source,
    row: Vec<u8>,
    verify: bool,
) -> Result<Option<StoredPackage>, InstallError> {
    let Ok(package) = StoredPackage::decode(row) else {
        return Ok(None);
    };
    if verify {
        match fetcher.store.check(&package)? {
            Verdict::Good => {}
            Verdict::GoodAfterReading => {
                fetcher.index.write(source.key.clone(), package.checked_again(unix_millis()));
            }
            Verdict::Damaged => return Ok(None),
        }
    }
    Ok(Some(package))
}

/// Tells that the files of slots are on this machine.
pub(super) fn tell_found(linker: &Linker, work: &Work, slots: &[usize]) {
    for &slot in slots {
        linker
            .emitter
            .emit(EventKind::FoundInStore { package: work.slots[slot].slot.package, shared_with: None });
    }
}

/// What a lane needs to link the slots of a source and to say how that went.
pub(super) struct LinkJob {
    pub linker: Arc<Linker>,
    pub work: Arc<Work>,
    /// The slots of each source that are to be made.
    pub todo: Arc<[Vec<usize>]>,
    /// Position in [`Work::sources`].
    pub source: usize,
    pub reports: UnboundedSender<Report>,
}

impl LinkJob {
    /// The slots of the source.
    pub fn slots(&self) -> &[usize] {
        &self.todo[self.source]
    }

    /// Links the slots.
    pub fn link(&self, contents: Contents<'_>, turn: Turn) -> Report {
        match link_slots(&self.linker, &self.work, self.slots(), contents, turn) {
            Ok(files) => Report::Linked {
                source: self.source,
                pass: turn.pass,
                files,
                requires_build: match contents {
                    Contents::Stored(package) => package.requires_build(),
                    Contents::Folder(package) => package.requires_build(),
                },
            },
            Err(error) => Report::Failed(Box::new(error)),
        }
    }

    /// Says how it went.
    pub fn report(&self, report: Report) {
        // The driver has gone when the run failed; nobody waits then.
        let _ = self.reports.send(report);
    }
}

/// Links the slots of a source, one after the other. Gives the number of files.
pub(super) fn link_slots(
    linker: &Linker,
    work: &Work,
    todo: &[usize],
    contents: Contents<'_>,
    turn: Turn,
) -> Result<u64, InstallError> {
    linker.meters.begin(phase_of(turn.pass), turn.since);
    let mut turn = turn;
    let mut files = 0;
    for &slot in todo {
        let planned = &work.slots[slot];
        let outcome = linker.link(&planned.slot, contents, turn);
        turn.since = linker.emitter.now();
        files += u64::from(outcome.map_err(|source: LinkError| InstallError::LinkPackage {
            package: planned.slot.package,
            name: planned.label.clone(),
            source,
        })?);
    }
    Ok(files)
}
