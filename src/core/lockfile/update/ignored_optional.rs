//! `ignoredOptionalDependencies` that grew: what is ignored now is cut off.

use super::edits::Edits;
use super::request::Change;
use crate::core::lockfile::model::Lockfile;
use crate::core::patterns::Patterns;
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// Whether the patterns changed, and only by such that ignore more.
pub(super) fn change(lockfile: &Lockfile, patterns: &[String]) -> Change {
    let before: BTreeSet<&String> = lockfile.ignored_optional_dependencies.iter().collect();
    let now: BTreeSet<&String> = patterns.iter().collect();
    if before == now {
        return Change::None;
    }
    let takes_back = now.difference(&before).any(|pattern| pattern.starts_with('!'));
    let ignored_all_else = !before.is_empty() && before.iter().all(|pattern| pattern.starts_with('!'));
    if !before.is_subset(&now) || takes_back || ignored_all_else {
        return Change::NeedsResolution;
    }
    Change::Edit
}

/// Cuts off what is ignored, from importers and packages.
pub(super) fn apply(lockfile: &mut Lockfile, patterns: &[String], edits: &mut Edits) {
    let ignored = Patterns::new(patterns);
    for importer in lockfile.importers.values_mut() {
        cut(
            &mut importer.optional_dependencies,
            &mut importer.dependencies,
            &ignored,
            |alias, dependency| {
                edits.drop_edge(alias, &dependency.version);
            },
        );
    }
    for snapshot in lockfile.snapshots.values_mut() {
        cut(&mut snapshot.optional_dependencies, &mut snapshot.dependencies, &ignored, |alias, value| {
            edits.drop_edge(alias, value);
        });
    }
    let recorded: BTreeSet<&String> = patterns.iter().collect();
    lockfile.ignored_optional_dependencies = recorded.into_iter().cloned().collect();
}

fn cut<T>(
    optional: &mut IndexMap<String, T>,
    dependencies: &mut IndexMap<String, T>,
    ignored: &Patterns,
    mut dropped: impl FnMut(&str, &T),
) {
    optional.retain(|alias, value| {
        if !ignored.matches(alias) {
            return true;
        }
        dropped(alias, value);
        if let Some(value) = dependencies.shift_remove(alias) {
            dropped(alias, &value);
        }
        false
    });
}
