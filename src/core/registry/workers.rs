//! Threads that read documents: parsing megabytes does not belong on a thread that moves bytes or walks the tree.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    behind: Mutex<Behind>,
    caught_up: Condvar,
}

type Job = Box<dyn FnOnce() + Send>;

/// Jobs whose outcome nobody waits for. One thread does them one after the other: each is so short that to wake a thread
/// for it would take longer, and no other thread is kept from what somebody waits for.
#[derive(Default)]
struct Behind {
    jobs: VecDeque<Job>,
    is_worked_on: bool,
}

impl std::fmt::Debug for Workers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Workers")
            .field("behind", &lock(&self.shared.behind).jobs.len())
            .finish_non_exhaustive()
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
        let mut behind = lock(&self.shared.behind);
        behind.jobs.push_back(Box::new(job));
        if std::mem::replace(&mut behind.is_worked_on, true) {
            return;
        }
        drop(behind);
        let shared = Arc::clone(&self.shared);
        pool.spawn_fifo(move || shared.work_behind());
    }

    /// Waits until all that was left behind is done.
    pub(super) fn catch_up(&self) {
        let mut behind = lock(&self.shared.behind);
        while behind.is_worked_on {
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

impl Shared {
    fn work_behind(&self) {
        loop {
            let mut behind = lock(&self.behind);
            let Some(job) = behind.jobs.pop_front() else {
                behind.is_worked_on = false;
                self.caught_up.notify_all();
                return;
            };
            drop(behind);
            // One that goes down takes no other with it.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
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
