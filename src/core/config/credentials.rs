//! Secrets, each bound to the URL prefix it was given for.
//!
//! A secret must never leave for another host, another port or a sibling path, and must never be printed.

use std::collections::BTreeMap;
use std::fmt;

use url::Url;

/// `Authorization` headers by URL prefix.
///
/// Keys are npm's short form of a URL: `//host[:port]/path/`, no scheme, a `/` at the end. A key without a port
/// serves all ports of its host, and a path serves what lies below it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    by_prefix: BTreeMap<String, String>,
    by_scope: BTreeMap<String, BTreeMap<String, String>>,
}

impl Credentials {
    /// The header for a request, whatever package it is about.
    ///
    /// A user and password that stand in the URL itself are the HTTP client's to send.
    #[must_use]
    pub fn authorization_for(&self, url: &Url) -> Option<&str> {
        nearest_prefix(&self.by_prefix, url).map(String::as_str)
    }

    /// The header for a request about a package: one given to its scope wins over the registry's own.
    #[must_use]
    pub fn authorization_for_package(&self, url: &Url, package: &str) -> Option<&str> {
        let scope = package.split_once('/').map(|(scope, _)| scope);
        scope
            .and_then(|scope| self.by_scope.get(scope))
            .and_then(|by_prefix| nearest_prefix(by_prefix, url))
            .map(String::as_str)
            .or_else(|| self.authorization_for(url))
    }

    /// Binds a header to a prefix, for one package scope or for all; replaces what was bound there.
    pub fn insert(&mut self, prefix: &str, scope: Option<&str>, header: String) {
        let prefix = super::registries::with_final_slash(prefix);
        match scope {
            None => self.by_prefix.insert(prefix, header),
            Some(scope) => self.by_scope.entry(scope.to_owned()).or_default().insert(prefix, header),
        };
    }

    /// How many secrets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_prefix.len() + self.by_scope.values().map(BTreeMap::len).sum::<usize>()
    }

    /// There are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scopes = self.by_scope.values().flat_map(BTreeMap::keys);
        formatter.debug_set().entries(self.by_prefix.keys().chain(scopes)).finish()
    }
}

/// npm's short form of a URL: scheme, query and what follows the path's last `/` are dropped.
#[must_use]
pub(super) fn prefix_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let folder = url.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("//{host}{port}{folder}/"))
}

/// The entry whose prefix covers most of the URL: with its port first, then without one.
///
/// The URL's last segment counts as a folder, so that a registry written without its final `/` still finds the
/// entry of its own path.
pub(super) fn nearest_prefix<'map, T>(entries: &'map BTreeMap<String, T>, url: &Url) -> Option<&'map T> {
    if entries.is_empty() {
        return None;
    }
    let host = url.host_str()?;
    let with_port = url.port().map(|port| format!("//{host}:{port}"));
    [with_port, Some(format!("//{host}"))].into_iter().flatten().find_map(|authority| {
        let mut path = url.path().trim_end_matches('/');
        loop {
            if let Some(entry) = entries.get(&format!("{authority}{path}/")) {
                return Some(entry);
            }
            path = path.rsplit_once('/')?.0;
        }
    })
}
