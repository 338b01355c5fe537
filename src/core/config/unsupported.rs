//! Settings of pnpm that decide about lockfiles or trees and that this version does not act on. It says so: a setting
//! that is overlooked makes something else than what was asked for.

use serde_json::Value;

use super::reader::Reader;

/// What follows from a setting that cannot be acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// The lockfile would be another file: nothing can be done.
    Everything,
    /// Versions would be chosen in another way: what is locked can be installed.
    Resolution,
    /// The rest is as it would be.
    Little,
}

const SETTINGS: &[(&str, Bearing)] = &[
    ("gitBranchLockfile", Bearing::Everything),
    ("mergeGitBranchLockfiles", Bearing::Everything),
    ("addMissingPeerTypes", Bearing::Resolution),
    ("autoDedupe", Bearing::Resolution),
    ("pnpmfile", Bearing::Resolution),
    ("globalPnpmfile", Bearing::Resolution),
    ("projectScopedOptionalPeers", Bearing::Resolution),
    ("catalogPrune", Bearing::Little),
    ("cleanupUnusedCatalogs", Bearing::Little),
    ("configDependencies", Bearing::Little),
    ("disallowWorkspaceCycles", Bearing::Little),
    ("forceIgnoresPlatform", Bearing::Little),
    ("frozenStore", Bearing::Little),
    ("minimumReleaseAgeExcludePrune", Bearing::Little),
    ("nodeExperimentalPackageMap", Bearing::Little),
    ("packageConfigs", Bearing::Little),
    ("pnprServer", Bearing::Little),
    ("runtime", Bearing::Little),
    ("runtimeOnFail", Bearing::Little),
    ("trustPolicyExcludePrune", Bearing::Little),
    ("virtualStoreOnly", Bearing::Little),
];

/// Settings that are on and cannot be acted on, by what follows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnsupportedSettings {
    /// With these nothing can be installed.
    pub everything: Vec<&'static str>,
    /// With these nothing can be resolved.
    pub resolution: Vec<&'static str>,
}

/// Finds them. What has little bearing is added to `warnings`.
pub(super) fn find(read: &Reader<'_>, warnings: &mut Vec<String>) -> UnsupportedSettings {
    let mut found = UnsupportedSettings::default();
    let hooks_are_off = read.raw("ignorePnpmfile").is_some_and(|setting| is_on(&setting.value));
    for (name, bearing) in SETTINGS {
        let Some(setting) = read.raw(name).filter(|setting| is_on(&setting.value)) else { continue };
        match bearing {
            Bearing::Resolution if name.to_lowercase().ends_with("pnpmfile") && hooks_are_off => {}
            Bearing::Everything => found.everything.push(name),
            Bearing::Resolution => found.resolution.push(name),
            Bearing::Little => {
                warnings
                    .push(format!("{}: {name} has no effect in this version of pacwatch", setting.origin));
            }
        }
    }
    found
}

/// Whether a value asks for anything at all.
fn is_on(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty() && text != "false",
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_that_is_off_or_empty_asks_for_nothing() {
        for value in [json!(null), json!(false), json!(""), json!([]), json!({}), json!("false")] {
            assert!(!is_on(&value), "{value}");
        }
        for value in [json!(true), json!("warn"), json!(["a"]), json!({"a": "1"}), json!(1)] {
            assert!(is_on(&value), "{value}");
        }
    }
}
