//! The file: read with its style, written with the same.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize as _;
use serde_json::ser::PrettyFormatter;
use serde_json::{Map, Value};

use super::groups::Group;
use crate::core::manifest::{Manifest, ManifestError};
use crate::core::replace_file::replace_file;

/// Indentation of a file that is new.
const USUAL_INDENT: &str = "  ";

/// Longest indentation of one level, in characters: what JSON writers of JavaScript take.
const LONGEST_INDENT: usize = 10;

/// A `package.json` that can be changed.
#[derive(Debug, Clone)]
pub struct ManifestFile {
    path: PathBuf,
    /// What is to be written.
    pub(super) value: Map<String, Value>,
    /// What the file says; `None` when there is no file yet.
    on_disk: Option<Map<String, Value>>,
    /// One level of indentation; empty for a file of one line.
    indent: String,
    ends_with_newline: bool,
    has_carriage_returns: bool,
}

impl ManifestFile {
    /// Reads the `package.json` of a folder. Where there is none, one will be made.
    ///
    /// # Errors
    /// It cannot be read, or is no manifest.
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join("package.json");
        match fs::read(&path) {
            Ok(bytes) => Self::parse(&bytes, &path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                path,
                value: Map::new(),
                on_disk: None,
                indent: USUAL_INDENT.to_owned(),
                ends_with_newline: true,
                has_carriage_returns: false,
            }),
            Err(source) => Err(ManifestError::Read { path, source }),
        }
    }

    /// Reads the text of a manifest.
    ///
    /// # Errors
    /// It is no manifest.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ManifestError> {
        let value = Manifest::parse(bytes, path)?.raw;
        let text = String::from_utf8_lossy(bytes);
        Ok(Self {
            path: path.to_owned(),
            on_disk: Some(value.clone()),
            value,
            indent: indent_of(&text).to_owned(),
            ends_with_newline: text.ends_with('\n'),
            has_carriage_returns: text.contains("\r\n"),
        })
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether what is to be written says something else than the file. The order of keys says nothing.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.on_disk.as_ref() != Some(&self.tidied())
    }

    /// The manifest with its changes, as an install reads it.
    ///
    /// # Errors
    /// A field that is read has a value of the wrong kind.
    pub fn manifest(&self) -> Result<Manifest, ManifestError> {
        Manifest::parse(Value::Object(self.tidied()).to_string().as_bytes(), &self.path)
    }

    /// The text that is to be written.
    #[must_use]
    pub fn text(&self) -> String {
        let value = Value::Object(self.tidied());
        let mut text = if self.indent.is_empty() {
            value.to_string()
        } else {
            let mut bytes = Vec::new();
            let formatter = PrettyFormatter::with_indent(self.indent.as_bytes());
            let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
            match value.serialize(&mut serializer) {
                Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
                // Plain values always have a JSON form.
                Err(_) => value.to_string(),
            }
        };
        if self.ends_with_newline {
            text.push('\n');
        }
        if self.has_carriage_returns { text.replace('\n', "\r\n") } else { text }
    }

    /// Writes the file, as a whole, if it has changed. Says whether it was written.
    ///
    /// # Errors
    /// The system refuses. The file is as it was then.
    pub fn save(&self) -> Result<bool, ManifestError> {
        if !self.is_changed() {
            return Ok(false);
        }
        let fail = |source| ManifestError::Write { path: self.path.clone(), source };
        // A link is written through, as an editor would.
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        replace_file(&path, &self.text()).map_err(fail)?;
        Ok(true)
    }

    /// What is written: groups in the order of names.
    fn tidied(&self) -> Map<String, Value> {
        let mut value = self.value.clone();
        for group in Group::ALL {
            if let Some(Value::Object(entries)) = value.get_mut(group.field()) {
                entries.sort_keys();
            }
        }
        value
    }
}

/// The spaces before the first line that has some.
fn indent_of(text: &str) -> &str {
    text.lines()
        .find_map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            let spaces = &line[..line.len() - rest.len()];
            (!rest.trim_end().is_empty() && !spaces.is_empty()).then_some(spaces)
        })
        .map_or("", |spaces| match spaces.char_indices().nth(LONGEST_INDENT) {
            Some((end, _)) => &spaces[..end],
            None => spaces,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> ManifestFile {
        ManifestFile::parse(text.as_bytes(), Path::new("package.json")).unwrap()
    }

    /// The text after `ms` was saved into `dependencies`.
    fn with_ms(text: &str) -> String {
        let mut file = file(text);
        file.save_as("ms", "^2.1.3", Group::Production);
        file.text()
    }

    #[test]
    fn groups_are_sorted_and_everything_else_keeps_its_place() {
        assert_eq!(
            with_ms(
                "{\n  \"name\": \"x\",\n  \"files\": [\"a\"],\n  \"dependencies\": {\n    \"semver\": \"1\",\n    \
                 \"debug\": \"2\"\n  },\n  \"license\": \"MIT\"\n}"
            ),
            "{\n  \"name\": \"x\",\n  \"files\": [\n    \"a\"\n  ],\n  \"dependencies\": {\n    \"debug\": \"2\",\n    \
             \"ms\": \"^2.1.3\",\n    \"semver\": \"1\"\n  },\n  \"license\": \"MIT\"\n}"
        );
    }

    #[test]
    fn indentation_line_ends_and_the_last_newline_stay() {
        assert_eq!(
            with_ms("{\n\t\"a\": 1\n}\n"),
            "{\n\t\"a\": 1,\n\t\"dependencies\": {\n\t\t\"ms\": \"^2.1.3\"\n\t}\n}\n"
        );
        assert_eq!(with_ms("{\"a\":1}"), "{\"a\":1,\"dependencies\":{\"ms\":\"^2.1.3\"}}");
        assert_eq!(
            with_ms("{\r\n \"a\": 1.50\r\n}\r\n"),
            "{\r\n \"a\": 1.5,\r\n \"dependencies\": {\r\n  \"ms\": \"^2.1.3\"\r\n }\r\n}\r\n"
        );
        assert_eq!(with_ms("{}"), "{\"dependencies\":{\"ms\":\"^2.1.3\"}}");
    }

    #[test]
    fn a_group_that_was_empty_stays_where_it_is() {
        let mut file = file("{\n  \"devDependencies\": {},\n  \"peerDependencies\": {},\n  \"x\": {}\n}\n");
        file.save_as("ms", "1", Group::Optional);
        assert_eq!(
            file.text(),
            "{\n  \"devDependencies\": {},\n  \"peerDependencies\": {},\n  \"x\": {},\n  \"optionalDependencies\": {\n    \"ms\": \"1\"\n  }\n}\n"
        );
    }

    #[test]
    fn order_alone_is_no_change() {
        let mut file = file("{\"dependencies\":{\"b\":\"1\",\"a\":\"1\"}}");
        assert!(!file.is_changed());
        file.save_as("b", "1", Group::Production);
        assert!(!file.is_changed());
        file.save_as("b", "2", Group::Production);
        assert!(file.is_changed());
    }

    #[test]
    fn a_file_is_written_only_when_it_changes_and_made_where_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("package.json");
        let mut new = ManifestFile::read(folder.path()).unwrap();
        new.save_as("ms", "^2.1.3", Group::Production);
        assert!(new.save().unwrap());
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\n  \"dependencies\": {\n    \"ms\": \"^2.1.3\"\n  }\n}\n"
        );
        let again = ManifestFile::read(folder.path()).unwrap();
        assert!(!again.save().unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
