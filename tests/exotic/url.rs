//! Tarballs at URLs.

use std::sync::Arc;

use ::url::Url;
use pacwatch::core::network::NetworkSettings;
use pacwatch::core::resolve::Via;

use crate::support::answer::Answer;
use crate::support::packages::Package;
use crate::support::registry::Registry;
use crate::support::store;
use crate::{Desk, patient, resolution};

const PATH: &str = "/files/x.tgz";

fn package() -> Package {
    Package::new("packed", "5.0.0").dependency("left", "^1.0.0")
}

#[tokio::test]
async fn a_tarball_is_known_by_its_url_and_its_digest() {
    let (desk, registry) = (Desk::new(), Registry::start());
    registry.serve(PATH, package().tarball());
    let url = format!("{}?a=1#b", registry.url_of(PATH));
    registry.serve(&format!("{PATH}?a=1"), package().tarball());
    let resolved = desk.ask(&url).await.unwrap();
    assert_eq!(*resolved.id, format!("packed@{url}"));
    assert_eq!(resolution(&resolved), format!("tarball {url} {}", package().integrity()));
    assert_eq!((resolved.via, resolved.version.as_deref()), (Via::Url, Some("5.0.0")));
    assert_eq!(resolved.manifest.dependencies.get("left").map(AsRef::as_ref), Some("^1.0.0"));
    let asked: Vec<String> = registry.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(asked, ["HEAD", "GET"]);
}

#[tokio::test]
async fn many_who_ask_at_a_time_cause_one_download_which_is_in_the_store_afterwards() {
    let (desk, registry) = (Desk::new(), Registry::start());
    registry.serve(PATH, package().tarball());
    let url = registry.url_of(PATH);
    let (first, second) = tokio::join!(desk.ask(&url), desk.ask(&url));
    assert_eq!(first.unwrap().id, second.unwrap().id);
    assert_eq!(registry.requests().len(), 2);
    let key = format!("{}\t{url}", package().integrity());
    let taken_in = desk.chain.taken_in();
    assert_eq!(taken_in.iter().map(|taken| taken.key.as_str()).collect::<Vec<_>>(), [key.as_str()]);
    assert!(desk.chain.taken_in().is_empty());
    desk.fetcher.index.finish().unwrap();
    assert!(store::rows(&desk.site).contains_key(&key));
    store::assert_files_are_whole(&desk.site);
}

#[tokio::test]
async fn only_an_answer_that_never_changes_moves_the_url_to_where_it_redirects() {
    let (desk, registry) = (Desk::new(), Registry::start());
    registry.serve(PATH, package().tarball());
    let kept = registry.url_of("/kept");
    registry.script("/kept", [Answer::Redirect(registry.url_of(PATH))]);
    let resolved = desk.ask(&kept).await.unwrap();
    assert!(resolution(&resolved).starts_with(&format!("tarball {kept} ")));

    registry.serve("/for-ever.tgz", package().tarball());
    let immutable = vec![("cache-control", "public, immutable".to_owned())];
    registry.script("/for-ever.tgz", [Answer::ContentWith(immutable)]);
    registry.script("/moved", [Answer::Redirect(registry.url_of("/for-ever.tgz"))]);
    let resolved = desk.ask(&registry.url_of("/moved")).await.unwrap();
    assert_eq!(*resolved.id, format!("packed@{}", registry.url_of("/moved")));
    assert!(resolution(&resolved).starts_with(&format!("tarball {} ", registry.url_of("/for-ever.tgz"))));
}

#[tokio::test]
async fn a_server_that_does_not_answer_the_first_question_is_asked_for_the_tarball_all_the_same() {
    let (desk, registry) = (Desk::new(), Registry::start());
    registry.serve(PATH, package().tarball());
    registry.script(PATH, [Answer::Status(405), Answer::Status(503), Answer::Content]);
    assert!(desk.ask(&registry.url_of(PATH)).await.is_ok());
    assert_eq!(registry.requests().len(), 3);
}

#[tokio::test]
async fn credentials_stay_with_the_server_they_were_given_for() {
    let (trusted, other) = (Registry::start(), Registry::start());
    other.serve(PATH, package().tarball());
    trusted.script("/moved", [Answer::Redirect(other.url_of(PATH))]);
    let prefix = trusted.url().to_owned();
    let credentials = move |url: &Url| url.as_str().starts_with(&prefix).then(|| "Bearer t0ken".to_owned());
    let settings = NetworkSettings { credentials: Arc::new(credentials), ..patient() };
    let desk = Desk::with(settings, false);
    desk.ask(&trusted.url_of("/moved")).await.unwrap();
    let sent = |registry: &Registry| -> Vec<Option<String>> {
        let requests = registry.requests();
        requests.iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
    };
    assert_eq!(sent(&trusted), vec![Some("Bearer t0ken".to_owned()); 2]);
    assert_eq!(sent(&other), vec![None; 2]);
}

#[tokio::test]
async fn a_tarball_whose_manifest_is_absent_or_broken_has_the_name_it_is_asked_for_by() {
    let (desk, registry) = (Desk::new(), Registry::start());
    let file = || Package::new("bare", "1.0.0").file("x.js", "x");
    registry.serve("/bare.tgz", file().without_manifest().tarball());
    registry.serve("/broken.tgz", file().manifest_bytes("{").tarball());
    for path in ["/bare.tgz", "/broken.tgz"] {
        let resolved = desk.ask(&registry.url_of(path)).await.unwrap();
        assert_eq!(*resolved.id, format!("it@{}", registry.url_of(path)));
        assert_eq!(resolved.version.as_deref(), Some("0.0.0"));
    }
}

#[tokio::test]
async fn what_cannot_be_had_or_is_no_package_is_refused() {
    let (desk, registry) = (Desk::new(), Registry::start());
    let manifest = |text: &str| Package::new("x", "1.0.0").manifest_bytes(text).tarball();
    registry.serve("/evil.tgz", manifest(r#"{"name":"../../evil"}"#));
    registry.serve("/nameless.tgz", manifest(r#"{"version":"1.0.0"}"#));
    registry.serve("/no.tgz", "no tarball");
    for (path, code) in [
        ("/gone.tgz", Some("ERR_PNPM_TARBALL_HTTP_STATUS")),
        ("/evil.tgz", Some("ERR_PNPM_INVALID_DEPENDENCY_NAME")),
        ("/nameless.tgz", Some("ERR_PNPM_MISSING_PACKAGE_NAME")),
        ("/no.tgz", Some("ERR_PNPM_TARBALL_UNRECOGNIZED")),
    ] {
        assert_eq!(desk.refusal(&registry.url_of(path)).await.0, code, "{path}");
    }
    assert_eq!(desk.refusal("http://[bad").await.0, None);
    let offline = Desk::with(patient(), true);
    registry.serve(PATH, package().tarball());
    let (code, _) = offline.refusal(&registry.url_of(PATH)).await;
    assert_eq!(code, Some("ERR_PNPM_NO_OFFLINE_TARBALL"));
    assert!(registry.requests_for(PATH).is_empty());
}

#[tokio::test]
async fn credentials_of_a_url_are_never_told() {
    let (desk, registry) = (Desk::new(), Registry::start());
    let url = registry.url_of("/gone.tgz").replace("http://", "http://me:s3cret@");
    let (_, message) = desk.refusal(&url).await;
    assert!(!message.contains("s3cret"), "{message}");
}
