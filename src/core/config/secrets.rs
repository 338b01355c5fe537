//! Credentials as they are written, and the header they become.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::error::ConfigError;
use super::origin::Origin;
use super::registries::with_final_slash;

/// npm writes padding, people forget it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Names of the parts of a credential, at the end of a key.
pub(super) const PARTS: &[&str] = &["_authToken", "_auth", "username", "_password", "tokenHelper"];

/// A part and where it is written.
#[derive(Clone, PartialEq, Eq)]
struct Part {
    value: String,
    origin: Origin,
    key: String,
}

/// What is known of a credential; each part comes from the highest source that has it.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Secret {
    token: Option<Part>,
    pair: Option<Part>,
    user: Option<Part>,
    password: Option<Part>,
}

impl Secret {
    /// Sets the part of this name ([`PARTS`]); `key` is the whole key, for messages.
    pub(super) fn set(&mut self, part: &str, value: String, origin: &Origin, key: &str) {
        let slot = match part {
            "_authToken" => &mut self.token,
            "_auth" => &mut self.pair,
            "username" => &mut self.user,
            "_password" => &mut self.password,
            _ => return,
        };
        *slot = Some(Part { value, origin: origin.clone(), key: key.to_owned() });
    }

    /// Takes the parts of a higher source.
    pub(super) fn overlay(&mut self, higher: Self) {
        self.token = higher.token.or(self.token.take());
        self.pair = higher.pair.or(self.pair.take());
        self.user = higher.user.or(self.user.take());
        self.password = higher.password.or(self.password.take());
    }

    /// The `Authorization` header: a token wins over `_auth`, and this over user and password.
    pub(super) fn header(&self) -> Result<Option<String>, ConfigError> {
        if let Some(token) = &self.token {
            // A token that an unset variable was to fill must not be sent as an empty one.
            return Ok((!token.value.is_empty()).then(|| format!("Bearer {}", token.value)));
        }
        if let Some(pair) = &self.pair {
            if pair.value.is_empty() {
                return Ok(None);
            }
            if !decoded(pair)?.contains(&b':') {
                return Err(ConfigError::MissingSeparator {
                    origin: pair.origin.clone(),
                    key: pair.key.clone(),
                });
            }
            return Ok(Some(format!("Basic {}", pair.value)));
        }
        let (Some(user), Some(password)) = (&self.user, &self.password) else {
            return Ok(None);
        };
        // What an unset variable leaves empty is no credential.
        if user.value.is_empty() || password.value.is_empty() {
            return Ok(None);
        }
        let mut pair = format!("{}:", user.value).into_bytes();
        pair.extend(decoded(password)?);
        Ok(Some(format!("Basic {}", BASE64.encode(pair))))
    }
}

fn decoded(part: &Part) -> Result<Vec<u8>, ConfigError> {
    let compact: String = part.value.split_ascii_whitespace().collect();
    BASE64
        .decode(compact)
        .map_err(|_| ConfigError::InvalidBase64 { origin: part.origin.clone(), key: part.key.clone() })
}

/// Splits `//host/path/:_authToken` or `//host/path/:@scope:_authToken` into prefix, scope and part.
pub(super) fn split_key(key: &str) -> Option<(String, Option<String>, &'static str)> {
    let (prefix, part) = key.rsplit_once(':')?;
    let part = PARTS.iter().find(|known| **known == part)?;
    if !prefix.starts_with("//") || prefix.len() < 3 {
        return None;
    }
    if let Some((registry, scope)) = prefix.rsplit_once(":@").filter(|(_, scope)| is_scope_name(scope)) {
        return Some((with_final_slash(registry), Some(format!("@{scope}")), part));
    }
    // The older way to name a scope: as the last folder of the path.
    let path = prefix.strip_suffix('/').unwrap_or(prefix);
    if let Some((registry, scope)) = path.rsplit_once("/@").filter(|(_, scope)| is_scope_name(scope)) {
        return Some((with_final_slash(registry), Some(format!("@{scope}")), part));
    }
    Some((with_final_slash(prefix), None, part))
}

fn is_scope_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(parts: &[(&str, &str)]) -> Result<Option<String>, ConfigError> {
        let mut secret = Secret::default();
        for (part, value) in parts {
            secret.set(part, (*value).to_owned(), &Origin::Default, part);
        }
        secret.header()
    }

    #[test]
    fn each_kind_of_credential_becomes_its_header() {
        assert_eq!(header(&[("_authToken", "t")]).unwrap().unwrap(), "Bearer t");
        assert_eq!(header(&[("_auth", "Zm9vOmJhcg==")]).unwrap().unwrap(), "Basic Zm9vOmJhcg==");
        assert_eq!(
            header(&[("username", "foo"), ("_password", "cGFzcw")]).unwrap().unwrap(),
            "Basic Zm9vOnBhc3M="
        );
        assert_eq!(header(&[("_auth", "Zm9vOmJhcg"), ("_authToken", "t")]).unwrap().unwrap(), "Bearer t");
        assert_eq!(header(&[("username", "foo")]).unwrap(), None);
        assert_eq!(header(&[("_authToken", "")]).unwrap(), None);
    }

    #[test]
    fn what_is_not_base64_is_refused_without_being_shown() {
        for part in ["_auth", "_password"] {
            let error = header(&[(part, "!!!s3cret"), ("username", "foo")]).unwrap_err();
            assert_eq!(error.code(), Some("ERR_PNPM_AUTH_INVALID_BASE64"));
            assert!(error.to_string().contains(part) && !error.to_string().contains("s3cret"), "{error}");
        }
        let error = header(&[("_auth", "Zm9v")]).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_AUTH_MISSING_SEPARATOR"));
    }

    #[test]
    fn keys_split_into_prefix_scope_and_part() {
        let split =
            |key| split_key(key).map(|(prefix, scope, part)| (prefix, scope.unwrap_or_default(), part));
        for (key, prefix, scope, part) in [
            ("//a.test/:_authToken", "//a.test/", "", "_authToken"),
            ("//a.test:8080/b:_auth", "//a.test:8080/b/", "", "_auth"),
            ("//a.test/:@org:_authToken", "//a.test/", "@org", "_authToken"),
            ("//a.test/b/@org/:username", "//a.test/b/", "@org", "username"),
        ] {
            assert_eq!(split(key), Some((prefix.to_owned(), scope.to_owned(), part)), "{key}");
        }
        for key in ["_authToken", "//:_authToken", "a.test/:_authToken", "//a.test/:other", "//a.test/"] {
            assert_eq!(split(key), None, "{key}");
        }
    }
}
