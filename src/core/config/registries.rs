//! Which registry serves which package.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::error::ConfigError;
use super::layers::Setting;
use super::origin::Sourced;

/// The default registry and those of scopes; URLs always end in `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registries {
    /// The registry of packages without a route of their own.
    pub default: Sourced<String>,
    /// Registry by scope, the `@` included.
    pub scopes: BTreeMap<String, Sourced<String>>,
    /// Registry by the prefix of a specifier, such as `gh`.
    pub prefixes: BTreeMap<String, Sourced<String>>,
}

impl Registries {
    /// The registry that serves the package of this name.
    #[must_use]
    pub fn for_package(&self, name: &str) -> &str {
        let scope = name.split_once('/').map(|(scope, _)| scope).filter(|scope| scope.starts_with('@'));
        scope.and_then(|scope| self.scopes.get(scope)).unwrap_or(&self.default)
    }
}

impl Default for Registries {
    fn default() -> Self {
        let built_in = |prefix: &str, url: String| (prefix.to_owned(), Sourced::default_of(url));
        Self {
            default: Sourced::default_of(npm_registry()),
            scopes: BTreeMap::from([built_in("@jsr", public_registry(&["npm", "jsr", "io"]))]),
            prefixes: BTreeMap::from([
                built_in("gh", public_registry(&["npm", "pkg", "github", "com"])),
                built_in("npmjs", npm_registry()),
            ]),
        }
    }
}

/// A registry URL as routes and credentials are matched by: absolute, of a web scheme, with a `/` at its end.
#[must_use]
pub(super) fn registry_url(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let usable = matches!(url.scheme(), "http" | "https") && url.has_host();
    usable.then(|| with_final_slash(text))
}

/// The text with a `/` at its end.
#[must_use]
pub(super) fn with_final_slash(text: &str) -> String {
    if text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

/// The address without the user, password and query that may stand in it, for messages.
#[must_use]
pub(super) fn without_secrets(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if url.has_host() => {
            if url.username().is_empty() && url.password().is_none() && url.query().is_none() {
                return text.to_owned();
            }
            let cleared = url.set_username("").and_then(|()| url.set_password(None));
            url.set_query(None);
            if cleared.is_ok() { url.into() } else { String::new() }
        }
        // What is no URL may still hold a secret before an `@`.
        _ => match text.rfind('@') {
            Some(at) if at > 0 => text[at + 1..].to_owned(),
            _ => text.to_owned(),
        },
    }
}

/// npm's own registry: the default of npm and pnpm.
#[must_use]
pub(super) fn npm_registry() -> String {
    public_registry(&["registry", "npmjs", "org"])
}

/// The address of a public registry, from the labels of its host name.
fn public_registry(labels: &[&str]) -> String {
    format!("https://{}/", labels.join("."))
}

/// A registry as `registries` or `namedRegistries` declares it.
pub(super) struct Route {
    /// Where it is declared, for messages.
    pub key: String,
    pub url: String,
    /// Scopes it serves; `@` and `default` stand for packages without a scope.
    pub scopes: Vec<String>,
    pub prefix: Option<String>,
}

/// Fields of a declaration that say more about a registry than its routes.
const OTHER_FIELDS: &[&str] = &["networkConcurrency", "packages", "serverType", "supportsTimeField"];

/// Reads `registries` in one of its two shapes (`scope: URL`, or `URL: {scopes, prefix, …}`), or
/// `namedRegistries` (`prefix: URL`).
pub(super) fn declared_routes(key: &str, setting: &Setting) -> Result<Vec<Route>, ConfigError> {
    let entries = match &setting.value {
        Value::Object(entries) => entries,
        Value::Null => return Ok(Vec::new()),
        _ => return Err(setting.refused(key, "a map")),
    };
    let is_declaration = |value: &Value| value.is_object();
    let by_url = key == "registries" && entries.values().any(is_declaration);
    let mut routes = Vec::new();
    for (name, value) in entries {
        let place = format!("{key}[{:?}]", without_secrets(name));
        let refused = |expected: &str| setting.refused_part(&place, value, expected);
        let mut route = Route { key: place.clone(), url: name.clone(), scopes: Vec::new(), prefix: None };
        match value {
            Value::Object(fields) if by_url => {
                if without_secrets(name) != *name {
                    return Err(refused("keyed by a URL without a user, a password and a query"));
                }
                if !declare(&mut route, fields, &place, setting)? {
                    continue;
                }
            }
            _ if by_url => return Err(refused("a map of scopes and prefix, as the other entries are")),
            Value::String(url) if key == "namedRegistries" => {
                route.url.clone_from(url);
                route.prefix = Some(name.clone());
            }
            Value::String(url) if name == "default" || name.starts_with('@') => {
                route.url.clone_from(url);
                route.scopes.push(name.clone());
            }
            Value::String(_) => {
                return Err(refused("the URL of a scope such as \"@org\", or a map when the key is a URL"));
            }
            _ => return Err(refused("a URL")),
        }
        routes.push(route);
    }
    Ok(routes)
}

/// Takes the fields of a declaration; false for a registry of something else than npm packages.
fn declare(
    route: &mut Route,
    fields: &serde_json::Map<String, Value>,
    place: &str,
    setting: &Setting,
) -> Result<bool, ConfigError> {
    let mut serves_npm = true;
    for (field, value) in fields {
        let refused = |expected: &str| setting.refused_part(&format!("{place}.{field}"), value, expected);
        match (field.as_str(), value) {
            (_, Value::Null) => {}
            ("scopes", Value::Array(scopes)) => {
                for scope in scopes {
                    match scope.as_str() {
                        Some(name) if name.starts_with('@') => route.scopes.push(name.to_owned()),
                        _ => return Err(refused("a list of scopes, each with its @")),
                    }
                }
            }
            ("scopes", _) => return Err(refused("a list of scopes, each with its @")),
            ("prefix", Value::String(prefix)) => route.prefix = Some(prefix.clone()),
            ("prefix", _) => return Err(refused("a text")),
            ("ecosystem", ecosystem) => serves_npm = ecosystem == "npm",
            (name, _) if OTHER_FIELDS.contains(&name) => {}
            // The value may be a secret that somebody put in the wrong file.
            _ => {
                let hidden = Value::from("…");
                let expected =
                    "absent: a registry has scopes and a prefix, and its credentials belong in an .npmrc";
                return Err(setting.refused_part(&format!("{place}.{field}"), &hidden, expected));
            }
        }
    }
    Ok(serves_npm)
}
