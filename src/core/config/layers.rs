//! Settings as they were written, the highest source on top.
//!
//! A layer is one source: a file, the variables, the command line. Layers are put on from the lowest to the
//! highest, and a setting of a higher one replaces the whole setting below it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::ConfigError;
use super::origin::{Origin, Sourced};
use super::registries::{declared_routes, registry_url, without_secrets};
use super::substitute::{has_placeholder, substitute};

/// Keys whose `null` means something: it switches the setting off.
const NULLABLE: &[&str] = &["hoistPattern", "publicHoistPattern"];

/// Keys whose texts may hold placeholders for variables, in every source.
const EXPANDED: &[&str] = &[
    "cacheDir",
    "globalVirtualStoreDir",
    "lockfileDir",
    "modulesDir",
    "npmrcAuthFile",
    "storeDir",
    "virtualStoreDir",
];

/// Keys that say where requests go; a project's own placeholders are not expanded in them, lest a project send
/// variables to a server of its choice.
const DESTINATIONS: &[&str] =
    &["httpProxy", "httpsProxy", "noProxy", "noproxy", "proxy", "registry", "userAgent"];

/// A setting as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    pub value: Value,
    pub origin: Origin,
    /// Line of its value, from 1, where a file tells.
    pub line: Option<u64>,
    /// What a relative path starts from, once the setting is put on; the project or its workspace until then.
    pub base: Option<PathBuf>,
}

impl Setting {
    pub(super) fn new(value: impl Into<Value>, origin: Origin) -> Self {
        Self { value: value.into(), origin, line: None, base: None }
    }

    /// The error that this value is not what its key takes.
    pub(super) fn refused(&self, key: &str, expected: impl Into<String>) -> ConfigError {
        self.refused_part(key, &self.value, expected)
    }

    /// The error that a part of this value is not what it must be; `key` leads to the part.
    pub(super) fn refused_part(&self, key: &str, value: &Value, expected: impl Into<String>) -> ConfigError {
        ConfigError::Value {
            origin: self.origin.clone(),
            line: self.line,
            key: key.to_owned(),
            value: match value {
                Value::String(text) => format!("{:?}", without_secrets(text)),
                Value::Array(_) => "a list".to_owned(),
                Value::Object(_) => "a map".to_owned(),
                scalar => scalar.to_string(),
            },
            expected: expected.into(),
        }
    }
}

/// The settings of one source.
pub(super) type Layer = BTreeMap<String, Setting>;

/// Whether a source belongs to the user or came with the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    User,
    Project,
}

/// All sources put on so far.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub settings: Layer,
    /// Registry by scope, besides the default one, which is the setting `registry`.
    pub scopes: BTreeMap<String, Sourced<String>>,
    /// Registry by prefix of a specifier.
    pub prefixes: BTreeMap<String, Sourced<String>>,
    pub warnings: Vec<String>,
}

impl Layers {
    /// Puts a source on top. `base` is what its relative paths start from.
    pub(super) fn put_on<'env>(
        &mut self,
        layer: Layer,
        trust: Trust,
        base: &Path,
        variable: impl Fn(&str) -> Option<&'env str>,
    ) -> Result<(), ConfigError> {
        for key in ["registries", "namedRegistries"] {
            if let Some(setting) = layer.get(key) {
                self.put_on_routes(key, setting, trust, &variable)?;
            }
        }
        for (key, mut setting) in layer {
            if setting.value.is_null() && !NULLABLE.contains(&key.as_str()) {
                continue;
            }
            let is_destination = DESTINATIONS.contains(&key.as_str());
            if let Value::String(text) = &setting.value
                && (is_destination || EXPANDED.contains(&key.as_str()))
                && has_placeholder(text)
            {
                if is_destination && trust == Trust::Project {
                    self.refuse_placeholder(&key, &setting.origin)?;
                    continue;
                }
                setting.value = Value::String(substitute(text, &variable).text);
            }
            setting.base = Some(base.to_owned());
            self.settings.insert(key, setting);
        }
        Ok(())
    }

    fn put_on_routes<'env>(
        &mut self,
        key: &str,
        setting: &Setting,
        trust: Trust,
        variable: &impl Fn(&str) -> Option<&'env str>,
    ) -> Result<(), ConfigError> {
        for route in declared_routes(key, setting)? {
            let url = if has_placeholder(&route.url) {
                if trust == Trust::Project {
                    self.refuse_placeholder("registry", &setting.origin)?;
                }
                substitute(&route.url, variable).text
            } else {
                route.url
            };
            let sourced = |url: String| Sourced { value: url, origin: setting.origin.clone() };
            let normalized = registry_url(&url).ok_or_else(|| {
                setting.refused_part(&route.key, &Value::from(url), "an http: or https: URL")
            })?;
            for scope in route.scopes {
                if scope == "@" || scope == "default" {
                    let mut route = setting.clone();
                    route.value = Value::String(normalized.clone());
                    self.settings.insert("registry".to_owned(), route);
                } else {
                    self.scopes.insert(scope, sourced(normalized.clone()));
                }
            }
            if let Some(prefix) = route.prefix {
                self.prefixes.insert(prefix, sourced(normalized.clone()));
            }
        }
        Ok(())
    }

    fn refuse_placeholder(&mut self, key: &str, origin: &Origin) -> Result<(), ConfigError> {
        if key == "registry" {
            return Err(ConfigError::RegistryPlaceholder { origin: origin.clone(), key: key.to_owned() });
        }
        self.warnings.push(format!(
            "{origin}: {key} is ignored, since variables are not expanded in this setting of a project"
        ));
        Ok(())
    }
}
