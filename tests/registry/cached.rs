//! What is asked for and what the cache answers.

use std::time::Duration;

use pacwatch::core::event::MetadataCache::{Failed, Hit, Miss, Revalidated};

use super::support::answer::Answer;
use super::support::registry::Registry;
use super::{Bench, document, timed, yesterday};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn registry_with_a() -> Registry {
    let registry = Registry::start();
    registry.serve_metadata("a", &document(&registry, "a", &["1.0.0", "1.1.0"]), None);
    registry
}

#[tokio::test]
async fn a_document_is_asked_for_once_however_many_want_it() {
    let registry = registry_with_a();
    let run = Bench::new(registry.url()).run();
    let (first, second, third) =
        tokio::join!(run.id("a", "^1.0.0"), run.id("a", "1.0.0"), run.id("b", "npm:a@latest"));
    assert_eq!([first.as_str(), &second, &third], ["a@1.1.0", "a@1.0.0", "a@1.1.0"]);
    assert_eq!(registry.requests().len(), 1);
    let request = &registry.requests()[0];
    assert_eq!(
        request.header("accept"),
        Some("application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*")
    );
}

#[tokio::test]
async fn a_scopes_slash_is_escaped_and_its_own_token_sent() {
    let registry = Registry::start();
    registry.serve_metadata("@s/a", &document(&registry, "@s/a", &["1.0.0"]), None);
    let host = registry.url().trim_start_matches("http:").to_owned();
    let npmrc = format!("{host}:_authToken=for-all\n{host}:@s:_authToken=for-scope\n");
    let run = Bench::new(registry.url()).npmrc(&npmrc).run();
    assert_eq!(run.id("@s/a", "*").await, "@s/a@1.0.0");
    let request = &registry.requests()[0];
    assert_eq!(request.path, "/@s%2Fa");
    assert_eq!(request.header("authorization"), Some("Bearer for-scope"));
}

#[tokio::test]
async fn the_next_run_asks_whether_the_document_is_current() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url());
    let run = bench.run();
    run.id("a", "^1.0.0").await;
    assert_eq!(run.sources(), [Miss]);
    bench.age("a", HOUR);
    let run = bench.run();
    assert_eq!(run.id("a", "^1.0.0").await, "a@1.1.0");
    assert_eq!(run.sources(), [Revalidated]);
    assert!(registry.requests()[1].header("if-none-match").is_some());
    let changed = document(&registry, "a", &["1.0.0", "1.2.0"]);
    registry.serve_metadata("a", &changed, None);
    assert_eq!(bench.run().id("a", "^1.0.0").await, "a@1.2.0");
}

#[tokio::test]
async fn an_exact_version_that_is_cached_needs_no_request() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url());
    bench.run().id("a", "^1.0.0").await;
    bench.age("a", 1000 * HOUR);
    registry.forget_requests();
    let run = bench.run();
    assert_eq!(run.id("a", "1.0.0").await, "a@1.0.0");
    assert_eq!(run.sources(), [Hit]);
    assert_eq!(
        run.id("a", "1.3.0").await,
        "ERR_PNPM_NO_MATCHING_VERSION",
        "the cache may be too old to know it"
    );
    assert_eq!(registry.requests().len(), 1);
}

#[tokio::test]
async fn a_document_that_is_younger_than_versions_must_be_needs_no_request() {
    let registry = Registry::start();
    let a = timed(document(&registry, "a", &["1.0.0", "1.1.0"]), &[("1.0.0", 5000), ("1.1.0", 10)]);
    registry.serve_metadata("a", &a, None);
    let bench = Bench::new(registry.url());
    for (age, requests) in [(Duration::ZERO, 1), (23 * HOUR, 1), (25 * HOUR, 2)] {
        if age > Duration::ZERO {
            bench.age("a", age);
        }
        let resolved = bench.run().resolve_by("a", "^1.0.0", Some(yesterday())).await.unwrap();
        assert_eq!(&*resolved.id, "a@1.0.0");
        assert_eq!(registry.requests().len(), requests);
    }
}

#[tokio::test]
async fn a_document_without_validators_is_current_for_a_while() {
    let registry = registry_with_a();
    registry.script("/a", [Answer::ContentWith(vec![("x-nothing", String::new())])]);
    let bench = Bench::new(registry.url());
    bench.run().id("a", "^1.0.0").await;
    bench.run().id("a", "^1.0.0").await;
    assert_eq!(registry.requests().len(), 1);
    bench.age("a", HOUR);
    bench.run().id("a", "^1.0.0").await;
    assert_eq!(registry.requests().len(), 2);
}

#[tokio::test]
async fn without_the_network_only_the_cache_answers() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url()).offline(true);
    assert_eq!(bench.run().id("a", "^1.0.0").await, "ERR_PNPM_NO_OFFLINE_META");
    let bench = bench.offline(false);
    bench.run().id("a", "^1.0.0").await;
    registry.forget_requests();
    let bench = bench.offline(true);
    assert_eq!(bench.run().id("a", "^1.0.0").await, "a@1.1.0");
    assert_eq!(bench.run().id("a", "^2.0.0").await, "ERR_PNPM_NO_MATCHING_VERSION");
    assert!(registry.requests().is_empty());
}

#[tokio::test]
async fn a_cached_document_stands_in_for_a_registry_that_fails() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url());
    bench.run().id("a", "^1.0.0").await;
    bench.age("a", HOUR);
    registry.script("/a", [Answer::Status(503)]);
    let run = bench.run();
    assert_eq!(run.id("a", "^1.0.0").await, "a@1.1.0");
    assert_eq!(run.sources(), [Failed, Failed, Failed], "as many attempts as the settings allow");
}

#[tokio::test]
async fn a_cache_that_is_garbled_or_about_something_else_is_as_good_as_none() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url());
    bench.run().id("a", "^1.0.0").await;
    let file = bench.cache_file("a");
    let whole = std::fs::read_to_string(&file).unwrap();
    for content in
        ["", "garbage", &whole[..whole.len() / 2], &whole.replace("\"name\":\"a\"", "\"name\":\"b\"")]
    {
        std::fs::write(&file, content).unwrap();
        assert_eq!(bench.run().id("a", "1.0.0").await, "a@1.0.0");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), whole, "it is written anew");
    }
}

#[tokio::test]
async fn what_is_no_metadata_is_a_clear_error() {
    let registry = Registry::start();
    let other = document(&registry, "other", &["1.0.0"]);
    registry
        .serve_metadata("misnamed", &other, None)
        .serve("/html", "<html>")
        .serve("/half", "{\"name\":\"ha");
    registry.serve("/none", r#"{"name":"none","dist-tags":{},"versions":{}}"#);
    registry.script("/stubborn", [Answer::Status(304)]).script("/busy", [Answer::Status(503)]);
    let run = Bench::new(registry.url()).run();
    for (name, code) in [
        ("missing", "ERR_PNPM_FETCH_404"),
        ("busy", "ERR_PNPM_FETCH_503"),
        ("misnamed", "ERR_PNPM_REGISTRY_NAME_MISMATCH"),
        ("html", "ERR_PNPM_RESOLVING_NPM_RESOLVER_DECODE_ERROR"),
        ("half", "ERR_PNPM_RESOLVING_NPM_RESOLVER_DECODE_ERROR"),
        ("none", "ERR_PNPM_NO_VERSIONS"),
        ("stubborn", "ERR_PNPM_META_NOT_MODIFIED_WITHOUT_CACHE"),
        ("../etc", "ERR_PNPM_INVALID_PACKAGE_NAME"),
    ] {
        assert_eq!(run.id(name, "^1.0.0").await, code, "{name}");
    }
    assert_eq!(registry.requests_for("/stubborn")[1].header("cache-control"), Some("no-cache"));
}

#[tokio::test]
async fn a_registry_that_cannot_be_reached_is_a_clear_error() {
    let run = Bench::new("http://127.0.0.1:9/").run();
    assert_eq!(run.id("a", "*").await, "ERR_PNPM_RESOLVING_NPM_RESOLVER_NETWORK_ERROR");
}

#[tokio::test]
async fn full_metadata_is_asked_for_where_times_are_missing_and_something_changed_lately() {
    let registry = Registry::start();
    let ages = [("1.0.0", 5000), ("1.1.0", 10)];
    let mut lately = document(&registry, "lately", &["1.0.0", "1.1.0"]);
    let full = timed(lately.clone(), &ages);
    lately["modified"] = full["time"]["1.1.0"].clone();
    registry.serve_metadata("lately", &full, Some(&lately));
    let mut settled = document(&registry, "settled", &["1.0.0", "1.1.0"]);
    settled["modified"] = "2020-01-01T00:00:00.000Z".into();
    registry.serve_metadata("settled", &settled, Some(&settled));
    let bench = Bench::new(registry.url());
    let run = bench.run();
    let id = async |name| run.resolve_by(name, "^1.0.0", Some(yesterday())).await.unwrap().id.to_string();
    assert_eq!(id("lately").await, "lately@1.0.0");
    assert_eq!(id("settled").await, "settled@1.1.0");
    assert_eq!((registry.requests_for("/lately").len(), registry.requests_for("/settled").len()), (2, 1));
    registry.forget_requests();
    bench.age("lately", 48 * HOUR);
    let run = bench.run();
    assert_eq!(&*run.resolve_by("lately", "^1.0.0", Some(yesterday())).await.unwrap().id, "lately@1.0.0");
    assert_eq!(run.sources(), [Revalidated], "the full document is the one that is cached");
}

#[tokio::test]
async fn optional_dependencies_get_full_metadata() {
    let registry = registry_with_a();
    let bench = Bench::new(registry.url());
    let run = bench.run();
    let preferred = pacwatch::core::resolve::PreferredVersions::default();
    let optional = pacwatch::core::resolve::Wanted { optional: true, ..super::wanted("a", "*") };
    run.resolver.resolve(&optional, &super::asked(bench.folder.path(), &preferred)).await.unwrap();
    assert_eq!(registry.requests()[0].header("accept"), Some("application/json; q=1.0, */*"));
}
