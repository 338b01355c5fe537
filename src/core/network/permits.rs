//! A bounded number of requests at one time, where the bound can change while they run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A pool of permits, handed out first come, first served; those in a hurry go before all others, those who have time
/// after them. A clone is another handle on the same pool.
#[derive(Debug, Clone)]
pub struct Permits {
    pool: Arc<Pool>,
}

#[derive(Debug)]
struct Pool {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    limit: u32,
    /// None is handed out for now.
    paused: bool,
    in_flight: u32,
    /// Lanes that were given back, lowest first.
    free_lanes: BinaryHeap<Reverse<u16>>,
    /// The lowest lane that was never given out.
    next_lane: u16,
    /// Requests for metadata: everything else follows from their answers, so they are served first.
    urgent: VecDeque<oneshot::Sender<Permit>>,
    waiters: VecDeque<oneshot::Sender<Permit>>,
    /// Requests that nothing waits for before the end of the run.
    patient: VecDeque<oneshot::Sender<Permit>>,
}

/// Which line to stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Urgent,
    Usual,
    Patient,
}

/// Leave for one request; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    lane: u16,
    pool: Arc<Pool>,
}

impl Permits {
    /// A pool with room for `limit` holders, at least one.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let state = State {
            limit: limit.max(1),
            paused: false,
            in_flight: 0,
            free_lanes: BinaryHeap::new(),
            next_lane: 0,
            urgent: VecDeque::new(),
            waiters: VecDeque::new(),
            patient: VecDeque::new(),
        };
        Self { pool: Arc::new(Pool { state: Mutex::new(state) }) }
    }

    /// Waits for a permit. Giving up the wait (dropping the future) loses none.
    pub async fn acquire(&self) -> Permit {
        self.acquire_in(Line::Usual).await
    }

    /// Waits for a permit before all who wait by [`Permits::acquire`], and after those who came here earlier.
    pub async fn acquire_urgent(&self) -> Permit {
        self.acquire_in(Line::Urgent).await
    }

    /// Waits for a permit that nobody else wants.
    pub async fn acquire_patiently(&self) -> Permit {
        self.acquire_in(Line::Patient).await
    }

    async fn acquire_in(&self, queue: Line) -> Permit {
        loop {
            let receiver = {
                let mut state = self.pool.lock();
                if state.has_room() && state.nobody_waits_before(queue) {
                    let lane = state.take_lane();
                    drop(state);
                    return Permit { lane, pool: Arc::clone(&self.pool) };
                }
                let (sender, receiver) = oneshot::channel();
                match queue {
                    Line::Urgent => state.urgent.push_back(sender),
                    Line::Usual => state.waiters.push_back(sender),
                    Line::Patient => state.patient.push_back(sender),
                }
                receiver
            };
            // The pool lives as long as this handle and never drops a waiter, so this always succeeds.
            if let Ok(permit) = receiver.await {
                return permit;
            }
        }
    }

    /// Changes the number of permits, at least one. Growing wakes those who wait; shrinking lets those who hold
    /// one finish.
    pub fn set_limit(&self, limit: u32) {
        self.pool.lock().limit = limit.max(1);
        Pool::serve(&self.pool);
    }

    /// Hands out no permit until it is called with `false`; those who hold one finish.
    pub fn set_paused(&self, paused: bool) {
        self.pool.lock().paused = paused;
        Pool::serve(&self.pool);
    }

    /// How many may hold a permit at one time.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.pool.lock().limit
    }

    /// How many hold a permit; for a while more than the limit after it shrank.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.pool.lock().in_flight
    }

    /// How many wait for one.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let state = self.pool.lock();
        state
            .urgent
            .iter()
            .chain(&state.waiters)
            .chain(&state.patient)
            .filter(|waiter| !waiter.is_closed())
            .count()
    }
}

impl Permit {
    /// The row this request is shown on: the lowest that was free, from 0.
    #[must_use]
    pub fn lane(&self) -> u16 {
        self.lane
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        {
            let mut state = self.pool.lock();
            state.in_flight -= 1;
            state.free_lanes.push(Reverse(self.lane));
        }
        Pool::serve(&self.pool);
    }
}

impl Pool {
    /// Nothing in here panics half-way, so a lock that another panic poisoned still guards a sound state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives what is free to those who wait.
    fn serve(pool: &Arc<Self>) {
        loop {
            let (waiter, lane) = {
                let mut state = pool.lock();
                if !state.has_room() {
                    return;
                }
                // Those who gave up are passed over here and not by a failed send: that would drop a permit,
                // which serves, which fails again, one call deeper for each of them.
                let Some(waiter) = state.next_waiter() else { return };
                (waiter, state.take_lane())
            };
            // Outside of the lock: a waiter who gave up just now drops the permit at once.
            let _ = waiter.send(Permit { lane, pool: Arc::clone(pool) });
        }
    }
}

impl State {
    fn has_room(&self) -> bool {
        !self.paused && self.in_flight < self.limit
    }

    /// Nobody would be passed over by one who joins this line now.
    fn nobody_waits_before(&self, line: Line) -> bool {
        let is_idle = |line: &VecDeque<oneshot::Sender<Permit>>| line.iter().all(oneshot::Sender::is_closed);
        is_idle(&self.urgent)
            && (line == Line::Urgent || is_idle(&self.waiters))
            && (line != Line::Patient || is_idle(&self.patient))
    }

    fn next_waiter(&mut self) -> Option<oneshot::Sender<Permit>> {
        let mut next = || {
            self.urgent.pop_front().or_else(|| self.waiters.pop_front()).or_else(|| self.patient.pop_front())
        };
        while let Some(waiter) = next() {
            if !waiter.is_closed() {
                return Some(waiter);
            }
        }
        None
    }

    fn take_lane(&mut self) -> u16 {
        self.in_flight += 1;
        if let Some(Reverse(lane)) = self.free_lanes.pop() {
            return lane;
        }
        let lane = self.next_lane;
        self.next_lane = self.next_lane.saturating_add(1);
        lane
    }
}
