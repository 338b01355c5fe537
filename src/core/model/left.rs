//! What is left to download.

use crate::core::event::Phase;
use crate::core::model::fold::Model;
use crate::core::model::package::PackageState;

/// What is left to download, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftToDownload {
    /// Packages that have not come whole.
    pub packages: u64,
    /// Their bytes: sizes that servers told are added up, others are taken to be as large as the packages that came.
    pub bytes: u64,
    /// Microseconds these take at the present rate; none while nothing comes.
    pub time_us: Option<u64>,
}

impl Model {
    /// What is left to download; none before anything came.
    #[must_use]
    pub fn left_to_download(&self, now: u64) -> Option<LeftToDownload> {
        let fetched = self.phase_numbers(Phase::Download, now).count;
        let mean = self.totals().bytes_downloaded.checked_div(fetched)?;
        let packages = u64::from(self.planned()?.downloads).saturating_sub(fetched);
        let mut not_begun = packages;
        let mut bytes: u64 = 0;
        for (_, package) in self.packages().filter(|(_, package)| package.state == PackageState::Downloading)
        {
            not_begun = not_begun.saturating_sub(1);
            let size = package.body_size.unwrap_or(mean);
            bytes = bytes.saturating_add(size.saturating_sub(package.bytes));
        }
        let bytes = bytes.saturating_add(mean.saturating_mul(not_begun));
        let time_us = bytes.saturating_mul(1_000_000).checked_div(self.download_rate(now));
        Some(LeftToDownload { packages, bytes, time_us })
    }
}
