//! Metadata of packages, as resolution asks for it: what is under way, what came from where.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::core::event::{MetadataCache, MetadataReceived, Phase};
use crate::core::model::distribution::Distribution;
use crate::core::model::fold::Model;
use crate::core::model::lane::Pool;

/// Requests under way that are told apart; permits are fewer.
const UNDER_WAY_KEPT: usize = 4_096;

/// A request for metadata that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataRequest {
    /// When its first attempt began, microseconds since the run began.
    pub since: u64,
    /// When the present attempt began, likewise.
    pub attempt_since: u64,
    /// The permit it runs under.
    pub lane: u16,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The host that is to answer, where it is told.
    pub host: Option<Arc<str>>,
}

/// The metadata of a run.
#[derive(Debug, Clone, Default)]
pub struct MetadataState {
    under_way: BTreeMap<String, MetadataRequest>,
    /// When the first attempt began for what failed and may be asked for again.
    failed_since: BTreeMap<String, u64>,
    times: Distribution,
    /// Documents taken from the cache without a request.
    pub hits: u64,
    /// Documents that the registry said are current.
    pub revalidated: u64,
    /// Documents that came from the registry.
    pub misses: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Bytes received.
    pub bytes: u64,
}

impl MetadataState {
    /// Requests under way, by the name of the package.
    pub fn under_way(&self) -> impl Iterator<Item = (&str, &MetadataRequest)> {
        self.under_way.iter().map(|(name, request)| (name.as_str(), request))
    }

    /// What a permit is used for now.
    #[must_use]
    pub fn on_lane(&self, lane: u16) -> Option<(&str, &MetadataRequest)> {
        self.under_way().find(|(_, request)| request.lane == lane)
    }

    /// Request sent to last byte, of the good attempts.
    #[must_use]
    pub fn times(&self) -> &Distribution {
        &self.times
    }

    /// Requests that were answered.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.revalidated.saturating_add(self.misses)
    }
}

impl Model {
    /// The metadata that resolution asked for.
    #[must_use]
    pub fn metadata(&self) -> &MetadataState {
        &self.metadata
    }

    pub(super) fn metadata_requested(&mut self, name: &str, mut request: MetadataRequest) {
        let metadata = &mut self.metadata;
        let first = metadata.failed_since.remove(name).filter(|_| request.attempt > 1);
        request.since = first.unwrap_or(request.since);
        if self.outcome.is_none() && metadata.under_way.len() < UNDER_WAY_KEPT {
            metadata.under_way.insert(name.to_owned(), request);
        }
    }

    pub(super) fn metadata_received(&mut self, at: u64, received: &MetadataReceived) {
        let request = self.metadata.under_way.remove(&received.name);
        let count = match received.cache {
            MetadataCache::Hit => &mut self.metadata.hits,
            MetadataCache::Revalidated => &mut self.metadata.revalidated,
            MetadataCache::Miss => &mut self.metadata.misses,
            MetadataCache::Failed => &mut self.metadata.failed,
        };
        *count += 1;
        if let Some(request) = request.as_ref().filter(|_| received.cache == MetadataCache::Failed)
            && self.metadata.failed_since.len() < UNDER_WAY_KEPT
        {
            self.metadata.failed_since.insert(received.name.clone(), request.since);
        }
        let is_answer = matches!(received.cache, MetadataCache::Revalidated | MetadataCache::Miss);
        if is_answer {
            self.metadata.times.add(received.first_byte_us.saturating_add(received.body_us));
            self.metadata.bytes = self.metadata.bytes.saturating_add(received.bytes);
            self.network.permit_wait.add(received.queue_us);
        }
        if let Some(by) = &received.answered_by {
            self.network.answered(by);
        }
        if let (Some(request), Some(lane)) = (request, received.lane) {
            self.pools[Pool::Network as usize].note(lane, request.attempt_since.min(at), at);
        }
    }

    pub(super) fn forget_metadata_under_way(&mut self) {
        self.metadata.under_way.clear();
        self.metadata.failed_since.clear();
    }

    /// Metadata is asked for and resolution is under way.
    #[must_use]
    pub fn asks_for_metadata(&self) -> bool {
        self.phase(Phase::Resolve).finished.is_none() && !self.metadata.under_way.is_empty()
    }
}
