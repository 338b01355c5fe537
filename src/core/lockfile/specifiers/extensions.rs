//! `packageExtensions`: what packages forgot to declare, added to their manifests.

use indexmap::IndexMap;
use node_semver::{Range, Version};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use super::error::ExtensionError;
use super::selector::PackageSelector;
use crate::core::manifest::Manifest;
use crate::core::version_range::parse_range;

/// What is added to a manifest, under the names of the manifest's fields.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Extension {
    /// `dependencies`.
    pub dependencies: BTreeMap<Arc<str>, Arc<str>>,
    /// `optionalDependencies`.
    pub optional_dependencies: BTreeMap<Arc<str>, Arc<str>>,
    /// `peerDependencies`.
    pub peer_dependencies: BTreeMap<Arc<str>, Arc<str>>,
    /// `peerDependenciesMeta`.
    pub peer_dependencies_meta: BTreeMap<Arc<str>, ExtensionPeer>,
}

/// An entry of `peerDependenciesMeta` in an extension.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ExtensionPeer {
    /// It may be absent.
    pub optional: Option<bool>,
}

/// The parts of a manifest that extensions add to.
#[derive(Debug)]
pub struct Extended<'a, Text, Peer, Hasher> {
    /// `dependencies`.
    pub dependencies: &'a mut IndexMap<Text, Text, Hasher>,
    /// `optionalDependencies`.
    pub optional: &'a mut IndexMap<Text, Text, Hasher>,
    /// `peerDependencies`.
    pub peers: &'a mut IndexMap<Text, Text, Hasher>,
    /// `peerDependenciesMeta`.
    pub peers_meta: &'a mut IndexMap<Text, Peer, Hasher>,
}

/// Extensions by the package they are for.
#[derive(Debug, Clone, Default)]
pub struct Extensions {
    by_name: FxHashMap<String, Vec<Selected>>,
}

#[derive(Debug, Clone)]
struct Selected {
    /// `None` selects every version, also an unknown one.
    range: Option<Range>,
    extension: Extension,
}

impl Extensions {
    /// Reads the setting `packageExtensions`: selector (`name` or `name@range`) → extension. `Null` is none.
    ///
    /// # Errors
    /// When a range is none, or an extension has fields of the wrong kind.
    pub fn read(setting: &Value) -> Result<Self, ExtensionError> {
        let wrong = |setting: String, expected| ExtensionError::Setting { setting, expected };
        let entries = match setting {
            Value::Null => return Ok(Self::default()),
            Value::Object(entries) => entries,
            _ => return Err(wrong("packageExtensions".to_owned(), "a map of extensions")),
        };
        let mut extensions = Self::default();
        for (selector, extension) in entries {
            let extension = Extension::deserialize(extension).map_err(|_| {
                wrong(
                    format!("packageExtensions[{selector:?}]"),
                    "a map of dependencies, optionalDependencies, peerDependencies and peerDependenciesMeta",
                )
            })?;
            extensions.add(selector, extension)?;
        }
        Ok(extensions)
    }

    /// Adds one. Of two for the same package, the earlier wins where both say something.
    ///
    /// # Errors
    /// When the range of the selector is none.
    pub fn add(&mut self, selector: &str, extension: Extension) -> Result<(), ExtensionError> {
        // As in pnpm, a selector that names no package selects nothing.
        let Some(PackageSelector { name, range }) = PackageSelector::parse(selector) else {
            return Ok(());
        };
        let range = match range {
            None => None,
            Some(text) => Some(
                parse_range(&text)
                    .map_err(|_| ExtensionError::Selector { selector: selector.to_owned(), range: text })?,
            ),
        };
        self.by_name.entry(name).or_default().push(Selected { range, extension });
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether some extension is for this package. A single look-up by name for nearly all packages.
    #[must_use]
    pub fn concern(&self, name: &str, version: &str) -> bool {
        self.selected(name, version).next().is_some()
    }

    /// Adds to a manifest what the extensions for its package say. The manifest's own entries win.
    pub fn apply<Text, Peer, Hasher>(
        &self,
        name: &str,
        version: &str,
        manifest: &mut Extended<'_, Text, Peer, Hasher>,
    ) where
        Text: for<'text> From<&'text str> + Eq + Hash,
        Peer: From<bool>,
        Hasher: BuildHasher + Default,
    {
        let texts = |(alias, specifier): (&Arc<str>, &Arc<str>)| (Text::from(alias), Text::from(specifier));
        for extension in self.selected(name, version) {
            add_below(manifest.dependencies, extension.dependencies.iter().map(texts));
            add_below(manifest.optional, extension.optional_dependencies.iter().map(texts));
            add_below(manifest.peers, extension.peer_dependencies.iter().map(texts));
            let meta = extension
                .peer_dependencies_meta
                .iter()
                .map(|(peer, meta)| (Text::from(peer), Peer::from(meta.optional.unwrap_or(false))));
            add_below(manifest.peers_meta, meta);
        }
    }

    /// The manifest of a project with what the extensions for it say; the same one where none is for it.
    #[must_use]
    pub fn project<'a>(&self, manifest: &'a Manifest) -> Cow<'a, Manifest> {
        let name = manifest.name.as_deref().unwrap_or_default();
        let version = manifest.version.as_deref().unwrap_or_default();
        if !self.concern(name, version) {
            return Cow::Borrowed(manifest);
        }
        let mut extended = manifest.clone();
        let mut groups = Extended {
            dependencies: &mut extended.dependencies,
            optional: &mut extended.optional_dependencies,
            peers: &mut extended.peer_dependencies,
            peers_meta: &mut extended.peer_dependencies_meta,
        };
        self.apply(name, version, &mut groups);
        Cow::Owned(extended)
    }

    fn selected(&self, name: &str, version: &str) -> impl Iterator<Item = &Extension> {
        let candidates = self.by_name.get(name).map_or(&[] as &[Selected], Vec::as_slice);
        let version = if candidates.is_empty() { None } else { Version::parse(version).ok() };
        candidates
            .iter()
            .filter(move |selected| match &selected.range {
                None => true,
                Some(range) => version.as_ref().is_some_and(|version| range.satisfies(version)),
            })
            .map(|selected| &selected.extension)
    }
}

/// Puts the entries of an extension, by name, before those of the manifest, and lets the manifest's values stand.
fn add_below<Key: Eq + Hash, Value, Hasher: BuildHasher + Default>(
    own: &mut IndexMap<Key, Value, Hasher>,
    added: impl ExactSizeIterator<Item = (Key, Value)>,
) {
    if added.len() == 0 {
        return;
    }
    let mut both: IndexMap<Key, Value, Hasher> = added.collect();
    both.extend(std::mem::take(own));
    *own = both;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn manifest(version: &str) -> Manifest {
        Manifest {
            name: Some("a".into()),
            version: Some(version.into()),
            dependencies: [("x".into(), "1".into()), ("z".into(), "1".into())].into_iter().collect(),
            peer_dependencies_meta: [("p".into(), false)].into_iter().collect(),
            ..Manifest::default()
        }
    }

    fn extended(setting: &Value, version: &str) -> Manifest {
        Extensions::read(setting).unwrap().project(&manifest(version)).into_owned()
    }

    fn texts(group: &IndexMap<String, String>) -> Vec<String> {
        group.iter().map(|(alias, specifier)| format!("{alias}@{specifier}")).collect()
    }

    #[test]
    fn an_extension_adds_what_the_manifest_does_not_say_itself() {
        let made = extended(
            &json!({ "a": {
                "dependencies": { "y": "2", "x": "2" },
                "optionalDependencies": { "o": "1" },
                "peerDependencies": { "p": "*", "q": "*" },
                "peerDependenciesMeta": { "p": { "optional": true }, "q": { "optional": true } },
            } }),
            "1.0.0",
        );
        assert_eq!(texts(&made.dependencies), ["x@1", "y@2", "z@1"]);
        assert_eq!(texts(&made.optional_dependencies), ["o@1"]);
        assert_eq!(texts(&made.peer_dependencies), ["p@*", "q@*"]);
        assert!(!made.peer_dependencies_meta["p"], "the manifest's own entry stands");
        assert!(made.peer_dependencies_meta["q"]);
    }

    #[test]
    fn a_range_selects_versions_and_the_earlier_of_two_extensions_wins() {
        let setting = json!({
            "a@1": { "dependencies": { "y": "one" } },
            "a@>=1": { "dependencies": { "y": "any", "w": "any" } },
            "b": { "dependencies": { "v": "1" } },
        });
        assert_eq!(texts(&extended(&setting, "1.5.0").dependencies), ["w@any", "y@one", "x@1", "z@1"]);
        assert_eq!(texts(&extended(&setting, "2.0.0").dependencies), ["w@any", "y@any", "x@1", "z@1"]);
        assert_eq!(extended(&setting, "0.1.0"), manifest("0.1.0"));
        let extensions = Extensions::read(&setting).unwrap();
        assert!(extensions.concern("a", "1.0.0") && !extensions.concern("a", "0.1.0"));
        assert!(!extensions.concern("c", "1.0.0"));
    }

    #[test]
    fn a_range_that_is_none_and_a_value_of_the_wrong_kind_are_refused() {
        let error = Extensions::read(&json!({ "a@nonsense!": {} })).unwrap_err();
        assert_eq!(error.code(), Some("ERR_PNPM_INVALID_PACKAGE_EXTENSION_SELECTOR"));
        assert!(Extensions::read(&json!({ "a": { "dependencies": ["x"] } })).is_err());
        assert!(Extensions::read(&Value::Null).unwrap().is_empty());
    }
}
