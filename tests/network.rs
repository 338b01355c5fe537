//! The HTTP layer against a registry on loopback that answers well, badly, late or never.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

#[path = "network/bodies.rs"]
mod bodies;
#[path = "network/credentials.rs"]
mod credentials;
#[path = "network/encryption.rs"]
mod encryption;
#[path = "network/failures.rs"]
mod failures;
#[path = "network/permits.rs"]
mod permits;

use std::time::Duration;

use pacwatch::core::network::{Body, Client, Get, NetworkError, NetworkSettings, RetryPolicy};
use url::Url;

/// Larger than any body here.
const AMPLE: u64 = 64 << 20;

/// Limits that no machine reaches by being slow.
fn patient() -> NetworkSettings {
    NetworkSettings {
        retry: RetryPolicy { retries: 2, factor: 1, shortest: Duration::ZERO, longest: Duration::ZERO },
        ..NetworkSettings::default()
    }
}

fn client(settings: NetworkSettings) -> Client {
    Client::new(settings, 64).unwrap()
}

async fn get(client: &Client, url: &str) -> Result<Body, NetworkError> {
    client.get(Get::new(&Url::parse(url).unwrap(), AMPLE)).await
}

/// Attempts until it succeeds or the policy gives up.
async fn get_with_retries(client: &Client, url: &str) -> Result<Body, NetworkError> {
    for attempt in 0.. {
        match get(client, url).await {
            Err(error) if error.is_retryable() => {
                match client.retry_policy().delay(attempt, error.retry_after()) {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(error),
                }
            }
            done => return done,
        }
    }
    unreachable!("the policy ends before the numbers do")
}
