//! Settings that take more than a look at their value: defaults that depend on the machine, and values that come
//! from a setting and a flag, or from two settings.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::ConfigError;
use super::input::{Flags, Input, OnlyDependencies};
use super::origin::{Origin, Sourced};
use super::reader::Reader;
use super::registries::{Registries, npm_registry, registry_url};
use super::settings::{Included, SupportedArchitectures};
use super::variables::included_origin;
use super::{directories, store_location};
use crate::core::control::knob_limit;
use crate::core::event::Knob;

pub(super) fn store_dir(
    read: &Reader<'_>,
    input: &Input,
    base: &Path,
    warnings: &mut Vec<String>,
) -> Result<Sourced<PathBuf>, ConfigError> {
    if read.raw("storeDir").is_some() {
        return Ok(read.path("storeDir", PathBuf::new)?.map(store_location::versioned));
    }
    let home = directories::pnpm_home(input).ok_or(ConfigError::NoHome { what: "the store" })?;
    let root = store_location::default_root(base, &home, store_location::files_can_be_linked);
    let at_home = home.join("store");
    if root != at_home && store_location::versioned(at_home.clone()).exists() {
        warnings.push(format!(
            "the store is {}, since files of the one in {} cannot be linked from there; set storeDir to choose",
            root.display(),
            at_home.display()
        ));
    }
    Ok(Sourced::default_of(store_location::versioned(root)))
}

pub(super) fn local_address(read: &Reader<'_>) -> Result<Sourced<Option<IpAddr>>, ConfigError> {
    let Some(setting) = read.raw("localAddress") else {
        return Ok(Sourced::default_of(None));
    };
    match setting.value.as_str().map(str::parse) {
        Some(Ok(address)) => Ok(Sourced { value: Some(address), origin: setting.origin.clone() }),
        _ => Err(setting.refused("localAddress", "an IP address")),
    }
}

/// `lockfile` may be a map that asks for other formats of the file; that it is wanted is all that is understood.
/// `lockfile`: whether there is one, and whether it says under which settings it was resolved.
pub(super) fn lockfile(
    read: &Reader<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Sourced<bool>, bool), ConfigError> {
    const RECORDS: &str = "includeResolutionSettings";
    let Some(setting) = read.raw("lockfile").filter(|setting| setting.value.is_object()) else {
        return Ok((read.boolean("lockfile", true)?, false));
    };
    let fields = setting.value.as_object().into_iter().flatten();
    let mut records = false;
    for (field, value) in fields {
        match value {
            Value::Bool(asked) if field == RECORDS => records = *asked,
            _ => warnings.push(format!(
                "{}: lockfile.{} has no effect in this version of pacwatch",
                setting.origin,
                field.chars().filter(|character| !character.is_control()).take(80).collect::<String>()
            )),
        }
    }
    Ok((Sourced { value: true, origin: setting.origin.clone() }, records))
}

/// `sideEffectsCache`: on, unless it is switched off; a mapping says more about it.
pub(super) fn side_effects_cache(
    read: &Reader<'_>,
    warnings: &mut Vec<String>,
) -> Result<Sourced<bool>, ConfigError> {
    match read.raw("sideEffectsCache") {
        Some(setting) if setting.value.is_object() => {
            let origin = setting.origin.clone();
            warnings.push(format!(
                "{origin}: the fields of sideEffectsCache have no effect in this version of pacwatch"
            ));
            Ok(Sourced { value: true, origin })
        }
        _ => read.boolean("sideEffectsCache", true),
    }
}

/// `virtualStoreType` is the newer name, and wins.
pub(super) fn global_virtual_store(read: &Reader<'_>) -> Result<Sourced<bool>, ConfigError> {
    let by_type = read.choice("virtualStoreType", &[("global", true), ("project", false)], false)?;
    if by_type.is_explicit() { Ok(by_type) } else { read.boolean("enableGlobalVirtualStore", false) }
}

pub(super) fn registries(
    read: &Reader<'_>,
    scopes: BTreeMap<String, Sourced<String>>,
    prefixes: BTreeMap<String, Sourced<String>>,
) -> Result<Registries, ConfigError> {
    let default = read.text("registry", npm_registry)?;
    match (registry_url(&default), read.raw("registry")) {
        (Some(url), _) => Ok(Registries { default: default.map(|_| url), scopes, prefixes }),
        (None, Some(setting)) => Err(setting.refused("registry", "an http: or https: URL")),
        (None, None) => Ok(Registries { default, scopes, prefixes }),
    }
}

/// As many requests as pnpm makes: three a worker, where one processor is left for the rest, between 64 and 96.
pub(super) fn network_concurrency(
    read: &Reader<'_>,
    input: &Input,
    warnings: &mut Vec<String>,
) -> Result<Sourced<u32>, ConfigError> {
    let workers = input.processors.saturating_sub(1).max(1);
    let default = workers.saturating_mul(3).clamp(64, 96);
    let mut value = read.number("networkConcurrency", 1..=u64::from(u32::MAX), default)?;
    let limit = knob_limit(Knob::NetworkConcurrency);
    if *value > limit {
        warnings.push(format!("{}: networkConcurrency is {}, {limit} is used", value.origin, *value));
        value.value = limit;
    }
    Ok(value)
}

pub(super) fn threads(read: &Reader<'_>, knob: Knob, input: &Input) -> Result<Sourced<u32>, ConfigError> {
    let limit = knob_limit(knob);
    read.number(knob.name(), 1..=u64::from(limit), input.processors.clamp(1, limit))
}

pub(super) fn included(flags: &Flags) -> Sourced<Included> {
    let value = Included {
        dependencies: flags.only != Some(OnlyDependencies::Development),
        dev_dependencies: flags.only != Some(OnlyDependencies::Production),
        optional_dependencies: !flags.no_optional,
    };
    Sourced { value, origin: included_origin(flags) }
}

/// The setting, of which each list is replaced by that of its flag.
pub(super) fn supported_architectures(
    read: &Reader<'_>,
    flags: &Flags,
) -> Result<Sourced<SupportedArchitectures>, ConfigError> {
    let key = "supportedArchitectures";
    let mut result = Sourced { value: SupportedArchitectures::default(), origin: read.origin(key) };
    if let Some(setting) = read.raw(key) {
        let refused = || setting.refused(key, "a map of os, cpu and libc to lists of names");
        for (name, value) in setting.value.as_object().ok_or_else(refused)? {
            let list = match name.as_str() {
                "os" => &mut result.value.os,
                "cpu" => &mut result.value.cpu,
                "libc" => &mut result.value.libc,
                _ => continue,
            };
            *list = names(value).ok_or_else(refused)?;
        }
    }
    for (given, list, flag) in [
        (&flags.os, &mut result.value.os, "--os"),
        (&flags.cpu, &mut result.value.cpu, "--cpu"),
        (&flags.libc, &mut result.value.libc, "--libc"),
    ] {
        if !given.is_empty() {
            list.clone_from(given);
            result.origin = Origin::Flag(flag);
        }
    }
    Ok(result)
}

/// One name, or a list of them.
fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Ours, in the form that registries know from pnpm.
pub(super) fn default_user_agent() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "x86" => "ia32",
        "aarch64" => "arm64",
        other => other,
    };
    format!("pacwatch/{} npm/? node/? {os} {processor}", env!("CARGO_PKG_VERSION"))
}
