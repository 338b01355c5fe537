//! The HTTP layer: one client for everything that comes from a registry.
//!
//! It makes single attempts and tells precisely how they failed; whether to try again is the caller's decision,
//! guided by [`RetryPolicy`] and [`NetworkError::is_retryable`]. How many requests run at one time is bounded by
//! [`Permits`], which the caller takes before it asks.
//!
//! It must never send credentials to a URL they were not given for (a redirect is a new URL), never put a token
//! or the user part of a URL into a message, and never reserve memory because a server announced a large body.

mod body;
mod client;
mod error;
mod exchange;
mod failure;
mod lookup;
mod permits;
mod retry;
mod settings;
mod transports;

pub use body::Body;
pub use client::Client;
pub use error::{NetworkError, Stage};
pub use exchange::{Get, Head, Observer, Unobserved};
pub use permits::{Permit, Permits};
pub use retry::{RetryPolicy, parse_retry_after};
pub use settings::{Credentials, NetworkSettings, NoCredentials, ProxySettings, TlsSettings};
