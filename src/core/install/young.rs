//! Versions that were taken although they are younger than `minimumReleaseAge` allows: an error where that is strict,
//! else they are excluded from the policy by name in `pnpm-workspace.yaml`, so that the next run accepts them.
//! pnpm: `minimum_release_age.rs`.

use super::{Gathered, Install, InstallError};
use crate::core::change::ChangeError;
use crate::core::config::Dedupe;
use crate::core::registry::parse_timestamp;
use crate::core::resolve::npm::{Exclusions, TOO_YOUNG};
use crate::core::resolve::tree::Walked;
use crate::core::resolve::{ResolveError, Resolved};
use crate::core::workspace_edit::WorkspaceFile;

/// The setting that is written.
const EXCLUDED: &str = "minimumReleaseAgeExclude";

/// Versions that are too young, each as `name@version` and why, in the order of the former.
#[derive(Debug, Default)]
pub(super) struct Young(Vec<(String, String)>);

impl Young {
    /// Finds them. `cutoff` is the one that the settings say, in milliseconds since 1970: what is only younger than
    /// what it came with (`resolutionMode: time-based`) may be taken.
    pub(super) fn among(walked: &Walked, cutoff: Option<i64>) -> Self {
        let Some(cutoff) = cutoff else { return Self::default() };
        let is_young = |resolved: &Resolved| {
            let published = resolved.published_at.as_deref().and_then(parse_timestamp);
            published.is_none_or(|published| published > cutoff)
        };
        let young = walked
            .violations
            .iter()
            .filter(|(resolved, violation)| violation.code == TOO_YOUNG && is_young(resolved));
        let mut young: Vec<(String, String)> = young
            .map(|(resolved, violation)| {
                let version = resolved.version.as_deref().unwrap_or_default();
                (format!("{}@{version}", resolved.name), violation.reason.clone())
            })
            .collect();
        young.sort_unstable();
        young.dedup_by(|left, right| left.0 == right.0);
        Self(young)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn listed(&self) -> String {
        let lines: Vec<String> = self.0.iter().map(|(name, reason)| format!("{name} {reason}")).collect();
        lines.join("\n  ")
    }
}

impl Install {
    /// Judges what is too young. `may_save` says whether this run writes settings at all.
    ///
    /// # Errors
    /// The policy is strict, or `pnpm-workspace.yaml` cannot be changed.
    pub(super) fn judge_age(
        &self,
        young: &Young,
        may_save: bool,
        gathered: &mut Gathered,
    ) -> Result<(), InstallError> {
        if young.is_empty() {
            return Ok(());
        }
        if *self.config.minimum_release_age_strict {
            return Err(InstallError::Policy {
                code: "ERR_PNPM_NO_MATURE_MATCHING_VERSION",
                message: format!("no version is old enough for minimumReleaseAge:\n  {}", young.listed()),
            });
        }
        let saves = may_save && self.config.dedupe != Some(Dedupe::Check);
        let mut message =
            format!("versions were taken that are younger than minimumReleaseAge:\n  {}", young.listed());
        if saves {
            self.exclude(young, gathered)?;
            message.push_str("\nThey were added to minimumReleaseAgeExclude in pnpm-workspace.yaml.");
        }
        self.warn(message, None, &mut gathered.totals);
        Ok(())
    }

    fn exclude(&self, young: &Young, gathered: &mut Gathered) -> Result<(), InstallError> {
        let config = &self.config;
        let folder = config.workspace_dir.as_deref().unwrap_or(&config.lockfile_dir);
        let mut rules = config.minimum_release_age_exclude.value.clone();
        gathered.excluded.extend(young.0.iter().map(|(name, _)| name.clone()));
        rules.extend_from_slice(&gathered.excluded);
        let rules = Exclusions::parse(&rules).map_err(|error| ResolveError::from(Box::new(error)))?.merged();
        let mut file = WorkspaceFile::read(folder).map_err(ChangeError::from)?;
        file.set_list(EXCLUDED, &rules).map_err(ChangeError::from)?;
        file.save().map_err(ChangeError::from)?;
        Ok(())
    }
}
