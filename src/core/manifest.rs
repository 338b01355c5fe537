//! `package.json` of a project: what the engine needs of it, checked, and the rest as it stands.
//!
//! This module only reads one file and judges its shape. It never follows what the file says.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A project's `package.json`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Manifest {
    /// `name`.
    pub name: Option<String>,
    /// `version`.
    pub version: Option<String>,
    /// `dependencies`: alias → specifier, in the file's order; the same for the groups below.
    pub dependencies: IndexMap<String, String>,
    /// `devDependencies`.
    pub dev_dependencies: IndexMap<String, String>,
    /// `optionalDependencies`.
    pub optional_dependencies: IndexMap<String, String>,
    /// `peerDependencies`.
    pub peer_dependencies: IndexMap<String, String>,
    /// `peerDependenciesMeta`: name → whether that peer is optional.
    pub peer_dependencies_meta: IndexMap<String, bool>,
    /// `dependenciesMeta`, as it stands.
    pub dependencies_meta: Option<Map<String, Value>>,
    /// `engines`: engine → range.
    pub engines: IndexMap<String, String>,
    /// `os`.
    pub os: Option<OneOrMany>,
    /// `cpu`.
    pub cpu: Option<OneOrMany>,
    /// `libc`.
    pub libc: Option<OneOrMany>,
    /// `scripts`: name → command.
    pub scripts: IndexMap<String, String>,
    /// `bin`.
    pub bin: Option<Executables>,
    /// `directories`: purpose → path.
    pub directories: IndexMap<String, String>,
    /// `bundledDependencies`, or `bundleDependencies`.
    pub bundled_dependencies: Option<BundledDependencies>,
    /// `publishConfig`, as it stands.
    pub publish_config: Option<Map<String, Value>>,
    /// `packageManager`, such as `pnpm@12.0.0`.
    pub package_manager: Option<String>,
    /// The whole file, in its order.
    pub raw: Map<String, Value>,
}

/// A value that may be written as one text or as a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneOrMany {
    /// `"libc": "glibc"`
    One(String),
    /// `"libc": ["glibc"]`
    Many(Vec<String>),
}

impl OneOrMany {
    /// The values, however they were written.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// What a package ships inside its own tarball.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundledDependencies {
    /// All of its dependencies (or, `false`, none).
    All(bool),
    /// These.
    Names(Vec<String>),
}

/// Executables of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Executables {
    /// One, named like the package (without its scope).
    One(String),
    /// Name → path inside the package.
    Many(IndexMap<String, String>),
}

/// What can be wrong with a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error("no package.json was found in {}", directory.display())]
    Absent {
        /// Where it was looked for.
        directory: PathBuf,
    },
    /// The file is there but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not JSON.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A field has a value of the wrong kind.
    #[error("{}: {field} must be {expected}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, such as `dependencies.react`.
        field: String,
        /// What it should be, such as `a text`.
        expected: &'static str,
    },
}

impl ManifestError {
    /// pnpm's code for it.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Absent { .. } => Some("ERR_PNPM_NO_PKG_MANIFEST"),
            Self::Json { .. } => Some("ERR_PNPM_JSON_PARSE"),
            Self::Field { .. } => Some("ERR_PNPM_INVALID_PACKAGE_JSON"),
            Self::Read { .. } | Self::Write { .. } => None,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Absent { .. } => {
                Some("Change to the folder of the project, or name it with --dir.".to_owned())
            }
            _ => None,
        }
    }
}

impl Manifest {
    /// Reads `package.json` of a folder.
    ///
    /// # Errors
    /// There is none, it cannot be read, is not JSON, or a field has a value of the wrong kind.
    pub fn read(directory: &Path) -> Result<Self, ManifestError> {
        let path = directory.join("package.json");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(ManifestError::Absent { directory: directory.to_owned() });
            }
            Err(source) => return Err(ManifestError::Read { path, source }),
        };
        Self::parse(&bytes, &path)
    }

    /// Reads the text of a manifest; `path` is only named in errors.
    ///
    /// # Errors
    /// It is not JSON, or a field has a value of the wrong kind.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ManifestError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let json = |error: serde_json::Error| ManifestError::Json {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            reason: without_place(&error),
        };
        let raw: Value = serde_json::from_slice(bytes).map_err(json)?;
        let Value::Object(raw) = raw else {
            return Err(ManifestError::Field {
                path: path.to_owned(),
                field: "the file".to_owned(),
                expected: "an object",
            });
        };
        let fields = Fields { path, raw: &raw };
        let mut manifest = Self {
            name: fields.text("name")?,
            version: fields.text("version")?,
            dependencies: fields.texts("dependencies")?,
            dev_dependencies: fields.texts("devDependencies")?,
            optional_dependencies: fields.texts("optionalDependencies")?,
            peer_dependencies: fields.texts("peerDependencies")?,
            peer_dependencies_meta: fields.optional_peers()?,
            dependencies_meta: fields.object("dependenciesMeta")?.cloned(),
            engines: fields.texts("engines")?,
            os: fields.one_or_many("os")?,
            cpu: fields.one_or_many("cpu")?,
            libc: fields.one_or_many("libc")?,
            scripts: fields.texts("scripts")?,
            bin: fields.executables()?,
            directories: fields.texts("directories")?,
            bundled_dependencies: fields.bundled()?,
            publish_config: fields.object("publishConfig")?.cloned(),
            package_manager: fields.text("packageManager")?,
            raw: Map::new(),
        };
        manifest.raw = raw;
        Ok(manifest)
    }
}

/// The sentence of an error without its "at line 1 column 2", which stands elsewhere in ours.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// The fields of a manifest, read with a check of their kind. A `null` is an absent field.
struct Fields<'a> {
    path: &'a Path,
    raw: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn wrong(&self, field: impl Into<String>, expected: &'static str) -> ManifestError {
        ManifestError::Field { path: self.path.to_owned(), field: field.into(), expected }
    }

    fn get(&self, field: &str) -> Option<&'a Value> {
        self.raw.get(field).filter(|value| !value.is_null())
    }

    fn text(&self, field: &str) -> Result<Option<String>, ManifestError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(field, "a text")),
        }
    }

    fn object(&self, field: &str) -> Result<Option<&'a Map<String, Value>>, ManifestError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(self.wrong(field, "an object")),
        }
    }

    fn texts(&self, field: &str) -> Result<IndexMap<String, String>, ManifestError> {
        self.object(field)?
            .into_iter()
            .flatten()
            .map(|(key, value)| match value {
                Value::String(text) => Ok((key.clone(), text.clone())),
                _ => Err(self.wrong(format!("{field}.{key}"), "a text")),
            })
            .collect()
    }

    fn optional_peers(&self) -> Result<IndexMap<String, bool>, ManifestError> {
        const FIELD: &str = "peerDependenciesMeta";
        self.object(FIELD)?
            .into_iter()
            .flatten()
            .map(|(name, meta)| {
                let Value::Object(meta) = meta else {
                    return Err(self.wrong(format!("{FIELD}.{name}"), "an object"));
                };
                match meta.get("optional") {
                    None | Some(Value::Null) => Ok((name.clone(), false)),
                    Some(Value::Bool(optional)) => Ok((name.clone(), *optional)),
                    Some(_) => Err(self.wrong(format!("{FIELD}.{name}.optional"), "true or false")),
                }
            })
            .collect()
    }

    fn list(
        &self,
        field: &str,
        values: &[Value],
        expected: &'static str,
    ) -> Result<Vec<String>, ManifestError> {
        values
            .iter()
            .map(|value| value.as_str().map(str::to_owned).ok_or_else(|| self.wrong(field, expected)))
            .collect()
    }

    fn one_or_many(&self, field: &str) -> Result<Option<OneOrMany>, ManifestError> {
        const EXPECTED: &str = "a text or a list of texts";
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(one)) => Ok(Some(OneOrMany::One(one.clone()))),
            Some(Value::Array(many)) => Ok(Some(OneOrMany::Many(self.list(field, many, EXPECTED)?))),
            Some(_) => Err(self.wrong(field, EXPECTED)),
        }
    }

    fn executables(&self) -> Result<Option<Executables>, ManifestError> {
        match self.get("bin") {
            None => Ok(None),
            Some(Value::String(path)) => Ok(Some(Executables::One(path.clone()))),
            Some(Value::Object(_)) => Ok(Some(Executables::Many(self.texts("bin")?))),
            Some(_) => Err(self.wrong("bin", "a text or an object")),
        }
    }

    fn bundled(&self) -> Result<Option<BundledDependencies>, ManifestError> {
        const EXPECTED: &str = "a list of texts, true or false";
        let field = if self.get("bundledDependencies").is_some() {
            "bundledDependencies"
        } else {
            "bundleDependencies"
        };
        match self.get(field) {
            None => Ok(None),
            Some(Value::Bool(all)) => Ok(Some(BundledDependencies::All(*all))),
            Some(Value::Array(names)) => {
                Ok(Some(BundledDependencies::Names(self.list(field, names, EXPECTED)?)))
            }
            Some(_) => Err(self.wrong(field, EXPECTED)),
        }
    }
}
