//! What can be wrong with overrides and catalogs.

/// Why a `catalog:` specifier stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// The catalog, or the entry in it, does not exist.
    #[error("{alias} is to be taken from the catalog {catalog:?}, which has no entry for it")]
    NotFound {
        /// The dependency.
        alias: String,
        /// The catalog; `default` is the one without a name.
        catalog: String,
    },
    /// The entry is a `catalog:` specifier itself.
    #[error("the entry for {alias} in the catalog {catalog:?} refers to a catalog again")]
    Recursive {
        /// The dependency.
        alias: String,
        /// The catalog.
        catalog: String,
    },
    /// The entry is a `workspace:` specifier.
    #[error(
        "the entry for {alias} in the catalog {catalog:?} uses the workspace protocol, which catalogs cannot hold"
    )]
    Workspace {
        /// The dependency.
        alias: String,
        /// The catalog.
        catalog: String,
    },
    /// The entry is a folder or file of this machine.
    #[error(
        "the entry for {alias} in the catalog {catalog:?} uses the {protocol} protocol, which catalogs cannot hold"
    )]
    Protocol {
        /// The dependency.
        alias: String,
        /// The catalog.
        catalog: String,
        /// `link` or `file`.
        protocol: &'static str,
    },
}

impl CatalogError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotFound { .. } => "ERR_PNPM_CATALOG_ENTRY_NOT_FOUND_FOR_SPEC",
            Self::Recursive { .. } => "ERR_PNPM_CATALOG_ENTRY_INVALID_RECURSIVE_DEFINITION",
            Self::Workspace { .. } => "ERR_PNPM_CATALOG_ENTRY_INVALID_WORKSPACE_SPEC",
            Self::Protocol { .. } => "ERR_PNPM_CATALOG_ENTRY_INVALID_SPEC",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { alias, catalog } if catalog == "default" => {
                format!("Add {alias} to \"catalog\" in pnpm-workspace.yaml.")
            }
            Self::NotFound { alias, catalog } => {
                format!("Add {alias} to \"catalogs.{catalog}\" in pnpm-workspace.yaml.")
            }
            Self::Recursive { .. } | Self::Workspace { .. } | Self::Protocol { .. } => {
                "Give the entry in pnpm-workspace.yaml a version, a range or a tag.".to_owned()
            }
        })
    }
}

/// What is wrong with `overrides`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// A selector names no package.
    #[error("the override {selector:?} does not name a package")]
    Selector {
        /// The selector as it was declared.
        selector: String,
    },
    /// `name@` together with a parent.
    #[error(
        "the override {selector:?} has an empty range, which is only known for selectors without a parent"
    )]
    ConvergenceWithParent {
        /// The selector as it was declared.
        selector: String,
    },
    /// `name@` with a value that is no exact version.
    #[error("the override {selector:?} needs an exact version, and {value:?} is none")]
    ConvergenceValue {
        /// The selector as it was declared.
        selector: String,
        /// Its value.
        value: String,
    },
    /// `catalog:` that stands for nothing.
    #[error("the override {selector:?} cannot be read from a catalog: {source}")]
    Catalog {
        /// The selector as it was declared.
        selector: String,
        /// Why.
        source: CatalogError,
    },
    /// `$name`, and the root project has no such dependency.
    #[error("the override {selector:?} refers to {value}, which is no direct dependency of the root project")]
    Reference {
        /// The selector as it was declared.
        selector: String,
        /// The value, `$name`.
        value: String,
    },
}

impl OverrideError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::Selector { .. } => "ERR_PNPM_INVALID_SELECTOR",
            Self::ConvergenceWithParent { .. } | Self::ConvergenceValue { .. } => {
                "ERR_PNPM_INVALID_CONVERGENCE_OVERRIDE"
            }
            Self::Catalog { .. } => "ERR_PNPM_CATALOG_IN_OVERRIDES",
            Self::Reference { .. } => "ERR_PNPM_CANNOT_RESOLVE_OVERRIDE_VERSION",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Catalog { source, .. } => return source.help(),
            Self::Reference { value, .. } => format!(
                "Add {} to the dependencies of the root package.json, or give the override a version.",
                value.trim_start_matches('$')
            ),
            _ => "Change the entry of \"overrides\" in pnpm-workspace.yaml.".to_owned(),
        })
    }
}

/// What is wrong with `packageExtensions`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// A selector has a range that is none.
    #[error("packageExtensions: {range:?} in the selector {selector:?} is not a range of versions")]
    Selector {
        /// The selector as it was declared.
        selector: String,
        /// The range in it.
        range: String,
    },
    /// A value is of the wrong kind.
    #[error("{setting} must be {expected}")]
    Setting {
        /// The setting, such as `packageExtensions["a@1"]`.
        setting: String,
        /// What it should be, such as `a map of extensions`.
        expected: &'static str,
    },
}

impl ExtensionError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Selector { .. } => Some("ERR_PNPM_INVALID_PACKAGE_EXTENSION_SELECTOR"),
            Self::Setting { .. } => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        Some("Change the entry in pnpm-workspace.yaml.".to_owned())
    }
}
