//! The verification of the lockfile as a part of an install: it runs beside downloads and links, and an install does
//! not end well without it.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{Either, select};

use super::materialise::{Done, Materialise};
use super::setup::Tools;
use super::split::Split;
use super::{Install, InstallError};
use crate::core::lockfile::Lockfile;
use crate::core::meter::Meters;
use crate::core::registry::Packuments;
use crate::core::verify::{Passed, RegistryMetadata, Verification, record_resolved};

/// Who stops a run whose lockfile is not accepted.
const BY: &str = "the verification of the lockfile";

impl Install {
    /// Begins to verify a lockfile that is in place or was found there.
    pub(super) fn verify(&self, lockfile: &Lockfile, tools: &Tools, meters: &Meters) -> Verification {
        let config = &self.config;
        let path = config.lockfile_dir.join(Lockfile::FILE_NAME);
        let emitter = self.emitter.clone();
        let runtime = tools.runtime.handle();
        let metadata = || {
            let client = tools.fetcher.client.clone();
            let packuments = Packuments::new(config, client, self.emitter.clone(), runtime.clone());
            Arc::new(RegistryMetadata::new(&packuments, *config.minimum_release_age > 0))
        };
        Verification::start(config, lockfile, &path, meters, move || emitter.now(), runtime, metadata)
    }

    /// Remembers that a lockfile which was just written keeps the policies: its versions were picked under them, or
    /// verified before.
    pub(super) fn remember(&self, lockfile: &Lockfile) {
        record_resolved(&self.config, lockfile, &self.config.lockfile_dir.join(Lockfile::FILE_NAME));
    }

    /// Waits for the end of a verification, unless the user asks to stop.
    ///
    /// # Errors
    /// The lockfile is not accepted, or the run is cancelled.
    pub(super) async fn await_verification(
        &self,
        verification: &mut Verification,
    ) -> Result<Passed, InstallError> {
        let cancelled = pin!(self.controls.until_cancelled());
        match select(pin!(verification.finish()), cancelled).await {
            Either::Left((passed, _)) => Ok(passed?),
            Either::Right((by, _)) => Err(InstallError::Cancelled(by)),
        }
    }

    /// Puts packages in place while the lockfile is verified. What fails first ends the other.
    ///
    /// # Errors
    /// Either fails.
    pub(super) async fn materialise_and_verify(
        &self,
        materialise: Materialise,
        split: Split,
        done: &mut Done,
        verification: &mut Verification,
    ) -> Result<(), InstallError> {
        let work = pin!(materialise.run(split, done));
        match select(work, pin!(verification.finish())).await {
            Either::Left((outcome, _)) => outcome?,
            Either::Right((Ok(_), work)) => return work.await,
            Either::Right((Err(refused), work)) => {
                // It ends in good order, as if the user had asked.
                self.controls.cancel(BY);
                let _ = work.await;
                return Err(refused.into());
            }
        }
        self.await_verification(verification).await.map(|_| ())
    }
}
