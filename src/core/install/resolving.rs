//! Resolution as a part of an install.

use super::inputs::Found;
use super::selection::Selector;
use super::setup::Tools;
use super::{Gathered, Install, InstallError, Known};
use crate::core::lockfile::Lockfile;

/// A resolution that is due.
pub struct Resolving<'a> {
    /// The install.
    pub install: &'a Install,
    /// The tools.
    pub tools: &'a Tools,
    /// Manifests.
    pub found: &'a Found,
    /// The lockfile to start from.
    pub seed: Option<Lockfile>,
}

impl Resolving<'_> {
    pub fn run(
        self,
        _selector: &mut Selector<'_>,
        _gathered: &mut Gathered,
    ) -> Result<(Lockfile, Known), InstallError> {
        Err(InstallError::Unsupported { what: String::new(), help: String::new() })
    }
}
