//! Which registry serves which package.

use std::collections::BTreeMap;

use super::origin::{Origin, Sourced};

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
        let built_in = |url: String| Sourced {
            value: url,
            origin: Origin::Default,
        };
        Self {
            default: built_in(npm_registry()),
            scopes: BTreeMap::from([(
                "@jsr".to_owned(),
                built_in(public_registry(&["npm", "jsr", "io"])),
            )]),
            prefixes: BTreeMap::from([
                (
                    "gh".to_owned(),
                    built_in(public_registry(&["npm", "pkg", "github", "com"])),
                ),
                ("npmjs".to_owned(), built_in(npm_registry())),
            ]),
        }
    }
}

/// The URL with the `/` at its end that routes and credentials are matched by.
#[must_use]
pub(super) fn with_final_slash(url: &str) -> String {
    if url.ends_with('/') {
        url.to_owned()
    } else {
        format!("{url}/")
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
