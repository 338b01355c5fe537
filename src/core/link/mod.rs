//! The virtual store: slots, the symlinks between them, and the direct dependencies that lead into it.
//!
//! Linking reads the store and writes the project; it never asks the network and never decides what is wanted.

pub mod bins;
mod direct;
mod error;
mod fill;
mod folder;
mod hoist;
mod hoist_links;
mod method;
mod slot;

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, Imported, LinkPass, PackageId, Phase};
use crate::core::meter::Meters;
use crate::core::packlist::PackedFolder;
use crate::core::patch::{Content, PatchFile, Patched};
use crate::core::store::Store;
use crate::core::store::row::{NewFile, StoredPackage};
use crate::core::store::side_effects::SideEffects;

pub use crate::core::patterns::Patterns;
use bins::DeclaredBins;
pub use direct::{DirectLink, link_direct};
pub use error::LinkError;
pub use hoist::{HoistKind, HoistRequest, HoistSource, Hoisted, Hoisting, hoist};
pub use hoist_links::HoistFolder;
pub use method::Placement;
pub use slot::{Filled, Slot, Symlink, VirtualStore};

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
    /// Executables of the packages that were linked, for the phase that links those.
    pub executables: Mutex<Vec<(PackageId, DeclaredBins)>>,
    /// What patches made of the packages that were linked, for their rows in the store; `None` if nobody wants to know.
    pub patched: Option<Mutex<Vec<PatchedPackage>>>,
}

/// A package that was patched.
#[derive(Debug, Clone)]
pub struct PatchedPackage {
    /// The package.
    pub id: PackageId,
    /// SHA-256 of the patch, in hexadecimal digits.
    pub patch_hash: String,
    /// The package before.
    pub stored: StoredPackage,
    /// What was changed.
    pub effects: SideEffects,
}

/// What goes into a slot.
#[derive(Debug, Clone, Copy)]
pub enum Contents<'a> {
    /// Files of the store.
    Stored(&'a StoredPackage),
    /// Files of a folder on this machine.
    Folder(&'a PackedFolder),
}

/// Who links a slot, in which pass, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// The link worker.
    pub lane: u16,
    /// The pass.
    pub pass: LinkPass,
    /// Microseconds since the run began; what was done for the slot before it is filled, such as checking the files
    /// in the store, counts.
    pub since: u64,
}

impl Linker {
    /// Fills a slot. Tells `link_started` and, when the slot is complete, `imported`; gives the number of files.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn link(&self, slot: &Slot, contents: Contents<'_>, turn: Turn) -> Result<u32, LinkError> {
        let Turn { lane, pass, since: started } = turn;
        let id = slot.package;
        self.emitter.emit_at(started, EventKind::LinkStarted { package: id, lane, pass });
        let files = match contents {
            Contents::Stored(package) => {
                let filled = self.virtual_store.fill(slot, package, &self.store, &self.placement)?;
                let Filled { files, patched } = filled;
                if let (Some(patch), Some(patched)) = (&slot.patch, patched) {
                    self.keep_patched(id, patch, package, &patched)?;
                }
                // A patch may have changed them.
                if slot.patch.is_none() {
                    self.keep_executables(id, package);
                }
                files
            }
            Contents::Folder(package) => self.virtual_store.mirror(slot, package, self.placement.wanted())?,
        };
        let ended = self.emitter.now();
        self.meters.task(phase_of(pass), started, ended);
        let method = match slot.patch {
            Some(_) => self.placement.method_apart(),
            None => self.placement.method(),
        };
        let link_us = ended.saturating_sub(started);
        self.emitter.emit_at(
            ended,
            EventKind::Imported(Imported { package: id, lane, pass, method, files, link_us }),
        );
        Ok(files)
    }

    /// Puts what a patch made of a package into the store, beside what it was before, as pnpm does.
    fn keep_patched(
        &self,
        id: PackageId,
        patch: &PatchFile,
        package: &StoredPackage,
        patched: &Patched,
    ) -> Result<(), LinkError> {
        let Some(kept) = &self.patched else {
            return Ok(());
        };
        let mut effects = SideEffects { added: Vec::new(), deleted: Vec::new() };
        for (path, content) in &patched.files {
            match content {
                Some(Content { bytes, executable }) => {
                    let digest = self.store.write_blob(bytes, *executable)?;
                    let mode = if *executable { 0o755 } else { 0o644 };
                    let size = bytes.len() as u64;
                    effects.added.push(NewFile { path: path.clone(), digest, mode, size });
                }
                None => effects.deleted.push(path.clone()),
            }
        }
        let patch_hash = patch.hash.clone();
        let patched = PatchedPackage { id, patch_hash, stored: package.clone(), effects };
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(patched);
        Ok(())
    }

    /// The packages that were patched.
    #[must_use]
    pub fn take_patched(&self) -> Vec<PatchedPackage> {
        let kept = self.patched.iter();
        kept.flat_map(|kept| std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner)))
            .collect()
    }

    /// Notes what a package declares while its row is at hand, so that its manifest need not be read for it.
    fn keep_executables(&self, id: PackageId, package: &StoredPackage) {
        let Some(manifest) = package.executables() else {
            return;
        };
        let declared = DeclaredBins::new(manifest, |folder| {
            let below = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
            let paths = package.files().map(|file| file.path);
            paths.filter(|path| below(path)).map(str::to_owned).collect()
        });
        self.executables.lock().unwrap_or_else(PoisonError::into_inner).push((id, declared));
    }

    /// The executables of the packages that were linked, by the position of their slots.
    #[must_use]
    pub fn take_executables(&self) -> FxHashMap<usize, DeclaredBins> {
        let mut kept = self.executables.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept).into_iter().map(|(id, declared)| (id.index(), declared)).collect()
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
