//! Typed looks at settings: the value and its origin, or an error that says what would be accepted.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use super::error::ConfigError;
use super::layers::{Layer, Setting};
use super::origin::{Origin, Sourced};

type Read<T> = Result<Sourced<T>, ConfigError>;

pub(super) struct Reader<'layers> {
    settings: &'layers Layer,
    /// What relative paths start from.
    base: &'layers Path,
}

impl<'layers> Reader<'layers> {
    pub(super) fn new(settings: &'layers Layer, base: &'layers Path) -> Self {
        Self { settings, base }
    }

    pub(super) fn origin(&self, key: &str) -> Origin {
        self.settings.get(key).map_or(Origin::Default, |setting| setting.origin.clone())
    }

    /// Whatever the key takes, as `convert` sees it; `None` from `convert` is a wrong value.
    fn read<T>(
        &self,
        key: &str,
        expected: &str,
        default: impl FnOnce() -> T,
        convert: impl FnOnce(&Value) -> Option<T>,
    ) -> Read<T> {
        match self.settings.get(key) {
            None => Ok(Sourced::default_of(default())),
            Some(setting) => convert(&setting.value)
                .map(|value| Sourced { value, origin: setting.origin.clone() })
                .ok_or_else(|| setting.refused(key, expected)),
        }
    }

    pub(super) fn boolean(&self, key: &str, default: bool) -> Read<bool> {
        self.read(key, "true or false", || default, truth)
    }

    pub(super) fn optional_boolean(&self, key: &str) -> Read<Option<bool>> {
        self.read(key, "true or false", || None, |value| truth(value).map(Some))
    }

    pub(super) fn number<T>(&self, key: &str, range: RangeInclusive<u64>, default: T) -> Read<T>
    where
        T: TryFrom<u64>,
    {
        let expected = match *range.end() {
            u64::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        self.read(
            key,
            &expected,
            || default,
            |value| {
                let number = count(value).filter(|number| range.contains(number))?;
                T::try_from(number).ok()
            },
        )
    }

    pub(super) fn optional_number(&self, key: &str) -> Read<Option<u64>> {
        self.read(key, "a whole number from 0", || None, |value| count(value).map(Some))
    }

    /// A number of which negative values are taken off `processors`.
    pub(super) fn concurrency(&self, key: &str, processors: u32, default: u32) -> Read<u32> {
        let convert = |value: &Value| {
            let number = value.as_i64().filter(|number| *number != 0)?;
            let count = if number > 0 { number } else { i64::from(processors).saturating_add(number).max(1) };
            u32::try_from(count).ok()
        };
        self.read(key, "a whole number other than 0", || default, convert)
    }

    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)], default: T) -> Read<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let expected = format!("one of {}", names.join(", "));
        let convert = |value: &Value| {
            let name = match value {
                Value::String(name) => name.as_str(),
                Value::Bool(true) => "true",
                Value::Bool(false) => "false",
                _ => return None,
            };
            choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| *value)
        };
        self.read(key, &expected, || default, convert)
    }

    pub(super) fn text(&self, key: &str, default: impl FnOnce() -> String) -> Read<String> {
        self.read(key, "a text", default, |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn optional_text(&self, key: &str) -> Read<Option<String>> {
        self.read(key, "a text", || None, |value| value.as_str().map(|text| Some(text.to_owned())))
    }

    /// A path, made absolute but otherwise left as it was written: state files record it, and pnpm compares.
    pub(super) fn path(&self, key: &str, default: impl FnOnce() -> PathBuf) -> Read<PathBuf> {
        let base = self.settings.get(key).and_then(|setting| setting.base.as_deref()).unwrap_or(self.base);
        let convert =
            |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(|text| base.join(text));
        self.read(key, "a path", default, convert)
    }

    pub(super) fn list(&self, key: &str, default: &[&str]) -> Read<Vec<String>> {
        let default = || default.iter().map(|&item| item.to_owned()).collect();
        self.read(key, "a list of texts", default, texts)
    }

    pub(super) fn optional_list(&self, key: &str) -> Read<Option<Vec<String>>> {
        self.read(key, "a list of texts", || None, |value| texts(value).map(Some))
    }

    /// A list that `null` switches off.
    pub(super) fn patterns(&self, key: &str, default: &[&str]) -> Read<Option<Vec<String>>> {
        let default = || Some(default.iter().map(|&item| item.to_owned()).collect());
        let convert = |value: &Value| {
            if value.is_null() { Some(None) } else { texts(value).map(Some) }
        };
        self.read(key, "a list of patterns, or null", default, convert)
    }

    pub(super) fn table(&self, key: &str) -> Read<IndexMap<String, String>> {
        self.read(key, "a map of texts", IndexMap::new, texts_by_name)
    }

    /// `allowBuilds`: entries that are neither true nor false are undecided, and left out.
    pub(super) fn decisions(&self, key: &str) -> Read<IndexMap<String, bool>> {
        let convert = |value: &Value| {
            let entries = value.as_object()?.iter();
            Some(entries.filter_map(|(name, value)| Some((name.clone(), value.as_bool()?))).collect())
        };
        self.read(key, "a map of true and false", IndexMap::new, convert)
    }

    pub(super) fn object(&self, key: &str) -> Read<Value> {
        let convert = |value: &Value| value.is_object().then(|| value.clone());
        self.read(key, "a map", || Value::Null, convert)
    }

    /// `catalogs`, with `catalog` as the one called `default`.
    pub(super) fn catalogs(&self) -> Read<IndexMap<String, IndexMap<String, String>>> {
        let convert = |value: &Value| {
            let entries = value.as_object()?.iter();
            entries.map(|(name, entry)| Some((name.clone(), texts_by_name(entry)?))).collect()
        };
        let mut catalogs = self.read("catalogs", "a map of maps of texts", IndexMap::new, convert)?;
        if self.settings.contains_key("catalog") {
            let default = self.table("catalog")?;
            if let Some(other) = self.settings.get("catalogs")
                && catalogs.value.contains_key("default")
            {
                return Err(other.refused("catalogs.default", "absent where catalog is set"));
            }
            catalogs.value.shift_insert(0, "default".to_owned(), default.value);
            catalogs.origin = default.origin;
        }
        Ok(catalogs)
    }

    /// The settings as written, for what has a shape of its own.
    pub(super) fn raw(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }
}

/// True or false; like pnpm, within quotes as well.
fn truth(value: &Value) -> Option<bool> {
    value.as_bool().or_else(|| value.as_str()?.parse().ok())
}

/// A whole number; like pnpm, within quotes as well.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn texts_by_name(value: &Value) -> Option<IndexMap<String, String>> {
    let entries = value.as_object()?.iter();
    entries.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
