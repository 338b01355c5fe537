//! Environment variables and flags as layers.

use serde_json::Value;

use super::error::ConfigError;
use super::input::{Flags, Input, OnlyDependencies};
use super::known::{self, Shape};
use super::layers::{Layer, Setting};
use super::origin::Origin;

/// Variables of this program's own settings, over those of pnpm.
const OWN: &[(&str, &str, Shape)] = &[
    ("PACWATCH_EXTRACT_THREADS", "extractThreads", Shape::Json),
    ("PACWATCH_LINK_THREADS", "linkThreads", Shape::Json),
    ("PACWATCH_LINK_MODE", "linkMode", Shape::Word),
    ("PACWATCH_IMPORT_METHOD", "packageImportMethod", Shape::Word),
];

/// `PNPM_CONFIG_STORE_DIR` or `pnpm_config_store_dir`, the first that is set to something; and its name.
pub(super) fn pnpm_variable<'input>(input: &'input Input, key: &str) -> Option<(String, &'input str)> {
    let suffix = known::variable_suffix(key);
    let names = [format!("PNPM_CONFIG_{suffix}"), format!("pnpm_config_{}", suffix.to_lowercase())];
    names.into_iter().find_map(|name| input.variable(&name).map(|value| (name, value)))
}

/// The layer of variables. Unlike pnpm, which skips a variable it cannot make sense of, this is an error.
pub(super) fn variables_layer(input: &Input) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for (key, shape) in known::settings() {
        if let Some((name, text)) = pnpm_variable(input, key) {
            insert(&mut layer, key, name, text, shape)?;
        }
    }
    for &(name, key, shape) in OWN {
        if let Some(text) = input.variable(name) {
            insert(&mut layer, key, name.to_owned(), text, shape)?;
        }
    }
    Ok(layer)
}

fn insert(layer: &mut Layer, key: &str, name: String, text: &str, shape: Shape) -> Result<(), ConfigError> {
    let origin = Origin::Environment(name);
    let value = match (shape, serde_json::from_str(text)) {
        (Shape::Text, _) | (Shape::Word, Err(_)) => Value::String(text.to_owned()),
        // A variable cannot switch a list off as a file can: pnpm takes null for unset.
        (_, Ok(Value::Null)) => return Ok(()),
        (_, Ok(value)) => value,
        (Shape::Json, Err(_)) => {
            return Err(Setting::new(text, origin).refused(key, "JSON, such as true, 8 or [\"a\", \"b\"]"));
        }
    };
    layer.insert(key.to_owned(), Setting::new(value, origin));
    Ok(())
}

/// The layer of settings that the command line names as such, in words with hyphens or as in a file.
fn settings_layer(flags: &Flags) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for (name, text) in &flags.settings {
        let origin = Origin::Flag("--setting");
        let suffix = known::variable_suffix(name).replace('-', "_");
        let known = known::settings().find(|(key, _)| known::variable_suffix(key) == suffix || key == name);
        let Some((key, shape)) = known else {
            return Err(Setting::new(text.as_str(), origin).refused(name, "a setting of pnpm"));
        };
        let value = match (shape, serde_json::from_str(text)) {
            (Shape::Json, Ok(value)) | (Shape::Word, Ok(value @ Value::Bool(_))) => value,
            // One pattern is a list of one.
            _ if key.ends_with("Pattern") => Value::from(vec![text.as_str()]),
            _ => Value::String(text.clone()),
        };
        layer.insert(key.to_owned(), Setting::new(value, origin));
    }
    Ok(layer)
}

/// The layer of flags.
pub(super) fn flags_layer(flags: &Flags) -> Result<Layer, ConfigError> {
    let mut layer = settings_layer(flags)?;
    let mut put = |key: &str, flag: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            layer.insert(key.to_owned(), Setting::new(value, Origin::Flag(flag)));
        }
    };
    let frozen =
        if flags.frozen_lockfile == Some(false) { "--no-frozen-lockfile" } else { "--frozen-lockfile" };
    put("frozenLockfile", frozen, flags.frozen_lockfile.map(Value::from));
    let prefer = if flags.prefer_frozen_lockfile == Some(false) {
        "--no-prefer-frozen-lockfile"
    } else {
        "--prefer-frozen-lockfile"
    };
    put("preferFrozenLockfile", prefer, flags.prefer_frozen_lockfile.map(Value::from));
    put("offline", "--offline", flags.offline.map(Value::from));
    put("preferOffline", "--prefer-offline", flags.prefer_offline.map(Value::from));
    put("trustLockfile", "--trust-lockfile", flags.trust_lockfile.map(Value::from));
    put("ignoreScripts", "--ignore-scripts", flags.ignore_scripts.map(Value::from));
    put("networkConcurrency", "--network-concurrency", flags.network_concurrency.map(Value::from));
    put("extractThreads", "--extract-threads", flags.extract_threads.map(Value::from));
    put("linkThreads", "--link-threads", flags.link_threads.map(Value::from));
    put("linkMode", "--link-mode", flags.link_mode.map(|mode| Value::from(mode.name())));
    put(
        "packageImportMethod",
        "--import-method",
        flags.import_method.map(|method| Value::from(method.name())),
    );
    put("recursiveInstall", "--recursive", flags.recursive.then_some(true).map(Value::from));
    let ignores_root = flags.ignore_workspace_root_check.then_some(true);
    put("ignoreWorkspaceRootCheck", "--ignore-workspace-root-check", ignores_root.map(Value::from));
    put("failIfNoMatch", "--fail-if-no-match", flags.fail_if_no_match.then_some(true).map(Value::from));
    let text = |path: &std::path::PathBuf| Value::from(path.to_string_lossy().into_owned());
    put("storeDir", "--store-dir", flags.store_dir.as_ref().map(text));
    put("cacheDir", "--cache-dir", flags.cache_dir.as_ref().map(text));
    put("registry", "--registry", flags.registry.as_deref().map(Value::from));
    Ok(layer)
}

/// The flag that decides which kinds of dependencies are installed.
pub(super) fn included_origin(flags: &Flags) -> Origin {
    match flags.only {
        Some(OnlyDependencies::Production) => Origin::Flag("--prod"),
        Some(OnlyDependencies::Development) => Origin::Flag("--dev"),
        None if flags.no_optional => Origin::Flag("--no-optional"),
        None => Origin::Default,
    }
}
