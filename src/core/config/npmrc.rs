//! One `.npmrc` file: registries, credentials, proxies and certificates. Other keys have no effect.
//!
//! A project's file is not trusted: it may not use the user's variables to fill in credentials or addresses, since
//! these would leave for a server of the project's choice, and may not name a program to run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use url::Url;

use super::certificates;
use super::credentials::prefix_of;
use super::error::ConfigError;
use super::input::Input;
use super::layers::{Layer, Setting, Trust};
use super::npmrc_lines::{Assignment, assignments};
use super::origin::{Origin, Sourced};
use super::registries::{npm_registry, registry_url, with_final_slash};
use super::secrets::{self, Secret};
use super::substitute::{has_placeholder, substitute};
use super::transport::RegistryTls;

/// What one file says, or several once they are laid over each other.
#[derive(Default)]
pub(super) struct Npmrc {
    /// `registry` and the proxies, which other sources can set too.
    pub settings: Layer,
    pub scopes: BTreeMap<String, Sourced<String>>,
    /// Credentials by prefix and scope.
    pub secrets: BTreeMap<(String, Option<String>), Secret>,
    pub certificates: BTreeMap<String, RegistryTls>,
    pub ca: Option<Vec<String>>,
    pub cafile: Option<PathBuf>,
    pub warnings: Vec<String>,
}

/// Keys whose value is an address that requests go to, and the setting each is.
const PROXIES: &[(&str, &str)] = &[
    ("https-proxy", "httpsProxy"),
    ("http-proxy", "httpProxy"),
    ("proxy", "proxy"),
    ("no-proxy", "noProxy"),
    ("noproxy", "noProxy"),
];

/// Per-registry keys of certificates: the ending, which of the three it is, and whether it names a file.
const CERTIFICATES: &[(&str, &str, bool)] = &[
    (":cafile", "ca", true),
    (":certfile", "cert", true),
    (":keyfile", "key", true),
    (":ca", "ca", false),
    (":cert", "cert", false),
    (":key", "key", false),
];

impl Npmrc {
    /// Reads a file; `None` when there is none. As in pnpm, a file that is there but cannot be read costs its
    /// settings, not the run.
    pub(super) fn read(path: &Path, trust: Trust, input: &Input) -> Result<Option<Self>, ConfigError> {
        use std::io::ErrorKind::{NotADirectory, NotFound};
        match std::fs::read(path) {
            Ok(bytes) => Self::parse(&String::from_utf8_lossy(&bytes), path, trust, input).map(Some),
            Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
            Err(error) => {
                let warning = format!("{} is ignored: cannot read it: {error}", path.display());
                Ok(Some(Self { warnings: vec![warning], ..Self::default() }))
            }
        }
    }

    /// Reads the text of a file.
    pub(super) fn parse(text: &str, path: &Path, trust: Trust, input: &Input) -> Result<Self, ConfigError> {
        let mut file = File {
            found: Self::default(),
            unscoped: Vec::new(),
            origin: Origin::File(path.to_owned()),
            dir: path.parent().unwrap_or(Path::new("")),
            trust,
        };
        for assignment in assignments(text) {
            if let Some((key, value)) = file.expand(assignment, input)? {
                file.assign(key, value)?;
            }
        }
        file.bind_unscoped();
        Ok(file.found)
    }

    /// Lays a higher source over this one.
    pub(super) fn overlay(&mut self, higher: Self) {
        self.settings.extend(higher.settings);
        self.scopes.extend(higher.scopes);
        for (place, secret) in higher.secrets {
            self.secrets.entry(place).or_default().overlay(secret);
        }
        for (prefix, certificates) in higher.certificates {
            let entry = self.certificates.entry(prefix).or_default();
            entry.ca = certificates.ca.or(entry.ca.take());
            entry.cert = certificates.cert.or(entry.cert.take());
            entry.key = certificates.key.or(entry.key.take());
        }
        self.ca = higher.ca.or(self.ca.take());
        self.cafile = higher.cafile.or(self.cafile.take());
        self.warnings.extend(higher.warnings);
    }
}

/// A file while it is read.
struct File<'path> {
    found: Npmrc,
    /// Credentials and certificates that do not say for which registry they are.
    unscoped: Vec<(String, String)>,
    origin: Origin,
    dir: &'path Path,
    trust: Trust,
}

impl File<'_> {
    /// Replaces placeholders; `None` for an assignment that must not be followed.
    fn expand(
        &mut self,
        assignment: Assignment,
        input: &Input,
    ) -> Result<Option<(String, String)>, ConfigError> {
        let Assignment { key: raw_key, value: raw_value } = assignment;
        let lookup = |name: &str| input.variable(name);
        let key = substitute(&raw_key, lookup);
        if self.trust == Trust::Project {
            let sensitive = |key: &str| key.starts_with("//") || is_registry(key) || is_credential(key);
            if has_placeholder(&raw_key) && (sensitive(&raw_key) || sensitive(&key.text)) {
                self.ignore(&raw_key);
                return Ok(None);
            }
            if has_placeholder(&raw_value) {
                if is_registry(&key.text) {
                    let origin = self.origin.clone();
                    return Err(ConfigError::RegistryPlaceholder { origin, key: key.text });
                }
                let is_proxy = matches!(key.text.as_str(), "https-proxy" | "http-proxy" | "proxy");
                if is_credential(&key.text) || is_proxy {
                    self.ignore(&key.text);
                    return Ok(None);
                }
            }
        }
        let value = substitute(&raw_value, lookup);
        for placeholder in key.unresolved.iter().chain(&value.unresolved) {
            self.found.warnings.push(format!(
                "{}: {placeholder} names a variable that is not set; it is taken for nothing",
                self.origin
            ));
        }
        Ok(Some((key.text, value.text)))
    }

    fn ignore(&mut self, key: &str) {
        self.found.warnings.push(format!(
            "{}: {key} is ignored, since variables are not expanded in a project's addresses and credentials",
            self.origin
        ));
    }

    fn assign(&mut self, key: String, value: String) -> Result<(), ConfigError> {
        if let Some((_, setting)) = PROXIES.iter().find(|(name, _)| *name == key) {
            self.found.settings.insert((*setting).to_owned(), Setting::new(value, self.origin.clone()));
        } else if is_registry(&key) {
            self.assign_registry(&key, value)?;
        } else if is_credential(&key) && !key.starts_with("//") {
            self.refuse_token_helper(&key)?;
            self.unscoped.push((key, value));
        } else if let Some((prefix, scope, part)) = secrets::split_key(&key) {
            self.refuse_token_helper(&key)?;
            let secret = self.found.secrets.entry((prefix, scope)).or_default();
            secret.set(part, value, &self.origin, &key);
        } else {
            self.assign_transport(&key, value)?;
        }
        Ok(())
    }

    fn assign_registry(&mut self, key: &str, value: String) -> Result<(), ConfigError> {
        let setting = Setting::new(value, self.origin.clone());
        let Some(url) = setting.value.as_str().and_then(registry_url) else {
            return Err(setting.refused(key, "an http: or https: URL"));
        };
        match key.strip_suffix(":registry") {
            Some(scope) => {
                let sourced = Sourced { value: url, origin: self.origin.clone() };
                self.found.scopes.insert(scope.to_owned(), sourced);
            }
            None => {
                self.found.settings.insert(key.to_owned(), setting);
            }
        }
        Ok(())
    }

    fn assign_transport(&mut self, key: &str, value: String) -> Result<(), ConfigError> {
        match key {
            // `null` and an empty value are npm's ways to unset a certificate.
            "ca" if value.is_empty() || value == "null" => {}
            "ca" => self.found.ca.get_or_insert_default().push(certificates::inline(&value)),
            "cafile" => self.found.cafile = (!value.is_empty()).then(|| self.dir.join(value)),
            "strict-ssl" => {
                let Ok(strict) = value.parse::<bool>() else {
                    return Err(Setting::new(value, self.origin.clone()).refused(key, "true or false"));
                };
                let setting = Setting::new(strict, self.origin.clone());
                self.found.settings.insert("strictSsl".to_owned(), setting);
            }
            "local-address" if value.is_empty() => {}
            "local-address" => {
                let setting = Setting::new(value, self.origin.clone());
                self.found.settings.insert("localAddress".to_owned(), setting);
            }
            _ => self.assign_certificate(key, &value),
        }
        Ok(())
    }

    fn assign_certificate(&mut self, key: &str, value: &str) {
        let split = CERTIFICATES
            .iter()
            .find_map(|(ending, field, is_file)| Some((key.strip_suffix(ending)?, *field, *is_file)));
        let Some((prefix, field, is_file)) = split.filter(|(prefix, ..)| prefix.starts_with("//")) else {
            return;
        };
        let text = if is_file {
            match std::fs::read_to_string(self.dir.join(value)) {
                Ok(text) => text,
                Err(error) => {
                    let warning = format!("{}: {key} is ignored: cannot read {value}: {error}", self.origin);
                    self.found.warnings.push(warning);
                    return;
                }
            }
        } else {
            certificates::inline(value)
        };
        let entry = self.found.certificates.entry(with_final_slash(prefix)).or_default();
        set_certificate(entry, field, text);
    }

    /// A program that makes tokens is not run; one that a project names must not even be asked for.
    fn refuse_token_helper(&mut self, key: &str) -> Result<(), ConfigError> {
        if !key.ends_with("tokenHelper") {
            return Ok(());
        }
        if self.trust == Trust::Project {
            let origin = self.origin.clone();
            return Err(ConfigError::TokenHelperInProject { origin, key: key.to_owned() });
        }
        self.found.warnings.push(format!(
            "{}: {key} is not supported yet; requests go without the token it would make",
            self.origin
        ));
        Ok(())
    }

    /// Binds what does not name a registry to the one this very file names, so that no other file can have it sent
    /// elsewhere.
    fn bind_unscoped(&mut self) {
        let Some((first, _)) = self.unscoped.first() else {
            return;
        };
        let declared = self.found.settings.get("registry").and_then(|setting| setting.value.as_str());
        let registry = declared.map_or_else(npm_registry, with_final_slash);
        let Some(prefix) = Url::parse(&registry).ok().as_ref().and_then(prefix_of) else {
            return;
        };
        self.found.warnings.push(format!(
            "{}: {first} does not say for which registry it is; it is used for {prefix} alone. \
             Write it {prefix}:{first}=…",
            self.origin
        ));
        for (key, value) in std::mem::take(&mut self.unscoped) {
            if matches!(key.as_str(), "cert" | "key") {
                let entry = self.found.certificates.entry(prefix.clone()).or_default();
                let taken = if key == "cert" { entry.cert.is_some() } else { entry.key.is_some() };
                if !taken {
                    set_certificate(entry, &key, certificates::inline(&value));
                }
            } else {
                let mut unscoped = Secret::default();
                unscoped.set(&key, value, &self.origin, &key);
                let bound = self.found.secrets.entry((prefix.clone(), None)).or_default();
                // What the file says of the registry by name wins.
                unscoped.overlay(std::mem::take(bound));
                *bound = unscoped;
            }
        }
    }
}

fn set_certificate(entry: &mut RegistryTls, field: &str, text: String) {
    match field {
        "ca" => entry.ca = Some(text),
        "cert" => entry.cert = Some(text),
        _ => entry.key = Some(text),
    }
}

/// `registry` or `@scope:registry`.
fn is_registry(key: &str) -> bool {
    key == "registry"
        || key
            .strip_suffix(":registry")
            .is_some_and(|scope| scope.starts_with('@') && scope.len() > 1 && !scope.contains(['/', ':']))
}

/// Any part of a credential, or a client certificate, of one registry or of none.
fn is_credential(key: &str) -> bool {
    let name = if key.starts_with("//") { key.rsplit_once(':').map_or("", |(_, name)| name) } else { key };
    secrets::PARTS.contains(&name) || matches!(name, "cert" | "key")
}
