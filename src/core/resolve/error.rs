//! What can go wrong while resolving.

/// Why a project cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No way of resolving knows the specifier.
    #[error("{specifier:?} isn't supported by any available resolver")]
    NotSupported {
        /// The specifier, with its alias.
        specifier: String,
    },
    /// A package of a registry or of the workspace.
    #[error(transparent)]
    Npm(#[from] Box<super::npm::NpmError>),
    /// A manifest gives a dependency a name that is none.
    #[error("{parent} contains a dependency with an invalid name: {alias:?}")]
    InvalidDependencyName {
        /// Whose manifest.
        parent: String,
        /// The name.
        alias: String,
    },
    /// A dependency of a dependency comes from a place that the settings forbid.
    #[error(
        "the dependency {alias:?} comes from {from}, which blockExoticSubdeps does not allow for dependencies of dependencies"
    )]
    ExoticSubdependency {
        /// Its alias, or its specifier.
        alias: String,
        /// What kind of place.
        from: &'static str,
    },
    /// Several patches fit one package.
    #[error("several version ranges of patches fit {package}: {ranges}")]
    PatchConflict {
        /// The package, `name@version`.
        package: String,
        /// The ranges.
        ranges: String,
    },
    /// A patch is declared for something that is no version and no range.
    #[error("{range:?} in patchedDependencies is not a version range")]
    PatchRange {
        /// What stands behind the name.
        range: String,
    },
    /// An optional dependency cannot be resolved although the lockfile has it.
    #[error("{0}")]
    LockedOptional(#[source] Box<ResolveError>),
    /// The manifest behind a local dependency of the root project cannot be read.
    #[error(transparent)]
    LocalManifest(#[from] crate::core::manifest::ManifestError),
}

impl ResolveError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotSupported { .. } => Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"),
            Self::Npm(error) => error.code(),
            Self::InvalidDependencyName { .. } => Some("ERR_PNPM_INVALID_DEPENDENCY_NAME"),
            Self::ExoticSubdependency { .. } => Some("ERR_PNPM_EXOTIC_SUBDEP"),
            Self::PatchConflict { .. } => Some("ERR_PNPM_PATCH_KEY_CONFLICT"),
            Self::PatchRange { .. } => Some("ERR_PNPM_PATCH_NON_SEMVER_RANGE"),
            Self::LockedOptional(inner) => inner.code(),
            Self::LocalManifest(_) => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Npm(error) => error.help(),
            Self::InvalidDependencyName { .. } => {
                Some("a name is `name` or `@scope/name`, without path separators or leading dots".to_owned())
            }
            Self::ExoticSubdependency { .. } => {
                Some("set blockExoticSubdeps to false, or override the dependency".to_owned())
            }
            Self::PatchConflict { package, .. } => Some(format!("declare a patch for {package} itself")),
            Self::LockedOptional(_) => Some(
                "it is not left out, since the lockfile has it: leaving it out would make the lockfile depend on where \
                 it was made. If the version is gone for good, update the package that asks for it, or delete the entry"
                    .to_owned(),
            ),
            Self::NotSupported { .. } | Self::PatchRange { .. } | Self::LocalManifest(_) => None,
        }
    }
}
