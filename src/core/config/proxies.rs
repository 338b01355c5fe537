//! Which proxies are in effect, out of settings and the usual variables.

use serde_json::Value;

use super::error::ConfigError;
use super::input::Input;
use super::origin::{Origin, Sourced};
use super::reader::Reader;
use super::transport::{NoProxy, Proxy};

/// A proxy setting, once the ways to say "none" are told apart.
enum Wanted {
    /// Nothing is said; the next place is asked.
    Unset,
    /// No proxy, whatever other places say. Only `proxy: false` says this.
    Off,
    At(Sourced<String>),
}

/// `https`: `httpsProxy`, then `proxy`, then `HTTPS_PROXY`. `http`: `httpProxy`, then what `https` came to, then
/// `HTTP_PROXY`, then `PROXY`. Exceptions: `noProxy`, then `noproxy`, then `NO_PROXY`.
pub(super) fn effective(reader: &Reader<'_>, input: &Input) -> Result<Proxy, ConfigError> {
    let https = match wanted(reader, "httpsProxy")? {
        Wanted::At(url) => Wanted::At(url),
        _ => match wanted(reader, "proxy")? {
            Wanted::Unset => variable(input, "HTTPS_PROXY").map_or(Wanted::Unset, Wanted::At),
            said => said,
        },
    };
    let http = match wanted(reader, "httpProxy")? {
        Wanted::At(url) => Some(url),
        _ => match &https {
            Wanted::At(url) => Some(url.clone()),
            Wanted::Off => None,
            Wanted::Unset => variable(input, "HTTP_PROXY").or_else(|| variable(input, "PROXY")),
        },
    };
    let https = if let Wanted::At(url) = https { Some(url) } else { None };
    let exceptions = match exceptions(reader, "noProxy")? {
        Some(text) => Some(text),
        None => {
            exceptions(reader, "noproxy")?.or_else(|| variable(input, "NO_PROXY").map(|found| found.value))
        }
    };
    Ok(Proxy {
        https: https.filter(|url| !url.is_empty()),
        http: http.filter(|url| !url.is_empty()),
        no_proxy: exceptions.map(|text| no_proxy(&text)).unwrap_or_default(),
    })
}

/// A variable in capitals, else in small letters. One that is set to nothing hides the places after it and means
/// "no proxy".
fn variable(input: &Input, upper: &str) -> Option<Sourced<String>> {
    [upper.to_owned(), upper.to_lowercase()].into_iter().find_map(|name| {
        let value = input.environment.get(&name)?.clone();
        Some(Sourced { value, origin: Origin::Environment(name) })
    })
}

fn wanted(reader: &Reader<'_>, key: &str) -> Result<Wanted, ConfigError> {
    let Some(setting) = reader.raw(key) else {
        return Ok(Wanted::Unset);
    };
    match &setting.value {
        Value::Bool(false) if key == "proxy" => Ok(Wanted::Off),
        Value::String(text) if text == "false" && key == "proxy" => Ok(Wanted::Off),
        Value::Bool(false) => Ok(Wanted::Unset),
        Value::String(text) if matches!(text.as_str(), "" | "false" | "null") => Ok(Wanted::Unset),
        Value::String(text) => {
            Ok(Wanted::At(Sourced { value: text.clone(), origin: setting.origin.clone() }))
        }
        _ => Err(setting.refused(key, "a URL, or false")),
    }
}

fn exceptions(reader: &Reader<'_>, key: &str) -> Result<Option<String>, ConfigError> {
    let Some(setting) = reader.raw(key) else {
        return Ok(None);
    };
    match &setting.value {
        Value::Bool(true) => Ok(Some("true".to_owned())),
        Value::Bool(false) => Ok(None),
        Value::String(text) if matches!(text.as_str(), "" | "false" | "null") => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(setting.refused(key, "a list of hosts with commas between them, or true")),
    }
}

fn no_proxy(text: &str) -> NoProxy {
    if text.trim() == "true" {
        return NoProxy::All;
    }
    let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
    NoProxy::Hosts(hosts.map(str::to_owned).collect())
}
