//! The virtual store: slots, the symlinks between them, and the direct dependencies that lead into it.
//!
//! Linking reads the store and writes the project; it never asks the network and never decides what is wanted.

mod direct;
mod error;
mod folder;
mod method;
mod slot;

use std::sync::Arc;

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, Imported, LinkPass, Phase};
use crate::core::meter::Meters;
use crate::core::packlist::PackedFolder;
use crate::core::store::Store;
use crate::core::store::row::StoredPackage;

pub use direct::{DirectLink, link_direct, relative};
pub use error::LinkError;
pub use method::Placement;
pub use slot::{Slot, Symlink, VirtualStore};

/// Fills slots and tells of it. Shared by all that link: the warm pass, the cold pass, the task that drives the
/// downloads.
#[derive(Debug)]
pub struct Linker {
    /// The folder of slots.
    pub virtual_store: VirtualStore,
    /// Where the files are.
    pub store: Arc<Store>,
    /// How they are placed.
    pub placement: Placement,
    /// Who is told.
    pub emitter: Emitter,
    /// The meters of the two link phases.
    pub meters: Meters,
}

/// What goes into a slot.
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// Files of the store.
    Stored(&'a StoredPackage),
    /// Files of a folder on this machine.
    Folder(&'a PackedFolder),
}

impl Linker {
    /// Fills a slot. Tells `link_started` and, when the slot is complete, `imported`; gives the number of files.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn link(
        &self,
        slot: &Slot,
        contents: Contents<'_>,
        lane: u16,
        pass: LinkPass,
    ) -> Result<u32, LinkError> {
        let started = self.emitter.now();
        let id = slot.package;
        self.emitter.emit_at(
            started,
            EventKind::LinkStarted {
                package: id,
                lane,
                pass,
            },
        );
        let files = match contents {
            Contents::Stored(package) => {
                self.virtual_store
                    .fill(slot, package, &self.store, &self.placement)?
            }
            Contents::Folder(package) => self
                .virtual_store
                .mirror(slot, package, self.placement.wanted())?,
        };
        let ended = self.emitter.now();
        self.meters.task(phase_of(pass), started, ended);
        let method = self.placement.method();
        let link_us = ended.saturating_sub(started);
        self.emitter.emit_at(
            ended,
            EventKind::Imported(Imported {
                package: id,
                lane,
                pass,
                method,
                files,
                link_us,
            }),
        );
        Ok(files)
    }
}

/// The phase that a pass is.
#[must_use]
pub fn phase_of(pass: LinkPass) -> Phase {
    match pass {
        LinkPass::Warm => Phase::LinkWarm,
        LinkPass::Cold => Phase::LinkCold,
    }
}
