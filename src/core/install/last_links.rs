//! Making hoisted links and `.bin` folders, piece by piece on the lanes of a pool.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};

use super::InstallError;
use crate::core::emit::Emitter;
use crate::core::event::Phase;
use crate::core::link::bins::{BinPlan, BinWriter};
use crate::core::link::{HoistFolder, LinkError, Symlink, VirtualStore};
use crate::core::meter::Meters;
use crate::core::pool::LanePool;

/// Links in a piece of work: large enough that taking a piece costs nothing beside it.
const LINKS_IN_A_PIECE: usize = 128;

/// The work, shared by the lanes.
pub struct LastLinks {
    hoisted: Vec<HoistPiece>,
    plan: Arc<BinPlan>,
    writer: BinWriter,
    next: AtomicUsize,
    done: AtomicUsize,
    outcome: Mutex<Outcome>,
}

/// Links of one folder.
struct HoistPiece {
    folder: Arc<HoistFolder>,
    links: Vec<Symlink>,
}

#[derive(Default)]
struct Outcome {
    warnings: Vec<String>,
    failure: Option<LinkError>,
}

impl LastLinks {
    /// Makes the folders of hoisted packages ready: the hidden one, and the project's, which is `modules`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(
        virtual_store: &VirtualStore,
        modules: &Path,
        private: Vec<Symlink>,
        public: Vec<Symlink>,
        plan: Arc<BinPlan>,
    ) -> Result<Self, LinkError> {
        let slots = virtual_store.path();
        let hidden = slots.join("node_modules");
        let mut hoisted = Vec::new();
        // pnpm makes the hidden folder even if everything in it is public.
        if !(private.is_empty() && public.is_empty()) {
            for (folder, mut links) in [(hidden.as_path(), private), (modules, public)] {
                let folder = Arc::new(HoistFolder::open(folder, slots, &links)?);
                while !links.is_empty() {
                    let rest = links.split_off(links.len().min(LINKS_IN_A_PIECE));
                    let folder = Arc::clone(&folder);
                    hoisted.push(HoistPiece { folder, links });
                    links = rest;
                }
            }
        }
        Ok(Self {
            hoisted,
            plan,
            writer: BinWriter::default(),
            next: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            outcome: Mutex::default(),
        })
    }

    /// Makes everything, and waits for it. The answer is what a user should know.
    ///
    /// # Errors
    /// The first failure; what was made until then stays.
    pub fn make(
        self,
        pool: &LanePool,
        lanes: u32,
        meters: &Meters,
        emitter: &Emitter,
    ) -> Result<Vec<String>, InstallError> {
        let pieces = self.hoisted.len() + self.plan.folders.len();
        let shared = Arc::new(self);
        let (ended, wait) = channel::<()>();
        for _ in 0..pieces.min(lanes.max(1) as usize) {
            let (shared, meters, emitter) = (Arc::clone(&shared), meters.clone(), emitter.clone());
            let ended = ended.clone();
            pool.submit(move |_| {
                shared.work(&meters, &emitter);
                drop(ended);
            });
        }
        drop(ended);
        // Nothing is ever sent: this ends when the last lane has dropped its end.
        let _ = wait.recv();
        let mut outcome = shared.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let Outcome { warnings, failure } = std::mem::take(&mut *outcome);
        match failure {
            Some(failure) => Err(failure.into()),
            None if shared.done.load(Ordering::Acquire) < pieces => {
                Err(InstallError::Runtime(std::io::Error::other("a worker ended before its work was done")))
            }
            None => Ok(warnings),
        }
    }

    /// Takes piece after piece until none is left, or one failed.
    fn work(&self, meters: &Meters, emitter: &Emitter) {
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            let started = emitter.now();
            let made = match self.hoisted.get(piece) {
                Some(hoisted) => hoisted.make().map(|()| Vec::new()),
                None => match self.plan.folders.get(piece - self.hoisted.len()) {
                    Some(folder) => self.writer.write(&self.plan, folder).map(|written| written.warnings),
                    None => return,
                },
            };
            meters.task(Phase::Bins, started, emitter.now());
            self.done.fetch_add(1, Ordering::Release);
            match made {
                Ok(warnings) if warnings.is_empty() => {}
                Ok(warnings) => {
                    self.outcome.lock().unwrap_or_else(PoisonError::into_inner).warnings.extend(warnings);
                }
                Err(failure) => {
                    self.next.store(usize::MAX / 2, Ordering::Relaxed);
                    let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
                    outcome.failure.get_or_insert(failure);
                    return;
                }
            }
        }
    }
}

impl HoistPiece {
    fn make(&self) -> Result<(), LinkError> {
        for link in &self.links {
            self.folder.link(link)?;
        }
        Ok(())
    }
}
