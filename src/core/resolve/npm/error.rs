//! What can go wrong with packages of registries and of the workspace.

use crate::core::registry::RegistryError;

/// Why a package of a registry, or of the workspace, cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum NpmError {
    /// The metadata cannot be had.
    #[error("{source}\n\nFailed to resolve {dependency}")]
    Registry {
        /// The dependency, `alias@specifier`.
        dependency: String,
        /// Why.
        source: RegistryError,
    },
    /// No version fits.
    #[error("No matching version found for {dependency} while fetching it from {registry}")]
    NoMatchingVersion {
        /// The dependency, `alias@specifier`.
        dependency: String,
        /// The registry, safe to show.
        registry: String,
        /// Which versions there are.
        published: String,
    },
    /// All versions were taken back.
    #[error("No versions available for {name} because it was unpublished")]
    Unpublished {
        /// The package.
        name: String,
    },
    /// There are no versions.
    #[error("No versions available for {name}. The package may be unpublished.")]
    NoVersions {
        /// The package.
        name: String,
    },
    /// A policy needs publish times and there are none.
    #[error("The metadata of {name} is missing the \"time\" field")]
    MissingTime {
        /// The package.
        name: String,
    },
    /// The SHA-1 that the registry tells is none.
    #[error("Tarball {tarball:?} has invalid shasum specified in its metadata: {shasum}")]
    InvalidIntegrity {
        /// The tarball's address.
        tarball: String,
        /// What stands there.
        shasum: String,
    },
    /// Fewer vouch for a version than for an earlier one.
    #[error("High-risk trust downgrade for \"{name}@{version}\" (possible package takeover)")]
    TrustDowngrade {
        /// The package.
        name: String,
        /// The version.
        version: String,
        /// Who vouched before.
        past: &'static str,
        /// Who does now.
        current: &'static str,
    },
    /// It cannot be told who vouches for a version.
    #[error("trust check failed: {reason}")]
    TrustUnknown {
        /// Why.
        reason: String,
    },
    /// `workspace:` outside of a workspace.
    #[error(
        "Cannot resolve {dependency} from the workspace: there is none, since no pnpm-workspace.yaml lists its packages"
    )]
    NoWorkspace {
        /// The dependency, `alias@specifier`.
        dependency: String,
    },
    /// What follows `workspace:` is nothing that a package could be found by.
    #[error("Invalid workspace: spec ({specifier})")]
    WorkspaceSpecifier {
        /// The specifier.
        specifier: String,
    },
    /// No project of that name.
    #[error(
        "In {project}: \"{dependency}\" is in the dependencies but no package named \"{name}\" is present in the workspace"
    )]
    NotInWorkspace {
        /// Folder of the project that asks.
        project: String,
        /// The dependency, `name@specifier`.
        dependency: String,
        /// The name looked for.
        name: String,
        /// Names there are.
        known: String,
    },
    /// No project of that name in a version that fits.
    #[error("In {project}: No matching version found for {dependency} inside the workspace{available}")]
    NoVersionInWorkspace {
        /// Folder of the project that asks.
        project: String,
        /// The dependency, `alias@specifier`.
        dependency: String,
        /// Versions there are, as a sentence.
        available: String,
    },
    /// `jsr:` without a scope.
    #[error("Package names from JSR must have a scope")]
    JsrScopeMissing,
    /// `jsr:` without a name.
    #[error("JSR specifier {specifier:?} is missing a package name")]
    JsrNameMissing {
        /// What follows `jsr:`.
        specifier: String,
    },
    /// `jsr:` with a name that is none.
    #[error("The package name {name:?} is invalid")]
    JsrNameInvalid {
        /// The name.
        name: String,
    },
    /// A registry's prefix with a name that is none.
    #[error("The package name {name:?} in named registry '{prefix}:' is invalid")]
    PrefixedNameInvalid {
        /// The prefix.
        prefix: String,
        /// The name.
        name: String,
    },
    /// A rule of exclusion with something else than versions.
    #[error("Invalid versions union. Found: {rule:?}. Use exact versions only.")]
    VersionUnion {
        /// The rule.
        rule: String,
    },
    /// A rule of exclusion with a pattern and versions.
    #[error("Name patterns are not allowed with version unions. Found: {rule:?}")]
    PatternWithVersions {
        /// The rule.
        rule: String,
    },
}

impl NpmError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Registry { source, .. } => return source.code(),
            Self::NoMatchingVersion { .. } => "ERR_PNPM_NO_MATCHING_VERSION",
            Self::Unpublished { .. } => "ERR_PNPM_UNPUBLISHED_PKG",
            Self::NoVersions { .. } => "ERR_PNPM_NO_VERSIONS",
            Self::MissingTime { .. } => "ERR_PNPM_MISSING_TIME",
            Self::InvalidIntegrity { .. } => "ERR_PNPM_INVALID_TARBALL_INTEGRITY",
            Self::TrustDowngrade { .. } => "ERR_PNPM_TRUST_DOWNGRADE",
            Self::TrustUnknown { .. } => "ERR_PNPM_TRUST_CHECK_FAIL",
            Self::JsrScopeMissing => "ERR_PNPM_MISSING_JSR_PACKAGE_SCOPE",
            Self::JsrNameMissing { .. } => "ERR_PNPM_INVALID_JSR_SPECIFIER",
            Self::JsrNameInvalid { .. } => "ERR_PNPM_INVALID_JSR_PACKAGE_NAME",
            Self::PrefixedNameInvalid { .. } => "ERR_PNPM_INVALID_NAMED_REGISTRY_PACKAGE_NAME",
            Self::VersionUnion { .. } => "ERR_PNPM_INVALID_VERSION_UNION",
            Self::PatternWithVersions { .. } => "ERR_PNPM_NAME_PATTERN_IN_VERSION_UNION",
            // pnpm 12.21 has none for these.
            Self::NoWorkspace { .. }
            | Self::WorkspaceSpecifier { .. }
            | Self::NotInWorkspace { .. }
            | Self::NoVersionInWorkspace { .. } => return None,
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Registry { source, .. } => source.help(),
            Self::NoMatchingVersion { published, .. } => Some(published.clone()),
            Self::NotInWorkspace { known, .. } => Some(format!("Packages found in the workspace: {known}")),
            Self::TrustDowngrade { past, current, .. } => Some(format!(
                "An earlier published version had {past}, this one has {current}. That can be a sign of a stolen \
                 account. Trust is compared by publish date, not by version. If the version is known to be good, list \
                 it in trustPolicyExclude."
            )),
            Self::MissingTime { .. } => Some(
                "Set minimumReleaseAgeIgnoreMissingTime to true to accept packages whose registry tells no times."
                    .to_owned(),
            ),
            _ => None,
        }
    }

    /// Whether the registry said that there is no such package.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Registry { source, .. } if source.is_not_found())
    }
}
