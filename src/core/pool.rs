//! A pool of workers with numbered lanes, whose number can change while it works.
//!
//! Extraction and linking each have one of their own, so that a burst of one never starves the other. The threads
//! are rayon's; a lane is a loop on one of them that takes job after job, so a job knows which row of the
//! dashboard it belongs to. Jobs must not wait for jobs of the same pool.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Fewest threads a pool is built with, so that there is something to turn the knob up to.
const SPARE_THREADS: usize = 8;

type Job = Box<dyn FnOnce(u16) + Send>;

/// The pool. Cheap to clone; all clones are one pool.
#[derive(Clone)]
pub struct LanePool {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for LanePool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LanePool").field("name", &self.shared.name).finish_non_exhaustive()
    }
}

struct Shared {
    name: &'static str,
    state: Mutex<State>,
    /// Notified when a lane stops.
    stopped: Condvar,
}

struct State {
    jobs: VecDeque<Job>,
    /// Lanes that may run.
    allowed: usize,
    /// No job is begun for now.
    paused: bool,
    /// Which lanes run now, or are lent.
    running: Vec<bool>,
    /// How many of them are lent.
    lent: usize,
    /// The threads, as many as the most lanes ever allowed; replaced by a larger pool when that is not enough.
    threads: Arc<rayon::ThreadPool>,
}

/// The system has no threads to give.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the threads of the {name} pool: {source}")]
pub struct PoolError {
    name: &'static str,
    source: rayon::ThreadPoolBuildError,
}

impl LanePool {
    /// A pool with so many lanes, at least one.
    ///
    /// # Errors
    /// When the system has no threads to give.
    pub fn new(name: &'static str, lanes: u32) -> Result<Self, PoolError> {
        let allowed = (lanes as usize).max(1);
        let threads = Arc::new(build(name, allowed.max(SPARE_THREADS))?);
        let state =
            State { jobs: VecDeque::new(), allowed, paused: false, running: Vec::new(), lent: 0, threads };
        Ok(Self { shared: Arc::new(Shared { name, state: Mutex::new(state), stopped: Condvar::new() }) })
    }

    /// Queues a job; it is called with the number of its lane.
    pub fn submit(&self, job: impl FnOnce(u16) + Send + 'static) {
        let mut state = self.shared.lock();
        state.jobs.push_back(Box::new(job));
        self.start_lanes(&mut state);
    }

    /// Changes the number of lanes. Fewer takes effect as each lane ends its job.
    ///
    /// # Errors
    /// When more threads are needed than the system gives; the number of lanes then stays as it was.
    pub fn set_lanes(&self, lanes: u32) -> Result<(), PoolError> {
        let allowed = (lanes as usize).max(1);
        let mut state = self.shared.lock();
        if allowed > state.threads.current_num_threads() {
            // Lanes that run keep the old threads until they stop; the old pool ends with the last of them.
            state.threads = Arc::new(build(self.shared.name, allowed)?);
        }
        state.allowed = allowed;
        self.start_lanes(&mut state);
        Ok(())
    }

    /// Begins no job until it is called with `false`; those that run end.
    pub fn set_paused(&self, paused: bool) {
        let mut state = self.shared.lock();
        state.paused = paused;
        self.start_lanes(&mut state);
    }

    /// Lends the number of a free lane to work of the same kind that is done elsewhere, so that nothing else shows up
    /// under it. The pool has no fewer lanes of its own meanwhile.
    #[must_use]
    pub fn lend_lane(&self) -> LentLane<'_> {
        let mut state = self.shared.lock();
        let lane = state.take_lane();
        state.lent += 1;
        LentLane { pool: self, lane }
    }

    /// Forgets the jobs that wait and returns when those that run have ended.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        // Dropped outside the lock: what a job holds may want the pool.
        let forgotten = std::mem::take(&mut state.jobs);
        while state.running.contains(&true) {
            state = self.shared.stopped.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        drop(forgotten);
    }

    fn start_lanes(&self, state: &mut State) {
        if state.paused {
            return;
        }
        let wanted = state.allowed.saturating_sub(state.own_lanes()).min(state.jobs.len());
        for _ in 0..wanted {
            let lane = state.take_lane();
            let shared = Arc::clone(&self.shared);
            state.threads.spawn(move || shared.run_lane(lane));
        }
    }
}

/// The number of a lane, taken until this is dropped.
#[derive(Debug)]
pub struct LentLane<'a> {
    pool: &'a LanePool,
    lane: usize,
}

impl LentLane<'_> {
    /// The number.
    #[must_use]
    pub fn number(&self) -> u16 {
        number_of(self.lane)
    }
}

impl Drop for LentLane<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.shared.lock();
        state.running[self.lane] = false;
        state.lent -= 1;
        self.pool.shared.stopped.notify_all();
    }
}

impl State {
    /// Lanes that run jobs of the pool.
    fn own_lanes(&self) -> usize {
        self.running.iter().filter(|runs| **runs).count() - self.lent
    }

    /// Marks the first free lane as running.
    fn take_lane(&mut self) -> usize {
        let lane = self.running.iter().position(|runs| !runs).unwrap_or_else(|| {
            self.running.push(false);
            self.running.len() - 1
        });
        self.running[lane] = true;
        lane
    }
}

fn number_of(lane: usize) -> u16 {
    u16::try_from(lane).unwrap_or(u16::MAX)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Jobs run outside the lock, so a panicking one leaves the state whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_lane(&self, lane: usize) {
        let number = number_of(lane);
        loop {
            let mut state = self.lock();
            let is_over = state.paused || state.own_lanes() > state.allowed;
            let job = if is_over { None } else { state.jobs.pop_front() };
            let Some(job) = job else {
                // Given back under the same lock, or a job queued in between would find no lane.
                state.running[lane] = false;
                self.stopped.notify_all();
                return;
            };
            drop(state);
            // A panic is the job's own: whoever waits for it notices that its answer never comes.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(number)));
        }
    }
}

fn build(name: &'static str, threads: usize) -> Result<rayon::ThreadPool, PoolError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .thread_name(move |index| format!("{name} {index}"))
        .build()
        .map_err(|source| PoolError { name, source })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    /// A job that says its lane and then waits to be let go.
    fn held_job(said: &Sender<(u16, Sender<()>)>) -> impl FnOnce(u16) + Send + 'static {
        let said = said.clone();
        move |lane| {
            let (release, released) = channel();
            said.send((lane, release)).unwrap();
            let _ = released.recv();
        }
    }

    #[test]
    fn jobs_run_on_as_many_lanes_as_allowed_each_with_its_number() {
        let pool = LanePool::new("test", 3).unwrap();
        let (said, hear) = channel();
        for _ in 0..6 {
            pool.submit(held_job(&said));
        }
        let first: Vec<_> = (0..3).map(|_| hear.recv().unwrap()).collect();
        assert_eq!(first.iter().map(|(lane, _)| *lane).collect::<HashSet<_>>(), HashSet::from([0, 1, 2]));
        assert!(hear.try_recv().is_err(), "a fourth job waits");
        drop(first);
        let second: Vec<_> = (0..3).map(|_| hear.recv().unwrap()).collect();
        assert!(second.iter().all(|(lane, _)| *lane < 3));
    }

    #[test]
    fn more_lanes_start_waiting_jobs_at_once_even_beyond_the_first_threads() {
        let pool = LanePool::new("test", 1).unwrap();
        let (said, hear) = channel();
        for _ in 0..20 {
            pool.submit(held_job(&said));
        }
        let first = hear.recv().unwrap();
        pool.set_lanes(20).unwrap();
        let rest: Vec<_> = (0..19).map(|_| hear.recv().unwrap()).collect();
        let lanes: HashSet<u16> = rest.iter().map(|(lane, _)| *lane).chain([first.0]).collect();
        assert_eq!(lanes.len(), 20);
    }

    #[test]
    fn fewer_lanes_take_effect_as_jobs_end() {
        let pool = LanePool::new("test", 2).unwrap();
        let (said, hear) = channel();
        for _ in 0..3 {
            pool.submit(held_job(&said));
        }
        let (first, second) = (hear.recv().unwrap(), hear.recv().unwrap());
        pool.set_lanes(1).unwrap();
        drop(first);
        // The freed lane must not take the third job while the second still runs on the only one allowed.
        assert!(hear.recv_timeout(std::time::Duration::from_millis(50)).is_err());
        drop(second);
        assert!(hear.recv().is_ok());
    }

    #[test]
    fn a_lent_lane_is_nobody_elses_and_takes_none_from_the_pool() {
        let pool = LanePool::new("test", 2).unwrap();
        let (said, hear) = channel();
        let lent = pool.lend_lane();
        assert_eq!(lent.number(), 0);
        for _ in 0..3 {
            pool.submit(held_job(&said));
        }
        let held: Vec<_> = (0..2).map(|_| hear.recv().unwrap()).collect();
        assert_eq!(held.iter().map(|(lane, _)| *lane).collect::<HashSet<_>>(), HashSet::from([1, 2]));
        drop(lent);
        assert!(hear.try_recv().is_err(), "the third job waits for a lane of the pool");
        drop(held);
        assert!(hear.recv().is_ok());
    }

    #[test]
    fn a_pause_holds_back_what_has_not_begun() {
        let pool = LanePool::new("test", 1).unwrap();
        let (said, hear) = channel();
        pool.submit(held_job(&said));
        pool.submit(held_job(&said));
        let first = hear.recv().unwrap();
        pool.set_paused(true);
        drop(first);
        pool.submit(held_job(&said));
        assert!(hear.recv_timeout(std::time::Duration::from_millis(50)).is_err());
        pool.set_paused(false);
        drop(hear.recv().unwrap());
        drop(hear.recv().unwrap());
    }

    #[test]
    fn a_panicking_job_leaves_its_lane_to_the_next() {
        let pool = LanePool::new("test", 1).unwrap();
        let (said, hear) = channel();
        pool.submit(|_| panic!("a broken job"));
        pool.submit(move |lane| said.send(lane).unwrap());
        assert_eq!(hear.recv().unwrap(), 0);
    }
}
