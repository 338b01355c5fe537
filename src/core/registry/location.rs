//! Where a package's metadata lies: its address at a registry and its file in the cache.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use url::Url;

use crate::core::lockfile::is_valid_package_name;

/// Which form of a document is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// What an install needs, without publish times at most registries.
    Abbreviated,
    /// Everything.
    Full,
}

impl Form {
    /// The `Accept` header, as pnpm sends it.
    pub(super) fn accept(self) -> &'static str {
        match self {
            Self::Abbreviated => "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*",
            Self::Full => "application/json; q=1.0, */*",
        }
    }

    /// The folder of the cache.
    fn folder(self) -> &'static str {
        match self {
            Self::Abbreviated => "v12/metadata",
            Self::Full => "v12/metadata-full",
        }
    }
}

/// A registry, its address read once for all packages that are asked for there.
#[derive(Debug)]
pub struct Place {
    /// The address as it is configured.
    pub registry: Arc<str>,
    /// The address with a slash at its end; `None` when it is none.
    root: Option<Url>,
    /// The name of its folder in the cache.
    folder: Option<String>,
}

impl Place {
    /// Reads the address of a registry.
    #[must_use]
    pub fn of(registry: &str) -> Self {
        let slash = if registry.ends_with('/') { "" } else { "/" };
        Self {
            registry: registry.into(),
            root: Url::parse(&format!("{registry}{slash}")).ok(),
            folder: registry_folder(registry),
        }
    }

    /// The address of a package's metadata; `None` when the registry's address is none. A scope's slash is escaped.
    #[must_use]
    pub fn packument_url(&self, name: &str) -> Option<Url> {
        let mut url = self.root.clone()?;
        let mut path = url.path().to_owned();
        let (at, rest) = name.strip_prefix('@').map_or(("", name), |rest| ("@", rest));
        path.push_str(at);
        for byte in rest.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                path.push(char::from(byte));
            } else {
                // Writing to a string does not fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
        url.set_path(&path);
        Some(url)
    }

    /// The file of the cache that holds a package's metadata (pnpm's place for it, so that both find what the other
    /// wrote). `None` for names that are none: they must not become paths.
    #[must_use]
    pub fn cache_file(&self, cache_dir: &Path, form: Form, name: &str) -> Option<PathBuf> {
        if !is_valid_package_name(name) {
            return None;
        }
        let folder = self.folder.as_deref()?;
        let mut file = name.to_owned();
        if has_upper_case(name) {
            file.push('_');
            file.push_str(&sha256(name));
        }
        file.push_str(".jsonl");
        Some(cache_dir.join(form.folder()).join(folder).join(file))
    }
}

/// A registry's address as the name of a folder: `https://host:1/some/path/` is `https%3A+host+1%2Fsome+path`.
fn registry_folder(registry: &str) -> Option<String> {
    let url = Url::parse(registry).ok()?;
    let host = url.host_str()?;
    let port = url.port().map(|port| format!("+{port}")).unwrap_or_default();
    let mut folder = format!("{}%3A+{}{port}", url.scheme(), host.replace(':', "+"));
    let path = url.path().trim_matches('/');
    for (place, segment) in path.split('/').filter(|_| !path.is_empty()).enumerate() {
        folder.push_str(if place == 0 { "%2F" } else { "+" });
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                folder.push(char::from(byte));
            } else {
                let _ = write!(folder, "%{byte:02X}");
            }
        }
    }
    if has_upper_case(path) {
        folder.push_str("%5F");
        folder.push_str(&sha256(path));
    }
    Some(folder)
}

/// Some file systems know no difference between upper and lower case, so a digest makes one.
fn has_upper_case(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_uppercase())
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scopes_slash_is_escaped_in_the_address() {
        let url = |name| Place::of("http://127.0.0.1:4873/").packument_url(name).unwrap().to_string();
        assert_eq!(url("react"), "http://127.0.0.1:4873/react");
        assert_eq!(url("@babel/core"), "http://127.0.0.1:4873/@babel%2Fcore");
        assert_eq!(Place::of("http://127.0.0.1/npm").packument_url("a").unwrap().path(), "/npm/a");
    }

    #[test]
    fn the_file_lies_where_pnpm_has_it() {
        let file = |registry, name| {
            let file = Place::of(registry).cache_file(Path::new("/c"), Form::Abbreviated, name);
            file.map(|path| path.to_string_lossy().into_owned())
        };
        assert_eq!(
            file("http://127.0.0.1:4999/", "@a/b").as_deref(),
            Some("/c/v12/metadata/http%3A+127.0.0.1+4999/@a/b.jsonl")
        );
        assert_eq!(
            file("https://127.0.0.1/npm/x+y/~t/", "JSONStream").as_deref(),
            Some(
                "/c/v12/metadata/https%3A+127.0.0.1%2Fnpm+x%2By+%7Et/JSONStream_\
                 e8984fe3553d633446cdadbd07d49ee89ce966da40b8c2845f4308fa35713709.jsonl"
            )
        );
        assert_eq!(
            file("http://127.0.0.1:1/a/B/c", "a").as_deref(),
            Some(
                "/c/v12/metadata/http%3A+127.0.0.1+1%2Fa+B+c%5F\
                 6e3cacd048a743fd45059308c83921cd6544b604451f4514c16ad7733182b6ac/a.jsonl"
            )
        );
    }

    #[test]
    fn what_is_no_name_has_no_file() {
        let place = Place::of("http://127.0.0.1/");
        for name in ["..", "../x", "@a/../../x", "a/b", ""] {
            assert_eq!(place.cache_file(Path::new("/c"), Form::Full, name), None, "{name}");
        }
    }
}
