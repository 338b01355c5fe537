//! The first half of an install: what is to be in place.

use super::course::{self, Course};
use super::inputs::{self, Inputs};
use super::numbers::Numbers;
use super::resolving::Resolving;
use super::selection::Selector;
use super::setup::Setup;
use super::{Gathered, Install, InstallError, Known};
use crate::core::change::{Changes, Command};
use crate::core::config::Dedupe;
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
        let may_begin = self.change.as_ref().is_some_and(|change| matches!(change.command, Command::Add(_)));
        let mut found = inputs::find(config, may_begin)?;
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
            Course::Restore(lockfile) | Course::Rewrite(lockfile) => {
                let numbers = Numbers::after(gathered.numbered);
                (lockfile, setup, Known { numbers, ..Known::default() })
            }
            Course::Resolve(seed) => {
                let tools = setup.finish(config, &self.controls)?;
                if config.registries.default.starts_with("https:") {
                    let client = tools.fetcher.client.clone();
                    tools.runtime.spawn_blocking(move || client.expect_encrypted());
                }
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

    /// Whether the lockfile on disk is the one that was decided on; says that nothing was written.
    fn check_duplicates(&self, inputs: &Inputs) -> Result<bool, InstallError> {
        let on_disk = std::fs::read_to_string(self.lockfile_path()).unwrap_or_default();
        if on_disk == inputs.lockfile.to_yaml() {
            return Ok(false);
        }
        Err(InstallError::Policy {
            code: "ERR_PNPM_DEDUPE_CHECK_ISSUES",
            message: "some dependencies could share versions, or pnpm-lock.yaml is out of date".to_owned(),
        })
    }

    /// Writes what was decided on, and nothing else. Says whether anything was written.
    pub(super) fn write_decided(&self, decided: Decided, meters: &Meters) -> Result<bool, InstallError> {
        let Decided { inputs, is_new, setup, known, changes, verification } = decided;
        let tools = setup.finish(&self.config, &self.controls)?;
        let mut verification = verification.unwrap_or_else(|| self.verify(&inputs.lockfile, &tools, meters));
        tools.runtime.block_on(self.await_verification(&mut verification))?;
        if self.config.dedupe == Some(Dedupe::Check) {
            return self.check_duplicates(&inputs);
        }
        let draft =
            is_new.then(|| inputs.lockfile.draft(&self.lockfile_path(), &inputs.lockfile.main_document()));
        let is_written = self.write_lockfile(&inputs, draft.transpose()?, !known.violates_policies)?;
        let is_changed = changes.as_ref().map_or(Ok(false), Changes::save)?;
        Ok(is_written || is_changed)
    }
}
