//! What of the configuration matters to packages of registries.

use std::path::PathBuf;
use std::time::SystemTime;

use super::error::NpmError;
use super::exclude::Exclusions;
use super::saved::{RangeStyle, SaveWorkspaceProtocol};
use super::trust::NoDowngrade;
use crate::core::config::{Config, LinkWorkspacePackages, Registries, ResolutionMode, TrustPolicy};
use crate::core::registry::milliseconds_since_1970;

/// The settings of an [`super::NpmResolver`].
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct NpmSettings {
    /// Which registry serves which package.
    pub registries: Registries,
    /// The folder of the lockfile: links are told from there.
    pub lockfile_dir: PathBuf,
    /// No metadata is asked for that the cache has.
    pub prefer_offline: bool,
    /// Documents without publish times will not do for any package.
    pub needs_full_documents: bool,
    /// `minimumReleaseAgeExclude`.
    pub age_exclusions: Exclusions,
    /// `minimumReleaseAgeIgnoreMissingTime`.
    pub ignore_missing_time: bool,
    /// `trustPolicy: no-downgrade`.
    pub no_downgrade: Option<NoDowngrade>,
    /// `lockfileIncludeTarballUrl`.
    pub include_tarball_url: bool,
    /// `linkWorkspacePackages`.
    pub link_workspace_packages: LinkWorkspacePackages,
    /// `preferWorkspacePackages`.
    pub prefer_workspace_packages: bool,
    /// `injectWorkspacePackages`.
    pub inject_workspace_packages: bool,
    /// How versions are saved whose specifier tells no style (`saveExact`, `savePrefix`).
    pub save_style: RangeStyle,
    /// `saveWorkspaceProtocol`.
    pub save_workspace_protocol: SaveWorkspaceProtocol,
}

impl NpmSettings {
    /// Takes what matters.
    ///
    /// # Errors
    /// When a rule of exclusion is none.
    pub fn new(config: &Config) -> Result<Self, NpmError> {
        let is_no_downgrade = *config.trust_policy == TrustPolicy::NoDowngrade;
        let no_downgrade = NoDowngrade {
            exclude: Exclusions::parse(&config.trust_policy_exclude)?,
            ignore_after: *config.trust_policy_ignore_after,
            now: milliseconds_since_1970(SystemTime::now()),
        };
        let needs_times =
            *config.resolution_mode == ResolutionMode::TimeBased && !*config.registry_supports_time_field;
        Ok(Self {
            registries: config.registries.clone(),
            lockfile_dir: config.lockfile_dir.clone(),
            prefer_offline: *config.prefer_offline,
            needs_full_documents: is_no_downgrade || needs_times,
            age_exclusions: Exclusions::parse(&config.minimum_release_age_exclude)?,
            ignore_missing_time: *config.minimum_release_age_ignore_missing_time,
            no_downgrade: is_no_downgrade.then_some(no_downgrade),
            include_tarball_url: *config.lockfile_include_tarball_url,
            link_workspace_packages: *config.link_workspace_packages,
            prefer_workspace_packages: *config.prefer_workspace_packages,
            inject_workspace_packages: *config.inject_workspace_packages,
            save_style: RangeStyle::default(),
            save_workspace_protocol: SaveWorkspaceProtocol::default(),
        })
    }

    /// Whether plain specifiers at this depth may lead into the workspace.
    #[must_use]
    pub fn links_workspace_at(&self, depth: u32) -> bool {
        match self.link_workspace_packages {
            LinkWorkspacePackages::No => false,
            LinkWorkspacePackages::Direct => depth == 0,
            LinkWorkspacePackages::Deep => true,
        }
    }
}
