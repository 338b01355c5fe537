//! Host names to addresses: one question for each host, however many connections want the answer.
//!
//! The system's resolver is asked on a blocking thread and remembers nothing. Sixty connections to one host would be
//! sixty questions at one time, of which some name servers drop a few, and each of those costs five seconds.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;

/// How long addresses are good for.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How long a failure is: long enough for those who waited for the same answer, short enough for a retry to ask anew.
const FAILURE_REMEMBERED: Duration = Duration::from_millis(500);

type Answer = Result<Vec<SocketAddr>, String>;

/// The answer for one host, and until when it is good. Whoever holds the lock is asking.
type Slot = Arc<tokio::sync::Mutex<Option<(Instant, Answer)>>>;

/// Asks the system and remembers for a while.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    hosts: Mutex<HashMap<String, Slot>>,
}

impl Resolve for Lookups {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let slot = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(host.clone()).or_default())
        };
        Box::pin(async move {
            let addresses = answer(&slot, ask(host)).await.map_err(io::Error::other)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

async fn ask(host: String) -> Answer {
    // The port is put in by whoever connects.
    match tokio::net::lookup_host((host, 0)).await {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(error.to_string()),
    }
}

/// The answer that is remembered, or else the one to the question.
async fn answer(slot: &Slot, question: impl Future<Output = Answer>) -> Answer {
    let mut remembered = slot.lock().await;
    if let Some((until, answer)) = &*remembered
        && Instant::now() < *until
    {
        return answer.clone();
    }
    let answer = question.await;
    let good_for = if answer.is_ok() { REMEMBERED } else { FAILURE_REMEMBERED };
    *remembered = Some((Instant::now() + good_for, answer.clone()));
    answer
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn ask_at_once(times: usize, reply: Answer) -> (usize, Vec<Answer>) {
        let (slot, asked) = (Slot::default(), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..times)
            .map(|_| {
                let (slot, asked, reply) = (Arc::clone(&slot), Arc::clone(&asked), reply.clone());
                tokio::spawn(async move {
                    let question = async {
                        asked.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        reply
                    };
                    answer(&slot, question).await
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        (asked.load(Ordering::SeqCst), answers)
    }

    #[tokio::test]
    async fn many_who_want_one_host_ask_once() {
        let address: SocketAddr = ([127, 0, 0, 1], 0).into();
        let (asked, answers) = ask_at_once(64, Ok(vec![address])).await;
        assert_eq!(asked, 1);
        assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|found| *found == [address])));
    }

    #[tokio::test]
    async fn those_who_wait_share_a_failure() {
        let (asked, answers) = ask_at_once(64, Err("no such host".into())).await;
        assert_eq!(asked, 1);
        assert!(answers.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn an_asker_who_gives_up_leaves_the_question_to_the_next() {
        let slot = Slot::default();
        let never = answer(&slot, std::future::pending());
        assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
        assert!(answer(&slot, async { Err("asked again".into()) }).await.is_err());
    }
}
