//! Where a setting came from.

use std::fmt;
use std::ops::Deref;
use std::path::PathBuf;

/// A value and the place it came from. Reads like the value itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value in effect.
    pub value: T,
    /// The place that decided it.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// A value nobody set.
    #[must_use]
    pub fn default_of(value: T) -> Self {
        Self { value, origin: Origin::Default }
    }

    /// The same origin with another value, for what is derived from a setting.
    #[must_use]
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: convert(self.value), origin: self.origin }
    }

    /// Somebody set it: a flag, a variable or a file.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.origin != Origin::Default
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The place a value came from; shown as `default`, `flag --link-mode`, `env PNPM_CONFIG_STORE_DIR` or a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The command line, with the flag as it is written.
    Flag(&'static str),
    /// An environment variable, by its name.
    Environment(String),
    /// A file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Flag(flag) => write!(formatter, "flag {flag}"),
            Self::Environment(name) => write!(formatter, "env {name}"),
            Self::File(path) => write!(formatter, "{}", path.display()),
        }
    }
}
