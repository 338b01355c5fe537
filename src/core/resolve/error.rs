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
}

impl ResolveError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NotSupported { .. } => Some("ERR_PNPM_SPEC_NOT_SUPPORTED_BY_ANY_RESOLVER"),
            Self::Npm(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotSupported { .. } => None,
            Self::Npm(error) => error.help(),
        }
    }
}
