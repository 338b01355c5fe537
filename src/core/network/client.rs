//! The one client: connections, certificates and proxies, set up once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, NoProxy, Proxy};
use url::Url;

use crate::core::network::body::Body;
use crate::core::network::error::NetworkError;
use crate::core::network::exchange::{self, Get, Head};
use crate::core::network::failure::innermost;
use crate::core::network::lookup::Lookups;
use crate::core::network::permits::Permits;
use crate::core::network::retry::RetryPolicy;
use crate::core::network::settings::{NetworkSettings, ProxySettings, TlsSettings};

/// Connections that wait for their next request, for each host. More than any number of permits we allow, so a
/// connection is never closed only to be opened again.
const IDLE_CONNECTIONS: usize = 1024;

/// How long an unused connection is kept. Common servers close theirs after 5 seconds; closing first avoids
/// sending a request into a connection that is being closed.
const IDLE_CONNECTION_TIME: Duration = Duration::from_secs(4);

/// Bytes that a server may send ahead of our reading on one HTTP/2 stream, and on all streams of a connection. The
/// protocol's own default of 64 KiB would limit a connection to 64 KiB a round trip.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The HTTP client. A cheap clone shares connections and permits.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    transport: reqwest::Client,
    settings: NetworkSettings,
    permits: Permits,
}

impl Client {
    /// Sets up a client whose [`Permits`] allow `permits` requests at one time. No connection is made yet.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] names the setting that cannot be used.
    pub fn new(settings: NetworkSettings, permits: u32) -> Result<Self, NetworkError> {
        let builder = with_proxies(connections(&settings), &settings.proxy)?;
        let transport = match with_certificates(builder, &settings.tls)?.build() {
            // Either a setting is wrong, or this system has no certificate authorities, as small containers do: then
            // those that came with the program do, as in pnpm.
            Err(_) if settings.tls.strict => {
                let builder = with_proxies(connections(&settings), &settings.proxy)?;
                with_certificates(builder.tls_certs_only(bundled_authorities()), &settings.tls)?.build()
            }
            built => built,
        };
        let transport = transport.map_err(|error| setting("user-agent, cert, key or ca", &error))?;
        let permits = Permits::new(permits);
        Ok(Self { shared: Arc::new(Shared { transport, settings, permits }) })
    }

    /// The permits for requests. [`Client::get`] takes none itself: the caller holds one for as long as it sees
    /// fit.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.shared.permits
    }

    /// When to try again.
    #[must_use]
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.shared.settings.retry
    }

    /// How long a server may be silent (`fetchTimeout`).
    #[must_use]
    pub fn fetch_timeout(&self) -> Duration {
        self.shared.settings.fetch_timeout
    }

    /// Makes one attempt and reads the whole body into memory. Follows up to 10 redirects.
    ///
    /// # Errors
    /// Any [`NetworkError`]; ask [`NetworkError::is_retryable`] whether to come again.
    pub async fn get(&self, request: Get<'_>) -> Result<Body, NetworkError> {
        exchange::get(&self.shared.transport, &self.shared.settings, request).await
    }

    /// Asks once for the head of a document, whatever its status, following redirects; gives up after `limit`, or the
    /// `fetchTimeout` if that is shorter. An anonymous question carries no configured credentials.
    ///
    /// # Errors
    /// When there is no answer at all.
    pub async fn head(&self, url: &Url, anonymous: bool, limit: Duration) -> Result<Head, NetworkError> {
        exchange::head(&self.shared.transport, &self.shared.settings, url, anonymous, limit).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("settings", &self.shared.settings)
            .field("permits", &self.shared.permits)
            .finish_non_exhaustive()
    }
}

fn setting(setting: &'static str, error: &reqwest::Error) -> NetworkError {
    NetworkError::Setting { setting, reason: innermost(error) }
}

fn connections(settings: &NetworkSettings) -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(&settings.user_agent)
        // Redirects are followed by hand: each hop looks up its own credentials.
        .redirect(Policy::none())
        .referer(false)
        .tcp_nodelay(true)
        .dns_resolver(Lookups::default())
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(IDLE_CONNECTION_TIME)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .connect_timeout(settings.connect_timeout)
        .local_address(settings.local_address)
}

fn with_proxies(builder: ClientBuilder, proxy: &ProxySettings) -> Result<ClientBuilder, NetworkError> {
    // The environment has had its say when the settings were made.
    let mut builder = builder.no_proxy();
    let exceptions = proxy.no_proxy.as_deref().and_then(NoProxy::from_string);
    if let Some(address) = &proxy.http {
        let proxy = Proxy::http(address).map_err(|error| setting("http-proxy", &error))?;
        builder = builder.proxy(proxy.no_proxy(exceptions.clone()));
    }
    if let Some(address) = &proxy.https {
        let proxy = Proxy::https(address).map_err(|error| setting("https-proxy", &error))?;
        builder = builder.proxy(proxy.no_proxy(exceptions));
    }
    Ok(builder)
}

fn with_certificates(mut builder: ClientBuilder, tls: &TlsSettings) -> Result<ClientBuilder, NetworkError> {
    if !tls.strict {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    for pem in &tls.extra_authorities {
        let certificates =
            Certificate::from_pem_bundle(pem).map_err(|error| setting("ca or cafile", &error))?;
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(pem) = &tls.identity {
        let identity = Identity::from_pem(pem).map_err(|error| setting("cert or key", &error))?;
        builder = builder.identity(identity);
    }
    Ok(builder)
}

fn bundled_authorities() -> impl Iterator<Item = Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().filter_map(|der| Certificate::from_der(der).ok())
}
