//! Threads that read documents: parsing megabytes does not belong on a thread that moves bytes or walks the tree.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Fewest threads: some of them wait for the disk.
const FEWEST: usize = 2;

/// The threads, started by the first job.
#[derive(Clone, Default)]
pub(super) struct Workers {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    pool: Mutex<Option<Arc<rayon::ThreadPool>>>,
    /// Jobs whose outcome nobody waits for.
    behind: Mutex<usize>,
    caught_up: Condvar,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Workers").field("behind", &*lock(&self.shared.behind)).finish_non_exhaustive()
    }
}

impl Workers {
    /// Does a job and waits for its outcome; `None` when there was no thread for it or the job went down.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        self.pool()?.spawn_fifo(move || {
            // Whoever waited may have gone.
            let _ = sender.send(job());
        });
        receiver.await.ok()
    }

    /// Does a job whose outcome nobody waits for before [`Workers::catch_up`].
    pub(super) fn run_behind(&self, job: impl FnOnce() + Send + 'static) {
        let Some(pool) = self.pool() else { return };
        *lock(&self.shared.behind) += 1;
        let behind = Behind(Arc::clone(&self.shared));
        pool.spawn_fifo(move || {
            let _behind = behind;
            job();
        });
    }

    /// Waits until all that was left behind is done.
    pub(super) fn catch_up(&self) {
        let mut behind = lock(&self.shared.behind);
        while *behind > 0 {
            behind = self.shared.caught_up.wait(behind).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn pool(&self) -> Option<Arc<rayon::ThreadPool>> {
        let mut pool = lock(&self.shared.pool);
        if pool.is_none() {
            let threads = std::thread::available_parallelism().map_or(FEWEST, usize::from).max(FEWEST);
            let built = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(|number| format!("metadata-{number}"))
                // A job that goes down is its own outcome: whoever waits for it is told.
                .panic_handler(|_| {})
                .build();
            *pool = built.ok().map(Arc::new);
        }
        pool.clone()
    }
}

/// Counts down when its job is done, even if it went down.
struct Behind(Arc<Shared>);

impl Drop for Behind {
    fn drop(&mut self) {
        *lock(&self.0.behind) -= 1;
        self.0.caught_up.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_job_that_goes_down_has_no_outcome_and_takes_nobody_with_it() {
        let workers = Workers::default();
        let gone: Option<u32> = workers.run(|| panic!("a job")).await;
        assert_eq!(gone, None);
        assert_eq!(workers.run(|| 7).await, Some(7));
    }

    #[test]
    fn what_was_left_behind_is_caught_up_with() {
        let workers = Workers::default();
        let done = Arc::new(AtomicU32::new(0));
        for _ in 0..32 {
            let done = Arc::clone(&done);
            workers.run_behind(move || {
                done.fetch_add(1, Ordering::SeqCst);
            });
        }
        workers.run_behind(|| panic!("a job"));
        workers.catch_up();
        assert_eq!(done.load(Ordering::SeqCst), 32);
    }
}
