//! Credentials that the environment gives: variables named after a registry, and the JSON of `_auth`.
//!
//! Both come from the user, never from a project, and name the registry they are for.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::credentials::prefix_of;
use super::error::ConfigError;
use super::input::Input;
use super::layers::{Layers, Setting};
use super::npmrc::Npmrc;
use super::origin::{Origin, Sourced};
use super::registries::registry_url;
use super::secrets;
use super::substitute::substitute;

/// Variables such as `npm_config_//host/:_authToken`; those that begin with `pnpm_config_` win.
pub(super) fn variables_named_after_registries(input: &Input) -> Npmrc {
    let mut found = Npmrc::default();
    for prefix in ["npm_config_", "pnpm_config_"] {
        for (name, value) in &input.environment {
            let Some(key) = name
                .get(..prefix.len())
                .filter(|head| head.eq_ignore_ascii_case(prefix))
                .and_then(|_| name.get(prefix.len()..))
            else {
                continue;
            };
            // A program that makes tokens is never taken from a variable.
            if let Some((registry, scope, part)) = secrets::split_key(key)
                && part != "tokenHelper"
                && !value.is_empty()
            {
                let origin = Origin::Environment(name.clone());
                found.secrets.entry((registry, scope)).or_default().set(part, value.clone(), &origin, key);
            }
        }
    }
    found
}

/// What one source of `_auth` says: credentials, and the registries its scopes are routed to.
#[derive(Default)]
pub(super) struct StructuredAuth {
    pub npmrc: Npmrc,
    pub routes: Routes,
}

/// Registries that follow from credentials.
#[derive(Default)]
pub(super) struct Routes {
    default: Option<Sourced<String>>,
    scopes: BTreeMap<String, Sourced<String>>,
}

impl Routes {
    pub(super) fn put_on(self, layers: &mut Layers) {
        if let Some(route) = self.default {
            layers.settings.insert("registry".to_owned(), Setting::new(route.value, route.origin));
        }
        layers.scopes.extend(self.scopes);
    }
}

const SHAPE: &str = "must be {URL: {\"@\" or \"@scope\": {\"authToken\": …}}}";

impl StructuredAuth {
    /// The variable `pnpm_config__auth` (or in capitals), as JSON.
    pub(super) fn of_variable(input: &Input) -> Result<Self, ConfigError> {
        let mut auth = Self::default();
        let names = ["pnpm_config__auth", "PNPM_CONFIG__AUTH"];
        if let Some((name, text)) = names.into_iter().find_map(|name| Some((name, input.variable(name)?))) {
            let origin = Origin::Environment(name.to_owned());
            match serde_json::from_str(text) {
                Ok(value) => auth.add(&value, &origin, input)?,
                Err(_) => return Err(problem(&origin, "is not valid JSON")),
            }
        }
        Ok(auth)
    }

    /// Takes a source in: `{URL: {"@" or "@scope": {"authToken": …}}}`.
    pub(super) fn add(&mut self, value: &Value, origin: &Origin, input: &Input) -> Result<(), ConfigError> {
        let shape = || problem(origin, SHAPE);
        let registries = value.as_object().ok_or_else(shape)?;
        for (url, scopes) in registries {
            let (registry, prefix) = plain_registry(url)
                .ok_or_else(|| problem(origin, "has a key that is no plain http: or https: URL"))?;
            for (scope, credentials) in scopes.as_object().ok_or_else(shape)? {
                let token = credentials
                    .as_object()
                    .filter(|fields| fields.len() == 1)
                    .and_then(|fields| fields.get("authToken")?.as_str())
                    .ok_or_else(shape)?;
                let route = Sourced { value: registry.clone(), origin: origin.clone() };
                let scope = match scope.as_str() {
                    "@" => {
                        // Credentials for many registries do not say which of them is to be the default.
                        self.routes.default = (registries.len() == 1).then_some(route);
                        None
                    }
                    name if name.starts_with('@') && name.len() > 1 && !name.contains(['/', ':']) => {
                        self.routes.scopes.insert(name.to_owned(), route);
                        Some(name.to_owned())
                    }
                    _ => return Err(shape()),
                };
                let token = substitute(token, |name| input.variable(name)).text;
                let secret = self.npmrc.secrets.entry((prefix.clone(), scope)).or_default();
                secret.set("_authToken", token, origin, "_auth");
            }
        }
        Ok(())
    }
}

fn problem(origin: &Origin, problem: &str) -> ConfigError {
    ConfigError::StructuredAuth { origin: origin.clone(), problem: problem.to_owned() }
}

/// A registry's URL and its prefix, unless the URL holds more than an address.
fn plain_registry(text: &str) -> Option<(String, String)> {
    let normalized = registry_url(text)?;
    let url = Url::parse(&normalized).ok()?;
    let is_plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let prefix = prefix_of(&url)?;
    is_plain.then_some((normalized, prefix))
}
