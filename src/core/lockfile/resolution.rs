//! Where the files of a package come from: the `resolution` of a `packages` entry.

use super::model::Other;
use crate::core::manifest::{Executables, OneOrMany};
use serde_json::Value;

/// Where the files of a package come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolution {
    /// A tarball of the registry, at the URL that follows from name and version.
    Registry {
        /// Subresource integrity of the tarball, such as `sha512-…`.
        integrity: String,
        /// Keys this version does not know.
        other: Other,
    },
    /// A tarball at an address of its own.
    Tarball {
        /// Subresource integrity of the tarball, where it is known.
        integrity: Option<String>,
        /// URL, or `file:` and a path from the lockfile's folder.
        tarball: String,
        /// It is an archive that a git host made, so it must be packed first.
        git_hosted: bool,
        /// The folder inside the archive that is the package.
        path: Option<String>,
        /// Keys this version does not know.
        other: Other,
    },
    /// A folder on this machine.
    Directory {
        /// Path from the lockfile's folder.
        directory: String,
        /// Keys this version does not know.
        other: Other,
    },
    /// A commit of a git repository.
    Git {
        /// URL of the repository.
        repo: String,
        /// The commit, as hexadecimal digits.
        commit: String,
        /// The folder inside the repository that is the package.
        path: Option<String>,
        /// Keys this version does not know (an `integrity`, which is not used for git, too).
        other: Other,
    },
    /// An archive with a program, such as a JavaScript runtime.
    Binary(Box<BinaryResolution>),
    /// One of several, by platform.
    Variations {
        /// The choices, in order.
        variants: Vec<Variant>,
        /// Keys this version does not know.
        other: Other,
    },
    /// A shape this version does not know, as it stood.
    Unknown(Other),
}

impl Default for Resolution {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Resolution {
    /// Subresource integrity of the tarball or archive, where the shape has one and it is known.
    #[must_use]
    pub fn integrity(&self) -> Option<&str> {
        match self {
            Self::Registry { integrity, .. } => Some(integrity),
            Self::Tarball { integrity, .. } => integrity.as_deref(),
            Self::Binary(binary) => Some(&binary.integrity),
            Self::Directory { .. } | Self::Git { .. } | Self::Variations { .. } | Self::Unknown(_) => None,
        }
    }
}

/// An archive with a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BinaryResolution {
    /// Where it lies.
    pub url: String,
    /// Subresource integrity of the archive.
    pub integrity: String,
    /// `tarball` or `zip`.
    pub archive: String,
    /// Executables: one path, or name → path.
    pub bin: Option<Executables>,
    /// Folder inside the archive that is dropped from its paths.
    pub prefix: Option<String>,
    /// Keys this version does not know.
    pub other: Other,
}

/// A choice of [`Resolution::Variations`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variant {
    /// Where the files come from.
    pub resolution: Resolution,
    /// Platforms it is for.
    pub targets: Vec<VariantTarget>,
    /// Keys this version does not know.
    pub other: Other,
}

/// A platform of a [`Variant`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VariantTarget {
    /// Operating system as Node.js names it.
    pub os: String,
    /// Processor as Node.js names it.
    pub cpu: String,
    /// C library; absent means glibc, or that it does not matter.
    pub libc: Option<OneOrMany>,
    /// Keys this version does not know.
    pub other: Other,
}

impl Resolution {
    /// Finds the shape of a resolution from its keys. What fits no shape, or has another kind of value than the shape
    /// asks for, is [`Resolution::Unknown`].
    #[must_use]
    pub fn from_fields(mut fields: Other) -> Self {
        // Nearly all are of this shape, so it goes without a copy.
        if let [(key, Value::String(integrity))] = fields.as_mut_slice()
            && key == "integrity"
        {
            return Self::Registry { integrity: std::mem::take(integrity), other: Vec::new() };
        }
        Fields(fields.clone()).shape().unwrap_or(Self::Unknown(fields))
    }
}

/// The fields are not of the shape that was tried.
struct Misfit;

type Fit<T> = Result<T, Misfit>;

/// The keys of a mapping that are not yet taken.
struct Fields(Other);

impl Fields {
    fn shape(&mut self) -> Fit<Resolution> {
        let kind = self.optional_text("type")?;
        Ok(match kind.as_deref() {
            None => match (self.optional_text("tarball")?, self.optional_text("integrity")?) {
                (Some(tarball), integrity) => Resolution::Tarball {
                    tarball,
                    integrity,
                    git_hosted: self.flag("gitHosted")?,
                    path: self.optional_text("path")?,
                    other: self.rest(),
                },
                (None, Some(integrity)) => Resolution::Registry { integrity, other: self.rest() },
                (None, None) => return Err(Misfit),
            },
            Some("directory") => {
                Resolution::Directory { directory: self.text("directory")?, other: self.rest() }
            }
            Some("git") => Resolution::Git {
                repo: self.text("repo")?,
                commit: self.text("commit")?,
                path: self.optional_text("path")?,
                other: self.rest(),
            },
            Some("binary") => Resolution::Binary(Box::new(BinaryResolution {
                url: self.text("url")?,
                integrity: self.text("integrity")?,
                archive: self.text("archive")?,
                bin: self.executables()?,
                prefix: self.optional_text("prefix")?,
                other: self.rest(),
            })),
            Some("variations") => {
                let variants = self.list("variants")?.into_iter().map(variant).collect::<Fit<_>>()?;
                Resolution::Variations { variants, other: self.rest() }
            }
            Some(_) => return Err(Misfit),
        })
    }

    /// Takes a key out; a `null` is an absent one.
    fn take(&mut self, key: &str) -> Option<Value> {
        let position = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(position).1).filter(|value| !value.is_null())
    }

    fn rest(&mut self) -> Other {
        std::mem::take(&mut self.0)
    }

    fn text(&mut self, key: &str) -> Fit<String> {
        self.optional_text(key)?.ok_or(Misfit)
    }

    fn optional_text(&mut self, key: &str) -> Fit<Option<String>> {
        self.take(key).map(as_text).transpose()
    }

    fn flag(&mut self, key: &str) -> Fit<bool> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(_) => Err(Misfit),
        }
    }

    fn list(&mut self, key: &str) -> Fit<Vec<Value>> {
        match self.take(key) {
            Some(Value::Array(list)) => Ok(list),
            _ => Err(Misfit),
        }
    }

    fn executables(&mut self) -> Fit<Option<Executables>> {
        match self.take("bin") {
            None => Ok(None),
            Some(Value::String(path)) => Ok(Some(Executables::One(path))),
            Some(Value::Object(paths)) => {
                let paths = paths.into_iter().map(|(name, path)| Ok((name, as_text(path)?)));
                Ok(Some(Executables::Many(paths.collect::<Fit<_>>()?)))
            }
            Some(_) => Err(Misfit),
        }
    }

    fn one_or_many(&mut self, key: &str) -> Fit<Option<OneOrMany>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(many)) => {
                Ok(Some(OneOrMany::Many(many.into_iter().map(as_text).collect::<Fit<_>>()?)))
            }
            Some(one) => Ok(Some(OneOrMany::One(as_text(one)?))),
        }
    }
}

fn as_text(value: Value) -> Fit<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Misfit),
    }
}

fn as_fields(value: Value) -> Fit<Fields> {
    match value {
        Value::Object(fields) => Ok(Fields(fields.into_iter().collect())),
        _ => Err(Misfit),
    }
}

fn variant(value: Value) -> Fit<Variant> {
    let mut fields = as_fields(value)?;
    let resolution = Resolution::from_fields(as_fields(fields.take("resolution").ok_or(Misfit)?)?.0);
    let targets = fields.list("targets")?.into_iter().map(variant_target).collect::<Fit<_>>()?;
    Ok(Variant { resolution, targets, other: fields.rest() })
}

fn variant_target(value: Value) -> Fit<VariantTarget> {
    let mut fields = as_fields(value)?;
    Ok(VariantTarget {
        os: fields.text("os")?,
        cpu: fields.text("cpu")?,
        libc: fields.one_or_many("libc")?,
        other: fields.rest(),
    })
}
