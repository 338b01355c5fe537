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
        let scope = name
            .split_once('/')
            .map(|(scope, _)| scope)
            .filter(|scope| scope.starts_with('@'));
        scope
            .and_then(|scope| self.scopes.get(scope))
            .unwrap_or(&self.default)
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
    if text.ends_with('/') {
        text.to_owned()
    } else {
        format!("{text}/")
    }
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
            if cleared.is_ok() {
                url.into()
            } else {
                String::new()
            }
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
    pub url: String,
    /// Scopes it serves; `@` and `default` stand for packages without a scope.
    pub scopes: Vec<String>,
    pub prefix: Option<String>,
}

/// Fields of a declaration that say more about a registry than its routes.
const OTHER_FIELDS: &[&str] = &["serverType", "supportsTimeField", "networkConcurrency"];

/// Reads `registries` in either of its shapes (`scope: URL`, or `URL: {scopes, prefix, …}`), or
/// `namedRegistries` (`prefix: URL`).
pub(super) fn declared_routes(key: &str, setting: &Setting) -> Result<Vec<Route>, ConfigError> {
    let named = key == "namedRegistries";
    let expected = if named {
        "a map of prefixes to URLs"
    } else {
        "a map of scopes to URLs, or of URLs to {scopes, prefix}"
    };
    let refused = || setting.refused(key, expected);
    let Value::Object(entries) = &setting.value else {
        return if setting.value.is_null() {
            Ok(Vec::new())
        } else {
            Err(refused())
        };
    };
    let mut routes = Vec::new();
    for (name, value) in entries {
        let route = match value {
            Value::String(url) if named => Route {
                url: url.clone(),
                scopes: Vec::new(),
                prefix: Some(name.clone()),
            },
            Value::String(url) if name == "default" || name.starts_with('@') => Route {
                url: url.clone(),
                scopes: vec![name.clone()],
                prefix: None,
            },
            Value::Object(fields) if !named => declaration(name, fields).ok_or_else(refused)?,
            _ => return Err(refused()),
        };
        routes.push(route);
    }
    Ok(routes)
}

fn declaration(url: &str, fields: &serde_json::Map<String, Value>) -> Option<Route> {
    let mut route = Route {
        url: url.to_owned(),
        scopes: Vec::new(),
        prefix: None,
    };
    for (field, value) in fields {
        match (field.as_str(), value) {
            ("scopes", Value::Array(scopes)) => {
                for scope in scopes {
                    route
                        .scopes
                        .push(scope.as_str().filter(|scope| scope.starts_with('@'))?.to_owned());
                }
            }
            ("prefix", Value::String(prefix)) => route.prefix = Some(prefix.clone()),
            (_, Value::Null) => {}
            (field, _) if OTHER_FIELDS.contains(&field) => {}
            _ => return None,
        }
    }
    Some(route)
}
