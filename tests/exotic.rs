//! Dependencies that come from elsewhere than a registry: folders, tarballs, URLs, git repositories. Every form becomes
//! the id and the resolution that pnpm writes for it.
#![expect(clippy::unwrap_used, reason = "what a test does not expect should end it")]

mod support;

#[path = "exotic/chain.rs"]
mod chain;
#[path = "exotic/git.rs"]
mod git;
#[path = "exotic/hosted.rs"]
mod hosted;
#[path = "exotic/install.rs"]
mod install;
#[path = "exotic/local.rs"]
mod local;
#[path = "exotic/url.rs"]
mod url;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use pacwatch::core::clock::Clock;
use pacwatch::core::emit::Emitter;
use pacwatch::core::fetch::{Backlog, Fetcher, Progress};
use pacwatch::core::meter::Meters;
use pacwatch::core::network::{Client, NetworkSettings, RetryPolicy};
use pacwatch::core::pool::LanePool;
use pacwatch::core::resolve::{
    Asked, Chain, PreferredVersions, ResolveError, Resolved, Resolver, Source, Surroundings, UpdateBehavior,
    Wanted, Way,
};
use pacwatch::core::store::Store;
use pacwatch::core::store::index::IndexWriter;
use support::project::Site;

/// A registry that knows nothing.
struct Nothing;

impl Way for Nothing {
    async fn resolve(&self, _: &Wanted, _: &Asked<'_>) -> Result<Option<Arc<Resolved>>, ResolveError> {
        Ok(None)
    }
}

/// A project in a folder of its own, with all that resolving needs.
struct Desk {
    site: Site,
    fetcher: Arc<Fetcher>,
    chain: Chain<Nothing>,
}

impl Desk {
    fn new() -> Self {
        Self::with(patient(), false)
    }

    fn with(settings: NetworkSettings, offline: bool) -> Self {
        let site = Site::new();
        let (emitter, _) = Emitter::new(Clock::start());
        let store = Arc::new(Store::open(&site.store_v11()).unwrap());
        let index = Arc::new(IndexWriter::start(&store.index_path()).unwrap());
        let fetcher = Arc::new(Fetcher {
            client: Client::new(settings, 8).unwrap(),
            store,
            index,
            pool: LanePool::new("extract", 2).unwrap(),
            meters: Meters::new(emitter.clone()),
            emitter,
            progress: Progress::default(),
            max_unpacked_size: 64 << 20,
            offline,
            backlog: Arc::new(Backlog::default()),
            retried: AtomicU64::new(0),
        });
        let surroundings = Surroundings {
            fetcher: Arc::clone(&fetcher),
            lockfile_dir: site.project.clone(),
            home: Some(site.home.clone()),
            git_shallow_hosts: Vec::new(),
            inject_workspace_packages: false,
        };
        Self { site, fetcher, chain: Chain::new(Nothing, surroundings) }
    }

    /// Writes a file below the folder that holds the project.
    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.site.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// Resolves a specifier of the project's own manifest, under the alias `it`.
    async fn ask(&self, specifier: &str) -> Result<Arc<Resolved>, ResolveError> {
        self.ask_for(&wanted(specifier), &self.site.project).await
    }

    async fn ask_for(&self, wanted: &Wanted, project_dir: &Path) -> Result<Arc<Resolved>, ResolveError> {
        let asked = Asked {
            project_dir,
            depth: 0,
            preferred: &PreferredVersions::new(),
            overlay: None,
            pick_lowest: false,
            published_by: None,
            update: UpdateBehavior::Off,
        };
        self.chain.resolve(wanted, &asked).await
    }

    /// The code of the error that a specifier leads to, and its message.
    async fn refusal(&self, specifier: &str) -> (Option<&'static str>, String) {
        match self.ask(specifier).await {
            Ok(resolved) => panic!("{specifier} was resolved to {}", resolved.id),
            Err(error) => (error.code(), error.to_string()),
        }
    }
}

/// Limits that no machine reaches by being slow, and no waits.
fn patient() -> NetworkSettings {
    NetworkSettings {
        retry: RetryPolicy { retries: 2, factor: 1, shortest: Duration::ZERO, longest: Duration::ZERO },
        ..NetworkSettings::default()
    }
}

fn wanted(specifier: &str) -> Wanted {
    Wanted {
        alias: Some("it".into()),
        specifier: specifier.into(),
        optional: false,
        injected: None,
        previous_specifier: None,
    }
}

/// The resolution, as the lockfile would have it: its fields in one line.
fn resolution(resolved: &Resolved) -> String {
    use pacwatch::core::lockfile::Resolution;
    let path = |path: &Option<String>| path.as_ref().map(|path| format!(" path={path}")).unwrap_or_default();
    match &resolved.source {
        Source::Link { directory } => format!("link {directory}"),
        Source::Package { resolution: Resolution::Directory { directory, .. }, .. } => {
            format!("directory {directory}")
        }
        Source::Package {
            resolution: Resolution::Tarball { tarball, integrity, git_hosted, path: folder, .. },
            ..
        } => {
            let kind = if *git_hosted { "git-hosted tarball" } else { "tarball" };
            format!("{kind} {tarball} {}{}", integrity.as_deref().unwrap_or("-"), path(folder))
        }
        Source::Package { resolution: Resolution::Git { repo, commit, path: folder, .. }, .. } => {
            format!("git {repo} {commit}{}", path(folder))
        }
        Source::Package { resolution, .. } => format!("{resolution:?}"),
    }
}
