//! The lockfiles of an install, composed while it links.
//!
//! To compose them takes as long as to link a hundred packages, and the end of an install has only one thing to do at a
//! time. A file is also on the disk soonest while little else is on its way there. Nothing of them is seen before the
//! install puts them in place.

use std::path::Path;

use super::InstallError;
use super::existing::is_same;
use crate::core::lockfile::{Draft, Lockfile};

/// What was composed.
pub(super) struct Drafts {
    /// The lockfile; `None` where it stays as it is.
    pub lockfile: Option<Draft>,
    /// The text of the current lockfile of an install in which nothing goes wrong.
    pub current: String,
}

impl Drafts {
    /// Composes both: the lockfile for its path, where it is a new one, and what is expected to be in place afterwards.
    pub(super) fn compose(
        path: Option<&Path>,
        lockfile: &Lockfile,
        expected: &Lockfile,
    ) -> Result<Self, InstallError> {
        let Some(path) = path else {
            return Ok(Self { lockfile: None, current: expected.main_document() });
        };
        let main = lockfile.main_document();
        let draft = lockfile.draft(path, &main)?;
        let current = if is_same(expected, lockfile) { main } else { expected.main_document() };
        Ok(Self { lockfile: Some(draft), current })
    }
}
