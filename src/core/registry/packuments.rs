//! The metadata of a run: each document is read from the cache and asked for at most once, however many want it.
//!
//! Who wants a document makes an [`Inquiry`] and decides what is good enough: what the cache has, what the registry says
//! now, or a document that knows publish times. Reading is done by workers and requests run on the runtime, so whoever
//! waits only waits.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use super::cache::{self, Cached};
use super::error::RegistryError;
use super::location::{Form, Place};
use super::packument::Packument;
use super::request::{Outcome, Request};
use super::timestamp::{milliseconds_since_1970, parse_timestamp};
use super::workers::Workers;
use crate::core::config::Config;
use crate::core::emit::Emitter;
use crate::core::event::{EventKind, MetadataCache, MetadataReceived};
use crate::core::lockfile::is_valid_package_name;
use crate::core::network::Client;

/// How long a cached document without validators counts as current, milliseconds.
const FRESH_WITHOUT_VALIDATORS: i64 = 5 * 60 * 1000;

/// Something to do with a document on the thread that read it, such as reading the version that will be picked.
pub type Warm = Arc<dyn Fn(&Arc<Packument>) + Send + Sync>;

/// The metadata of a run. A clone is another handle on it.
#[derive(Debug, Clone)]
pub struct Packuments {
    pub(super) shared: Arc<Shared>,
    /// Its requests let all others go first.
    is_patient: bool,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) emitter: Emitter,
    pub(super) workers: Workers,
    runtime: Handle,
    cache_dir: PathBuf,
    offline: bool,
    /// By name of the package, then by registry and form.
    entries: Mutex<FxHashMap<Arc<str>, Vec<Arc<Entry>>>>,
    /// The registries that were asked, few at most.
    places: Arc<Mutex<Vec<Arc<Place>>>>,
    /// Registries whose abbreviated documents tell neither publish times nor when they changed last.
    without_times: Arc<Mutex<FxHashSet<Arc<str>>>>,
}

/// A document of a package at a registry.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) place: Arc<Place>,
    pub(super) name: Arc<str>,
    form: Form,
    pub(super) file: Option<PathBuf>,
    cached: OnceCell<Option<Confirmed>>,
    current: OnceCell<Result<Arc<Packument>, RegistryError>>,
    with_times: OnceCell<Result<Arc<Packument>, RegistryError>>,
    hit_was_told: AtomicBool,
    /// Why the registry could not be asked when the cache's document was taken instead.
    refusal: OnceLock<RegistryError>,
}

/// What the cache has.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The document.
    pub packument: Arc<Packument>,
    /// When it was written or last found to be current, milliseconds since 1970.
    pub confirmed_at: i64,
    bytes: u64,
}

/// A question about a package at a registry.
#[derive(Clone)]
pub struct Inquiry {
    packuments: Packuments,
    entry: Arc<Entry>,
    warm: Option<Warm>,
}

impl std::fmt::Debug for Inquiry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inquiry").field("entry", &self.entry).finish_non_exhaustive()
    }
}

impl Packuments {
    /// Metadata by this configuration. Requests run on `runtime` and take the client's permits.
    #[must_use]
    pub fn new(config: &Config, client: Client, emitter: Emitter, runtime: Handle) -> Self {
        let shared = Shared {
            client,
            emitter,
            workers: Workers::default(),
            runtime,
            cache_dir: config.cache_dir.value.clone(),
            offline: *config.offline,
            entries: Mutex::default(),
            places: Arc::default(),
            without_times: Arc::default(),
        };
        Self { shared: Arc::new(shared), is_patient: false }
    }

    /// Metadata for somebody who looks at each package once and has time: what is read for them is not kept for others,
    /// and their requests let all others go first.
    #[must_use]
    pub fn for_a_look(&self) -> Self {
        let shared = &self.shared;
        let shared = Shared {
            client: shared.client.clone(),
            emitter: shared.emitter.clone(),
            workers: shared.workers.clone(),
            runtime: shared.runtime.clone(),
            cache_dir: shared.cache_dir.clone(),
            offline: shared.offline,
            entries: Mutex::default(),
            places: Arc::clone(&shared.places),
            without_times: Arc::clone(&shared.without_times),
        };
        Self { shared: Arc::new(shared), is_patient: true }
    }

    /// Forgets what was read of a package.
    pub fn forget(&self, name: &str) {
        lock(&self.shared.entries).remove(name);
    }

    /// The client that asks.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// A question about a package. `warm` is called with each document that is read for it.
    ///
    /// # Errors
    /// When the name is none that can be asked for.
    pub fn inquire(
        &self,
        registry: &str,
        name: &Arc<str>,
        form: Form,
        warm: Option<Warm>,
    ) -> Result<Inquiry, RegistryError> {
        let mut entries = lock(&self.shared.entries);
        let known = entries.get(name).and_then(|entries| {
            entries.iter().find(|entry| entry.form == form && *entry.place.registry == *registry)
        });
        if let Some(entry) = known {
            return Ok(Inquiry { packuments: self.clone(), entry: Arc::clone(entry), warm });
        }
        if !is_valid_package_name(name) {
            return Err(RegistryError::InvalidName { name: name.to_string() });
        }
        let place = self.shared.place(registry);
        let entry = Arc::new(Entry {
            file: place.cache_file(&self.shared.cache_dir, form, name),
            place,
            name: Arc::clone(name),
            form,
            cached: OnceCell::new(),
            current: OnceCell::new(),
            with_times: OnceCell::new(),
            hit_was_told: AtomicBool::new(false),
            refusal: OnceLock::new(),
        });
        entries.entry(Arc::clone(name)).or_default().push(Arc::clone(&entry));
        Ok(Inquiry { packuments: self.clone(), entry, warm })
    }

    /// No request may be made.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.shared.offline
    }

    /// Waits until all documents are in the cache that are going to be. Blocks: to be called at the end of a run.
    pub fn settle(&self) {
        self.shared.workers.catch_up();
    }
}

impl Shared {
    fn place(&self, registry: &str) -> Arc<Place> {
        let mut places = lock(&self.places);
        if let Some(place) = places.iter().find(|place| *place.registry == *registry) {
            return Arc::clone(place);
        }
        let place = Arc::new(Place::of(registry));
        places.push(Arc::clone(&place));
        place
    }
}

impl Inquiry {
    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.entry.name
    }

    /// What the cache has, however old.
    pub async fn cached(&self) -> Option<&Confirmed> {
        let load = async || {
            let (file, name) = (self.entry.file.clone()?, Arc::clone(&self.entry.name));
            let warm = self.warm.clone();
            let read = move || {
                let Cached { packument, confirmed_at, bytes } = cache::read(&file, &name)?;
                let packument = Arc::new(packument);
                if let Some(warm) = warm {
                    warm(&packument);
                }
                Some(Confirmed { packument, confirmed_at, bytes })
            };
            self.packuments.shared.workers.run(read).await.flatten()
        };
        self.entry.cached.get_or_init(load).await.as_ref()
    }

    /// Tells, once, that the cache's document was good enough.
    pub fn tell_hit(&self) {
        let Some(cached) = self.entry.cached.get().and_then(Option::as_ref) else { return };
        if self.entry.hit_was_told.swap(true, Ordering::Relaxed) {
            return;
        }
        self.packuments.shared.emitter.emit(EventKind::MetadataReceived(Box::new(MetadataReceived {
            name: self.entry.name.to_string(),
            cache: MetadataCache::Hit,
            lane: None,
            bytes: cached.bytes,
            queue_us: 0,
            first_byte_us: 0,
            body_us: 0,
            read_us: 0,
            answered_by: None,
        })));
    }

    /// What the registry says now; the cache's document when it says that this is current, when it cannot be asked, or
    /// when it must not be. `wants_times` tells that publish times will be asked for next.
    ///
    /// # Errors
    /// When the request fails and the cache has nothing.
    pub async fn current(&self, wants_times: bool) -> Result<Arc<Packument>, RegistryError> {
        // On the runtime, so that it goes on whoever waits for it, and whoever waits is woken once.
        let ask = async || {
            let inquiry = self.clone();
            let asking = async move { inquiry.ask(wants_times).await };
            self.packuments.shared.runtime.spawn(asking).await.unwrap_or_else(|_| Err(self.lost()))
        };
        self.entry.current.get_or_init(ask).await.clone()
    }

    /// Why the registry could not be asked, when what is called current comes from the cache for that reason.
    #[must_use]
    pub fn refusal(&self) -> Option<&RegistryError> {
        self.entry.refusal.get()
    }

    /// Whether the registry was asked already, or what it would be asked for is known not to be worth it.
    #[must_use]
    pub fn is_current_known(&self) -> bool {
        self.entry.current.initialized()
    }

    async fn ask(&self, wants_times: bool) -> Result<Arc<Packument>, RegistryError> {
        let shared = &self.packuments.shared;
        let cached = self.cached().await;
        if shared.offline {
            return match cached {
                Some(cached) => {
                    self.tell_hit();
                    Ok(Arc::clone(&cached.packument))
                }
                None => Err(RegistryError::Offline {
                    name: self.entry.name.to_string(),
                    path: self.entry.file.clone().unwrap_or_default(),
                }),
            };
        }
        let known = cached.map(|cached| Arc::clone(&cached.packument));
        if let Some(cached) = cached
            && is_fresh_without_validators(cached)
        {
            self.tell_hit();
            return Ok(Arc::clone(&cached.packument));
        }
        let form = self.form_to_ask_for(known.as_deref(), wants_times);
        match (self.request(form, known.clone()).make().await, known) {
            (Ok(Outcome::New(packument)), _) => {
                self.learn(form, &packument);
                Ok(packument)
            }
            (Ok(Outcome::Current), Some(known)) => Ok(known),
            (Ok(Outcome::Current), None) => {
                Err(RegistryError::NotModifiedWithoutCache { name: self.entry.name.to_string() })
            }
            (Err(error), Some(known)) => {
                tracing::debug!(name = &*self.entry.name, %error, "the cached metadata is used instead");
                // Nobody else sets it: this runs once.
                let _ = self.entry.refusal.set(error);
                Ok(known)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// A document with publish times in place of one without, unless the latter is known not to have changed since
    /// `cutoff` (milliseconds since 1970), or there is none to be had.
    ///
    /// # Errors
    /// When the request fails.
    pub async fn with_times(
        &self,
        packument: Arc<Packument>,
        cutoff: i64,
    ) -> Result<Arc<Packument>, RegistryError> {
        let is_settled = |packument: &Packument| {
            packument.own_modified().and_then(parse_timestamp).is_some_and(|modified| modified <= cutoff)
        };
        let is_enough = self.packuments.shared.offline || self.entry.form == Form::Full;
        if is_enough || packument.has_times() || is_settled(&packument) {
            return Ok(packument);
        }
        let ask = async || {
            let request = self.request(Form::Full, Some(Arc::clone(&packument)));
            match self.packuments.shared.runtime.spawn(request.make()).await {
                Ok(Ok(Outcome::New(packument))) => Ok(packument),
                Ok(Ok(Outcome::Current)) => Ok(Arc::clone(&packument)),
                Ok(Err(error)) => Err(error),
                Err(_) => Err(self.lost()),
            }
        };
        self.entry.with_times.get_or_init(ask).await.clone()
    }

    /// A registry that is known to leave times out of abbreviated documents is asked for the full one at once; so is one
    /// whose full document is cached, since only that can turn out to be current.
    fn form_to_ask_for(&self, known: Option<&Packument>, wants_times: bool) -> Form {
        let leads_to_full = || match known {
            Some(known) => known.has_times(),
            None => lock(&self.packuments.shared.without_times).contains(&self.entry.place.registry),
        };
        if self.entry.form == Form::Abbreviated && !(wants_times && leads_to_full()) {
            Form::Abbreviated
        } else {
            Form::Full
        }
    }

    fn learn(&self, form: Form, packument: &Packument) {
        if form == Form::Abbreviated && packument.own_modified().is_none() && !packument.has_times() {
            lock(&self.packuments.shared.without_times).insert(Arc::clone(&self.entry.place.registry));
        }
    }

    fn request(&self, form: Form, known: Option<Arc<Packument>>) -> Request {
        Request {
            shared: Arc::clone(&self.packuments.shared),
            entry: Arc::clone(&self.entry),
            form,
            known,
            warm: self.warm.clone(),
            is_patient: self.packuments.is_patient,
        }
    }

    fn lost(&self) -> RegistryError {
        RegistryError::Lost { name: self.entry.name.to_string() }
    }

    /// Begins to find out what will be needed when the cache has nothing; does nothing else.
    pub fn prefetch(self, wants_times: bool) {
        if self.entry.current.initialized() || self.entry.cached.initialized() {
            return;
        }
        let runtime = self.packuments.shared.runtime.clone();
        runtime.spawn(async move {
            if self.cached().await.is_none() && !self.packuments.shared.offline {
                // Whoever needs it learns of the failure then.
                let _ = self.current(wants_times).await;
            }
        });
    }
}

fn is_fresh_without_validators(cached: &Confirmed) -> bool {
    let age = milliseconds_since_1970(SystemTime::now()).saturating_sub(cached.confirmed_at);
    let packument = &cached.packument;
    packument.etag.is_none()
        && packument.own_modified().is_none()
        && (0..=FRESH_WITHOUT_VALIDATORS).contains(&age)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
