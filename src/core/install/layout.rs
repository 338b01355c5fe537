//! What a tree was made with must not change by the way.
//!
//! An install takes a tree away that was made in another way, and makes it anew. A command that is about a few
//! dependencies or projects does not: it says what is different, before anything is resolved.

use super::InstallError;
use super::existing::layout;
use super::inputs::Found;
use crate::core::change::Changes;
use crate::core::config::Config;
use crate::core::state::{ModulesState, Recorded};

/// Refuses to go on where the tree was made in another way and the run is about a part of it.
///
/// # Errors
/// What is different, with pnpm's code.
pub fn check(config: &Config, found: &Found, changes: Option<&Changes>) -> Result<(), InstallError> {
    if config.lockfile_only || changes.is_none() && !found.is_filtered() {
        return Ok(());
    }
    let folder = config.root_modules_dir();
    let Recorded::Known(state) = ModulesState::read(&folder) else { return Ok(()) };
    let Some(what) = state.difference(&layout(config), &folder) else { return Ok(()) };
    Err(InstallError::Layout { code: code(what), what, folder })
}

fn code(difference: &str) -> &'static str {
    match difference {
        "nodeLinker" => "ERR_PNPM_NODE_LINKER_DIFF",
        "hoistPattern" => "ERR_PNPM_HOIST_PATTERN_DIFF",
        "publicHoistPattern" => "ERR_PNPM_PUBLIC_HOIST_PATTERN_DIFF",
        "virtualStoreDirMaxLength" => "ERR_PNPM_VIRTUAL_STORE_DIR_MAX_LENGTH_DIFF",
        "storeDir" => "ERR_PNPM_UNEXPECTED_STORE",
        "virtualStoreDir" => "ERR_PNPM_UNEXPECTED_VIRTUAL_STORE",
        _ => "ERR_PNPM_MODULES_BREAKING_CHANGE",
    }
}
