//! One attempt: send, follow redirects, read the body under a cap.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Method, Request, Response, StatusCode, Version};
use tokio::time::{Instant, timeout};
use url::Url;

use crate::core::network::body::Body;
use crate::core::network::error::{NetworkError, Stage, shown};
use crate::core::network::failure::{innermost, of_request};
use crate::core::network::retry::parse_retry_after;
use crate::core::network::settings::NetworkSettings;
use crate::core::network::transports::Transports;

/// Redirects that one request may follow.
const MAX_REDIRECTS: usize = 10;

/// Memory reserved because a server announced a body of that size; beyond it the buffer grows with what comes, up to what
/// was announced.
const MAX_RESERVED: u64 = 1 << 20;

/// Bodies of redirects and failures up to this size are read to their end, so that the connection can be used
/// again.
const MAX_DRAINED: u64 = 16 << 10;

/// What to ask for.
#[derive(Clone, Copy)]
pub struct Get<'a> {
    /// The address. A user and password in it are sent as credentials, to this address only.
    pub url: &'a Url,
    /// The `Accept` header.
    pub accept: &'a str,
    /// Largest body to take.
    pub max_bytes: u64,
    /// Whether the server may compress the body on its way ([`Body::decoded`] undoes it). For tarballs, no: they
    /// are compressed already, and their digest is over the bytes as published.
    pub compressed: bool,
    /// `If-None-Match`: an `ETag` of before. With it, 304 is an answer and no error.
    pub etag: Option<&'a str>,
    /// `If-Modified-Since`, likewise.
    pub modified_since: Option<&'a str>,
    /// Asks caches on the way not to answer from memory (`Cache-Control: no-cache`).
    pub past_caches: bool,
    /// The package that the request is about: its scope may have credentials of its own.
    pub package: Option<&'a str>,
    /// Is told of progress.
    pub observer: &'a dyn Observer,
}

impl<'a> Get<'a> {
    /// A plain request for anything, unobserved.
    #[must_use]
    pub fn new(url: &'a Url, max_bytes: u64) -> Self {
        Self {
            url,
            accept: "*/*",
            max_bytes,
            compressed: false,
            etag: None,
            modified_since: None,
            past_caches: false,
            package: None,
            observer: &Unobserved,
        }
    }
}

/// Follows a request. Called on the way of the bytes, so it must be quick and never wait.
pub trait Observer: Send + Sync {
    /// The head of the final answer came; `size` is the length it announces.
    fn first_byte(&self, size: Option<u64>);
    /// `chunk` more bytes of the body came, `total` by now.
    fn received(&self, chunk: usize, total: u64);
}

/// Looks away.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn first_byte(&self, _size: Option<u64>) {}
    fn received(&self, _chunk: usize, _total: u64) {}
}

/// Makes one attempt within the total time limit.
pub(super) async fn get(
    transports: &Transports,
    settings: &NetworkSettings,
    request: Get<'_>,
) -> Result<Body, NetworkError> {
    let limit = settings.total_timeout;
    let attempt = Attempt::new(transports, settings, request);
    timeout(limit, attempt.run()).await.unwrap_or_else(|_| {
        Err(NetworkError::TimedOut { url: shown(request.url), stage: Stage::Total, limit })
    })
}

/// What a server says of a document, without the document.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status, which need not be one of success.
    pub status: u16,
    /// URL that answered in the end; differs from the one asked for after a redirect. Never shown as it is.
    pub url: Url,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
}

/// Asks for the head of a document, within `limit`. An anonymous question carries no credentials but those that stand
/// in the URL itself.
pub(super) async fn head(
    transports: &Transports,
    settings: &NetworkSettings,
    url: &Url,
    anonymous: bool,
    limit: Duration,
) -> Result<Head, NetworkError> {
    let mut attempt = Attempt::new(transports, settings, Get::new(url, 0));
    attempt.method = Method::HEAD;
    attempt.anonymous = anonymous;
    let (response, url, _) = timeout(limit, attempt.follow()).await.unwrap_or_else(|_| {
        Err(NetworkError::TimedOut { url: shown(url), stage: Stage::FirstByte, limit })
    })?;
    let status = response.status().as_u16();
    Ok(Head { status, url, cache_control: text(response.headers(), &CACHE_CONTROL) })
}

struct Attempt<'a> {
    transports: &'a Transports,
    settings: &'a NetworkSettings,
    request: Get<'a>,
    method: Method,
    anonymous: bool,
    started: Instant,
}

impl<'a> Attempt<'a> {
    fn new(transports: &'a Transports, settings: &'a NetworkSettings, request: Get<'a>) -> Self {
        Self { transports, settings, request, method: Method::GET, anonymous: false, started: Instant::now() }
    }

    async fn run(self) -> Result<Body, NetworkError> {
        let (response, url, authorized) = self.follow().await?;
        self.answer(response, url, authorized).await
    }

    /// The first answer that is no redirect, where it came from, and whether the request for it carried credentials.
    async fn follow(&self) -> Result<(Response, Url, bool), NetworkError> {
        let mut url = self.request.url.clone();
        let mut trail = Trail::default();
        for _ in 0..=MAX_REDIRECTS {
            if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
                return Err(self.unusable(&url));
            }
            let (request, authorized) = self.compose(&url, trail.may_carry_credentials(&url))?;
            let response = self.send(request, &url).await?;
            let status = response.status();
            let Some(location) = redirection(&response) else {
                return Ok((response, url, authorized));
            };
            url = url.join(&location).map_err(|error| NetworkError::Redirect {
                url: self.shown(&url),
                reason: format!("status {} leads to no valid address: {error}", status.as_u16()),
            })?;
            drain(response).await;
        }
        let reason = format!("after {MAX_REDIRECTS} redirects there was still another");
        Err(NetworkError::Redirect { url: self.shown(&url), reason })
    }

    /// The request for one hop, and whether it carries credentials.
    fn compose(&self, url: &Url, with_credentials: bool) -> Result<(Request, bool), NetworkError> {
        let mut address = url.clone();
        if !with_credentials {
            // Both succeed for every URL that has a host.
            let _ = address.set_username("");
            let _ = address.set_password(None);
        }
        // This moves a user and password from the URL to the header.
        let request = self.transport(url)?.request(self.method.clone(), address).build();
        let mut request =
            request.map_err(|error| of_request(self.shown(url), error, self.settings.connect_timeout))?;
        let headers = request.headers_mut();
        // What the URL itself says comes first, then what is configured for it.
        if with_credentials
            && !self.anonymous
            && !headers.contains_key(AUTHORIZATION)
            && let Some(authorization) = self.authorization(url)
        {
            put(headers, AUTHORIZATION, &authorization)?;
        }
        let authorized = headers.contains_key(AUTHORIZATION);
        put(headers, ACCEPT, self.request.accept)?;
        put(headers, ACCEPT_ENCODING, if self.request.compressed { "gzip" } else { "identity" })?;
        if let Some(etag) = self.request.etag {
            put(headers, IF_NONE_MATCH, etag)?;
        }
        if let Some(since) = self.request.modified_since {
            put(headers, IF_MODIFIED_SINCE, since)?;
        }
        if self.request.past_caches {
            put(headers, CACHE_CONTROL, "no-cache")?;
        }
        Ok((request, authorized))
    }

    fn transport(&self, url: &Url) -> Result<&'a reqwest::Client, NetworkError> {
        self.transports.to(url, self.settings)
    }

    fn authorization(&self, url: &Url) -> Option<String> {
        let credentials = &self.settings.credentials;
        match self.request.package {
            Some(package) => credentials.authorization_for_package(url, package),
            None => credentials.authorization(url),
        }
    }

    async fn send(&self, request: Request, url: &Url) -> Result<Response, NetworkError> {
        let limit = self.settings.fetch_timeout;
        match timeout(limit, self.transport(url)?.execute(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(of_request(self.shown(url), error, self.settings.connect_timeout)),
            Err(_) => Err(NetworkError::TimedOut { url: self.shown(url), stage: Stage::FirstByte, limit }),
        }
    }

    async fn answer(&self, mut response: Response, url: Url, authorized: bool) -> Result<Body, NetworkError> {
        let first_byte = self.started.elapsed();
        let status = response.status();
        let conditional = self.request.etag.is_some() || self.request.modified_since.is_some();
        let unchanged = conditional && status == StatusCode::NOT_MODIFIED;
        if !status.is_success() && !unchanged {
            let retry_after = text(response.headers(), &RETRY_AFTER)
                .and_then(|value| parse_retry_after(&value, SystemTime::now()));
            drain(response).await;
            return Err(NetworkError::Status {
                url: self.shown(&url),
                status: status.as_u16(),
                retry_after,
                authorized,
            });
        }
        let bytes = self.read(&mut response, &url).await?;
        let headers = response.headers();
        Ok(Body {
            bytes,
            status: status.as_u16(),
            http_version: version(response.version()),
            first_byte,
            body: self.started.elapsed().saturating_sub(first_byte),
            etag: text(headers, &ETAG),
            last_modified: text(headers, &LAST_MODIFIED),
            content_encoding: text(headers, &CONTENT_ENCODING)
                .map(|encoding| encoding.trim().to_ascii_lowercase())
                .filter(|encoding| !encoding.is_empty() && encoding != "identity"),
            url,
        })
    }

    /// Reads to the end. A body that comes in one piece is passed on as it is; more pieces are joined.
    async fn read(&self, response: &mut Response, url: &Url) -> Result<Bytes, NetworkError> {
        let expected = response.content_length();
        let limit = self.request.max_bytes;
        self.request.observer.first_byte(expected);
        let too_large = || NetworkError::TooLarge { url: self.shown(url), limit };
        if expected.is_some_and(|expected| expected > limit) {
            return Err(too_large());
        }
        let mut received: u64 = 0;
        let mut only = Bytes::new();
        let mut joined: Vec<u8> = Vec::new();
        while let Some(chunk) = self.chunk(response, url, expected, received).await? {
            if chunk.is_empty() {
                continue;
            }
            received += chunk.len() as u64;
            if received > limit {
                return Err(too_large());
            }
            self.request.observer.received(chunk.len(), received);
            if received == chunk.len() as u64 {
                only = chunk;
                continue;
            }
            if joined.capacity() - joined.len() < chunk.len() {
                joined.reserve_exact(reservation(expected, received) - joined.len());
            }
            joined.extend_from_slice(&std::mem::take(&mut only));
            joined.extend_from_slice(&chunk);
        }
        if let Some(expected) = expected
            && received != expected
        {
            let (url, reason) = (self.shown(url), String::new());
            return Err(NetworkError::Incomplete { url, expected: Some(expected), received, reason });
        }
        Ok(if joined.is_empty() { only } else { joined.into() })
    }

    async fn chunk(
        &self,
        response: &mut Response,
        url: &Url,
        expected: Option<u64>,
        received: u64,
    ) -> Result<Option<Bytes>, NetworkError> {
        let limit = self.settings.fetch_timeout;
        match timeout(limit, response.chunk()).await {
            Ok(Ok(chunk)) => Ok(chunk),
            Ok(Err(error)) => {
                let reason = innermost(&error.without_url());
                Err(NetworkError::Incomplete { url: self.shown(url), expected, received, reason })
            }
            Err(_) => Err(NetworkError::TimedOut { url: self.shown(url), stage: Stage::Body, limit }),
        }
    }

    fn unusable(&self, url: &Url) -> NetworkError {
        if url == self.request.url {
            return NetworkError::InvalidUrl { url: shown(url) };
        }
        let reason = "it leads to something that is no http or https address".to_owned();
        NetworkError::Redirect { url: self.shown(url), reason }
    }

    /// The address asked for, and where it led.
    fn shown(&self, url: &Url) -> String {
        let asked = shown(self.request.url);
        let reached = shown(url);
        if asked == reached { asked } else { format!("{asked} (redirected to {reached})") }
    }
}

/// The hops of one request so far.
#[derive(Default)]
struct Trail {
    was_encrypted: bool,
}

impl Trail {
    /// Once a request was encrypted, credentials never travel in the clear, even to a host they belong to.
    fn may_carry_credentials(&mut self, url: &Url) -> bool {
        self.was_encrypted |= url.scheme() == "https";
        url.scheme() == "https" || !self.was_encrypted
    }
}

/// Where a redirect leads.
fn redirection(response: &Response) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    redirects.then(|| text(response.headers(), &LOCATION)).flatten()
}

/// Reads a small body that nobody wants.
async fn drain(mut response: Response) {
    if response.content_length().is_some_and(|length| length <= MAX_DRAINED) {
        let _ = timeout(Duration::from_secs(1), async { while let Ok(Some(_)) = response.chunk().await {} })
            .await;
    }
}

/// How large the buffer is to be that has to take in more than it can: twice what came, but no larger than was announced.
fn reservation(expected: Option<u64>, received: u64) -> usize {
    let twice = received.saturating_mul(2);
    let wanted = expected.map_or(twice, |expected| expected.min(twice.max(MAX_RESERVED)));
    usize::try_from(wanted.max(received)).unwrap_or_default()
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) -> Result<(), NetworkError> {
    let mut parsed = HeaderValue::from_str(value).map_err(|_| NetworkError::Setting {
        setting: if name == AUTHORIZATION { "_authToken or _auth" } else { "request header" },
        reason: "it holds characters that no HTTP header may hold".to_owned(),
    })?;
    // Kept out of compression tables and debug output.
    parsed.set_sensitive(name == AUTHORIZATION);
    headers.insert(name, parsed);
    Ok(())
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_go_from_an_encrypted_hop_to_one_in_the_clear() {
        let carried = |hops: &[&str]| -> Vec<bool> {
            let mut trail = Trail::default();
            hops.iter().map(|hop| trail.may_carry_credentials(&Url::parse(hop).unwrap())).collect()
        };
        assert_eq!(carried(&["http://a/", "http://a/", "https://a/"]), [true, true, true]);
        assert_eq!(carried(&["https://a/", "http://a/", "http://b/"]), [true, false, false]);
        assert_eq!(carried(&["https://a/", "http://a/", "https://a/"]), [true, false, true]);
    }

    #[test]
    fn an_announced_length_reserves_little_and_never_less_than_what_came() {
        assert_eq!(reservation(Some(u64::MAX), 10), 1 << 20);
        assert_eq!(reservation(Some(5), 10), 10);
        assert_eq!(reservation(Some(5000), 10), 5000);
        assert_eq!(reservation(None, 1000), 2000);
        assert_eq!(reservation(None, 3 << 20), 6 << 20);
        assert_eq!(reservation(Some(9 << 20), 4 << 20), 8 << 20);
        assert_eq!(reservation(Some(9 << 20), 5 << 20), 9 << 20);
    }
}
