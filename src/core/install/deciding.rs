//! The first half of an install: what is to be in place.

use super::course::{self, Course};
use super::inputs::{self, Inputs};
use super::resolving::Resolving;
use super::selection::Selector;
use super::setup::Setup;
use super::{Gathered, Install, InstallError, Known};
use crate::core::change::Changes;
use crate::core::meter::Meters;
use crate::core::verify::Verification;

/// What is to be in place.
pub(super) struct Decided {
    pub inputs: Inputs,
    /// The lockfile is not the one that was found.
    pub is_new: bool,
    pub setup: Setup,
    pub known: Known,
    /// What changes in manifests.
    pub changes: Option<Changes>,
    /// The verification of the lockfile that was there before a resolution.
    pub verification: Option<Verification>,
}

impl Install {
    /// Gets to a lockfile that fits the manifests: the one that is there, or a new one.
    pub(super) fn decide(
        &self,
        setup: Setup,
        selector: &mut Selector<'_>,
        meters: &Meters,
        gathered: &mut Gathered,
    ) -> Result<Decided, InstallError> {
        let config = &self.config;
        let mut found = inputs::find(config)?;
        let mut changes = self.begin_changes(&mut found, gathered)?;
        let is_due =
            changes.as_ref().is_some_and(|changes| changes.moves_versions() || changes.has_questions());
        let mut warnings = Vec::new();
        let course = course::choose(config, &mut found, is_due, &mut warnings)?;
        for message in warnings {
            self.warn(message, None, &mut gathered.totals);
        }
        let is_new = !matches!(course, Course::Restore(_));
        let mut verification = None;
        let (mut lockfile, setup, known) = match course {
            Course::Restore(lockfile) | Course::Rewrite(lockfile) => (lockfile, setup, Known::default()),
            Course::Resolve(seed) => {
                let tools = setup.finish(config, &self.controls)?;
                // What is kept of it has to keep the policies too.
                verification = Some(match &seed {
                    Some(seed) => self.verify(seed, &tools, meters),
                    None => Verification::unneeded(),
                });
                let changes = changes.as_mut();
                let resolving = Resolving { install: self, tools: &tools, found: &mut found, seed, changes };
                let (lockfile, known) = resolving.run(selector, gathered)?;
                (lockfile, Setup::Ready(tools), known)
            }
        };
        if let Some(changes) = &mut changes {
            changes.settle(&mut lockfile)?;
        }
        let inputs = found.with(config, lockfile);
        Ok(Decided { inputs, is_new, setup, known, changes, verification })
    }

    /// Writes what was decided on, and nothing else. Says whether anything was written.
    pub(super) fn write_decided(&self, decided: Decided, meters: &Meters) -> Result<bool, InstallError> {
        let Decided { inputs, is_new, setup, known, changes, verification } = decided;
        let tools = setup.finish(&self.config, &self.controls)?;
        let mut verification = verification.unwrap_or_else(|| self.verify(&inputs.lockfile, &tools, meters));
        tools.runtime.block_on(self.await_verification(&mut verification))?;
        let is_written = is_new && self.write_lockfile(&inputs, !known.violates_policies)?;
        let is_changed = changes.as_ref().map_or(Ok(false), Changes::save)?;
        Ok(is_written || is_changed)
    }
}
