//! The pool of permits: bounded, fair, and of a size that can change at any time.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use pacwatch::core::network::{Permit, Permits};
use tokio::task::{JoinSet, yield_now};

/// Lets everything that can run, run.
async fn settle() {
    for _ in 0..50 {
        yield_now().await;
    }
}

/// Starts tasks that each take a permit and hand it over.
fn queue(permits: &Permits, count: u32) -> Arc<Mutex<Vec<(u32, Permit)>>> {
    let held = Arc::new(Mutex::new(Vec::new()));
    for number in 0..count {
        let (permits, held) = (permits.clone(), Arc::clone(&held));
        tokio::spawn(async move {
            let permit = permits.acquire().await;
            held.lock().unwrap().push((number, permit));
        });
    }
    held
}

fn numbers(held: &Mutex<Vec<(u32, Permit)>>) -> Vec<u32> {
    held.lock().unwrap().iter().map(|(number, _)| *number).collect()
}

#[tokio::test]
async fn no_more_run_than_the_limit_and_the_others_follow_in_order() {
    let permits = Permits::new(3);
    let held = queue(&permits, 6);
    settle().await;
    assert_eq!(numbers(&held), [0, 1, 2]);
    assert_eq!((permits.in_flight(), permits.waiting(), permits.limit()), (3, 3, 3));
    for _ in 0..3 {
        let first = held.lock().unwrap().remove(0);
        drop(first);
        settle().await;
    }
    assert_eq!(numbers(&held), [3, 4, 5]);
    assert_eq!((permits.in_flight(), permits.waiting()), (3, 0));
}

#[tokio::test]
async fn lanes_are_the_lowest_that_are_free() {
    let permits = Permits::new(4);
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(permits.acquire().await);
    }
    assert_eq!(held.iter().map(Permit::lane).collect::<Vec<_>>(), [0, 1, 2, 3]);
    drop(held.remove(2));
    drop(held.remove(0));
    assert_eq!(permits.acquire().await.lane(), 0);
    let (first, second) = (permits.acquire().await, permits.acquire().await);
    assert_eq!((first.lane(), second.lane()), (0, 2));
}

#[tokio::test]
async fn growing_wakes_those_who_wait() {
    let permits = Permits::new(1);
    let held = queue(&permits, 5);
    settle().await;
    permits.set_limit(4);
    settle().await;
    assert_eq!(numbers(&held), [0, 1, 2, 3]);
}

#[tokio::test]
async fn shrinking_lets_holders_finish_and_admits_nobody_until_there_is_room() {
    let permits = Permits::new(4);
    let held = queue(&permits, 6);
    settle().await;
    permits.set_limit(2);
    assert_eq!((permits.in_flight(), permits.limit()), (4, 2));
    for running in [3, 2] {
        drop(held.lock().unwrap().pop());
        settle().await;
        assert_eq!((permits.in_flight(), permits.waiting()), (running, 2));
    }
    drop(held.lock().unwrap().pop());
    settle().await;
    assert_eq!(numbers(&held), [0, 4]);
}

#[tokio::test]
async fn one_permit_is_left_whatever_is_asked_for() {
    let permits = Permits::new(0);
    assert_eq!(permits.limit(), 1);
    permits.set_limit(0);
    assert_eq!(permits.acquire().await.lane(), 0);
}

#[tokio::test]
async fn a_waiter_that_gives_up_loses_no_permit() {
    let permits = Permits::new(1);
    let held = permits.acquire().await;
    for _ in 0..10_000 {
        assert!(permits.acquire().now_or_never().is_none());
    }
    assert_eq!(permits.waiting(), 0);
    drop(held);
    assert_eq!(permits.in_flight(), 0);
    // Granted, and dropped before it was looked at.
    let held = permits.acquire().await;
    let mut wait = Box::pin(permits.acquire());
    assert!((&mut wait).now_or_never().is_none());
    drop(held);
    assert_eq!(permits.in_flight(), 1);
    drop(wait);
    assert_eq!(permits.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn turning_the_limit_under_load_keeps_every_promise() {
    const MOST: u32 = 24;
    let permits = Permits::new(MOST);
    let lanes = Arc::new(Mutex::new(HashSet::new()));
    let mut tasks = JoinSet::new();
    for number in 0_u64..2000 {
        let (permits, lanes) = (permits.clone(), Arc::clone(&lanes));
        tasks.spawn(async move {
            if number % 7 == 0 {
                // Gives up at some moment: while waiting, just when it is its turn, or after.
                let wait = tokio::time::timeout(Duration::from_micros(number % 300), permits.acquire());
                return drop(wait.await);
            }
            let permit = permits.acquire().await;
            assert!(lanes.lock().unwrap().insert(permit.lane()), "two on lane {}", permit.lane());
            assert!(u32::from(permit.lane()) < MOST && permits.in_flight() <= MOST);
            tokio::time::sleep(Duration::from_micros(number * 31 % 400)).await;
            assert!(lanes.lock().unwrap().remove(&permit.lane()));
        });
    }
    for limit in (1..=MOST).cycle().step_by(5).take(40) {
        permits.set_limit(limit);
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!((permits.in_flight(), permits.waiting()), (0, 0));
    permits.set_limit(MOST);
    let held = queue(&permits, MOST + 1);
    settle().await;
    tokio::time::timeout(Duration::from_secs(60), async {
        while permits.in_flight() < MOST || permits.waiting() < 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(held.lock().unwrap().len(), MOST as usize, "all permits are still there");
}

#[tokio::test]
async fn those_in_a_hurry_go_first_and_among_themselves_in_order() {
    let permits = Permits::new(1);
    let held = permits.acquire().await;
    let mut usual = Box::pin(permits.acquire());
    let mut first = Box::pin(permits.acquire_urgent());
    let mut second = Box::pin(permits.acquire_urgent());
    assert!((&mut usual).now_or_never().is_none());
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    assert_eq!(permits.waiting(), 3);
    drop(held);
    let held = (&mut first).now_or_never().unwrap();
    assert!((&mut second).now_or_never().is_none());
    drop(held);
    let held = (&mut second).now_or_never().unwrap();
    assert!((&mut usual).now_or_never().is_none());
    drop(held);
    assert!((&mut usual).now_or_never().is_some());
}
