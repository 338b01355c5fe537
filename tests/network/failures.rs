//! Every way to fail has a name, a message that is safe to show, and an opinion on trying again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use pacwatch::core::network::{
    Client, Get, NetworkError, NetworkSettings, ProxySettings, Stage, TlsSettings,
};
use url::Url;

use crate::support::answer::Answer;
use crate::support::registry::Registry;
use crate::{client, get, get_with_retries, patient};

const SOON: Duration = Duration::from_millis(400);

#[tokio::test]
async fn statuses_are_told_with_pnpms_code_and_a_hint() {
    let registry = Registry::start();
    let client = client(patient());
    for (status, retryable, code) in [
        (401, false, "ERR_PNPM_FETCH_401"),
        (403, false, "ERR_PNPM_FETCH_403"),
        (404, false, "ERR_PNPM_FETCH_404"),
        (429, true, "ERR_PNPM_FETCH_429"),
        (500, true, "ERR_PNPM_FETCH_500"),
        (503, true, "ERR_PNPM_FETCH_503"),
    ] {
        registry.script("/x", [Answer::Status(status)]);
        let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
        assert_eq!((error.status(), error.code()), (Some(status), Some(code)));
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert!(error.to_string().starts_with(&format!("GET {}", registry.url_of("/x"))), "{error}");
        assert!(error.help().is_some(), "{error}");
    }
}

#[tokio::test]
async fn a_server_that_recovers_is_asked_again() {
    let registry = Registry::start();
    registry.serve("/x", "content").script("/x", Answer::content_after(2, 500));
    let body = get_with_retries(&client(patient()), &registry.url_of("/x")).await.unwrap();
    assert_eq!(body.bytes, "content");
    assert_eq!(registry.requests_for("/x").len(), 3);
}

#[tokio::test]
async fn a_server_that_does_not_recover_is_given_up() {
    let registry = Registry::start();
    registry.script("/x", [Answer::Status(503)]);
    let error = get_with_retries(&client(patient()), &registry.url_of("/x")).await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(registry.requests_for("/x").len(), 3, "the first attempt and two more");
}

#[tokio::test]
async fn what_cannot_get_better_is_asked_once() {
    let registry = Registry::start();
    let error = get_with_retries(&client(patient()), &registry.url_of("/missing")).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert_eq!(registry.requests_for("/missing").len(), 1);
}

#[tokio::test]
async fn the_time_a_server_asks_for_is_passed_on() {
    let registry = Registry::start();
    let client = client(patient());
    for (value, expected) in [("7", Some(Duration::from_secs(7))), ("whenever", None)] {
        registry.script("/x", [Answer::StatusWith(429, vec![("retry-after", value.to_owned())])]);
        let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
        assert_eq!(error.retry_after(), expected);
    }
    let past = "Wed, 21 Oct 2015 07:28:00 GMT".to_owned();
    registry.script("/x", [Answer::StatusWith(503, vec![("retry-after", past)])]);
    let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::ZERO));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_incomplete() {
    let registry = Registry::start();
    registry.serve("/x", vec![7; 50_000]);
    let client = client(patient());
    registry.script("/x", [Answer::Truncated(20_000)]);
    let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
    let NetworkError::Incomplete { expected, received, .. } = &error else { panic!("{error}") };
    assert_eq!((*expected, *received), (Some(50_000), 20_000));
    assert!(error.to_string().contains("20000 of 50000 bytes came"), "{error}");
    assert!(error.is_retryable());
    registry.script("/x", [Answer::TruncatedChunked(20_000)]);
    let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::Incomplete { expected: None, .. }), "{error}");
}

#[tokio::test]
async fn a_body_shorter_than_announced_is_incomplete() {
    let registry = Registry::start();
    registry.serve("/x", "short").script("/x", [Answer::Announcing(1000)]);
    let error = get(&client(patient()), &registry.url_of("/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::Incomplete { expected: Some(1000), received: 5, .. }), "{error}");
}

#[tokio::test]
async fn bytes_beyond_the_announced_length_are_dropped_and_do_no_lasting_harm() {
    let registry = Registry::start();
    registry.serve("/lies", vec![7; 5000]).script("/lies", [Answer::Surplus(5)]).serve("/x", "honest");
    let client = client(patient());
    for _ in 0..20 {
        let body = get_with_retries(&client, &registry.url_of("/lies")).await.unwrap();
        assert_eq!(body.bytes, [7; 5][..], "the announced part, for the integrity check to judge");
        let body = get_with_retries(&client, &registry.url_of("/x")).await.unwrap();
        assert_eq!(body.bytes, "honest");
    }
}

#[tokio::test]
async fn silence_runs_into_the_idle_limit() {
    let registry = Registry::start();
    registry.serve("/x", vec![7; 50_000]);
    let client = client(NetworkSettings { fetch_timeout: SOON, ..patient() });
    for (answer, stage) in [
        (Answer::Silence, Stage::FirstByte),
        (Answer::StallAfter(0), Stage::Body),
        (Answer::StallAfter(10_000), Stage::Body),
    ] {
        registry.script("/x", [answer.clone()]);
        let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
        let NetworkError::TimedOut { stage: seen, limit, .. } = &error else { panic!("{answer:?}: {error}") };
        assert_eq!((*seen, *limit), (stage, SOON));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_slow_drip_is_accepted_as_long_as_no_pause_is_too_long() {
    let registry = Registry::start();
    registry.serve("/x", vec![7; 40]).script("/x", [Answer::Drip(1, Duration::from_millis(10))]);
    // Thirty pauses are longer than the idle limit, each one is much shorter.
    let client = client(NetworkSettings { fetch_timeout: Duration::from_secs(1), ..patient() });
    assert_eq!(get(&client, &registry.url_of("/x")).await.unwrap().bytes.len(), 40);
}

#[tokio::test]
async fn an_endless_drip_runs_into_the_total_limit() {
    let registry = Registry::start();
    registry.serve("/x", vec![7; 1 << 20]).script("/x", [Answer::Drip(1, Duration::from_millis(5))]);
    let client = client(NetworkSettings { total_timeout: SOON, ..patient() });
    let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::TimedOut { stage: Stage::Total, .. }), "{error}");
}

#[tokio::test]
async fn nobody_listening_is_a_connect_error() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = get(&client(patient()), &format!("http://127.0.0.1:{port}/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::Connect { .. }), "{error}");
    assert!(error.is_retryable());
    assert!(error.help().unwrap().contains("--offline"));
}

#[tokio::test]
async fn a_name_that_no_host_can_have_is_a_lookup_error() {
    // Longer than a label may be, so that no name server is asked.
    let host = "a".repeat(70);
    let error = get(&client(patient()), &format!("http://{host}.invalid/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::Lookup { .. }), "{error:?}");
}

/// Says something to everyone who connects, once they have spoken.
fn shouting(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
        }
    });
    address.to_string()
}

#[tokio::test]
async fn what_is_not_http_is_an_exchange_error() {
    for answer in [&b"SSH-2.0-OpenSSH\r\n"[..], b""] {
        let error = get(&client(patient()), &format!("http://{}/x", shouting(answer))).await.unwrap_err();
        assert!(matches!(error, NetworkError::Exchange { .. }), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_tls_error() {
    let address = shouting(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    let error = get(&client(patient()), &format!("https://{address}/x")).await.unwrap_err();
    assert!(matches!(error, NetworkError::Tls { .. }), "{error:?}");
}

#[tokio::test]
async fn only_web_addresses_are_asked() {
    let client = client(patient());
    for url in ["ftp://127.0.0.1/x", "file:///etc/passwd", "data:,x"] {
        let error = get(&client, url).await.unwrap_err();
        assert!(matches!(error, NetworkError::InvalidUrl { .. }), "{error:?}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn redirects_end_somewhere() {
    let registry = Registry::start();
    let client = client(patient());
    for (location, requests) in [("/x", 11), ("file:///etc/passwd", 1), ("http://[", 1)] {
        registry.forget_requests();
        registry.script("/x", [Answer::Redirect(location.to_owned())]);
        let error = get(&client, &registry.url_of("/x")).await.unwrap_err();
        assert!(matches!(error, NetworkError::Redirect { .. }), "{location}: {error:?}");
        assert_eq!(registry.requests().len(), requests);
    }
    for (hop, next) in (0..10).zip(1..) {
        registry.script(&format!("/{hop}"), [Answer::Redirect(format!("./{next}"))]);
    }
    registry.serve("/10", "reached");
    assert_eq!(get(&client, &registry.url_of("/0")).await.unwrap().bytes, "reached");
}

#[tokio::test]
async fn a_redirect_without_a_target_is_told_as_its_status() {
    let registry = Registry::start();
    registry.script("/x", [Answer::Status(302)]);
    let error = get(&client(patient()), &registry.url_of("/x")).await.unwrap_err();
    assert_eq!(error.status(), Some(302));
}

#[tokio::test]
async fn a_failure_after_a_redirect_names_both_ends() {
    let registry = Registry::start();
    registry.script("/x", [Answer::RedirectWith(308, "/y?signature=s3cret".to_owned())]);
    let text = get(&client(patient()), &registry.url_of("/x")).await.unwrap_err().to_string();
    assert!(text.contains("/x (redirected to ") && text.contains("/y?…)"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_named() {
    let refuse = |settings, name: &str| match Client::new(settings, 1).unwrap_err() {
        NetworkError::Setting { setting, .. } => assert!(setting.contains(name), "{setting}"),
        other => panic!("{other:?}"),
    };
    let pem = || b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec();
    let tls = TlsSettings { extra_authorities: vec![pem()], ..TlsSettings::default() };
    refuse(NetworkSettings { tls, ..patient() }, "ca");
    let tls = TlsSettings { identity: Some(pem()), ..TlsSettings::default() };
    refuse(NetworkSettings { tls, ..patient() }, "cert");
    refuse(NetworkSettings { user_agent: "two\nlines".to_owned(), ..patient() }, "user-agent");
    // One that is there for other programs too counts only when it is needed.
    let tls = TlsSettings { environment_authorities: vec![pem()], ..TlsSettings::default() };
    let client = client(NetworkSettings { tls, ..patient() });
    let error = get(&client, "https://127.0.0.1:1/x").await.unwrap_err();
    assert!(matches!(error, NetworkError::Setting { .. }), "{error:?}");
    let proxy = ProxySettings { https: Some("http://[".to_owned()), ..ProxySettings::default() };
    refuse(NetworkSettings { proxy, ..patient() }, "https-proxy");
}

#[tokio::test]
async fn a_proxy_is_used_for_all_hosts_but_the_exceptions() {
    let proxy = Registry::start();
    proxy.serve("/x", "through the proxy");
    let direct = Registry::start();
    direct.serve("/x", "directly");
    let settings = NetworkSettings {
        proxy: ProxySettings {
            http: Some(proxy.url().replace("http://", "http://me:s3cret@")),
            https: None,
            no_proxy: Some("127.0.0.1".to_owned()),
        },
        ..patient()
    };
    let client = client(settings);
    // Only the proxy could find this host.
    let body = get(&client, "http://packages.invalid/x").await.unwrap();
    assert_eq!(body.bytes, "through the proxy");
    assert_eq!(proxy.requests()[0].header("proxy-authorization"), Some("Basic bWU6czNjcmV0"));
    assert_eq!(get(&client, &direct.url_of("/x")).await.unwrap().bytes, "directly");
    assert_eq!(direct.requests()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_apart_from_the_server() {
    let settings = NetworkSettings {
        proxy: ProxySettings {
            https: Some(format!(
                "http://{}",
                shouting(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            )),
            ..ProxySettings::default()
        },
        ..patient()
    };
    let error = get(&client(settings), "https://packages.invalid/x").await.unwrap_err();
    assert!(matches!(error, NetworkError::Proxy { .. }), "{error:?}");
}

#[tokio::test]
async fn a_request_that_is_dropped_frees_its_permit() {
    let registry = Registry::start();
    registry.script("/x", [Answer::Silence]);
    let client = client(patient());
    let url = Url::parse(&registry.url_of("/x")).unwrap();
    let request = async {
        let _permit = client.permits().acquire().await;
        client.get(Get::new(&url, 10)).await
    };
    assert!(tokio::time::timeout(SOON, request).await.is_err());
    assert_eq!(client.permits().in_flight(), 0);
}
