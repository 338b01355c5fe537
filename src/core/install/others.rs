//! What becomes of the projects that an install of some projects leaves out (pnpm: `current_lockfile.rs`,
//! `merge_filtered_wanted_lockfile`).

use crate::core::lockfile::Lockfile;
use crate::core::lockfile::update::prune_unreachable;

/// Gives projects that are left out their entries of the lockfile before, and keeps the packages these lead to. What
/// the lockfile before was made for has to be the same in everything that all projects share; where it is not, all
/// projects keep what was resolved for them now.
pub fn keep(lockfile: &mut Lockfile, before: &Lockfile, is_left_out: impl Fn(&str) -> bool) {
    if !is_made_for_the_same(lockfile, before) {
        return;
    }
    for (id, importer) in &mut lockfile.importers {
        if let Some(kept) = before.importers.get(id).filter(|_| is_left_out(id)) {
            importer.clone_from(kept);
        }
    }
    for (dep_path, snapshot) in &before.snapshots {
        lockfile.snapshots.entry(dep_path.clone()).or_insert_with(|| snapshot.clone());
    }
    for (id, metadata) in &before.packages {
        lockfile.packages.entry(id.clone()).or_insert_with(|| metadata.clone());
    }
    prune_unreachable(lockfile);
    lockfile.snapshots.sort_unstable_keys();
    lockfile.packages.sort_unstable_keys();
}

fn is_made_for_the_same(left: &Lockfile, right: &Lockfile) -> bool {
    left.settings == right.settings
        && left.catalogs == right.catalogs
        && left.overrides == right.overrides
        && left.package_extensions_checksum == right.package_extensions_checksum
        && left.pnpmfile_checksum == right.pnpmfile_checksum
        && left.ignored_optional_dependencies == right.ignored_optional_dependencies
        && left.patched_dependencies == right.patched_dependencies
}
