//! Turns what the transport says went wrong into a [`NetworkError`].

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::core::network::error::{NetworkError, Stage};

/// `EMFILE` and `ENFILE`, the same numbers on Linux and macOS, and Windows' `WSAEMFILE`.
const TOO_MANY_OPEN_FILES: [i32; 3] = [24, 23, 10024];

/// The words of the cause at the bottom; those above it only repeat that a request failed, and may hold its URL.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// Why no head of an answer came.
pub(super) fn of_request(url: String, error: reqwest::Error, connect_timeout: Duration) -> NetworkError {
    // Its own words must not repeat the URL, which may hold a password.
    let error = error.without_url();
    let mut words = String::new();
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(number) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error)
            && TOO_MANY_OPEN_FILES.contains(&number)
        {
            return NetworkError::TooManyOpenFiles { url };
        }
        words.push_str(&error.to_string());
        words.push('\n');
        cause = error.source();
    }
    let reason = innermost(&error);
    if error.is_dns() {
        NetworkError::Lookup { url, reason }
    } else if error.is_connect() && error.is_timeout() {
        NetworkError::TimedOut { url, stage: Stage::Connect, limit: connect_timeout }
    } else if words.contains("tunnel error") || words.contains("proxy") {
        NetworkError::Proxy { url, reason }
    } else if is_about_encryption(&words) {
        NetworkError::Tls { url, reason }
    } else if error.is_connect() {
        NetworkError::Connect { url, reason }
    } else if error.is_builder() {
        NetworkError::InvalidUrl { url }
    } else {
        NetworkError::Exchange { url, reason }
    }
}

/// Whether these are the words of the TLS library, whose types the transport does not hand out.
fn is_about_encryption(words: &str) -> bool {
    const SIGNS: [&str; 4] = ["certificate", "fatal alert", "peer is incompatible", "corrupt message"];
    SIGNS.iter().any(|sign| words.contains(sign))
}
