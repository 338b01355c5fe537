//! What a manifest asks for.

use std::sync::Arc;

/// A dependency as a manifest asks for it, after catalogs, overrides and extensions had their say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// The name it is installed under; `None` when only a specifier was given on the command line.
    pub alias: Option<Arc<str>>,
    /// The specifier, such as `^1.0.0`, `npm:other@1`, `workspace:*`, `file:../x`; without `catalog:`.
    pub specifier: Arc<str>,
    /// It may be left out when it cannot be had.
    pub optional: bool,
    /// `dependenciesMeta.<alias>.injected`: a workspace project is copied instead of linked.
    pub injected: Option<bool>,
    /// The specifier that stood there before an update.
    pub previous_specifier: Option<Arc<str>>,
}
