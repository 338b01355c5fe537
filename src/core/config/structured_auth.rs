//! Credentials that the environment gives: variables named after a registry, and the JSON of `_auth`.
//!
//! Both come from the user, never from a project, and name the registry they are for.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::credentials::prefix_of;
use super::error::ConfigError;
use super::input::Input;
use super::npmrc::Npmrc;
use super::origin::{Origin, Sourced};
use super::registries::registry_url;
use super::secrets;

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
                found
                    .secrets
                    .entry((registry, scope))
                    .or_default()
                    .set(part, value.clone(), &origin, key);
            }
        }
    }
    found
}

/// What `_auth` says: credentials, and the registries its scopes are routed to.
#[derive(Default)]
pub(super) struct StructuredAuth {
    pub npmrc: Npmrc,
    pub default_registry: Option<Sourced<String>>,
    pub scopes: BTreeMap<String, Sourced<String>>,
}

impl StructuredAuth {
    /// The variable `pnpm_config__auth` (or in capitals), as JSON.
    pub(super) fn of_variable(input: &Input) -> Result<Option<(Value, Origin)>, ConfigError> {
        let Some((name, text)) = ["pnpm_config__auth", "PNPM_CONFIG__AUTH"]
            .into_iter()
            .find_map(|name| Some((name, input.variable(name)?)))
        else {
            return Ok(None);
        };
        let origin = Origin::Environment(name.to_owned());
        match serde_json::from_str(text) {
            Ok(value) => Ok(Some((value, origin))),
            Err(_) => Err(ConfigError::StructuredAuth {
                origin,
                problem: "is not valid JSON".to_owned(),
            }),
        }
    }

    /// Takes one source in, over those before: `{URL: {"@" or "@scope": {"authToken": …}}}`.
    pub(super) fn add(&mut self, value: &Value, origin: &Origin) -> Result<(), ConfigError> {
        let problem = |problem: &str| ConfigError::StructuredAuth {
            origin: origin.clone(),
            problem: problem.to_owned(),
        };
        let shape = "must be {URL: {\"@\" or \"@scope\": {\"authToken\": …}}}";
        for (url, scopes) in value.as_object().ok_or_else(|| problem(shape))? {
            let parsed = Url::parse(url).ok().filter(|url| {
                url.username().is_empty()
                    && url.password().is_none()
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
            let (Some(normalized), Some(_)) = (registry_url(url), parsed) else {
                return Err(problem("has a key that is no plain http: or https: URL"));
            };
            let prefix = Url::parse(&normalized).ok().as_ref().and_then(prefix_of);
            let prefix = prefix.ok_or_else(|| problem("has a key that names no host"))?;
            for (scope, credentials) in scopes.as_object().ok_or_else(|| problem(shape))? {
                let token = credentials
                    .as_object()
                    .filter(|fields| fields.len() == 1)
                    .and_then(|fields| fields.get("authToken")?.as_str())
                    .ok_or_else(|| problem(shape))?;
                let route = Sourced {
                    value: normalized.clone(),
                    origin: origin.clone(),
                };
                let scope = match scope.as_str() {
                    "@" => {
                        self.default_registry = Some(route);
                        None
                    }
                    name if name.starts_with('@') && !name.contains(['/', ':']) => {
                        self.scopes.insert(name.to_owned(), route);
                        Some(name.to_owned())
                    }
                    _ => return Err(problem(shape)),
                };
                let secret = self.npmrc.secrets.entry((prefix.clone(), scope)).or_default();
                secret.set("_authToken", token.to_owned(), origin, "_auth");
            }
        }
        Ok(())
    }
}
