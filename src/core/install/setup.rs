//! The tools of a run: runtime, client, store, pools. They are started while the inputs are read.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::InstallError;
use super::turning::Turning;
use crate::core::config::{Config, NoProxy};
use crate::core::control::Controls;
use crate::core::emit::Emitter;
use crate::core::fetch::{Backlog, Fetcher, Progress};
use crate::core::link::{Linker, Placement, VirtualStore};
use crate::core::meter::Meters;
use crate::core::network::{Client, NetworkSettings, ProxySettings, RetryPolicy, TlsSettings};
use crate::core::pool::LanePool;
use crate::core::store::Store;
use crate::core::store::index::IndexWriter;

/// Threads that move bytes between sockets and memory. The work on what comes is done elsewhere.
const NETWORK_THREADS: usize = 2;

/// Tools that are being made ready, or are.
pub enum Setup {
    /// A thread makes them ready.
    Starting(JoinHandle<Result<Tools, InstallError>>),
    /// They are ready.
    Ready(Tools),
}

/// Tools that are ready. None of them touches the tree: it may have to be taken away yet.
pub struct Tools {
    /// Drives requests.
    pub runtime: tokio::runtime::Runtime,
    /// Fetches packages.
    pub fetcher: Arc<Fetcher>,
    /// Where slots are filled.
    pub link_pool: LanePool,
}

impl Setup {
    /// Begins to make the tools ready, on a thread of their own.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(config: &Config, emitter: &Emitter, meters: &Meters) -> Result<Self, InstallError> {
        let (config, emitter, meters) = (config.clone(), emitter.clone(), meters.clone());
        let thread = std::thread::Builder::new()
            .name("setup".into())
            .spawn(move || make(&config, emitter, meters))
            .map_err(InstallError::Runtime)?;
        Ok(Self::Starting(thread))
    }

    /// Waits until the tools are ready. What is asked of the run reaches them from then on.
    ///
    /// # Errors
    /// When one of them could not be made.
    pub fn finish(self, config: &Config, controls: &Controls) -> Result<Tools, InstallError> {
        match self {
            Self::Starting(thread) => {
                let tools = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
                tools.listen(config, controls);
                Ok(tools)
            }
            Self::Ready(tools) => Ok(tools),
        }
    }
}

impl Tools {
    /// Opens the virtual store.
    ///
    /// # Errors
    /// When its folder cannot be made or opened.
    pub fn linker(&self, config: &Config) -> Result<Arc<Linker>, InstallError> {
        let fetcher = &self.fetcher;
        Ok(Arc::new(Linker {
            virtual_store: VirtualStore::open(&config.virtual_store_dir)?,
            store: Arc::clone(&fetcher.store),
            placement: Placement::new(*config.import_method, fetcher.emitter.clone()),
            emitter: fetcher.emitter.clone(),
            meters: fetcher.meters.clone(),
            executables: Mutex::default(),
            patched: (*config.side_effects_cache && !*config.side_effects_cache_readonly)
                .then(Mutex::default),
        }))
    }

    fn listen(&self, config: &Config, controls: &Controls) {
        let turning = Turning {
            controls: controls.clone(),
            made_with: config.knobs(),
            emitter: self.fetcher.emitter.clone(),
            permits: self.fetcher.client.permits().clone(),
            extract_pool: self.fetcher.pool.clone(),
            link_pool: self.link_pool.clone(),
        };
        self.runtime.spawn(turning.watch());
    }
}

fn make(config: &Config, emitter: Emitter, meters: Meters) -> Result<Tools, InstallError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(NETWORK_THREADS)
        .thread_name("network")
        .enable_all()
        .build()
        .map_err(InstallError::Runtime)?;
    let store = Arc::new(Store::open(&config.store_dir)?);
    let index = Arc::new(IndexWriter::start(&store.index_path())?);
    let client = Client::new(network_settings(config), *config.network_concurrency)?;
    let fetcher = Arc::new(Fetcher {
        client,
        store,
        index,
        pool: LanePool::new("extract", *config.extract_threads)?,
        emitter,
        meters,
        progress: Progress::default(),
        max_unpacked_size: *config.max_tarball_unpacked_size,
        offline: *config.offline,
        backlog: Arc::new(Backlog::default()),
        retried: AtomicU64::new(0),
    });
    Ok(Tools { runtime, fetcher, link_pool: LanePool::new("link", *config.link_threads)? })
}

fn network_settings(config: &Config) -> NetworkSettings {
    let pem =
        |certificates: &[String]| certificates.iter().map(|pem| pem.clone().into_bytes()).collect::<Vec<_>>();
    NetworkSettings {
        user_agent: config.user_agent.value.clone(),
        fetch_timeout: Duration::from_millis(*config.fetch_timeout),
        retry: RetryPolicy {
            retries: *config.fetch_retries,
            factor: *config.fetch_retry_factor,
            shortest: Duration::from_millis(*config.fetch_retry_mintimeout),
            longest: Duration::from_millis(*config.fetch_retry_maxtimeout),
        },
        tls: TlsSettings {
            strict: *config.tls.strict_ssl,
            extra_authorities: pem(&config.tls.ca),
            environment_authorities: pem(&config.tls.extra_ca),
            identity: identity(config),
        },
        proxy: ProxySettings {
            http: config.proxy.http.as_ref().map(|proxy| proxy.value.clone()),
            https: config.proxy.https.as_ref().map(|proxy| proxy.value.clone()),
            no_proxy: match &config.proxy.no_proxy {
                NoProxy::All => Some("*".to_owned()),
                NoProxy::Hosts(hosts) => Some(hosts.join(",")).filter(|hosts| !hosts.is_empty()),
            },
        },
        local_address: *config.local_address,
        credentials: Arc::new(config.credentials.clone()),
        ..NetworkSettings::default()
    }
}

/// Our certificate and key for the default registry, one after the other in PEM.
fn identity(config: &Config) -> Option<Vec<u8>> {
    let registry = url::Url::parse(&config.registries.default).ok()?;
    let tls = config.tls.for_url(&registry)?;
    let (certificate, key) = (tls.cert.as_ref()?, tls.key.as_ref()?);
    Some(format!("{certificate}\n{key}\n").into_bytes())
}
