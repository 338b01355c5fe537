//! The state of the network over a run: bytes a second, requests in flight and waiting.

use std::collections::VecDeque;

use crate::core::event::AnsweredBy;
use crate::core::model::distribution::Distribution;
use crate::core::model::format;
use crate::core::model::timeline::Timeline;

const RECENT_SAMPLES: usize = 64;

/// Hosts, each in each of its versions, whose answers are counted.
const ANSWERING_KEPT: usize = 64;
const RATE_WINDOW_US: u64 = 1_000_000;

/// One sample of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkSample {
    /// When, microseconds since the run began.
    pub at: u64,
    /// Bytes of bodies received since the run began.
    pub received: u64,
    /// Requests that hold a permit.
    pub in_flight: u32,
    /// Requests that wait for a permit.
    pub waiting: u32,
    /// Permits there are.
    pub permits: u32,
}

/// A host that answered, in one version of HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answering {
    /// The host, not yet [printable](super::format::printable).
    pub host: String,
    /// The version, such as `HTTP/2`, not yet [printable](super::format::printable).
    pub http: String,
    /// How many answers came so.
    pub answers: u64,
}

/// The samples of a run.
#[derive(Debug, Clone, Default)]
pub struct NetworkState {
    answering: Vec<Answering>,
    recent: VecDeque<NetworkSample>,
    received: Timeline,
    peak_in_flight: u32,
    saturated_us: u64,
    sampled_us: u64,
    pub(super) permit_wait: Distribution,
    pub(super) first_byte: Distribution,
    pub(super) body: Distribution,
}

impl NetworkState {
    pub(super) fn sample(&mut self, sample: NetworkSample) {
        self.peak_in_flight = self.peak_in_flight.max(sample.in_flight);
        let before = self.latest().unwrap_or_default();
        // One that overtook its neighbour tells nothing that the later one does not.
        if sample.at < before.at || sample.received < before.received {
            return;
        }
        self.received.add(before.at, sample.at, sample.received - before.received);
        let span = sample.at - before.at;
        self.sampled_us = self.sampled_us.saturating_add(span);
        // What waits while permits are free waits for something else: a pause, or the extract pool.
        if sample.waiting > 0 && sample.in_flight >= sample.permits {
            self.saturated_us = self.saturated_us.saturating_add(span);
        }
        if self.recent.len() == RECENT_SAMPLES {
            self.recent.pop_front();
        }
        self.recent.push_back(sample);
    }

    pub(super) fn answered(&mut self, by: &AnsweredBy) {
        let is_same = |known: &&mut Answering| known.host == by.host && known.http == by.http;
        if let Some(known) = self.answering.iter_mut().find(is_same) {
            known.answers = known.answers.saturating_add(1);
        } else if self.answering.len() < ANSWERING_KEPT {
            self.answering.push(Answering { host: by.host.clone(), http: by.http.clone(), answers: 1 });
        }
    }

    /// Who answered in which version of HTTP, in the order of the first answers.
    #[must_use]
    pub fn answering(&self) -> &[Answering] {
        &self.answering
    }

    /// The latest sample.
    #[must_use]
    pub fn latest(&self) -> Option<NetworkSample> {
        self.recent.back().copied()
    }

    /// Most requests that were seen in flight at one time.
    #[must_use]
    pub fn peak_in_flight(&self) -> u32 {
        self.peak_in_flight
    }

    /// Share of the sampled time in which requests waited for a permit, 0 to 1; none before the first sample.
    #[must_use]
    pub fn saturation(&self) -> Option<f64> {
        format::ratio(self.saturated_us, self.sampled_us)
    }

    /// Waits of downloads for a permit.
    #[must_use]
    pub fn permit_wait(&self) -> &Distribution {
        &self.permit_wait
    }

    /// Request sent to first byte, of the good attempts.
    #[must_use]
    pub fn first_byte(&self) -> &Distribution {
        &self.first_byte
    }

    /// First byte to last, of the good attempts.
    #[must_use]
    pub fn body(&self) -> &Distribution {
        &self.body
    }

    /// Bytes a second over the last second before `now`.
    #[must_use]
    pub fn rate(&self, now: u64) -> u64 {
        let Some(latest) = self.latest() else { return 0 };
        let window_start = now.saturating_sub(RATE_WINDOW_US);
        if latest.at <= window_start {
            return 0;
        }
        // The run's beginning is a sample too: nothing was received then.
        let first = self
            .recent
            .iter()
            .rev()
            .find(|sample| sample.at <= window_start)
            .or_else(|| (self.recent.len() == RECENT_SAMPLES).then(|| self.recent.front()).flatten())
            .copied()
            .unwrap_or_default();
        let span = u128::from(now.max(latest.at).saturating_sub(first.at).max(1));
        let bytes = u128::from(latest.received.saturating_sub(first.received));
        u64::try_from(bytes * 1_000_000 / span).unwrap_or(u64::MAX)
    }

    /// Bytes a second from the run's beginning to `now`, in equal columns.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "drawn with a few levels")]
    pub fn history(&self, now: u64, columns: usize) -> Vec<f64> {
        let seconds = now as f64 / 1e6 / columns.max(1) as f64;
        let mut amounts = self.received.columns(0, now, columns);
        for amount in &mut amounts {
            *amount = if seconds > 0.0 { *amount / seconds } else { 0.0 };
        }
        amounts
    }
}
