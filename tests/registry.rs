//! Metadata and versions from a registry on loopback: what is asked for, what is kept, and what is picked.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

#[path = "registry/cached.rs"]
mod cached;
#[path = "registry/measure.rs"]
mod measure;
#[path = "registry/picked.rs"]
mod picked;

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use pacwatch::core::clock::Clock;
use pacwatch::core::config::{Config, Flags, Input};
use pacwatch::core::emit::{Emitter, Stamped};
use pacwatch::core::event::{EventKind, MetadataCache};
use pacwatch::core::network::{Client, NetworkSettings, RetryPolicy};
use pacwatch::core::registry::{Packuments, milliseconds_since_1970};
use pacwatch::core::resolve::npm::{NpmResolver, NpmSettings, WorkspacePackages};
use pacwatch::core::resolve::{Asked, PreferredVersions, ResolveError, Resolved, UpdateBehavior, Wanted};
use serde_json::{Value, json};
use support::registry::Registry;
use tempfile::TempDir;

/// A folder with a configuration for a registry, and what resolves by it.
struct Bench {
    folder: TempDir,
    registry: String,
    settings: String,
    npmrc: String,
    flags: Flags,
}

/// One run.
struct Run {
    resolver: NpmResolver,
    events: Receiver<Stamped>,
    folder: std::path::PathBuf,
}

impl Bench {
    fn new(registry: &str) -> Self {
        let settings = String::new();
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            registry: registry.to_owned(),
            settings,
            npmrc: String::new(),
            flags: Flags::default(),
        }
    }

    /// With lines of `pnpm-workspace.yaml`.
    fn settings(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.settings);
        self
    }

    /// With lines of the user's `.npmrc`.
    fn npmrc(mut self, lines: &str) -> Self {
        lines.clone_into(&mut self.npmrc);
        self
    }

    fn offline(mut self, offline: bool) -> Self {
        self.flags.offline = Some(offline);
        self
    }

    fn config(&self) -> Config {
        let folder = self.folder.path();
        let cache = folder.join("cache");
        let yaml = format!(
            "registry: {}\ncacheDir: {}\nstoreDir: {}\nfetchRetryMintimeout: 0\nfetchRetryMaxtimeout: 0\n{}\n",
            self.registry,
            cache.display(),
            folder.join("store").display(),
            self.settings
        );
        std::fs::write(folder.join("pnpm-workspace.yaml"), yaml).unwrap();
        std::fs::write(folder.join("package.json"), "{}").unwrap();
        std::fs::create_dir_all(folder.join("home")).unwrap();
        std::fs::write(folder.join("home/.npmrc"), &self.npmrc).unwrap();
        let input = Input {
            dir: folder.to_owned(),
            working_dir: folder.to_owned(),
            environment: std::collections::BTreeMap::new(),
            home: Some(folder.join("home")),
            flags: self.flags.clone(),
            processors: 2,
        };
        Config::load(&input).unwrap()
    }

    /// Begins a run; only what is cached is known from before. To be called on a runtime.
    fn run(&self) -> Run {
        self.run_with(None)
    }

    fn run_with(&self, workspace: Option<WorkspacePackages>) -> Run {
        let config = self.config();
        let network = NetworkSettings {
            retry: RetryPolicy { retries: 2, factor: 1, shortest: Duration::ZERO, longest: Duration::ZERO },
            credentials: Arc::new(config.credentials.clone()),
            ..NetworkSettings::default()
        };
        let (emitter, events) = Emitter::new(Clock::start());
        let client = Client::new(network, 64).unwrap();
        let packuments = Packuments::new(&config, client, emitter, tokio::runtime::Handle::current());
        let resolver = NpmResolver::new(NpmSettings::new(&config).unwrap(), packuments, workspace);
        Run { resolver, events, folder: self.folder.path().to_owned() }
    }

    /// Makes a cached document look as if it had been written that long ago.
    fn age(&self, name: &str, by: Duration) {
        let file = self.cache_file(name);
        let file = std::fs::File::options().append(true).open(file).unwrap();
        file.set_modified(SystemTime::now() - by).unwrap();
    }

    fn cache_file(&self, name: &str) -> std::path::PathBuf {
        let cache = self.folder.path().join("cache/v12/metadata");
        let mut registries = std::fs::read_dir(cache).unwrap();
        registries.next().unwrap().unwrap().path().join(format!("{name}.jsonl"))
    }
}

fn asked<'a>(folder: &'a Path, preferred: &'a PreferredVersions) -> Asked<'a> {
    Asked {
        project_dir: folder,
        depth: 0,
        preferred,
        overlay: None,
        pick_lowest: false,
        published_by: None,
        update: UpdateBehavior::Off,
    }
}

fn wanted(alias: &str, specifier: &str) -> Wanted {
    Wanted {
        alias: Some(alias.into()),
        specifier: specifier.into(),
        optional: false,
        injected: None,
        previous_specifier: None,
    }
}

/// A day ago, the age that versions must have by default.
fn yesterday() -> i64 {
    milliseconds_since_1970(SystemTime::now()) - 24 * 60 * 60 * 1000
}

impl Run {
    async fn resolve_by(
        &self,
        alias: &str,
        specifier: &str,
        published_by: Option<i64>,
    ) -> Result<Arc<Resolved>, ResolveError> {
        let preferred = PreferredVersions::default();
        let asked = Asked { published_by, ..asked(&self.folder, &preferred) };
        let answer = self.resolver.resolve(&wanted(alias, specifier), &asked).await;
        // What is written to the cache behind the answers is there when the test looks.
        self.resolver.packuments().settle();
        answer.map(Option::unwrap)
    }

    async fn resolve(&self, alias: &str, specifier: &str) -> Result<Arc<Resolved>, ResolveError> {
        self.resolve_by(alias, specifier, None).await
    }

    /// The id that a specifier is resolved to, or the code of the failure.
    async fn id(&self, alias: &str, specifier: &str) -> String {
        match self.resolve(alias, specifier).await {
            Ok(resolved) => resolved.id.to_string(),
            Err(error) => error.code().unwrap_or("no code").to_owned(),
        }
    }

    /// Where metadata came from so far.
    fn sources(&self) -> Vec<MetadataCache> {
        let sources = self.events.try_iter().filter_map(|event| match event.kind {
            EventKind::MetadataReceived(received) => Some(received.cache),
            _ => None,
        });
        sources.collect()
    }
}

fn version(registry: &str, name: &str, version: &str) -> Value {
    let bare = name.rsplit('/').next().unwrap();
    json!({
        "name": name,
        "version": version,
        "dist": {
            "tarball": format!("{registry}{name}/-/{bare}-{version}.tgz"),
            "integrity": format!("sha512-{}==", "a".repeat(86)),
        },
    })
}

/// A document of versions; the last one is `latest`.
fn document(registry: &Registry, name: &str, versions: &[&str]) -> Value {
    let of = |text: &&str| ((*text).to_owned(), version(registry.url(), name, text));
    json!({
        "name": name,
        "dist-tags": {"latest": versions.last()},
        "versions": versions.iter().map(of).collect::<serde_json::Map<_, _>>(),
    })
}

/// The same with publish times: minutes before now.
fn timed(mut document: Value, ages: &[(&str, i64)]) -> Value {
    let now = milliseconds_since_1970(SystemTime::now());
    let time = |minutes: i64| json!(pacwatch::core::registry::format_timestamp(now - minutes * 60_000));
    let times = ages.iter().map(|(version, minutes)| ((*version).to_owned(), time(*minutes)));
    document["time"] = times.collect::<serde_json::Map<_, _>>().into();
    document
}
