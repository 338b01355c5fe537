//! What comes back when all goes well, and what a body may and may not be.

use std::sync::Mutex;
use std::time::Duration;

use pacwatch::core::network::{Get, NetworkError, Observer};
use url::Url;

use crate::support::answer::Answer;
use crate::support::packages::Package;
use crate::support::registry::Registry;
use crate::{AMPLE, client, get, patient};

/// Bytes that do not compress, so that sizes on the wire are what they seem.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

#[tokio::test]
async fn a_tarball_arrives_as_it_was_published() {
    let registry = Registry::start();
    let package = Package::new("@scope/name", "1.0.0").file("noise", noise(300_000));
    registry.publish(&package);
    let client = client(patient());
    let body = get(&client, &registry.tarball_url(&package)).await.unwrap();
    assert_eq!(body.bytes, package.tarball());
    assert_eq!((body.status, body.http_version), (200, "HTTP/1.1"));
    assert!(body.etag.is_some());
    let request = &registry.requests()[0];
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/@scope/name/-/name-1.0.0.tgz");
    assert_eq!(request.header("user-agent"), Some(concat!("pacwatch/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("accept"), Some("*/*"));
    assert_eq!(request.header("accept-encoding"), Some("identity"));
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("referer"), None);
}

#[tokio::test]
async fn bodies_of_every_size_and_framing_are_read_whole() {
    let registry = Registry::start();
    let client = client(patient());
    for size in [0, 1, 1_000, 100_000, 3 << 20] {
        let bytes = noise(size);
        registry.serve("/x", bytes.clone());
        for answer in [
            Answer::Content,
            Answer::Chunked(7_777.max(size / 50)),
            Answer::Drip(size / 3 + 1, Duration::from_millis(1)),
        ] {
            registry.script("/x", [answer.clone()]);
            let body = get(&client, &registry.url_of("/x")).await.unwrap();
            assert!(body.bytes == bytes, "{size} bytes by {answer:?}");
        }
    }
}

#[derive(Default)]
struct Seen {
    sizes: Mutex<Vec<Option<u64>>>,
    /// Sum of the chunks, and the total of the last call.
    bytes: Mutex<(u64, u64)>,
}

impl Observer for Seen {
    fn first_byte(&self, size: Option<u64>) {
        self.sizes.lock().unwrap().push(size);
    }

    fn received(&self, chunk: usize, total: u64) {
        let mut bytes = self.bytes.lock().unwrap();
        *bytes = (bytes.0 + chunk as u64, total);
    }
}

#[tokio::test]
async fn an_observer_learns_the_size_ahead_and_sees_every_byte() {
    let registry = Registry::start();
    registry.serve("/x", noise(500_000));
    let client = client(patient());
    let url = Url::parse(&registry.url_of("/x")).unwrap();
    for (answer, size) in [(Answer::Content, Some(500_000)), (Answer::Chunked(1000), None)] {
        registry.script("/x", [answer]);
        let seen = Seen::default();
        client.get(Get { observer: &seen, ..Get::new(&url, AMPLE) }).await.unwrap();
        assert_eq!(*seen.sizes.lock().unwrap(), [size]);
        assert_eq!(*seen.bytes.lock().unwrap(), (500_000, 500_000));
    }
}

#[tokio::test]
async fn a_conditional_request_may_be_answered_with_not_modified() {
    let registry = Registry::start();
    registry.publish(&Package::new("name", "1.0.0"));
    let client = client(patient());
    let url = Url::parse(&registry.url_of("/name")).unwrap();
    let first = client.get(Get::new(&url, AMPLE)).await.unwrap();
    let again = client.get(Get { etag: first.etag.as_deref(), ..Get::new(&url, AMPLE) }).await.unwrap();
    assert_eq!((first.status, again.status), (200, 304));
    assert!(again.bytes.is_empty());
}

#[tokio::test]
async fn not_modified_without_a_condition_is_a_failure() {
    let registry = Registry::start();
    registry.script("/x", [Answer::Status(304)]);
    let error = get(&client(patient()), &registry.url_of("/x")).await.unwrap_err();
    assert_eq!(error.status(), Some(304));
}

#[tokio::test]
async fn compression_on_the_way_is_asked_for_only_where_wanted_and_undone_on_demand() {
    let registry = Registry::start();
    let text = "all the same ".repeat(10_000);
    registry.serve("/x", text.clone()).script("/x", [Answer::Compressed]);
    let client = client(patient());
    let url = Url::parse(&registry.url_of("/x")).unwrap();
    let plain = client.get(Get::new(&url, AMPLE)).await.unwrap();
    assert_eq!((plain.content_encoding.as_deref(), plain.bytes.len()), (None, text.len()));
    let packed = client.get(Get { compressed: true, ..Get::new(&url, AMPLE) }).await.unwrap();
    assert_eq!(packed.content_encoding.as_deref(), Some("gzip"));
    assert!(packed.bytes.len() < text.len() / 10);
    assert_eq!(packed.decoded(text.len() as u64).unwrap(), text);
    let error = packed.decoded(text.len() as u64 - 1).unwrap_err();
    assert!(matches!(error, NetworkError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn an_encoding_nobody_asked_for_is_refused_when_decoding() {
    let registry = Registry::start();
    registry.serve("/x", "text");
    let client = client(patient());
    for encoding in ["br", "gzip"] {
        registry.script("/x", [Answer::Encoded(encoding)]);
        let body = get(&client, &registry.url_of("/x")).await.unwrap();
        assert_eq!(body.bytes, "text", "as it came");
        let error = body.decoded(AMPLE).unwrap_err();
        assert!(matches!(error, NetworkError::Encoding { .. }), "{encoding}: {error}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_announced_or_not() {
    let registry = Registry::start();
    registry.serve("/x", noise(100_001));
    let client = client(patient());
    let url = Url::parse(&registry.url_of("/x")).unwrap();
    let answers = [Answer::Content, Answer::Chunked(1000), Answer::Announcing(u64::MAX / 2)];
    for answer in answers {
        registry.script("/x", [answer.clone()]);
        let error = client.get(Get::new(&url, 100_000)).await.unwrap_err();
        assert!(matches!(error, NetworkError::TooLarge { limit: 100_000, .. }), "{answer:?}: {error}");
        assert!(!error.is_retryable());
    }
    registry.script("/x", [Answer::Chunked(1000)]);
    assert!(client.get(Get::new(&url, 100_001)).await.is_ok(), "exactly the limit is allowed");
}

#[tokio::test]
async fn connections_are_used_again() {
    let registry = Registry::start();
    registry.serve("/x", noise(20_000));
    let client = client(patient());
    let url = registry.url_of("/x");
    for _ in 0..20 {
        let requests: Vec<_> = (0..64)
            .map(|_| {
                let (client, url) = (client.clone(), url.clone());
                tokio::spawn(async move {
                    let _permit = client.permits().acquire().await;
                    get(&client, &url).await.unwrap();
                })
            })
            .collect();
        for request in requests {
            request.await.unwrap();
        }
    }
    assert_eq!(registry.requests().len(), 1280);
    assert!(registry.connections() <= 64, "{} connections", registry.connections());
}

#[tokio::test]
async fn a_connection_survives_redirects_and_failures() {
    let registry = Registry::start();
    registry.serve("/x", "content").script("/moved", [Answer::Redirect("/x".to_owned())]);
    let client = client(patient());
    for path in ["/moved", "/missing", "/x", "/moved"] {
        let _ = get(&client, &registry.url_of(path)).await;
    }
    assert_eq!(registry.connections(), 1);
}

#[tokio::test]
async fn answers_may_come_in_any_order() {
    let registry = Registry::start();
    registry.shuffle_answers(7, Duration::from_millis(30));
    let client = client(patient());
    let requests: Vec<_> = (0..32)
        .map(|number| {
            let path = format!("/{number}");
            registry.serve(&path, path.clone());
            let (client, url) = (client.clone(), registry.url_of(&path));
            tokio::spawn(async move { (path, get(&client, &url).await.unwrap().bytes) })
        })
        .collect();
    for request in requests {
        let (path, bytes) = request.await.unwrap();
        assert_eq!(bytes, path);
    }
    assert!(registry.most_in_flight() > 1);
}
