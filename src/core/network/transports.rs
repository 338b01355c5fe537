//! Connections, certificates and proxies.
//!
//! To read the system's certificate authorities takes longer than to look up a thousand packages in the store, and most
//! installs need none of them: they are read when the first encrypted connection is made.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, NoProxy, Proxy};
use url::Url;

use crate::core::network::error::NetworkError;
use crate::core::network::failure::innermost;
use crate::core::network::lookup::Lookups;
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

/// The ways to servers.
pub(super) struct Transports {
    /// For what is not encrypted on any part of its way; it trusts nobody.
    plain: reqwest::Client,
    /// For everything, or why there is none.
    encrypted: OnceLock<Result<reqwest::Client, String>>,
}

impl Transports {
    /// Sets up what needs no certificates, and the rest too where certificates are configured: they may be wrong.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] names the setting that cannot be used.
    pub fn new(settings: &NetworkSettings) -> Result<Self, NetworkError> {
        let plain = with_proxies(connections(settings), &settings.proxy)?.tls_certs_only([]);
        let transports = Self {
            plain: plain.build().map_err(|error| unusable(innermost(&error)))?,
            encrypted: OnceLock::new(),
        };
        if !settings.tls.extra_authorities.is_empty() || settings.tls.identity.is_some() {
            let encrypted = build(settings)?.map_err(unusable)?;
            // Nobody else has it yet.
            let _ = transports.encrypted.set(Ok(encrypted));
        }
        Ok(transports)
    }

    /// The way to a URL.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] as in [`Transports::new`].
    pub fn to(&self, url: &Url, settings: &NetworkSettings) -> Result<&reqwest::Client, NetworkError> {
        // The way to a proxy may be encrypted even where the way behind it is not.
        if url.scheme() == "http" && settings.proxy.http.is_none() {
            return Ok(&self.plain);
        }
        self.encrypted(settings)
    }

    /// The way to any URL. The first call takes some time.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] as in [`Transports::new`].
    pub fn encrypted(&self, settings: &NetworkSettings) -> Result<&reqwest::Client, NetworkError> {
        let built =
            self.encrypted.get_or_init(|| build(settings).unwrap_or_else(|error| Err(error.to_string())));
        built.as_ref().map_err(|reason| unusable(reason.clone()))
    }
}

fn unusable(reason: String) -> NetworkError {
    NetworkError::Setting { setting: "user-agent, cert, key or ca", reason }
}

fn build(settings: &NetworkSettings) -> Result<Result<reqwest::Client, String>, NetworkError> {
    let builder = with_proxies(connections(settings), &settings.proxy)?;
    let built = match with_certificates(builder, &settings.tls)?.build() {
        // Either a setting is wrong, or this system has no certificate authorities, as small containers do: then
        // those that came with the program do, as in pnpm.
        Err(_) if settings.tls.strict => {
            let builder = with_proxies(connections(settings), &settings.proxy)?;
            with_certificates(builder.tls_certs_only(bundled_authorities()), &settings.tls)?.build()
        }
        built => built,
    };
    Ok(built.map_err(|error| innermost(&error)))
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
