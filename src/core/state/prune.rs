//! Slots that nobody needs any more. They stay for a week, since switching branches often brings them back; then they
//! are deleted.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::purge::remove_entry;
use super::{CURRENT_LOCKFILE, StateError};

/// Whether slots are to be deleted: they are when it was never done, or longer than `max_age_minutes` ago. A date
/// that makes no sense puts it off.
#[must_use]
pub fn is_due(pruned_at: Option<&str>, max_age_minutes: u64, now: SystemTime) -> bool {
    match pruned_at {
        Some(pruned_at) if !pruned_at.is_empty() && max_age_minutes > 0 => {
            let Ok(pruned_at) = httpdate::parse_http_date(pruned_at) else {
                return false;
            };
            let age = now.duration_since(pruned_at).unwrap_or_default();
            age > Duration::from_secs(max_age_minutes.saturating_mul(60))
        }
        _ => true,
    }
}

/// Deletes the entries of a virtual store that are not needed. The virtual store must lie in the folder of
/// modules; one that lies elsewhere is left alone. Gives the number of entries deleted, `None` if nothing was looked at.
///
/// # Errors
/// When the system refuses.
pub fn prune(
    virtual_store: &Path,
    modules: &Path,
    needed: impl Fn(&str) -> bool,
) -> Result<Option<u64>, StateError> {
    let (Ok(virtual_store), Ok(modules)) = (virtual_store.canonicalize(), modules.canonicalize()) else {
        return Ok(None);
    };
    if virtual_store == modules || !virtual_store.starts_with(&modules) {
        return Ok(None);
    }
    sweep(&virtual_store, |name| name == "node_modules" || name == CURRENT_LOCKFILE || needed(name)).map(Some)
}

/// Deletes the entries of a folder that are not to be kept. A name that is not UTF-8 is nobody's, and goes.
///
/// # Errors
/// When the system refuses.
pub fn sweep(folder: &Path, keep: impl Fn(&str) -> bool) -> Result<u64, StateError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(StateError::io("list", folder, source)),
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|source| StateError::io("list", folder, source))?;
        if entry.file_name().to_str().is_some_and(&keep) {
            continue;
        }
        remove_entry(&entry.path())?;
        removed += 1;
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_kept_for_as_long_as_the_setting_says() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 13:10:01 GMT").unwrap();
        let week = 7 * 24 * 60;
        assert!(is_due(None, week, now));
        assert!(is_due(Some(""), week, now));
        assert!(!is_due(Some("Sun, 15 Nov 2026 13:10:01 GMT"), week, now));
        assert!(is_due(Some("Sun, 15 Nov 2026 13:10:00 GMT"), week, now));
        assert!(is_due(Some("Sun, 22 Nov 2026 13:10:00 GMT"), 0, now));
        assert!(!is_due(Some("Mon, 23 Nov 2026 13:10:01 GMT"), week, now));
        assert!(!is_due(Some("last week"), week, now));
    }

    #[test]
    fn what_nobody_needs_goes_and_what_links_point_at_stays() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        let virtual_store = modules.join(".pnpm");
        let outside = folder.path().join("outside");
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("mine"), "").unwrap();
        for slot in ["a@1.0.0", "b@1.0.0", "node_modules"] {
            fs::create_dir_all(virtual_store.join(slot).join("node_modules/x")).unwrap();
        }
        fs::write(virtual_store.join("lock.yaml"), "").unwrap();
        fs::write(virtual_store.join("stray"), "").unwrap();
        std::os::unix::fs::symlink(&outside, virtual_store.join("linked")).unwrap();
        let needed = |name: &str| name == "a@1.0.0";
        assert_eq!(prune(&virtual_store, &modules, needed).unwrap(), Some(3));
        let mut left: Vec<_> = fs::read_dir(&virtual_store)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, ["a@1.0.0", "lock.yaml", "node_modules"]);
        assert!(outside.join("mine").exists());
    }

    #[test]
    fn a_virtual_store_outside_of_the_modules_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let modules = folder.path().join("node_modules");
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir_all(&modules).unwrap();
        fs::create_dir_all(elsewhere.join("a@1.0.0")).unwrap();
        std::os::unix::fs::symlink(&elsewhere, modules.join(".pnpm")).unwrap();
        let needed = |_: &str| false;
        assert_eq!(prune(&modules.join(".pnpm"), &modules, needed).unwrap(), None);
        assert_eq!(prune(&modules, &modules, needed).unwrap(), None);
        assert!(elsewhere.join("a@1.0.0").exists());
    }
}
