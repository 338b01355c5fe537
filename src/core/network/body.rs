//! A complete answer in memory.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::core::event::AnsweredBy;
use crate::core::gzip;
use crate::core::network::error::NetworkError;

/// What a server answered, whole, and how long it took.
#[derive(Debug, Clone)]
pub struct Body {
    /// The content exactly as it came over the wire: an encoding the server applied is still on it (see
    /// [`Body::decoded`]).
    pub bytes: Bytes,
    /// 200…299, or 304 when the request was conditional.
    pub status: u16,
    /// `HTTP/1.0`, `HTTP/1.1`, `HTTP/2.0`; empty for a file of this machine.
    pub http_version: &'static str,
    /// From sending the request to the head of the final answer, redirects included.
    pub first_byte: Duration,
    /// From the head of the final answer to its last byte.
    pub body: Duration,
    /// URL that answered in the end; differs from the one asked for after a redirect. Never shown as it is.
    pub url: url::Url,
    /// `ETag`, to ask again conditionally.
    pub etag: Option<String>,
    /// `Last-Modified`, to ask again conditionally.
    pub last_modified: Option<String>,
    /// `Content-Encoding`, in lower case, unless it is `identity`.
    pub content_encoding: Option<String>,
}

impl Body {
    /// Who answered, as events tell it; none for a file of this machine.
    #[must_use]
    pub fn answered_by(&self) -> Option<AnsweredBy> {
        let host = self.url.host_str().filter(|_| !self.http_version.is_empty())?;
        // Its own standard calls it without a minor version.
        let http = if self.http_version == "HTTP/2.0" { "HTTP/2" } else { self.http_version };
        Some(AnsweredBy { host: host.to_owned(), http: http.to_owned() })
    }

    /// The content without its encoding: the very bytes when there is none, inflated when it is gzip.
    ///
    /// This computes, so large answers belong on a pool and not on an async task.
    ///
    /// # Errors
    /// [`NetworkError::TooLarge`] when it would grow beyond `max_bytes`, [`NetworkError::Encoding`] when it is
    /// damaged or encoded in a way that we did not ask for.
    pub fn decoded(&self, max_bytes: u64) -> Result<Bytes, NetworkError> {
        let failed = |reason: String| NetworkError::Encoding { url: super::error::shown(&self.url), reason };
        match self.content_encoding.as_deref() {
            None => Ok(self.bytes.clone()),
            Some("gzip" | "x-gzip") => {
                let most = usize::try_from(max_bytes).unwrap_or(usize::MAX);
                if let Some(inflated) = gzip::inflate_whole(&self.bytes, most) {
                    return Ok(Bytes::from_owner(inflated));
                }
                let mut inflated = Vec::with_capacity(self.bytes.len().saturating_mul(4).min(1 << 20));
                let mut reader = MultiGzDecoder::new(self.bytes.as_ref()).take(max_bytes.saturating_add(1));
                reader.read_to_end(&mut inflated).map_err(|error| failed(error.to_string()))?;
                if inflated.len() as u64 > max_bytes {
                    return Err(NetworkError::TooLarge {
                        url: super::error::shown(&self.url),
                        limit: max_bytes,
                    });
                }
                Ok(inflated.into())
            }
            Some(other) => Err(failed(format!("it is encoded as {other:?}, which was not asked for"))),
        }
    }
}
