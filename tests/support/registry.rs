//! An npm registry on loopback: it serves synthetic packages, remembers every request, and misbehaves on demand.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::answer::{Answer, Exchange};
use super::connection::{CountingListener, Surplus};
use super::packages::Package;
use super::packument::packument;

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// `GET`.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// Header names in lower case.
    pub headers: HashMap<String, String>,
    /// When it came.
    pub at: Instant,
}

impl Recorded {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct Contents {
    packages: BTreeMap<String, Vec<Package>>,
    files: HashMap<String, Bytes>,
    /// What is served to those who ask for abbreviated metadata.
    abbreviated: HashMap<String, Bytes>,
    scripts: HashMap<String, VecDeque<Answer>>,
    tokens: Vec<(String, String)>,
    delays: Option<(u64, Duration)>,
    requests: Vec<Recorded>,
}

struct Shared {
    url: String,
    contents: Mutex<Contents>,
    connections: Arc<AtomicUsize>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
}

/// A running registry. Stops when dropped. Its methods may be called from any thread, with a runtime or without.
pub struct Registry {
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Registry {
    /// Starts an empty registry on a free port.
    pub fn start() -> Self {
        let (ready, started) = channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let connections = Arc::new(AtomicUsize::new(0));
                let shared = Arc::new(Shared {
                    url: format!("http://{}/", listener.local_addr().unwrap()),
                    contents: Mutex::default(),
                    connections: Arc::clone(&connections),
                    in_flight: AtomicUsize::new(0),
                    most_in_flight: AtomicUsize::new(0),
                });
                ready.send(Arc::clone(&shared)).unwrap();
                let router = Router::new().fallback(answer).with_state(shared);
                let service = router.into_make_service_with_connect_info::<Surplus>();
                let server = axum::serve(CountingListener { listener, count: connections }, service);
                tokio::select! {
                    _ = server.into_future() => {}
                    _ = stopped => {}
                }
            });
        });
        Self { shared: started.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    /// Its address, with a slash at the end.
    pub fn url(&self) -> &str {
        &self.shared.url
    }

    /// The address of a path.
    pub fn url_of(&self, path: &str) -> String {
        format!("{}{}", self.shared.url, path.trim_start_matches('/'))
    }

    /// Where a package's tarball lies: `/<name>/-/<bare name>-<version>.tgz`.
    pub fn tarball_path(package: &Package) -> String {
        format!("/{}/-/{}", package.name, package.file_name())
    }

    /// The address of a package's tarball.
    pub fn tarball_url(&self, package: &Package) -> String {
        self.url_of(&Self::tarball_path(package))
    }

    /// Adds a package: its tarball, and its metadata at `/<name>`.
    pub fn publish(&self, package: &Package) -> &Self {
        let mut contents = self.shared.contents.lock().unwrap();
        contents.files.insert(Self::tarball_path(package), package.tarball().into());
        let versions = contents.packages.entry(package.name.clone()).or_default();
        versions.retain(|other| other.version != package.version);
        versions.push(package.clone());
        let document = packument(&self.shared.url, versions);
        contents.files.insert(format!("/{}", package.name), document.into());
        self
    }

    /// Serves these bytes at a path.
    pub fn serve(&self, path: &str, bytes: impl Into<Bytes>) -> &Self {
        self.shared.contents.lock().unwrap().files.insert(path.to_owned(), bytes.into());
        self
    }

    /// Serves a package's metadata; those who ask for the abbreviated form get that, if there is one.
    pub fn serve_metadata(&self, name: &str, full: &Value, abbreviated: Option<&Value>) -> &Self {
        let mut contents = self.shared.contents.lock().unwrap();
        let path = format!("/{name}");
        contents.files.insert(path.clone(), full.to_string().into());
        match abbreviated {
            Some(document) => contents.abbreviated.insert(path, document.to_string().into()),
            None => contents.abbreviated.remove(&path),
        };
        drop(contents);
        self
    }

    /// Answers requests for a path with one of these after the other; the last one stays.
    pub fn script(&self, path: &str, answers: impl IntoIterator<Item = Answer>) -> &Self {
        let answers = answers.into_iter().collect();
        self.shared.contents.lock().unwrap().scripts.insert(path.to_owned(), answers);
        self
    }

    /// Likewise, for a package's tarball.
    pub fn script_tarball(&self, package: &Package, answers: impl IntoIterator<Item = Answer>) -> &Self {
        self.script(&Self::tarball_path(package), answers)
    }

    /// Answers 401 below a path unless the request carries this bearer token.
    pub fn require_token(&self, prefix: &str, token: &str) -> &Self {
        let rule = (prefix.to_owned(), format!("Bearer {token}"));
        self.shared.contents.lock().unwrap().tokens.push(rule);
        self
    }

    /// Waits before each answer, up to `longest`: how long depends on the seed and the path, so that answers come
    /// in another order than they were asked for, the same one each time.
    pub fn shuffle_answers(&self, seed: u64, longest: Duration) -> &Self {
        self.shared.contents.lock().unwrap().delays = Some((seed, longest));
        self
    }

    /// All requests so far, in the order they came.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.contents.lock().unwrap().requests.clone()
    }

    /// The requests for a path.
    pub fn requests_for(&self, path: &str) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.contents.lock().unwrap().requests.clear();
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The most requests that waited for the head of their answer at one time.
    pub fn most_in_flight(&self) -> usize {
        self.shared.most_in_flight.load(Ordering::SeqCst)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(surplus): ConnectInfo<Surplus>,
    request: Request,
) -> Response {
    let now = shared.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
    shared.most_in_flight.fetch_max(now, Ordering::SeqCst);
    let guard = InFlight(Arc::clone(&shared));
    let (next, delay, exchange) = shared.take(&request, surplus);
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let response = next.play(exchange).await;
    drop(guard);
    response
}

struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    /// Records a request and decides on its answer.
    fn take(&self, request: &Request, surplus: Surplus) -> (Answer, Duration, Exchange) {
        let header = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut contents = self.contents.lock().unwrap();
        contents.requests.push(Recorded {
            method: request.method().to_string(),
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            headers: request.headers().keys().map(|name| (name.to_string(), header(name.as_str()))).collect(),
            at: Instant::now(),
        });
        // A scope's slash may come escaped.
        let path = request.uri().path().replace("%2F", "/").replace("%2f", "/").replace("%40", "@");
        let abbreviated = header("accept").contains("install-v1").then(|| contents.abbreviated.get(&path));
        let exchange = Exchange {
            content: abbreviated.flatten().or_else(|| contents.files.get(&path)).cloned(),
            if_none_match: header("if-none-match"),
            accepts_gzip: header("accept-encoding").contains("gzip"),
            surplus,
        };
        let delay = contents.delays.map_or(Duration::ZERO, |(seed, longest)| {
            longest.mul_f64(f64::from(scatter(seed, &path)) / f64::from(u16::MAX))
        });
        let refused = contents.tokens.iter().any(|(prefix, authorization)| {
            path.starts_with(prefix.as_str()) && header("authorization") != *authorization
        });
        if refused {
            return (Answer::Status(401), delay, exchange);
        }
        let answer = match contents.scripts.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.pop_front(),
            Some(answers) => answers.front().cloned(),
            None => None,
        };
        (answer.unwrap_or(Answer::Content), delay, exchange)
    }
}

/// A number that looks random and is the same each time (FNV-1a).
fn scatter(seed: u64, path: &str) -> u16 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ seed;
    for byte in path.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    u16::try_from(hash >> 48).unwrap_or_default()
}
