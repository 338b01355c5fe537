//! What the client needs to know, as plain values: it does not read configuration itself.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::core::config;
use crate::core::network::retry::RetryPolicy;

/// Knows which credentials belong to which URL.
///
/// Asked anew for each URL that a request goes to, redirects included, so an answer must depend on the URL alone.
pub trait Credentials: Send + Sync {
    /// The value of the `Authorization` header for this URL (`Bearer …`, `Basic …`), if there is one.
    fn authorization(&self, url: &Url) -> Option<String>;

    /// The same for a request about a package: its scope may have credentials of its own.
    fn authorization_for_package(&self, url: &Url, _package: &str) -> Option<String> {
        self.authorization(url)
    }
}

impl Credentials for config::Credentials {
    fn authorization(&self, url: &Url) -> Option<String> {
        self.authorization_for(url).map(str::to_owned)
    }

    fn authorization_for_package(&self, url: &Url, package: &str) -> Option<String> {
        Self::authorization_for_package(self, url, package).map(str::to_owned)
    }
}

impl<F: Fn(&Url) -> Option<String> + Send + Sync> Credentials for F {
    fn authorization(&self, url: &Url) -> Option<String> {
        self(url)
    }
}

/// Every request is anonymous.
#[derive(Debug, Clone, Copy)]
pub struct NoCredentials;

impl Credentials for NoCredentials {
    fn authorization(&self, _url: &Url) -> Option<String> {
        None
    }
}

/// How servers prove who they are, and how we do.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Refuse servers whose certificate does not check out (`strict-ssl`).
    pub strict: bool,
    /// Certificate authorities to trust besides those of the system. PEM, each with one certificate or more.
    pub extra_authorities: Vec<Vec<u8>>,
    /// The same, as the environment names them (`NODE_EXTRA_CA_CERTS`). They are looked at when they are needed, since
    /// they are there for other programs too.
    pub environment_authorities: Vec<Vec<u8>>,
    /// Our own certificate and its private key, one after the other in PEM.
    pub identity: Option<Vec<u8>>,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            strict: true,
            extra_authorities: Vec::new(),
            environment_authorities: Vec::new(),
            identity: None,
        }
    }
}

/// Proxies, already settled between flags, files and environment: the client looks at no variable.
#[derive(Debug, Clone, Default)]
pub struct ProxySettings {
    /// Proxy for `http:` URLs; may hold a user and password.
    pub http: Option<String>,
    /// Proxy for `https:` URLs; may hold a user and password.
    pub https: Option<String>,
    /// Hosts that are asked directly: names (with their subdomains), addresses, networks, or `*`, with commas
    /// between.
    pub no_proxy: Option<String>,
}

/// Everything that shapes the client. [`NetworkSettings::default`] holds pnpm's defaults.
#[derive(Clone)]
pub struct NetworkSettings {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Longest silence of a server: from the request to the head of its answer, and between two pieces of a body
    /// (`fetchTimeout`).
    pub fetch_timeout: Duration,
    /// Longest time to open a connection.
    pub connect_timeout: Duration,
    /// Longest time that one attempt may take altogether, however steadily bytes drip in.
    pub total_timeout: Duration,
    /// When to try again (`fetchRetries` and its relatives).
    pub retry: RetryPolicy,
    /// Certificates.
    pub tls: TlsSettings,
    /// Proxies.
    pub proxy: ProxySettings,
    /// Address of this machine to connect from (`local-address`).
    pub local_address: Option<IpAddr>,
    /// Which URL gets which `Authorization`.
    pub credentials: Arc<dyn Credentials>,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("pacwatch/", env!("CARGO_PKG_VERSION")).to_owned(),
            fetch_timeout: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(30 * 60),
            retry: RetryPolicy::default(),
            tls: TlsSettings::default(),
            proxy: ProxySettings::default(),
            local_address: None,
            credentials: Arc::new(NoCredentials),
        }
    }
}

impl fmt::Debug for NetworkSettings {
    /// Leaves out what may hold a secret: proxies, identity, credentials.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NetworkSettings")
            .field("user_agent", &self.user_agent)
            .field("fetch_timeout", &self.fetch_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("retry", &self.retry)
            .field("strict", &self.tls.strict)
            .field("local_address", &self.local_address)
            .finish_non_exhaustive()
    }
}
