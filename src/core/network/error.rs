//! What can go wrong with a request, in words that are safe to show.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use thiserror::Error;
use url::Url;

/// What a request was waiting for when its time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// For the connection.
    Connect,
    /// For the head of the answer.
    FirstByte,
    /// For the next bytes of the body.
    Body,
    /// For the end, with bytes still arriving.
    Total,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no answer",
            Self::Body => "the server stopped sending, no byte",
            Self::Total => "not complete",
        })
    }
}

/// Why a request failed. Every `url` in here is made for showing: it holds neither user, password nor query, and
/// after a redirect it names both ends.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// The server answered with something other than success.
    #[error("GET {url}: {} - {status}", reason_phrase(*status))]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The server's wish, from `Retry-After`.
        retry_after: Option<Duration>,
        /// Whether the request that got this answer carried credentials.
        authorized: bool,
    },
    /// No connection came about.
    #[error("GET {url}: cannot connect: {reason}")]
    Connect {
        /// What was asked for.
        url: String,
        /// The system's words.
        reason: String,
    },
    /// The host's name has no address, or nobody could be asked for it.
    #[error("GET {url}: cannot look up the host: {reason}")]
    Lookup {
        /// What was asked for.
        url: String,
        /// The resolver's words.
        reason: String,
    },
    /// The server's certificate was refused, or the two sides found no common ground to encrypt on.
    #[error("GET {url}: no secure connection: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What is wrong with the certificate or handshake.
        reason: String,
    },
    /// The proxy did not let the request through.
    #[error("GET {url}: the proxy refused: {reason}")]
    Proxy {
        /// What was asked for.
        url: String,
        /// The proxy's words.
        reason: String,
    },
    /// This process may not open another connection.
    #[error("GET {url}: too many open files")]
    TooManyOpenFiles {
        /// What was asked for.
        url: String,
    },
    /// Time ran out.
    #[error("GET {url}: {stage} within {limit:?}")]
    TimedOut {
        /// What was asked for.
        url: String,
        /// What it was waiting for.
        stage: Stage,
        /// The limit that was reached.
        limit: Duration,
    },
    /// The connection broke before the head of an answer, or what came was not HTTP.
    #[error("GET {url}: the exchange broke off: {reason}")]
    Exchange {
        /// What was asked for.
        url: String,
        /// What broke.
        reason: String,
    },
    /// The body ended before it was complete.
    #[error("GET {url}: the body is incomplete: {}", shortfall(*expected, *received, reason))]
    Incomplete {
        /// What was asked for.
        url: String,
        /// Bytes announced, if they were.
        expected: Option<u64>,
        /// Bytes that came.
        received: u64,
        /// What broke, empty when the body just ended.
        reason: String,
    },
    /// The body is larger than we are willing to hold.
    #[error("GET {url}: the body is larger than the limit of {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// The body's content encoding is unknown or damaged.
    #[error("GET {url}: cannot decode the body: {reason}")]
    Encoding {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// Redirected once too often, in a circle or to something that is no web address.
    #[error("GET {url}: redirected in vain: {reason}")]
    Redirect {
        /// What was asked for.
        url: String,
        /// What is wrong with the last redirect.
        reason: String,
    },
    /// The address cannot be asked for at all.
    #[error("not an http or https address: {url}")]
    InvalidUrl {
        /// As much of it as is safe to show.
        url: String,
    },
    /// A setting cannot be used.
    #[error("the setting {setting} cannot be used: {reason}")]
    Setting {
        /// Its name as users know it.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl NetworkError {
    /// Whether another attempt at a *tarball* may end better. pnpm retries everything but 401, 403 and 404; what
    /// would only repeat itself (a refused certificate, a body over the limit, a setting) is not retried either.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Status { status, .. } => !matches!(status, 401 | 403 | 404),
            Self::Tls { .. }
            | Self::TooLarge { .. }
            | Self::Encoding { .. }
            | Self::Redirect { .. }
            | Self::InvalidUrl { .. }
            | Self::Setting { .. } => false,
            Self::Connect { .. }
            | Self::Lookup { .. }
            | Self::Proxy { .. }
            | Self::TooManyOpenFiles { .. }
            | Self::TimedOut { .. }
            | Self::Exchange { .. }
            | Self::Incomplete { .. } => true,
        }
    }

    /// Whether another attempt at *metadata* may end better: of the statuses only 408, 429 and 5xx are retried.
    #[must_use]
    pub fn is_retryable_for_metadata(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            other => other.is_retryable(),
        }
    }

    /// When the server asked us to come back.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// The address, as safe to show as in the message.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Setting { .. } => None,
            Self::Status { url, .. }
            | Self::Connect { url, .. }
            | Self::Lookup { url, .. }
            | Self::Tls { url, .. }
            | Self::Proxy { url, .. }
            | Self::TooManyOpenFiles { url }
            | Self::TimedOut { url, .. }
            | Self::Exchange { url, .. }
            | Self::Incomplete { url, .. }
            | Self::TooLarge { url, .. }
            | Self::Encoding { url, .. }
            | Self::Redirect { url, .. }
            | Self::InvalidUrl { url } => Some(url),
        }
    }

    /// pnpm's code, built from the status.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Status { status, .. } => status_code(*status),
            _ => None,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Status {
                status: 401 | 403,
                authorized: false,
                ..
            } => {
                "No credentials were sent: none are configured for this address. A token belongs in .npmrc, \
                 under the address it is for: //host/path/:_authToken=…"
                    .to_owned()
            }
            Self::Status {
                status: 401 | 403,
                authorized: true,
                ..
            } => {
                "The credentials configured for this address were sent, and the server does not accept them. \
                 They may have expired, or may not be allowed to read this package."
                    .to_owned()
            }
            Self::Status {
                status: 404,
                authorized,
                ..
            } => {
                let sent = if *authorized {
                    "with the configured"
                } else {
                    "without any"
                };
                format!(
                    "Either it does not exist, or one needs permission to see it: the request was made {sent} \
                     credentials."
                )
            }
            Self::Status { status: 407, .. } | Self::Proxy { .. } => {
                "Check the proxy settings: https-proxy, http-proxy, no-proxy.".to_owned()
            }
            Self::Connect { .. } | Self::Lookup { .. } => {
                "Check the registry's address and the network. What is already in the store can be installed \
                 with --offline."
                    .to_owned()
            }
            Self::Tls { .. } => {
                "If this server's certificate comes from an authority of your own, name that with cafile in \
                 .npmrc or with NODE_EXTRA_CA_CERTS."
                    .to_owned()
            }
            Self::TimedOut {
                stage: Stage::FirstByte | Stage::Body,
                ..
            } => {
                "A slow server may need a larger fetchTimeout, or a smaller --network-concurrency.".to_owned()
            }
            Self::TooManyOpenFiles { .. } => {
                "Allow more open files (ulimit -n), or choose a smaller --network-concurrency.".to_owned()
            }
            Self::Status {
                status: 408 | 429 | 500..,
                ..
            } => "The server cannot answer at the moment. Try again later.".to_owned(),
            Self::TimedOut { .. } | Self::Exchange { .. } | Self::Incomplete { .. } => {
                "The server, or something on the way to it, broke off. Try again; a smaller --network-concurrency \
                 may help."
                    .to_owned()
            }
            Self::Status { .. } | Self::Redirect { .. } | Self::TooLarge { .. } | Self::Encoding { .. } => {
                "Check the registry's address: what answers there does not behave like a registry.".to_owned()
            }
            Self::InvalidUrl { .. } | Self::Setting { .. } => return None,
        })
    }
}

/// A URL without what may be secret: user, password, query (signed addresses keep their signature there), and
/// fragment.
pub(super) fn shown(url: &Url) -> String {
    if url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
    {
        return url.as_str().to_owned();
    }
    let mut shown = url.clone();
    // These fail only for URLs that have no host, and so cannot hold a user either.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_query(url.query().map(|_| "…"));
    shown.set_fragment(None);
    shown.to_string().replace("?%E2%80%A6", "?…")
}

fn reason_phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown Status")
}

fn shortfall(expected: Option<u64>, received: u64, reason: &str) -> String {
    let mut text = match expected {
        Some(expected) => format!("{received} of {expected} bytes came"),
        None => format!("it broke off after {received} bytes"),
    };
    if !reason.is_empty() {
        text.push_str(" (");
        text.push_str(reason);
        text.push(')');
    }
    text
}

macro_rules! fetch_codes {
    ($($status:literal)*) => {
        /// `ERR_PNPM_FETCH_<status>` for each status a server is known to fail with.
        fn status_code(status: u16) -> Option<&'static str> {
            match status {
                $($status => Some(concat!("ERR_PNPM_FETCH_", $status)),)*
                _ => None,
            }
        }
    };
}

fetch_codes!(
    300 301 302 303 304 305 307 308
    400 401 402 403 404 405 406 407 408 409 410 411 412 413 414 415 416 417 418 421 422 423 424 425 426 428 429
    431 451 499
    500 501 502 503 504 505 506 507 508 509 510 511 520 521 522 523 524 525 526 527 529 530 599
);

#[cfg(test)]
mod tests {
    use super::*;

    fn status(status: u16) -> NetworkError {
        NetworkError::Status {
            url: "http://localhost/x".into(),
            status,
            retry_after: None,
            authorized: false,
        }
    }

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        let shown = |url: &str| shown(&Url::parse(url).unwrap());
        assert_eq!(shown("https://me:pa55@localhost:8080/a/b.tgz"), "https://localhost:8080/a/b.tgz");
        assert_eq!(shown("https://me@localhost/a?signature=pa55#pa55"), "https://localhost/a?…");
        assert_eq!(shown("http://localhost/@s%2fa"), "http://localhost/@s%2fa");
    }

    #[test]
    fn a_status_is_told_as_pnpm_tells_it() {
        assert_eq!(status(404).to_string(), "GET http://localhost/x: Not Found - 404");
        assert_eq!(status(404).code(), Some("ERR_PNPM_FETCH_404"));
        assert_eq!(status(503).code(), Some("ERR_PNPM_FETCH_503"));
    }

    #[test]
    fn only_what_may_end_better_is_retried() {
        let tarballs: Vec<u16> = (400..600).filter(|code| !status(*code).is_retryable()).collect();
        assert_eq!(tarballs, [401, 403, 404]);
        let metadata: Vec<u16> =
            (400..500).filter(|code| status(*code).is_retryable_for_metadata()).collect();
        assert_eq!(metadata, [408, 429]);
        assert!((500..600).all(|code| status(code).is_retryable_for_metadata()));
    }

    #[test]
    fn the_hint_tells_whether_credentials_were_sent() {
        assert!(status(401).help().unwrap().contains("No credentials were sent"));
        let refused =
            NetworkError::Status { url: String::new(), status: 403, retry_after: None, authorized: true };
        assert!(refused.help().unwrap().contains("does not accept them"));
    }
}
