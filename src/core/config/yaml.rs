//! `pnpm-workspace.yaml` and the user's `config.yaml` as layers.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use indexmap::IndexMap;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::Spanned;

use super::error::ConfigError;
use super::known;
use super::layers::{Layer, Setting};
use super::origin::Origin;
use crate::core::yaml_error;

/// The name of the file that holds a project's settings.
pub(super) const WORKSPACE_MANIFEST: &str = "pnpm-workspace.yaml";

/// Texts that YAML would take for numbers (`react: 18.10`) or for true and false (`y`), read as they are written.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Texts {
    #[serde(skip_serializing_if = "Option::is_none")]
    overrides: Option<IndexMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalog: Option<IndexMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    catalogs: Option<IndexMap<String, IndexMap<String, String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patched_dependencies: Option<IndexMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_deprecated_versions: Option<IndexMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_version: Option<String>,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    hoist_pattern: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    public_hoist_pattern: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    git_shallow_hosts: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    trust_policy_exclude: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    minimum_release_age_exclude: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    ignored_optional_dependencies: Written,
    #[serde(default, skip_serializing_if = "Written::is_something_else")]
    packages: Written,
}

/// A list of texts as they are written; something else is left to whoever reads the setting.
#[derive(Default)]
struct Written(Option<Vec<String>>);

impl Written {
    fn is_something_else(&self) -> bool {
        self.0.is_none()
    }
}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

/// Takes lists, and passes over all else.
struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Written, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element()? {
            texts.push(text);
        }
        Ok(Written(Some(texts)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Written, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Written(None))
    }

    fn visit_unit<E>(self) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_none<E>(self) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Written, E> {
        Ok(Written(None))
    }

    fn visit_str<E>(self, _: &str) -> Result<Written, E> {
        Ok(Written(None))
    }
}

/// Reads a file of settings; `None` when there is none.
///
/// Names that are no setting, and settings that `belongs` turns away, are left out with a warning.
pub(super) fn read(
    path: &Path,
    belongs: impl Fn(&str) -> Result<(), String>,
    warnings: &mut Vec<String>,
) -> Result<Option<Layer>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text, belongs, warnings).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
    }
}

/// The patterns of `packages`: the folders that are projects of a workspace.
pub(super) fn workspace_patterns(path: &Path) -> Result<Vec<String>, ConfigError> {
    #[derive(Deserialize)]
    struct Manifest {
        packages: Option<Vec<String>>,
    }
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let manifest: Option<Manifest> = parse_as(path, &text)?;
    Ok(manifest.and_then(|manifest| manifest.packages).unwrap_or_default())
}

fn parse(
    path: &Path,
    text: &str,
    belongs: impl Fn(&str) -> Result<(), String>,
    warnings: &mut Vec<String>,
) -> Result<Layer, ConfigError> {
    // The file may be empty, or hold nothing but comments.
    let document: Option<IndexMap<String, Spanned<Value>>> = parse_as(path, text)?;
    let Some(document) = document else {
        return Ok(Layer::new());
    };
    let texts: Option<Texts> = parse_as(path, text)?;
    let mut texts: BTreeMap<String, Value> = match texts.and_then(|texts| serde_json::to_value(texts).ok()) {
        Some(Value::Object(entries)) => entries.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let mut layer = Layer::new();
    for (key, spanned) in document {
        let problem = known::complaint(&key).or_else(|| belongs(&key).err());
        if let Some(problem) = problem {
            warnings.push(format!("{}: {problem}", path.display()));
            continue;
        }
        let line = Some(spanned.defined.line()).filter(|line| *line > 0);
        let value = texts.remove(&key).unwrap_or(spanned.value);
        layer.insert(key, Setting { value, origin: Origin::File(path.to_owned()), line, base: None });
    }
    Ok(layer)
}

fn parse_as<'text, T: Deserialize<'text>>(path: &Path, text: &'text str) -> Result<T, ConfigError> {
    serde_saphyr::from_str(text).map_err(|error| ConfigError::Yaml {
        path: path.to_owned(),
        line: error.location().map(|location| location.line()),
        message: yaml_error::sentence(&error.without_snippet().to_string()),
    })
}
