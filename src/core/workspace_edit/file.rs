//! The file: read, changed, checked, and written as a whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use super::lines::{Entry, entries, indent_of, lines, unquoted};
use crate::core::lockfile::{yaml_flow_text, yaml_text};

/// The name of the catalog that stands at the top as `catalog`.
const DEFAULT: &str = "default";

/// A key that stands first wherever keys are in order.
const FIRST: &str = "packages";

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

    /// Writes the file, as a whole, if it has changed. Says whether it was written.
    ///
    /// # Errors
    /// The system refuses. The file is as it was then.
    pub fn save(&self) -> Result<bool, WorkspaceEditError> {
        if self.text == self.on_disk {
            return Ok(false);
        }
        replace(&self.path, &self.text)
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

/// The text with an entry in the mapping that `path` leads to.
fn with_entry(text: &str, path: &[&str], key: &str, value: &str) -> Option<String> {
    let (last, above) = path.split_last()?;
    let Some(siblings) = entries(text, above) else {
        // Nothing of the path is there.
        let mut block = String::new();
        for (depth, key) in path.iter().enumerate() {
            block.extend(["  ".repeat(depth), yaml_text(key), ":\n".to_owned()]);
        }
        block.extend(["  ".repeat(path.len()), format!("{}: {}\n", yaml_text(key), yaml_text(value))]);
        return Some(with_block(text, path.first()?, &block));
    };
    let Some(mapping) = siblings.iter().find(|entry| entry.key == *last) else {
        let line = |indent: usize| {
            format!(
                "{:indent$}{}:\n{:indent$}  {}: {}\n",
                "",
                yaml_text(last),
                "",
                yaml_text(key),
                yaml_text(value)
            )
        };
        return match above {
            [] => Some(with_block(text, last, &line(0))),
            [.., parent] => {
                let parent = entries(text, &above[..above.len() - 1])?
                    .into_iter()
                    .find(|entry| entry.key == *parent)?;
                if !parent.value.is_empty() {
                    return None;
                }
                let indent = siblings.first().map_or(parent.indent + 2, |entry| entry.indent);
                let at = place_of(&siblings, last).map_or(parent.line.end, |before| before.end);
                Some(spliced(text, at..at, &line(indent)))
            }
        };
    };
    let current = &text[mapping.value.clone()];
    if current.starts_with('{') {
        return Some(spliced(text, mapping.value.clone(), &flow_with(current, key, value)?));
    }
    if !current.is_empty() {
        return None;
    }
    let inner = entries(text, path)?;
    if let Some(entry) = inner.iter().find(|entry| entry.key == key) {
        let is_text = !text[entry.value.clone()].starts_with(['{', '[', '&', '*', '!', '|', '>']);
        let start = text[..entry.value.start].trim_end_matches([' ', '\t']).len();
        let has_value = !entry.value.is_empty();
        return (is_text && has_value)
            .then(|| spliced(text, start..entry.value.end, &format!(" {}", yaml_text(value))));
    }
    let indent = inner.first().map_or(mapping.indent + 2, |entry| entry.indent);
    let line = format!("{:indent$}{}: {}\n", "", yaml_text(key), yaml_text(value));
    let at = place_of(&inner, key).map_or(mapping.line.end, |before| before.line.end);
    Some(spliced(text, at..at, &line))
}

/// A mapping on one line with an entry. Other entries stay as they are written.
fn flow_with(current: &str, key: &str, value: &str) -> Option<String> {
    let inner = current.strip_prefix('{')?.strip_suffix('}')?;
    // With other brackets or lines it is no plain list of entries; quotes may hold commas.
    if inner.contains(['{', '}', '[', ']', '\n', '"']) {
        return None;
    }
    let mut is_quoted = false;
    let is_end = |character: char| {
        is_quoted ^= character == '\'';
        character == ',' && !is_quoted
    };
    let mut entries: Vec<String> =
        inner.split(is_end).map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
    let name_of = |entry: &str| unquoted(entry.split_once(": ").map_or(entry, |(name, _)| name).trim());
    let entry = format!("{}: {}", yaml_flow_text(key), yaml_flow_text(value));
    match entries.iter_mut().find(|entry| name_of(entry) == key) {
        Some(old) => *old = entry,
        None => entries.push(entry),
    }
    Some(format!("{{ {} }}", entries.join(", ")))
}

/// Behind which entry a new key belongs: where keys are in order, so that they stay in order, else behind the last.
/// `None` for the first place.
fn place_of<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
    let rank = |key: &str| (key != FIRST, key.to_owned());
    let starts_with_first = entries.first().is_some_and(|entry| entry.key == FIRST);
    let plain = &entries[usize::from(starts_with_first)..];
    if !plain.is_sorted_by(|left, right| left.key <= right.key) {
        return entries.last();
    }
    let is_before = |entry: &&Entry| {
        if starts_with_first { rank(&entry.key) < rank(key) } else { entry.key.as_str() < key }
    };
    entries.iter().rfind(is_before)
}

/// The text with a new block at the top level, set off by blank lines where the others are.
fn with_block(text: &str, key: &str, block: &str) -> String {
    let top = entries(text, &[]).unwrap_or_default();
    let is_airy = top.len() > 1 && top[1..].iter().all(|entry| has_blank_line_before(text, entry.line.start));
    let gap = if is_airy { "\n" } else { "" };
    match place_of(&top, key) {
        None => format!("{block}{gap}{text}"),
        Some(before) => {
            if let Some(next) = top.iter().find(|entry| entry.line.start >= before.end) {
                return spliced(text, next.line.start..next.line.start, &format!("{block}{gap}"));
            }
            let end = if text.ends_with('\n') { "" } else { "\n" };
            format!("{text}{end}{gap}{block}")
        }
    }
}

/// Whether a blank line stands before a line, or before the comments above it.
fn has_blank_line_before(text: &str, at: usize) -> bool {
    let above: Vec<_> = lines(text, 0..at).collect();
    let silent =
        above.iter().rev().map(|line| &text[line.clone()]).take_while(|line| indent_of(line).is_none());
    silent.into_iter().any(|line| line.trim().is_empty())
}

fn spliced(text: &str, part: std::ops::Range<usize>, with: &str) -> String {
    format!("{}{with}{}", &text[..part.start], &text[part.end..])
}

/// Puts a complete new file in the place of the old one.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_file_name(format!(".pnpm-workspace.yaml.{}.tmp", std::process::id()));
    let written = File::create_new(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()
    });
    let replaced = written.and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    replaced
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
