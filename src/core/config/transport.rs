//! How connections are made: certificates and proxies.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

use super::credentials::nearest_prefix;
use super::origin::Sourced;

/// Whom to trust and who we are on TLS connections. PEM texts are handed on unread.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// `strict-ssl`: refuse certificates that cannot be verified.
    pub strict_ssl: Sourced<bool>,
    /// Certificates to trust instead of the system's, a PEM block each: `ca`, then those of `cafile`.
    pub ca: Vec<String>,
    /// Certificates to trust besides: `NODE_EXTRA_CA_CERTS`, a PEM block each.
    pub extra_ca: Vec<String>,
    /// Overrides by URL prefix (`//host[:port]/path/`). Client certificates are always found here, since an
    /// unscoped one is bound to the registry of its file.
    pub by_prefix: BTreeMap<String, RegistryTls>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            strict_ssl: Sourced::default_of(true),
            ca: Vec::new(),
            extra_ca: Vec::new(),
            by_prefix: BTreeMap::new(),
        }
    }
}

impl Tls {
    /// What applies to a URL beyond the common settings.
    #[must_use]
    pub fn for_url(&self, url: &Url) -> Option<&RegistryTls> {
        nearest_prefix(&self.by_prefix, url)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tls")
            .field("strict_ssl", &self.strict_ssl.value)
            .field("ca", &self.ca.len())
            .field("extra_ca", &self.extra_ca.len())
            .field("by_prefix", &self.by_prefix)
            .finish()
    }
}

/// TLS settings of one registry.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RegistryTls {
    /// Certificates to trust, PEM.
    pub ca: Option<String>,
    /// Our certificate, PEM.
    pub cert: Option<String>,
    /// Our private key, PEM.
    pub key: Option<String>,
}

impl fmt::Debug for RegistryTls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RegistryTls")
            .field("ca", &self.ca.is_some())
            .field("cert", &self.cert.is_some())
            .field("key", &self.key.is_some())
            .finish()
    }
}

/// Proxies. Their URLs may hold a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proxy {
    /// Proxy for `https:` URLs.
    pub https: Option<Sourced<String>>,
    /// Proxy for `http:` URLs.
    pub http: Option<Sourced<String>>,
    /// Hosts that are reached without a proxy.
    pub no_proxy: NoProxy,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Proxy")
            .field("https", &self.https.is_some())
            .field("http", &self.http.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

/// Hosts that are reached without a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoProxy {
    /// All of them.
    All,
    /// These and what ends in them, label by label; none when empty.
    Hosts(Vec<String>),
}

impl Default for NoProxy {
    fn default() -> Self {
        Self::Hosts(Vec::new())
    }
}

impl NoProxy {
    /// Whether this host is reached without a proxy.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Hosts(hosts) => hosts.iter().any(|entry| is_host_or_below(host, entry)),
        }
    }
}

/// `sub.example.test` lies below `example.test` and `.example.test`; `badexample.test` does not.
fn is_host_or_below(host: &str, entry: &str) -> bool {
    let entry = entry.trim_start_matches('.');
    if entry.is_empty() || host.len() < entry.len() || !host.is_char_boundary(host.len() - entry.len()) {
        return false;
    }
    let (above, tail) = host.split_at(host.len() - entry.len());
    tail.eq_ignore_ascii_case(entry) && (above.is_empty() || above.ends_with('.'))
}
