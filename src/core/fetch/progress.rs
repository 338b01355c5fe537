//! How far downloads are: counters that the bytes' way adds to and a sampler reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::core::emit::Emitter;
use crate::core::event::{EventKind, PackageId};
use crate::core::network::{Observer, Permits};

/// How often the counters are read.
const SAMPLE: Duration = Duration::from_millis(100);

/// The counters of all downloads. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    received: AtomicU64,
    in_flight: Mutex<FxHashMap<PackageId, Arc<Download>>>,
}

#[derive(Debug, Default)]
struct Download {
    bytes: AtomicU64,
    /// Announced size; 0 when it is not known.
    size: AtomicU64,
    told: AtomicU64,
}

/// Counts one attempt at one download, until it is dropped.
#[derive(Debug)]
pub struct Counter {
    progress: Progress,
    package: PackageId,
    download: Arc<Download>,
}

impl Progress {
    /// Bytes of bodies received since the run began, failed attempts included.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Relaxed)
    }

    /// A counter for an attempt that begins.
    #[must_use]
    pub fn count(&self, package: PackageId) -> Counter {
        let download = Arc::<Download>::default();
        self.lock().insert(package, Arc::clone(&download));
        Counter { progress: self.clone(), package, download }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<PackageId, Arc<Download>>> {
        // A map of counters is whole whoever panicked.
        self.shared.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of the counters, again and again, until it is dropped.
    pub async fn sample(&self, permits: &Permits, emitter: &Emitter) {
        let mut ticks = tokio::time::interval(SAMPLE);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tell(permits, emitter);
        }
    }

    /// Tells of the counters as they stand.
    pub fn tell(&self, permits: &Permits, emitter: &Emitter) {
        for (&package, download) in &*self.lock() {
            let bytes = download.bytes.load(Ordering::Relaxed);
            if download.told.swap(bytes, Ordering::Relaxed) != bytes {
                let size = Some(download.size.load(Ordering::Relaxed)).filter(|size| *size > 0);
                emitter.emit(EventKind::FetchProgress { package, bytes, size });
            }
        }
        emitter.emit(EventKind::NetworkSample {
            received: self.received(),
            in_flight: permits.in_flight(),
            waiting: u32::try_from(permits.waiting()).unwrap_or(u32::MAX),
            permits: permits.limit(),
        });
    }
}

impl Observer for Counter {
    fn first_byte(&self, size: Option<u64>) {
        self.download.size.store(size.unwrap_or(0), Ordering::Relaxed);
    }

    fn received(&self, chunk: usize, total: u64) {
        self.progress.shared.received.fetch_add(chunk as u64, Ordering::Relaxed);
        self.download.bytes.store(total, Ordering::Relaxed);
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.progress.lock().remove(&self.package);
    }
}
