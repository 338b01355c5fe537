//! What can be wrong with settings. Every error names the place and the key; none prints a secret.

use std::path::PathBuf;

use thiserror::Error;

use super::origin::Origin;

/// Settings that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The project's folder is not there.
    #[error("cannot work in {}: {source}", path.display())]
    ProjectDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is no YAML, or its YAML has the wrong shape.
    #[error("{}: {message}", place(&Origin::File(path.clone()), *line))]
    Yaml {
        /// The file.
        path: PathBuf,
        /// Line of the mistake, from 1.
        line: Option<u64>,
        /// What the parser says.
        message: String,
    },
    /// A setting has a value that it does not take.
    #[error("{}: {key} is {value} but must be {expected}", place(origin, *line))]
    Value {
        /// Where it is set.
        origin: Origin,
        /// Line of the value, from 1, in a YAML file.
        line: Option<u64>,
        /// Name of the setting.
        key: String,
        /// The value as written.
        value: String,
        /// What the setting takes.
        expected: String,
    },
    /// A secret that should be Base64 is not.
    #[error("{origin}: {key} is not valid Base64")]
    InvalidBase64 {
        /// Where it is set.
        origin: Origin,
        /// Name of the setting.
        key: String,
    },
    /// `_auth` decodes to something without a `:`.
    #[error("{origin}: {key} does not hold a user and a password with a \":\" between them")]
    MissingSeparator {
        /// Where it is set.
        origin: Origin,
        /// Name of the setting.
        key: String,
    },
    /// A project asks for a program to be run to get a token.
    #[error("{origin}: {key} must not be set by a project")]
    TokenHelperInProject {
        /// The project's file.
        origin: Origin,
        /// Name of the setting.
        key: String,
    },
    /// A project's registry URL has a placeholder for a variable.
    #[error(
        "{origin}: {key} holds a placeholder, and variables are not expanded in a project's registry URLs"
    )]
    RegistryPlaceholder {
        /// The project's file.
        origin: Origin,
        /// Name of the setting.
        key: String,
    },
    /// `_auth` of `config.yaml` or of the environment has the wrong shape.
    #[error("{origin}: _auth {problem}")]
    StructuredAuth {
        /// Where it is set.
        origin: Origin,
        /// What is wrong; never quotes the value.
        problem: String,
    },
    /// There is no home to put a store or a cache in.
    #[error("cannot tell where {what} belongs, since the user has no home folder")]
    NoHome {
        /// `the store` or `the cache`.
        what: &'static str,
    },
}

impl ConfigError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::InvalidBase64 { .. } => Some("ERR_PNPM_AUTH_INVALID_BASE64"),
            Self::MissingSeparator { .. } => Some("ERR_PNPM_AUTH_MISSING_SEPARATOR"),
            Self::TokenHelperInProject { .. } => Some("ERR_PNPM_TOKEN_HELPER_IN_PROJECT_CONFIG"),
            Self::RegistryPlaceholder { .. } => Some("ERR_PNPM_REGISTRY_ENV_NOT_EXPANDED"),
            Self::Value { .. } => Some("ERR_PNPM_INVALID_SETTING"),
            _ => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::InvalidBase64 { .. } | Self::MissingSeparator { .. } => Some(
                "Encode it anew, for example with: printf '%s' 'user:password' | base64. \
                 A token belongs in _authToken and is not encoded."
                    .to_owned(),
            ),
            Self::TokenHelperInProject { .. } => {
                Some("Move it to the .npmrc in your home folder, which no project can change.".to_owned())
            }
            Self::RegistryPlaceholder { .. } => Some(
                "Write the URL out, or move the line to the .npmrc in your home folder, where variables are \
                 expanded."
                    .to_owned(),
            ),
            Self::NoHome { .. } => {
                Some("Set HOME, or name the folders with --store-dir and --cache-dir.".to_owned())
            }
            _ => None,
        }
    }
}

fn place(origin: &Origin, line: Option<u64>) -> String {
    match line {
        Some(line) => format!("{origin}:{line}"),
        None => origin.to_string(),
    }
}
