//! What specifiers are resolved to.

use std::sync::Arc;
use std::time::Duration;

use pacwatch::core::lockfile::Resolution;
use pacwatch::core::resolve::npm::{WorkspacePackage, WorkspacePackages};
use pacwatch::core::resolve::{PackageManifest, Source, Via};

use super::support::registry::Registry;
use super::{Bench, document, timed, wanted, yesterday};

#[tokio::test]
async fn a_version_knows_what_the_lockfile_records() {
    let registry = Registry::start();
    let mut a = document(&registry, "a", &["1.0.0", "2.0.0"]);
    a["versions"]["1.0.0"]["dist"]["tarball"] = "http://127.0.0.1:9/elsewhere.tgz".into();
    a["versions"]["2.0.0"]["dist"]["unpackedSize"] = 7.into();
    registry.serve_metadata("a", &a, None);
    let run = Bench::new(registry.url()).run();
    let two = run.resolve("a", "^2.0.0").await.unwrap();
    assert_eq!((&*two.id, &*two.name, two.version.as_deref()), ("a@2.0.0", "a", Some("2.0.0")));
    assert_eq!((two.via, two.unpacked_size, two.latest.as_deref()), (Via::Registry, Some(7), Some("2.0.0")));
    assert_eq!(two.normalized_specifier.as_deref(), Some("^2.0.0"));
    let Source::Package { resolution: Resolution::Registry { .. }, tarball } = &two.source else {
        panic!("{:?}", two.source)
    };
    assert_eq!(tarball.as_deref(), Some(registry.url_of("a/-/a-2.0.0.tgz").as_str()));
    let one = run.resolve("a", "1.0.0").await.unwrap();
    let Source::Package { resolution: Resolution::Tarball { tarball, .. }, .. } = &one.source else {
        panic!("{:?}", one.source)
    };
    assert_eq!(tarball, "http://127.0.0.1:9/elsewhere.tgz");
}

#[tokio::test]
async fn the_same_question_has_the_same_answer() {
    let registry = Registry::start();
    registry.serve_metadata("a", &document(&registry, "a", &["1.0.0"]), None);
    let run = Bench::new(registry.url()).run();
    let (first, second) = (run.resolve("a", "*").await.unwrap(), run.resolve("a", "*").await.unwrap());
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn registries_are_chosen_by_scope_prefix_and_alias() {
    let registry = Registry::start();
    for name in ["@jsr/std__path", "@s/a", "b", "@acme/c"] {
        registry.serve_metadata(name, &document(&registry, name, &["1.0.0"]), None);
    }
    let url = registry.url();
    let settings = format!("registries:\n  '@jsr': {url}\n  '@s': {url}\nnamedRegistries:\n  own: {url}\n");
    let run = Bench::new("http://127.0.0.1:9/").settings(&settings).run();
    for (alias, specifier, id) in [
        ("path", "jsr:@std/path@^1", "@jsr/std__path@1.0.0"),
        ("@std/path", "jsr:1.0.0", "@jsr/std__path@1.0.0"),
        ("@s/a", "*", "@s/a@1.0.0"),
        ("x", "npm:@s/a@1.0.0", "@s/a@1.0.0"),
        ("b", "own:^1.0.0", "b@own:1.0.0"),
        ("@acme/c", "own:latest", "@acme/c@own:1.0.0"),
        ("b", "^1.0.0", "ERR_PNPM_RESOLVING_NPM_RESOLVER_NETWORK_ERROR"),
    ] {
        assert_eq!(run.id(alias, specifier).await, id, "{alias}@{specifier}");
    }
    let jsr = run.resolve("path", "jsr:@std/path@^1").await.unwrap();
    assert_eq!((jsr.via, jsr.normalized_specifier.as_deref()), (Via::Jsr, Some("jsr:@std/path@^1.0.0")));
}

#[tokio::test]
async fn what_is_no_specifier_of_a_registry_is_left_to_others() {
    let bench = Bench::new("http://127.0.0.1:9/");
    let run = bench.run();
    let preferred = pacwatch::core::resolve::PreferredVersions::default();
    for specifier in ["./a", "workspace:../a", "file:a.tgz", "user/repo", "link:../a", "git+ssh://h/a.git"] {
        let asked = super::asked(bench.folder.path(), &preferred);
        let answer = run.resolver.resolve(&wanted("a", specifier), &asked).await.unwrap();
        assert_eq!(answer, None, "{specifier}");
    }
}

#[tokio::test]
async fn a_version_that_is_too_young_is_taken_only_if_nothing_else_fits_and_says_so() {
    let registry = Registry::start();
    let a = document(&registry, "a", &["1.0.0", "1.1.0", "1.2.0"]);
    let a = timed(a, &[("1.0.0", 5000), ("1.1.0", 100), ("1.2.0", 50)]);
    registry.serve_metadata("a", &a, None);
    let bench = Bench::new(registry.url());
    let run = bench.run();
    let by_yesterday = async |specifier| run.resolve_by("a", specifier, Some(yesterday())).await.unwrap();
    let old = by_yesterday("^1.0.0").await;
    assert_eq!((&*old.id, old.violation.as_ref(), old.latest.as_deref()), ("a@1.0.0", None, None));
    let young = by_yesterday("^1.1.0").await;
    assert_eq!(&*young.id, "a@1.1.0", "the lowest");
    let violation = young.violation.as_ref().unwrap();
    assert_eq!(violation.code, "MINIMUM_RELEASE_AGE_VIOLATION");
    assert!(violation.reason.contains("within the minimumReleaseAge cutoff ("));
    let bench = Bench::new(registry.url()).settings("minimumReleaseAgeExclude: ['a@1.2.0']\n");
    let excluded = bench.run().resolve_by("a", "^1.0.0", Some(yesterday())).await.unwrap();
    assert_eq!((&*excluded.id, excluded.violation.as_ref()), ("a@1.2.0", None));
}

#[tokio::test]
async fn trust_must_not_get_less() {
    let registry = Registry::start();
    let mut a = document(&registry, "a", &["1.0.0", "1.1.0", "2.0.0"]);
    let attestations = serde_json::json!({"provenance": {"predicateType": "p"}});
    for version in ["1.0.0", "2.0.0"] {
        a["versions"][version]["dist"]["attestations"] = attestations.clone();
    }
    registry.serve_metadata("a", &timed(a, &[("1.0.0", 900), ("1.1.0", 800), ("2.0.0", 700)]), None);
    let run = Bench::new(registry.url()).settings("trustPolicy: no-downgrade\n").run();
    assert_eq!(run.id("a", "^1.0.0").await, "ERR_PNPM_TRUST_DOWNGRADE");
    assert_eq!(run.id("a", "^2.0.0").await, "a@2.0.0");
    let settings = "trustPolicy: no-downgrade\ntrustPolicyExclude: [a@1.1.0]\n";
    assert_eq!(Bench::new(registry.url()).settings(settings).run().id("a", "^1.0.0").await, "a@1.1.0");
}

fn workspace(bench: &Bench) -> WorkspacePackages {
    let manifest =
        PackageManifest { name: "a".into(), version: "1.5.0".into(), ..PackageManifest::default() };
    let folder = bench.folder.path().join("packages/a");
    WorkspacePackages::new([WorkspacePackage { folder, manifest: Arc::new(manifest) }])
}

#[tokio::test]
async fn projects_of_the_workspace_are_linked_where_the_settings_say_so() {
    let registry = Registry::start();
    registry.serve_metadata("a", &document(&registry, "a", &["1.0.0", "1.9.0"]), None);
    let link = "link:packages/a";
    for (settings, specifier, id) in [
        ("", "workspace:*", link),
        ("", "workspace:^1.0.0", link),
        ("", "workspace:a@~1.5.0", link),
        ("", "workspace:^2.0.0", "no code"),
        ("", "workspace:b@*", "no code"),
        ("", "^1.0.0", "a@1.9.0"),
        ("linkWorkspacePackages: true\n", "^1.0.0", "a@1.9.0"),
        ("linkWorkspacePackages: true\n", "1.5.0", link),
        ("linkWorkspacePackages: true\n", "~1.5.0", link),
        ("linkWorkspacePackages: true\npreferWorkspacePackages: true\n", "^1.0.0", link),
        ("injectWorkspacePackages: true\n", "workspace:*", "a@file:packages/a"),
    ] {
        let bench = Bench::new(registry.url()).settings(settings);
        let run = bench.run_with(Some(workspace(&bench)));
        assert_eq!(run.id("a", specifier).await, id, "{settings} {specifier}");
    }
    assert_eq!(Bench::new(registry.url()).run().id("a", "workspace:*").await, "no code");
}

#[tokio::test]
async fn the_order_of_answers_does_not_change_what_is_picked() {
    let names: Vec<String> = (0..24).map(|number| format!("p{number}")).collect();
    let mut outcomes = Vec::new();
    for seed in 0..3 {
        let registry = Registry::start();
        for name in &names {
            registry.serve_metadata(name, &document(&registry, name, &["1.0.0", "1.1.0"]), None);
        }
        registry.shuffle_answers(seed, Duration::from_millis(20));
        let run = Bench::new(registry.url()).run();
        let ids = names.iter().map(|name| run.id(name, "^1.0.0"));
        outcomes.push(futures_util::future::join_all(ids).await);
    }
    assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(outcomes[0][0], "p0@1.1.0");
}
