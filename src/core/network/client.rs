//! The one client: what a run asks of servers goes through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::core::network::body::Body;
use crate::core::network::error::NetworkError;
use crate::core::network::exchange::{self, Get, Head};
use crate::core::network::permits::Permits;
use crate::core::network::retry::RetryPolicy;
use crate::core::network::settings::NetworkSettings;
use crate::core::network::transports::Transports;

/// The HTTP client. A cheap clone shares connections and permits.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    transports: Transports,
    settings: NetworkSettings,
    permits: Permits,
}

impl Client {
    /// Sets up a client whose [`Permits`] allow `permits` requests at one time. No connection is made yet.
    ///
    /// # Errors
    /// [`NetworkError::Setting`] names the setting that cannot be used.
    pub fn new(settings: NetworkSettings, permits: u32) -> Result<Self, NetworkError> {
        let transports = Transports::new(&settings)?;
        let permits = Permits::new(permits);
        Ok(Self { shared: Arc::new(Shared { transports, settings, permits }) })
    }

    /// The permits for requests. [`Client::get`] takes none itself: the caller holds one for as long as it sees
    /// fit.
    #[must_use]
    pub fn permits(&self) -> &Permits {
        &self.shared.permits
    }

    /// Gets ready for encrypted requests. Whoever knows early that there will be some spares them the wait; it computes.
    pub fn expect_encrypted(&self) {
        // What is wrong with it is told to whoever makes the first of them.
        let _ = self.shared.transports.encrypted(&self.shared.settings);
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
        exchange::get(&self.shared.transports, &self.shared.settings, request).await
    }

    /// Asks once for the head of a document, whatever its status, following redirects; gives up after `limit`, or the
    /// `fetchTimeout` if that is shorter. An anonymous question carries no configured credentials.
    ///
    /// # Errors
    /// When there is no answer at all.
    pub async fn head(&self, url: &Url, anonymous: bool, limit: Duration) -> Result<Head, NetworkError> {
        exchange::head(&self.shared.transports, &self.shared.settings, url, anonymous, limit).await
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
