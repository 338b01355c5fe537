//! The file: read, changed, checked, and written as a whole.

use std::path::{Path, PathBuf};
use std::{fs, io};

use indexmap::IndexMap;
use serde_json::Value;

use super::list::with_list;
use super::mapping::with_entry;
use crate::core::replace_file::replace_file;

/// The name of the catalog that stands at the top as `catalog`.
const DEFAULT: &str = "default";

/// Why the file cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceEditError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is written in a way that cannot be changed without touching other parts.
    #[error("{}: {what} cannot be changed, for it is written in a way that pacwatch does not edit", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// What was to be changed.
        what: String,
    },
}

impl WorkspaceEditError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Io { .. } => Some("ERR_PNPM_WORKSPACE_MANIFEST_WRITER_WRITE"),
            Self::Shape { .. } => Some("ERR_PNPM_WORKSPACE_MANIFEST_WRITER_EDIT"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::Shape { what, .. } => {
                Some(format!("Write {what} as one entry a line, without anchors, and try again."))
            }
        }
    }
}

/// A `pnpm-workspace.yaml` that can be changed.
#[derive(Debug, Clone)]
pub struct WorkspaceFile {
    path: PathBuf,
    on_disk: String,
    text: String,
}

impl WorkspaceFile {
    /// Reads the file of a folder. Where there is none, one will be made.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(folder: &Path) -> Result<Self, WorkspaceEditError> {
        let path = folder.join("pnpm-workspace.yaml");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(WorkspaceEditError::Io { path, source }),
        };
        Ok(Self { path, on_disk: text.clone(), text })
    }

    /// The text that is to be written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Sets an entry of a catalog, which is made where there is none. A new `default` catalog stands at the top.
    ///
    /// # Errors
    /// The file is written in a way that is not edited; it is as it was then.
    pub fn set_catalog_entry(
        &mut self,
        catalog: &str,
        alias: &str,
        specifier: &str,
    ) -> Result<(), WorkspaceEditError> {
        let refused = || WorkspaceEditError::Shape {
            path: self.path.clone(),
            what: format!("the entry {alias} of the catalog {catalog}"),
        };
        let mut before = self.parsed().ok_or_else(refused)?;
        let is_named = catalog != DEFAULT
            || (before.get("catalog").is_none_or(Value::is_null)
                && before.get("catalogs").is_some_and(|catalogs| catalogs.get(DEFAULT).is_some()));
        let path: &[&str] = if is_named { &["catalogs", catalog] } else { &["catalog"] };
        let text = with_entry(&self.text, path, alias, specifier).ok_or_else(refused)?;
        let mut changed = Self { text, ..self.clone() };
        // The outcome has to say what the file said, and the new entry.
        let after = changed.parsed().ok_or_else(refused)?;
        let (head, rest) = path.split_first().ok_or_else(refused)?;
        let mut place = before.entry((*head).to_owned()).or_insert(Value::Null);
        for key in rest {
            place = place_in(place, key).ok_or_else(refused)?;
        }
        *place_in(place, alias).ok_or_else(refused)? = Value::from(specifier);
        if before != after {
            return Err(refused());
        }
        std::mem::swap(self, &mut changed);
        Ok(())
    }

    /// Sets a list of texts at the top level.
    ///
    /// # Errors
    /// The file is written in a way that is not edited; it is as it was then.
    pub fn set_list(&mut self, key: &str, values: &[String]) -> Result<(), WorkspaceEditError> {
        let refused = || WorkspaceEditError::Shape { path: self.path.clone(), what: key.to_owned() };
        let mut expected = self.parsed().ok_or_else(refused)?;
        expected.insert(key.to_owned(), Value::from(values));
        let text = with_list(&self.text, key, values).ok_or_else(refused)?;
        let changed = Self { text, ..self.clone() };
        if changed.parsed().ok_or_else(refused)? != expected {
            return Err(refused());
        }
        *self = changed;
        Ok(())
    }

    /// Writes the file, as a whole, if it has changed. Says whether it was written.
    ///
    /// # Errors
    /// The system refuses. The file is as it was then.
    pub fn save(&self) -> Result<bool, WorkspaceEditError> {
        if self.text == self.on_disk {
            return Ok(false);
        }
        replace_file(&self.path, &self.text)
            .map_err(|source| WorkspaceEditError::Io { path: self.path.clone(), source })?;
        Ok(true)
    }

    /// What the file says, with entries of catalogs as they are written, though they may look like numbers.
    fn parsed(&self) -> Option<IndexMap<String, Value>> {
        #[derive(serde::Deserialize)]
        struct Catalogs {
            catalog: Option<IndexMap<String, String>>,
            catalogs: Option<IndexMap<String, IndexMap<String, String>>>,
        }
        let document: Option<IndexMap<String, Value>> = serde_saphyr::from_str(&self.text).ok()?;
        let mut document = document.unwrap_or_default();
        let catalogs: Option<Catalogs> = serde_saphyr::from_str(&self.text).ok()?;
        if let Some(Catalogs { catalog, catalogs }) = catalogs {
            for (key, value) in [
                ("catalog", catalog.and_then(|catalog| serde_json::to_value(catalog).ok())),
                ("catalogs", catalogs.and_then(|catalogs| serde_json::to_value(catalogs).ok())),
            ] {
                if let Some(value) = value {
                    document.insert(key.to_owned(), value);
                }
            }
        }
        Some(document)
    }
}

/// The place of a key in a map, which is made of nothing.
fn place_in<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    if value.is_null() {
        *value = Value::Object(serde_json::Map::new());
    }
    Some(value.as_object_mut()?.entry(key).or_insert(Value::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, entries: &[(&str, &str, &str)]) -> Result<String, WorkspaceEditError> {
        let mut file = WorkspaceFile {
            path: PathBuf::from("pnpm-workspace.yaml"),
            on_disk: text.to_owned(),
            text: text.to_owned(),
        };
        for (catalog, alias, specifier) in entries {
            file.set_catalog_entry(catalog, alias, specifier)?;
        }
        Ok(file.text().to_owned())
    }

    const USUAL: &str = "# members\npackages:\n  - packages/*\n\ncatalog:\n  # logging\n  debug: ^4.1.0\n  ms: ^2.0.0\n\n\
                         catalogs:\n  old:\n    debug: ^3.1.0\nregistry: x\n";

    #[test]
    fn a_value_is_replaced_and_its_comment_keeps_its_distance() {
        let text = "catalog:\n  \"debug\":   \"^4.1.0\"   # hi\n  'ms':  2 # there\r\n";
        let expected = "catalog:\n  \"debug\": ^4.4.3   # hi\n  'ms': '>=2' # there\r\n";
        assert_eq!(set(text, &[("default", "debug", "^4.4.3"), ("default", "ms", ">=2")]).unwrap(), expected);
        assert_eq!(set(USUAL, &[("old", "debug", "^3.2.7")]).unwrap(), USUAL.replace("^3.1.0", "^3.2.7"));
    }

    #[test]
    fn a_new_entry_goes_where_the_order_of_names_puts_it() {
        assert_eq!(
            set(USUAL, &[("default", "zod", "^3.25.76"), ("default", "koa", "1")]).unwrap(),
            USUAL.replace("  ms: ^2.0.0\n", "  koa: '1'\n  ms: ^2.0.0\n  zod: ^3.25.76\n")
        );
        assert_eq!(
            set("catalog:\n  b: ^1\n  a: ^1\n", &[("default", "aa", "^1")]).unwrap(),
            "catalog:\n  b: ^1\n  a: ^1\n  aa: ^1\n"
        );
    }

    #[test]
    fn a_new_catalog_stands_among_the_others() {
        assert_eq!(
            set(USUAL, &[("new", "@types/node", "^20.0.0"), ("new", "zod", "^4.6.7")]).unwrap(),
            USUAL.replace("catalogs:\n", "catalogs:\n  new:\n    '@types/node': ^20.0.0\n    zod: ^4.6.7\n")
        );
        assert_eq!(set("", &[("a", "x", "^1")]).unwrap(), "catalogs:\n  a:\n    x: ^1\n");
        assert_eq!(
            set("registry: x\nstoreDir: y\ncacheDir: z\n", &[("default", "zod", "^3")]).unwrap(),
            "registry: x\nstoreDir: y\ncacheDir: z\ncatalog:\n  zod: ^3\n"
        );
        assert_eq!(
            set("packages:\n  - p\n\n# reg\nregistry: x\n\n# tail\n", &[("default", "zod", "^3")]).unwrap(),
            "packages:\n  - p\n\n# reg\ncatalog:\n  zod: ^3\n\nregistry: x\n\n# tail\n"
        );
    }

    #[test]
    fn the_default_catalog_stays_where_it_is() {
        assert_eq!(
            set("catalogs:\n  default:\n    a: ^1\n", &[("default", "b", "^2")]).unwrap(),
            "catalogs:\n  default:\n    a: ^1\n    b: ^2\n"
        );
    }

    #[test]
    fn a_catalog_on_one_line_is_written_anew_on_one_line() {
        assert_eq!(
            set("catalog: {debug: ^4.1.0, ms: '^2.0.0'} # x\n", &[("default", "zod", "^4.6.7")]).unwrap(),
            "catalog: { debug: ^4.1.0, ms: '^2.0.0', zod: ^4.6.7 } # x\n"
        );
    }

    fn list(text: &str, values: &[&str]) -> Result<String, WorkspaceEditError> {
        let (path, text) = (PathBuf::from("pnpm-workspace.yaml"), text.to_owned());
        let mut file = WorkspaceFile { path, on_disk: text.clone(), text };
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        file.set_list("not", &values)?;
        Ok(file.text().to_owned())
    }

    #[test]
    fn a_new_list_is_moved_in_as_other_lists_are() {
        assert_eq!(list("a: 1\n", &["x", "@s/y@1"]).unwrap(), "a: 1\nnot:\n  - x\n  - '@s/y@1'\n");
        assert_eq!(list("packages:\n- a\n", &["x@1 || 2"]).unwrap(), "packages:\n- a\nnot:\n- x@1 || 2\n");
        let deep = "packages:\n    - a\nlast:\n- b\n";
        assert_eq!(list(deep, &["x"]).unwrap(), format!("{deep}not:\n    - x\n"));
    }

    #[test]
    fn items_that_stay_keep_their_lines_and_the_comments_above_them() {
        assert_eq!(
            list("not:\n  # why\n  - a  # this\n  # gone\n  - \"b@1\"\n\nz: 1\n", &["a", "b@1 || 2"])
                .unwrap(),
            "not:\n  # why\n  - a  # this\n  - b@1 || 2\n\nz: 1\n"
        );
        assert_eq!(
            list("not: [a, 'b@1'] # c\n", &["a", "b@1", "@d"]).unwrap(),
            "not: [ a, b@1, '@d' ] # c\n"
        );
        assert_eq!(list("not:\nz: 1\n", &["a"]).unwrap(), "not:\n  - a\nz: 1\n");
    }

    #[test]
    fn what_is_no_plain_list_is_refused() {
        for text in ["not: &x\n  - a\n", "not:\n  - a:\n    b: 1\n", "not: [\n  a]\n", "not: {a: 1}\n"] {
            assert!(list(text, &["c"]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_of_another_shape_is_refused() {
        for text in [
            "catalog: &c\n  a: ^1\n",
            "catalog:\n  a: &x ^1\nx: *x\n",
            "catalog: {\n  a: ^1 }\n",
            "? catalog\n: {a: ^1}\n",
        ] {
            let error = set(text, &[("default", "a", "^2")]).unwrap_err();
            assert_eq!(error.code(), Some("ERR_PNPM_WORKSPACE_MANIFEST_WRITER_EDIT"), "{text}");
        }
    }
}
