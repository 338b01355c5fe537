//! From the text of a `package.json` to a [`PackageManifest`].
//!
//! The manifests of folders, tarballs and repositories were checked by nobody: what has the wrong kind of value is left
//! out, as pnpm does, and never an error.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::manifest::{PackageManifest, PeerMeta, Specifiers};
use crate::core::lockfile::{BundledDependencies, OneOrMany};
use crate::core::manifest::Manifest;

impl PackageManifest {
    /// The manifest of a project.
    #[must_use]
    pub fn from_manifest(manifest: &Manifest) -> Self {
        let raw = &manifest.raw;
        Self { dev_dependencies: specifiers(raw, "devDependencies"), ..Self::from_json(raw) }
    }

    /// The manifest of a package, without its `devDependencies`, which nobody installs.
    #[must_use]
    pub fn from_json(raw: &Map<String, Value>) -> Self {
        let publish_config = object(raw, "publishConfig");
        Self {
            name: text(raw, "name").unwrap_or_default().into(),
            version: text(raw, "version").unwrap_or_default().into(),
            dependencies: specifiers(raw, "dependencies"),
            optional_dependencies: specifiers(raw, "optionalDependencies"),
            dev_dependencies: Specifiers::default(),
            peer_dependencies: specifiers(raw, "peerDependencies"),
            peer_dependencies_meta: entries(raw, "peerDependenciesMeta", |meta| {
                let optional = meta.get("optional") == Some(&Value::Bool(true));
                meta.is_object().then_some(PeerMeta { optional })
            }),
            injected: entries(raw, "dependenciesMeta", |meta| meta.get("injected")?.as_bool()),
            bundled_dependencies: bundled(raw),
            engines: specifiers(raw, "engines"),
            // A single text counts for `libc` alone.
            os: list(raw, "os"),
            cpu: list(raw, "cpu"),
            libc: text(raw, "libc").map(|one| OneOrMany::One(one.to_owned())).or_else(|| list(raw, "libc")),
            deprecated: text(raw, "deprecated").map(Arc::from),
            has_bin: has_executables(raw),
            publish_directory: publish_config
                .filter(|config| config.get("linkDirectory") != Some(&Value::Bool(false)))
                .and_then(|config| text(config, "directory"))
                .map(Arc::from),
        }
    }
}

/// A text that is not empty.
fn text<'a>(raw: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    raw.get(field)?.as_str().filter(|text| !text.is_empty())
}

fn object<'a>(raw: &'a Map<String, Value>, field: &str) -> Option<&'a Map<String, Value>> {
    raw.get(field)?.as_object()
}

fn entries<T, S: std::hash::BuildHasher + Default>(
    raw: &Map<String, Value>,
    field: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> indexmap::IndexMap<Arc<str>, T, S> {
    let entries = object(raw, field).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((Arc::from(key.as_str()), read(value)?))).collect()
}

fn specifiers(raw: &Map<String, Value>, field: &str) -> Specifiers {
    entries(raw, field, |value| value.as_str().map(Arc::from))
}

fn texts(values: &[Value]) -> Option<Vec<String>> {
    let texts: Vec<String> = values.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect();
    (!texts.is_empty()).then_some(texts)
}

fn list(raw: &Map<String, Value>, field: &str) -> Option<OneOrMany> {
    texts(raw.get(field)?.as_array()?).map(OneOrMany::Many)
}

fn bundled(raw: &Map<String, Value>) -> Option<BundledDependencies> {
    let present = |field| raw.get(field).filter(|value: &&Value| !value.is_null());
    match present("bundledDependencies").or_else(|| present("bundleDependencies"))? {
        Value::Bool(true) => Some(BundledDependencies::All(true)),
        Value::Array(names) => texts(names).map(BundledDependencies::Names),
        _ => None,
    }
}

fn has_executables(raw: &Map<String, Value>) -> bool {
    let declared = raw.get("bin").is_some_and(|bin| match bin {
        Value::String(path) => !path.is_empty(),
        Value::Object(paths) => !paths.is_empty(),
        _ => false,
    });
    declared || object(raw, "directories").is_some_and(|directories| text(directories, "bin").is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(manifest: &Value) -> PackageManifest {
        PackageManifest::from_json(manifest.as_object().unwrap())
    }

    #[test]
    fn values_of_the_wrong_kind_are_left_out() {
        let manifest = read(&json!({
            "name": "strange", "version": 1, "engines": ["node >=0.8"], "bin": [], "cpu": [1, "x64"],
            "os": "linux", "libc": "glibc", "dependencies": { "a": 1, "b": "^1.0.0" }, "peerDependencies": [],
            "peerDependenciesMeta": { "b": { "optional": "yes" }, "c": { "optional": true }, "d": 1 },
            "bundledDependencies": ["a", 1], "deprecated": true, "directories": { "bin": "./bin" },
            "dependenciesMeta": { "b": { "injected": true }, "c": {} }, "devDependencies": { "x": "1" },
        }));
        let expected = PackageManifest {
            name: "strange".into(),
            dependencies: [("b".into(), "^1.0.0".into())].into_iter().collect(),
            peer_dependencies_meta: [
                ("b".into(), PeerMeta { optional: false }),
                ("c".into(), PeerMeta { optional: true }),
            ]
            .into_iter()
            .collect(),
            injected: [("b".into(), true)].into_iter().collect(),
            bundled_dependencies: Some(BundledDependencies::Names(vec!["a".to_owned()])),
            cpu: Some(OneOrMany::Many(vec!["x64".to_owned()])),
            libc: Some(OneOrMany::One("glibc".to_owned())),
            has_bin: true,
            ..PackageManifest::default()
        };
        assert_eq!(manifest, expected);
    }

    #[test]
    fn empty_texts_lists_and_maps_count_as_absent() {
        let manifest = read(&json!({
            "name": "", "deprecated": "", "bin": {}, "directories": { "bin": "" }, "cpu": [], "os": [], "libc": [],
            "bundledDependencies": [],
        }));
        assert_eq!(manifest, PackageManifest::default());
        assert_eq!(read(&json!({ "bin": "", "bundledDependencies": false })), PackageManifest::default());
    }

    #[test]
    fn executables_bundles_and_the_published_folder_are_found() {
        assert!(read(&json!({ "bin": "x.js" })).has_bin);
        assert!(read(&json!({ "bin": { "x": "x.js" } })).has_bin);
        let bundled = read(&json!({ "bundleDependencies": true })).bundled_dependencies;
        assert_eq!(bundled, Some(BundledDependencies::All(true)));
        let published = |config: Value| read(&json!({ "publishConfig": config })).publish_directory;
        assert_eq!(published(json!({ "directory": "dist" })).as_deref(), Some("dist"));
        assert_eq!(published(json!({ "directory": "dist", "linkDirectory": false })), None);
    }

    #[test]
    fn only_projects_have_dependencies_for_their_development() {
        let text = br#"{"name":"project","version":"1.0.0","devDependencies":{"a":"^1.0.0"}}"#;
        let manifest = Manifest::parse(text, std::path::Path::new("package.json")).unwrap();
        let manifest = PackageManifest::from_manifest(&manifest);
        assert_eq!(manifest.dev_dependencies.get("a").map(AsRef::as_ref), Some("^1.0.0"));
    }
}
