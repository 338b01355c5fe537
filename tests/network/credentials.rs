//! Credentials go to the addresses they were given for, and nowhere else.

use std::sync::Arc;

use pacwatch::core::network::{NetworkError, NetworkSettings};
use url::Url;

use crate::support::answer::Answer;
use crate::support::registry::Registry;
use crate::{client, get, patient};

const TOKEN: &str = "t0ken-of-the-trusted";

/// Settings that give a token to everything below some addresses.
fn trusting(prefixes: &[String]) -> NetworkSettings {
    let prefixes = prefixes.to_vec();
    let credentials = move |url: &Url| {
        let trusted = prefixes.iter().any(|prefix| url.as_str().starts_with(prefix.as_str()));
        trusted.then(bearer)
    };
    NetworkSettings { credentials: Arc::new(credentials), ..patient() }
}

fn authorizations(registry: &Registry) -> Vec<Option<String>> {
    let requests = registry.requests();
    requests.iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
}

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

#[tokio::test]
async fn a_token_opens_what_it_was_given_for() {
    let registry = Registry::start();
    registry.require_token("/private/", TOKEN).serve("/private/x", "secret content");
    let client = client(trusting(&[registry.url_of("/private/")]));
    assert_eq!(get(&client, &registry.url_of("/private/x")).await.unwrap().bytes, "secret content");
}

#[tokio::test]
async fn a_token_is_not_sent_to_a_neighbouring_path() {
    let registry = Registry::start();
    registry.serve("/public/x", "content");
    let client = client(trusting(&[registry.url_of("/private/")]));
    get(&client, &registry.url_of("/public/x")).await.unwrap();
    assert_eq!(authorizations(&registry), [None]);
}

#[tokio::test]
async fn a_redirect_to_another_origin_carries_nothing_along() {
    let (trusted, other) = (Registry::start(), Registry::start());
    other.serve("/x", "content");
    let client = client(trusting(&[trusted.url().to_owned()]));
    for status in [301, 302, 303, 307, 308] {
        trusted.script("/x", [Answer::RedirectWith(status, other.url_of("/x"))]);
        assert_eq!(get(&client, &trusted.url_of("/x")).await.unwrap().bytes, "content");
    }
    assert_eq!(authorizations(&trusted), vec![Some(bearer()); 5]);
    assert_eq!(authorizations(&other), vec![None; 5], "another port is another origin");
}

#[tokio::test]
async fn a_redirect_out_of_the_prefix_carries_nothing_along() {
    let registry = Registry::start();
    registry.script("/private/x", [Answer::Redirect("../public/x".to_owned())]);
    registry.serve("/public/x", "content");
    let client = client(trusting(&[registry.url_of("/private/")]));
    get(&client, &registry.url_of("/private/x")).await.unwrap();
    assert_eq!(authorizations(&registry), [Some(bearer()), None]);
}

#[tokio::test]
async fn a_redirect_into_a_prefix_uses_what_belongs_there() {
    let (first, second) = (Registry::start(), Registry::start());
    first.script("/x", [Answer::Redirect(second.url_of("/x"))]);
    second.serve("/x", "content");
    let client = client(trusting(&[second.url().to_owned()]));
    get(&client, &first.url_of("/x")).await.unwrap();
    assert_eq!((authorizations(&first), authorizations(&second)), (vec![None], vec![Some(bearer())]));
}

#[tokio::test]
async fn a_user_in_the_address_is_sent_to_that_address_only_and_never_shown() {
    let (first, second) = (Registry::start(), Registry::start());
    first.script("/x", [Answer::Redirect(second.url_of("/x"))]);
    let address = first.url_of("/x").replace("http://", "http://m%40e:s3cret%3A@");
    let error = get(&client(patient()), &address).await.unwrap_err();
    // "m@e:s3cret:", as the address means it.
    assert_eq!(authorizations(&first), [Some("Basic bUBlOnMzY3JldDo=".to_owned())]);
    assert_eq!(authorizations(&second), [None]);
    let text = format!("{error} {:?} {error:?}", error.help());
    assert!(!text.contains("s3cret") && !text.contains("m%40e"), "{text}");
}

#[tokio::test]
async fn no_failure_shows_a_token() {
    let registry = Registry::start();
    let client = client(trusting(&[registry.url().to_owned()]));
    let answers = [Answer::Status(401), Answer::Status(403), Answer::Status(404), Answer::Status(500)];
    for answer in answers {
        registry.script("/x", [answer]);
        let error = get(&client, &registry.url_of("/x?key=s3cret")).await.unwrap_err();
        let text = format!("{error} {error:?} {:?} {client:?}", error.help());
        assert!(!text.contains(TOKEN) && !text.contains("s3cret"), "{text}");
        assert!(matches!(error, NetworkError::Status { authorized: true, .. }));
    }
}

#[tokio::test]
async fn a_token_that_no_header_can_hold_is_a_setting_error_that_does_not_show_it() {
    let registry = Registry::start();
    let credentials = |_: &Url| Some("Bearer s3cret\r\nx: y".to_owned());
    let client = client(NetworkSettings { credentials: Arc::new(credentials), ..patient() });
    let error = get(&client, registry.url()).await.unwrap_err();
    assert!(matches!(error, NetworkError::Setting { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"));
    assert!(registry.requests().is_empty());
}
