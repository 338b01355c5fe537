//! The ways in which the loopback registry answers: well, badly, late or never.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{Stream, stream};
use ssri::Algorithm;
use tokio::sync::watch;

use super::archive::gzip;
use super::connection::Surplus;
use super::packages::digest;

/// One answer of a script.
#[derive(Debug, Clone)]
pub enum Answer {
    /// What is served at the path; 404 when there is nothing.
    Content,
    /// Other bytes than are served at the path, with status 200.
    Bytes(Vec<u8>),
    /// A status, with a small body.
    Status(u16),
    /// A status and headers.
    StatusWith(u16, Vec<(&'static str, String)>),
    /// 302 to an address.
    Redirect(String),
    /// Any redirect status, to an address.
    RedirectWith(u16, String),
    /// Waits, then gives the other answer.
    After(Duration, Box<Answer>),
    /// Gives the other answer once the gate is open.
    Behind(Gate, Box<Answer>),
    /// Takes the request and never says anything.
    Silence,
    /// Announces the whole content, sends that many bytes of it, then falls silent.
    StallAfter(usize),
    /// Sends the content in pieces of that many bytes, with a pause before each.
    Drip(usize, Duration),
    /// Sends the content in pieces without telling its length ahead.
    Chunked(usize),
    /// Announces the whole content, sends that many bytes of it, then closes the connection.
    Truncated(usize),
    /// Sends that many bytes of the content without telling the length, then breaks off.
    TruncatedChunked(usize),
    /// Announces a body of that many bytes, and sends the content, then closes the connection.
    Announcing(u64),
    /// Announces only that many bytes of the content, sends all of it, and keeps the connection open.
    Surplus(usize),
    /// Compresses the content if the request allows it.
    Compressed,
    /// Claims an encoding.
    Encoded(&'static str),
    /// Content with headers of its own.
    ContentWith(Vec<(&'static str, String)>),
}

/// Holds answers back until a test opens it.
#[derive(Debug, Clone)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that is closed.
    pub fn closed() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn passed(&self) {
        // The gate itself keeps the channel alive.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// What an answer may need to know of its request.
pub struct Exchange {
    /// What is served at the path.
    pub content: Option<Bytes>,
    /// The request's `If-None-Match`, empty when there was none.
    pub if_none_match: String,
    /// Whether the request allows gzip.
    pub accepts_gzip: bool,
    /// Sends more than HTTP allows.
    pub surplus: Surplus,
}

impl Answer {
    /// That many statuses, then the content.
    pub fn content_after(times: usize, status: u16) -> Vec<Self> {
        let mut answers = vec![Self::Status(status); times];
        answers.push(Self::Content);
        answers
    }

    /// Gives the answer.
    pub async fn play(self, exchange: Exchange) -> Response {
        let mut answer = self;
        loop {
            answer = match answer {
                Self::After(pause, then) => {
                    tokio::time::sleep(pause).await;
                    *then
                }
                Self::Behind(gate, then) => {
                    gate.passed().await;
                    *then
                }
                other => {
                    answer = other;
                    break;
                }
            };
        }
        let (status, headers) = match answer {
            Self::Status(status) => (status, Vec::new()),
            Self::StatusWith(status, headers) => (status, headers),
            Self::Redirect(address) => (302, vec![("location", address)]),
            Self::RedirectWith(status, address) => (status, vec![("location", address)]),
            Self::Silence => pending().await,
            Self::Bytes(bytes) => return respond(200, &[], Body::from(bytes)),
            with_content => {
                let Some(content) = exchange.content.clone() else {
                    return plain(404);
                };
                return with_content.play_content(&content, &exchange);
            }
        };
        respond(status, &headers, Body::from(format!("status {status}")))
    }

    fn play_content(self, content: &Bytes, exchange: &Exchange) -> Response {
        let whole = content.len() as u64;
        let length = |bytes: u64| [("content-length", bytes.to_string())];
        match self {
            Self::StallAfter(sent) => {
                let stream = pieces(content, sent, sent, Duration::ZERO, End::Silence);
                respond(200, &length(whole), Body::from_stream(stream))
            }
            Self::Drip(size, pause) => {
                let stream = pieces(content, content.len(), size, pause, End::Done);
                respond(200, &length(whole), Body::from_stream(stream))
            }
            Self::Chunked(size) => {
                let stream = pieces(content, content.len(), size, Duration::ZERO, End::Done);
                respond(200, &[], Body::from_stream(stream))
            }
            Self::Truncated(sent) => {
                let stream = pieces(content, sent, sent, Duration::ZERO, End::Broken);
                respond(200, &length(whole), Body::from_stream(stream))
            }
            Self::TruncatedChunked(sent) => {
                let stream = pieces(content, sent, sent, Duration::ZERO, End::Broken);
                respond(200, &[], Body::from_stream(stream))
            }
            Self::Announcing(announced) => {
                let stream = pieces(content, content.len(), content.len(), Duration::ZERO, End::Broken);
                respond(200, &length(announced), Body::from_stream(stream))
            }
            Self::Surplus(announced) => {
                exchange.surplus.send_after_answer(content[announced..].to_vec());
                respond(200, &[], Body::from(content.slice(..announced)))
            }
            Self::Compressed if exchange.accepts_gzip => {
                let headers = [("content-encoding", "gzip".to_owned())];
                respond(200, &headers, Body::from(gzip(content)))
            }
            Self::Encoded(encoding) => {
                let headers = [("content-encoding", encoding.to_owned())];
                respond(200, &headers, Body::from(content.clone()))
            }
            Self::ContentWith(headers) => respond(200, &headers, Body::from(content.clone())),
            _ => {
                let etag = format!("\"{}\"", digest(Algorithm::Sha1, content));
                if exchange.if_none_match == etag {
                    return plain(304);
                }
                respond(200, &[("etag", etag)], Body::from(content.clone()))
            }
        }
    }
}

fn plain(status: u16) -> Response {
    let body = if status == 304 { Body::empty() } else { Body::from(format!("status {status}")) };
    respond(status, &[], body)
}

fn respond(status: u16, headers: &[(&'static str, String)], body: Body) -> Response {
    let status = StatusCode::from_u16(status).expect("a script holds valid statuses");
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(body).expect("a script holds valid headers")
}

/// What comes after the pieces.
#[derive(Clone, Copy)]
enum End {
    Done,
    Silence,
    Broken,
}

/// The first `sent` bytes of the content in pieces of `size`.
fn pieces(
    content: &Bytes,
    sent: usize,
    size: usize,
    pause: Duration,
    end: End,
) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
    let rest = content.slice(..sent.min(content.len()));
    stream::unfold(Some(rest), move |rest| async move {
        let mut rest = rest?;
        if rest.is_empty() {
            // Lets the server send what it has before it learns of the end.
            tokio::task::yield_now().await;
            return match end {
                End::Done => None,
                End::Silence => {
                    let never: Infallible = pending().await;
                    match never {}
                }
                End::Broken => Some((Err(io::Error::other("the script breaks off here")), None)),
            };
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let piece = rest.split_to(size.max(1).min(rest.len()));
        Some((Ok(piece), Some(rest)))
    })
}
