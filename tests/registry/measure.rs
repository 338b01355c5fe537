//! How long it takes to read many documents: to be run by hand, with `METADATA_REGISTRY` (its address) and
//! `METADATA_NAMES` (a file with names, one a line). With `METADATA_KEEP` the cache stays, for pnpm to read.

use std::time::Instant;

use super::Bench;

#[ignore = "it needs a registry that is filled, and says nothing about right or wrong"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_documents_cold_and_warm() {
    let registry = std::env::var("METADATA_REGISTRY").unwrap();
    let names = std::fs::read_to_string(std::env::var("METADATA_NAMES").unwrap()).unwrap();
    let names: Vec<&str> = names.lines().collect();
    let bench = Bench::new(&registry);
    for (state, specifier, published_by) in [
        ("nothing cached", "*", None),
        ("cached and asked again", "*", None),
        ("cached and not asked again", "*", Some(super::yesterday())),
        ("cached and not asked again, second time", "*", Some(super::yesterday())),
    ] {
        let run = bench.run();
        let preferred = pacwatch::core::resolve::PreferredVersions::default();
        let started = Instant::now();
        let wanted: Vec<_> = names.iter().map(|name| super::wanted(name, specifier)).collect();
        let answers = wanted.iter().map(|wanted| {
            let asked = pacwatch::core::resolve::Asked {
                published_by,
                ..super::asked(bench.folder.path(), &preferred)
            };
            let resolver = &run.resolver;
            async move { resolver.resolve(wanted, &asked).await }
        });
        let answers = futures_util::future::join_all(answers).await;
        let answered = started.elapsed();
        let failed = answers.iter().filter(|answer| answer.is_err()).count();
        run.resolver.packuments().settle();
        let again = Instant::now();
        for wanted in &wanted {
            let asked = pacwatch::core::resolve::Asked {
                published_by,
                ..super::asked(bench.folder.path(), &preferred)
            };
            let _ = run.resolver.resolve(wanted, &asked).await;
        }
        eprintln!(
            "{state}: {} documents in {answered:?}, settled after {:?}, asked again in {:?}, {failed} failed",
            names.len(),
            started.elapsed(),
            again.elapsed()
        );
    }
    if std::env::var_os("METADATA_KEEP").is_some() {
        eprintln!("the cache stays in {}", bench.folder.keep().join("cache").display());
    }
}
